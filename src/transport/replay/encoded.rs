//! Text inside base64 and other bytes.

use base64::{Engine as _, engine::general_purpose};

/// Base64 shorter than this is taken for a word, unless it is exactly a known value.
pub(super) const SHORTEST: usize = 12;

/// How bytes are text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Coding {
    Utf8,
    Utf16Le,
}

impl Coding {
    pub(super) fn encode(self, text: &str) -> Vec<u8> {
        match self {
            Self::Utf8 => text.as_bytes().to_vec(),
            Self::Utf16Le => text.encode_utf16().flat_map(u16::to_le_bytes).collect(),
        }
    }
}

/// Bytes of base64, with or without padding; `None` for other text.
pub(super) fn from_base64(text: &str) -> Option<Vec<u8>> {
    let bytes = general_purpose::STANDARD_PAD_INDIFFERENT.decode(text).ok()?;
    (!bytes.is_empty()).then_some(bytes)
}

pub(super) fn to_base64(bytes: &[u8]) -> String {
    general_purpose::STANDARD.encode(bytes)
}

/// The text that these bytes are, if they are nothing else.
pub(super) fn as_text(bytes: &[u8]) -> Option<(String, Coding)> {
    let readable = |text: &String| text.chars().all(|c| !c.is_control() || matches!(c, '\r' | '\n' | '\t'));
    let utf8 = String::from_utf8(bytes.to_vec()).ok().filter(readable).map(|text| (text, Coding::Utf8));
    utf8.or_else(|| {
        let text = bytes.len().is_multiple_of(2).then(|| String::from_utf16(&units(bytes)).ok()).flatten();
        text.filter(readable).map(|text| (text, Coding::Utf16Le))
    })
}

/// What these bytes could say, read as UTF-8 and as UTF-16 from either byte.
pub(super) fn readings(bytes: &[u8]) -> Vec<String> {
    let shifted = bytes.get(1..).unwrap_or_default();
    vec![
        String::from_utf8_lossy(bytes).into_owned(),
        String::from_utf16_lossy(&units(bytes)),
        String::from_utf16_lossy(&units(shifted)),
    ]
}

fn units(bytes: &[u8]) -> Vec<u16> {
    bytes.as_chunks::<2>().0.iter().map(|pair| u16::from_le_bytes(*pair)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn utf16_and_utf8_are_told_apart_and_binary_is_no_text() {
        for coding in [Coding::Utf8, Coding::Utf16Le] {
            assert_eq!(as_text(&coding.encode("CORP\\bob")), Some(("CORP\\bob".to_owned(), coding)));
        }
        assert_eq!(as_text(&[0xff, 0x00, 0x01]), None);
        assert_eq!(as_text(&[0xff, 0xd8, 0x00, 0x00]), None);
    }

    #[test]
    fn a_value_in_binary_is_read_at_any_byte() {
        let mut bytes = vec![0xff];
        bytes.extend(Coding::Utf16Le.encode("hv1"));
        assert!(readings(&bytes).iter().any(|text| text.contains("hv1")));
    }
}
