//! Text that can be sent: every character of it exists in XML 1.0.

use super::CimError;

/// A string without characters that XML cannot carry (control characters, U+FFFE, U+FFFF).
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Text(String);

impl Text {
    /// Checks `text`.
    ///
    /// # Errors
    /// [`CimError::Character`] names the first character that cannot be sent.
    pub fn new(text: impl Into<String>) -> Result<Self, CimError> {
        let text = text.into();
        match crate::xml::escape::first_forbidden(&text) {
            Some((offset, character)) => Err(CimError::Character { character, offset }),
            None => Ok(Self(text)),
        }
    }
    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}
