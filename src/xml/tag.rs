//! A start tag in its parts: name and attributes as they are written.

use super::{XmlError, escape};
use std::borrow::Cow;

/// The attributes of a start tag, one after the other.
#[derive(Debug)]
pub(super) struct Tag<'a> {
    /// The whole of it, `<s:Envelope …>`.
    pub(super) source: &'a str,
    /// Prefix of its name; empty without one.
    pub(super) prefix: &'a str,
    /// Local part of its name.
    pub(super) local: &'a str,
    /// Offset of the tag in the document.
    pub(super) start: usize,
    rest: &'a str,
    /// Offset of `rest` in the document.
    offset: usize,
}

impl<'a> Tag<'a> {
    /// The start tag `<prefix:local …>` or `<prefix:local …/>`, or what follows the name alone; `start` is where it begins
    /// in the document.
    pub(super) fn new(source: &'a str, prefix: &'a str, local: &'a str, start: usize) -> Self {
        let name = 1 + prefix.len() + usize::from(!prefix.is_empty()) + local.len();
        let rest = match source.strip_prefix('<') {
            Some(_) => source.get(name..).unwrap_or_default(),
            None => source,
        };
        let rest = rest.strip_suffix('>').unwrap_or(rest);
        let rest = rest.strip_suffix('/').unwrap_or(rest);
        Self { source, prefix, local, start, rest, offset: start + name }
    }

    /// What is left of the attributes, as it is written.
    pub(super) fn attributes(&self) -> &'a str {
        self.rest
    }

    /// Whether anything follows the name; it may be white space alone.
    pub(super) fn has_attributes(&self) -> bool {
        !self.rest.is_empty()
    }

    /// The next attribute as written, its value unescaped and normalised (XML 1.0 3.3.3).
    pub(super) fn next_attribute(&mut self) -> Result<Option<(&'a str, Cow<'a, str>)>, XmlError> {
        let trimmed = self.rest.trim_start_matches(is_space);
        if trimmed.is_empty() {
            return Ok(None);
        }
        if trimmed.len() == self.rest.len() {
            return Err(XmlError::new(self.offset, "expected white space before an attribute"));
        }
        self.skip_to(trimmed);
        let Some((name, after)) = trimmed.split_once('=') else {
            return Err(XmlError::new(self.offset, "expected `=` after an attribute's name"));
        };
        let quoted = after.trim_start_matches(is_space);
        let Some(quote @ ('"' | '\'')) = quoted.chars().next() else {
            return Err(XmlError::new(self.offset, "expected a quote before an attribute's value"));
        };
        let Some((raw, rest)) = quoted.get(1..).and_then(|value| value.split_once(quote)) else {
            return Err(XmlError::new(self.offset, "expected a quote after an attribute's value"));
        };
        let value = normalise(raw).map_err(|reason| XmlError::new(self.offset, reason))?;
        self.skip_to(rest);
        Ok(Some((name.trim_end_matches(is_space), value)))
    }

    /// `tail` is a tail of `rest`.
    fn skip_to(&mut self, tail: &'a str) {
        self.offset += self.rest.len() - tail.len();
        self.rest = tail;
    }

    pub(super) fn offset(&self) -> usize {
        self.offset
    }
}

/// Prefix (empty: none) and local part of a name; `None` when it is not a name of the namespaces
/// recommendation.
pub(super) fn split_name(name: &str) -> Option<(&str, &str)> {
    let (prefix, local) = match name.as_bytes().iter().position(|byte| *byte == b':') {
        None => ("", name),
        Some(0) => return None,
        Some(colon) => (name.get(..colon)?, name.get(colon + 1..)?),
    };
    ((prefix.is_empty() || is_ncname(prefix)) && is_ncname(local)).then_some((prefix, local))
}

fn normalise(raw: &str) -> Result<Cow<'_, str>, String> {
    let special = |byte: u8| matches!(byte, b'&' | b'<' | b'\t' | b'\r' | b'\n');
    if !raw.bytes().any(special) {
        return Ok(Cow::Borrowed(raw));
    }
    let mut value = String::with_capacity(raw.len());
    let mut rest = raw;
    while let Some(character) = rest.chars().next() {
        rest = rest.get(character.len_utf8()..).unwrap_or_default();
        match character {
            '<' => return Err("`<` in an attribute's value".to_owned()),
            '&' => {
                let (name, after) = rest.split_once(';').unwrap_or((rest, ""));
                let referred = escape::resolve_reference(name)
                    .ok_or_else(|| format!("the reference `&{};` is not defined", shorten(name)))?;
                value.push(referred);
                rest = after;
            }
            '\r' => {
                rest = rest.strip_prefix('\n').unwrap_or(rest);
                value.push(' ');
            }
            '\t' | '\n' => value.push(' '),
            other => value.push(other),
        }
    }
    Ok(Cow::Owned(value))
}

