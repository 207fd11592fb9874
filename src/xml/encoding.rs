//! From bytes to text: UTF-8, or UTF-16 in either byte order (XML 1.0 appendix F).

use super::{Limits, XmlError};
use std::borrow::Cow;

/// Decodes a document. UTF-16 is known by its byte order mark, or without one by the zero byte
/// beside the first `<`; everything else must be UTF-8, with or without a mark.
///
/// Windows answers UTF-8 to a UTF-8 request; its own client speaks UTF-16 (MS-WSMV 2.2.1).
pub(crate) fn decode<'a>(bytes: &'a [u8], limits: &Limits) -> Result<Cow<'a, str>, XmlError> {
    if bytes.len() > limits.bytes {
        return Err(XmlError::new(
            limits.bytes,
            format!("the document is longer than {} bytes", limits.bytes),
        ));
    }
    match bytes {
        [0xFF, 0xFE, rest @ ..] => utf16(rest, 2, u16::from_le_bytes),
        [0xFE, 0xFF, rest @ ..] => utf16(rest, 2, u16::from_be_bytes),
        [b'<', 0, ..] => utf16(bytes, 0, u16::from_le_bytes),
        [0, b'<', ..] => utf16(bytes, 0, u16::from_be_bytes),
        [0xEF, 0xBB, 0xBF, rest @ ..] => utf8(rest, 3),
        _ => utf8(bytes, 0),
    }
}

fn utf8(bytes: &[u8], skipped: usize) -> Result<Cow<'_, str>, XmlError> {
    match std::str::from_utf8(bytes) {
        Ok(text) => Ok(Cow::Borrowed(text)),
        Err(error) => Err(XmlError::new(skipped + error.valid_up_to(), "the bytes are not UTF-8")),
    }
}

fn utf16(bytes: &[u8], skipped: usize, unit: fn([u8; 2]) -> u16) -> Result<Cow<'_, str>, XmlError> {
    let (pairs, rest) = bytes.as_chunks::<2>();
    if !rest.is_empty() {
        return Err(XmlError::new(skipped + bytes.len(), "the UTF-16 text ends inside a character"));
    }
    let mut text = String::with_capacity(bytes.len());
    let mut offset = skipped;
    for decoded in char::decode_utf16(pairs.iter().map(|pair| unit(*pair))) {
        let character =
            decoded.map_err(|_| XmlError::new(offset, "the UTF-16 text holds an unpaired surrogate"))?;
        offset += 2 * character.len_utf16();
        text.push(character);
    }
    Ok(Cow::Owned(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn utf16_bytes(text: &str, encode: fn(u16) -> [u8; 2]) -> Vec<u8> {
        text.encode_utf16().flat_map(encode).collect()
    }

    #[test]
    fn utf8_is_borrowed_and_its_mark_dropped() {
        let text = decode("\u{FEFF}<a/>".as_bytes(), &Limits::default()).unwrap();
        assert!(matches!(text, Cow::Borrowed("<a/>")));
    }

    #[test]
    fn utf16_is_decoded_in_both_orders_with_and_without_mark() {
        for text in ["\u{FEFF}<a>日本😀</a>", "<a>日本😀</a>"] {
            for encode in [u16::to_le_bytes, u16::to_be_bytes] {
                let bytes = utf16_bytes(text, encode);
                assert_eq!(decode(&bytes, &Limits::default()).unwrap(), "<a>日本😀</a>");
            }
        }
    }

    #[test]
    fn broken_bytes_are_refused_with_their_offset() {
        let refused = |bytes: &[u8]| decode(bytes, &Limits::default()).unwrap_err().to_string();
        assert_eq!(refused(b"<a>\xFF</a>"), "the bytes are not UTF-8 at byte 3");
        assert_eq!(refused(b"\xFF\xFE<\0a"), "the UTF-16 text ends inside a character at byte 5");
        assert_eq!(
            refused(b"\xFF\xFE<\0\x00\xD8>\0"),
            "the UTF-16 text holds an unpaired surrogate at byte 4"
        );
    }

    #[test]
    fn a_document_over_the_limit_is_refused_before_it_is_decoded() {
        let limits = Limits { bytes: 8, ..Limits::default() };
        assert!(decode(b"<a></a>", &limits).is_ok());
        assert_eq!(
            decode(b"<a>xx</a>", &limits).unwrap_err().to_string(),
            "the document is longer than 8 bytes at byte 8"
        );
    }
}
