//! Text that can be sent: every character of it exists in XML 1.0 (production 2, `Char`).

use std::{borrow::Cow, fmt};

use super::CimError;

/// A string without characters that XML cannot carry (control characters, U+FFFE, U+FFFF).
///
/// ```
/// use hyperv_wsman::cim::Text;
///
/// let name = Text::new("web tier <1>")?;
/// assert_eq!(name.as_str(), "web tier <1>");
///
/// let error = Text::new("bell\u{7}").unwrap_err();
/// assert_eq!(error.to_string(), "the character U+0007 at byte 4 cannot be sent in XML");
/// # Ok::<(), hyperv_wsman::cim::CimError>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Text(Box<str>);

impl Text {
    /// Checks `text`.
    ///
    /// # Errors
    /// [`CimError::Character`] names the first character that cannot be sent.
    pub fn new(text: impl Into<String>) -> Result<Self, CimError> {
        let text = text.into();
        match crate::xml::escape::first_forbidden(&text) {
            Some((offset, character)) => Err(CimError::Character { character, offset }),
            None => Ok(Self(text.into())),
        }
    }

    /// A text that was read from a document, which cannot hold what XML cannot carry.
    pub(crate) fn of_document(text: Cow<'_, str>) -> Self {
        Self(text.into())
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The text as a plain string.
    #[must_use]
    pub fn into_string(self) -> String {
        self.0.into()
    }
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl AsRef<str> for Text {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl PartialEq<str> for Text {
    fn eq(&self, other: &str) -> bool {
        *self.0 == *other
    }
}

impl PartialEq<&str> for Text {
    fn eq(&self, other: &&str) -> bool {
        *self.0 == **other
    }
}

impl TryFrom<&str> for Text {
    type Error = CimError;

    fn try_from(text: &str) -> Result<Self, CimError> {
        Self::new(text)
    }
}

impl TryFrom<String> for Text {
    type Error = CimError;

    fn try_from(text: String) -> Result<Self, CimError> {
        Self::new(text)
    }
}

impl std::str::FromStr for Text {
    type Err = CimError;

    fn from_str(text: &str) -> Result<Self, CimError> {
        Self::new(text)
    }
}

impl From<Text> for String {
    fn from(text: Text) -> Self {
        text.0.into()
    }
}

/// One `char16`: a character of the Basic Multilingual Plane that XML can carry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Char16(char);

impl Char16 {
    /// Checks `character`.
    ///
    /// # Errors
    /// [`CimError::Character`] for one that XML cannot carry, [`CimError::Form`] for one that needs
    /// more than 16 bits.
    pub fn new(character: char) -> Result<Self, CimError> {
        let mut buffer = [0; 4];
        let text = character.encode_utf8(&mut buffer);
        if let Some((offset, character)) = crate::xml::escape::first_forbidden(text) {
            return Err(CimError::Character { character, offset });
        }
        if u16::try_from(u32::from(character)).is_err() {
            return Err(CimError::form("a character of 16 bits", text));
        }
        Ok(Self(character))
    }

    /// The character.
    #[must_use]
    pub fn get(self) -> char {
        self.0
    }
}

impl fmt::Display for Char16 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

/// Whether `text` is a name of CIM (DSP0004 annex A), which serves as the name of an element too:
/// letters, digits and `_`, not led by a digit. Names of other scripts are legal and not in use.
pub(super) fn is_identifier(text: &str) -> bool {
    let mut bytes = text.bytes();
    bytes.next().is_some_and(|first| first.is_ascii_alphabetic() || first == b'_')
        && bytes.all(|next| next.is_ascii_alphanumeric() || next == b'_')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_keeps_white_space_and_every_script() {
        for text in ["", " \t\r\n", "ホスト", "a\u{10FFFF}b", "\u{FFFD}"] {
            assert_eq!(Text::new(text).unwrap().as_str(), text);
        }
    }

    #[test]
    fn text_names_the_first_character_that_xml_cannot_carry() {
        assert_eq!(Text::new("ä\0b\u{1}"), Err(CimError::Character { character: '\0', offset: 2 }));
        assert!(Text::new("\u{FFFE}").is_err());
    }

    #[test]
    fn char16_is_one_sendable_utf16_unit() {
        assert_eq!(Char16::new('ホ').unwrap().get(), 'ホ');
        assert!(matches!(Char16::new('\u{1}'), Err(CimError::Character { .. })));
        assert!(matches!(Char16::new('🦀'), Err(CimError::Form { .. })));
    }
}