/// The beginning of a text of the peer's, for a message.
pub(super) fn shorten(text: &str) -> String {
    const LONGEST: usize = 40;
    match text.char_indices().nth(LONGEST) {
        None => text.to_owned(),
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
    }
}

pub(super) fn is_space(character: char) -> bool {
    matches!(character, ' ' | '\t' | '\r' | '\n')
}

fn is_ncname(name: &str) -> bool {
    // Nearly all names are made of these alone.
    let is_plain_start = |byte: u8| byte.is_ascii_alphabetic() || byte == b'_';
    let is_plain = |byte: u8| is_plain_start(byte) || byte.is_ascii_digit() || matches!(byte, b'-' | b'.');
    let bytes = name.as_bytes();
    if bytes.first().is_some_and(|first| is_plain_start(*first)) && bytes.iter().all(|byte| is_plain(*byte)) {
        return true;
    }
    let mut characters = name.chars();
    characters.next().is_some_and(is_name_start) && characters.all(is_name_part)
}

/// XML 1.0 production 4 without the colon.
fn is_name_start(character: char) -> bool {
    matches!(character,
        'a'..='z' | 'A'..='Z' | '_'
        | '\u{C0}'..='\u{D6}' | '\u{D8}'..='\u{F6}' | '\u{F8}'..='\u{2FF}' | '\u{370}'..='\u{37D}'
        | '\u{37F}'..='\u{1FFF}' | '\u{200C}'..='\u{200D}' | '\u{2070}'..='\u{218F}'
        | '\u{2C00}'..='\u{2FEF}' | '\u{3001}'..='\u{D7FF}' | '\u{F900}'..='\u{FDCF}'
        | '\u{FDF0}'..='\u{FFFD}' | '\u{10000}'..='\u{EFFFF}')
}

/// XML 1.0 production 4a without the colon.
fn is_name_part(character: char) -> bool {
    is_name_start(character)
        || matches!(character,
            '-' | '.' | '0'..='9' | '\u{B7}' | '\u{300}'..='\u{36F}' | '\u{203F}'..='\u{2040}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn attributes(source: &str) -> Result<Vec<(&str, Cow<'_, str>)>, String> {
        let mut tag = Tag::new(source, "", "a", 0);
        let mut all = Vec::new();
        while let Some(attribute) = tag.next_attribute().map_err(|error| error.to_string())? {
            all.push(attribute);
        }
        Ok(all)
    }

    #[test]
    fn attributes_are_taken_apart_whatever_their_quotes_and_spacing() {
        let found = attributes("<a  b='1'\n c = \"x > 'y'\" d='&#65;&lt;'/>").unwrap();
        assert_eq!(found, [("b", "1".into()), ("c", "x > 'y'".into()), ("d", "A<".into())]);
    }

    #[test]
    fn white_space_in_values_is_normalised_but_references_to_it_are_kept() {
        let found = attributes("<a b='1\r\n2\t3&#10;4'>").unwrap();
        assert_eq!(found, [("b", "1 2 3\n4".into())]);
    }

    #[test]
    fn ill_formed_attributes_are_refused_with_their_offset() {
        for (source, message) in [
            ("<a b='1'c='2'>", "expected white space before an attribute at byte 8"),
            ("<a b>", "expected `=` after an attribute's name at byte 3"),
            ("<a b=1>", "expected a quote before an attribute's value at byte 3"),
            ("<a b='<'>", "`<` in an attribute's value at byte 3"),
            ("<a b='&nbsp;'>", "the reference `&nbsp;` is not defined at byte 3"),
            ("<a b='&#1;'>", "the reference `&#1;` is not defined at byte 3"),
        ] {
            assert_eq!(attributes(source).unwrap_err(), message, "{source}");
        }
    }

    #[test]
    fn names_follow_the_namespaces_recommendation() {
        assert_eq!(split_name("s:Envelope"), Some(("s", "Envelope")));
        assert_eq!(split_name("__ExtendedStatus"), Some(("", "__ExtendedStatus")));
        assert_eq!(split_name("名前"), Some(("", "名前")));
        for name in ["", ":", "a:", ":a", "a:b:c", "1a", "a:1", "a b", "-a", "a/b", "a<b"] {
            assert_eq!(split_name(name), None, "{name}");
        }
    }
}
