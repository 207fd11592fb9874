//! Escaping of text and attribute values, references, and the characters that XML 1.0 cannot carry.

use std::borrow::Cow;

/// Writes `text` so that it is safe both as element text and inside a quoted attribute:
/// `& < > "` and `\r \n \t` become references (a parser would normalise the latter away).
pub(crate) fn escape(text: &str) -> Cow<'_, str> {
    let Some(first) = text.bytes().position(|byte| reference_of(byte).is_some()) else {
        return Cow::Borrowed(text);
    };
    let (clean, rest) = text.split_at(first);
    let mut escaped = String::with_capacity(text.len() + 16);
    escaped.push_str(clean);
    for character in rest.chars() {
        match u8::try_from(character).ok().and_then(reference_of) {
            Some(reference) => escaped.push_str(reference),
            None => escaped.push(character),
        }
    }
    Cow::Owned(escaped)
}

/// The first character of `text` that XML 1.0 cannot carry (production 2, `Char`), with its byte
/// offset.
pub(crate) fn first_forbidden(text: &str) -> Option<(usize, char)> {
    const BLOCK: usize = 64;
    // Control characters and the lead byte of U+FFFE and U+FFFF are rare, so whole blocks are
    // passed over by a test that the compiler vectorises.
    let mut offset = 0;
    for block in text.as_bytes().chunks(BLOCK) {
        let suspicious: u8 =
            block.iter().map(|&byte| u8::from(byte < 0x20) | u8::from(byte == 0xEF)).fold(0, u8::max);
        if suspicious != 0 {
            for (index, &byte) in block.iter().enumerate() {
                if byte < 0x20 || byte == 0xEF {
                    let at = offset + index;
                    let character = text.get(at..).and_then(|rest| rest.chars().next());
                    if let Some(character) = character.filter(|&c| !is_char(c)) {
                        return Some((at, character));
                    }
                }
            }
        }
        offset += block.len();
    }
    None
}

/// Whether XML 1.0 can carry `character`.
pub(super) fn is_char(character: char) -> bool {
    matches!(character, '\t' | '\n' | '\r' | '\u{20}'..='\u{FFFD}' | '\u{10000}'..)
}

/// The character that `&name;` stands for: one of the five predefined entities or a character
/// reference to a character that XML can carry. Anything else would need a DTD.
pub(super) fn resolve_reference(name: &str) -> Option<char> {
    match name {
        "amp" => Some('&'),
        "lt" => Some('<'),
        "gt" => Some('>'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        _ => {
            let number = name.strip_prefix('#')?;
            let (digits, radix) = number.strip_prefix('x').map_or((number, 10), |hex| (hex, 16));
            // `from_str_radix` would accept a sign.
            if !digits.chars().all(|digit| digit.is_digit(radix)) {
                return None;
            }
            u32::from_str_radix(digits, radix).ok().and_then(char::from_u32).filter(|&c| is_char(c))
        }
    }
}

fn reference_of(byte: u8) -> Option<&'static str> {
    Some(match byte {
        b'&' => "&amp;",
        b'<' => "&lt;",
        b'>' => "&gt;",
        b'"' => "&quot;",
        b'\r' => "&#13;",
        b'\n' => "&#10;",
        b'\t' => "&#9;",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_without_special_characters_is_borrowed() {
        assert!(matches!(escape("web-tier Grüße 日本"), Cow::Borrowed(_)));
    }

    #[test]
    fn markup_and_white_space_become_references() {
        assert_eq!(escape("a<b>&\"c'\r\n\td ü"), "a&lt;b&gt;&amp;&quot;c'&#13;&#10;&#9;d ü");
    }

    #[test]
    fn control_characters_and_non_characters_are_found_with_their_offset() {
        assert_eq!(first_forbidden("plain \t\r\n \u{7f} \u{85} ü \u{FFFD} 😀"), None);
        assert_eq!(first_forbidden("a\0"), Some((1, '\0')));
        assert_eq!(first_forbidden("é\u{1b}"), Some((2, '\u{1b}')));
        assert_eq!(first_forbidden("\u{FFFE}"), Some((0, '\u{FFFE}')));
        let across_blocks = format!("{}\u{FFFF}", "x".repeat(63));
        assert_eq!(first_forbidden(&across_blocks), Some((63, '\u{FFFF}')));
    }

    #[test]
    fn references_resolve_to_characters_that_xml_can_carry() {
        assert_eq!(resolve_reference("amp"), Some('&'));
        assert_eq!(resolve_reference("#x1F600"), Some('😀'));
        assert_eq!(resolve_reference("#10"), Some('\n'));
        for name in ["nbsp", "", "#", "#x", "#1", "#x0", "#xD800", "#xFFFE", "#x110000", "#+10", "#X20"] {
            assert_eq!(resolve_reference(name), None, "&{name};");
        }
    }
}
