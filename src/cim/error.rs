//! The error of this layer.

/// Why a CIM value, instance, path or reference could not be made or read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CimError {
    /// A character that XML 1.0 cannot carry.
    #[error("the character U+{:04X} at byte {offset} cannot be sent in XML", u32::from(*character))]
    Character {
        /// The character.
        character: char,
        /// Its byte offset in the text.
        offset: usize,
    },
    /// A text, or an element, that does not have the form asked for.
    #[error("expected {expected}, got `{found}`")]
    Form {
        /// What was expected.
        expected: String,
        /// What came, shortened.
        found: String,
    },
    /// A property or parameter whose value cannot be read as its declared type.
    #[error("`{class}.{property}`: expected {expected}, got `{found}`")]
    Property {
        /// Class of the instance.
        class: String,
        /// Property name.
        property: String,
        /// Type that the schema declares.
        expected: String,
        /// What came, shortened.
        found: String,
    },
    /// A property or parameter whose text should hold an embedded instance and is no XML.
    #[error("`{class}.{property}`: expected an embedded instance as XML, got text that is not readable")]
    Embedded {
        /// Class of the instance.
        class: String,
        /// Property name.
        property: String,
        /// Where the text ceases to be XML.
        source: crate::xml::XmlError,
    },
    /// A property that a type of the caller's needs, and that is not there.
    #[cfg(feature = "serde")]
    #[error("`{class}.{property}`: expected a value, got no such property")]
    Missing {
        /// Class of the instance.
        class: String,
        /// Property, as the type spells it.
        property: String,
    },
    /// A value that a `Serialize` or `Deserialize` of the caller's refuses.
    #[cfg(feature = "serde")]
    #[error("`{class}.{property}`: {reason}")]
    Refused {
        /// Class of the instance.
        class: String,
        /// Property name.
        property: String,
        /// What it says.
        reason: String,
    },
    /// What a `Serialize` or `Deserialize` of the caller's says, of no one property.
    #[cfg(feature = "serde")]
    #[error("{0}")]
    Custom(String),
    /// Text that should hold XML and does not.
    #[error("embedded XML is not readable")]
    Xml(#[from] crate::xml::XmlError),
}

impl CimError {
    pub(crate) fn form(expected: &str, found: &str) -> Self {
        Self::Form { expected: expected.to_owned(), found: shorten(found) }
    }

    /// Says whose value it was, where the error is about a value.
    #[must_use]
    pub(crate) fn of_property(self, class: &str, property: &str) -> Self {
        let (class, property) = (class.to_owned(), property.to_owned());
        match self {
            Self::Form { expected, found } => Self::Property { class, property, expected, found },
            Self::Character { character, offset } => {
                let expected = "text that XML can carry".to_owned();
                let found = format!("U+{:04X} at byte {offset}", u32::from(character));
                Self::Property { class, property, expected, found }
            }
            Self::Xml(source) => Self::Embedded { class, property, source },
            #[cfg(feature = "serde")]
            Self::Custom(reason) => Self::Refused { class, property, reason },
            whose @ (Self::Property { .. } | Self::Embedded { .. }) => whose,
            #[cfg(feature = "serde")]
            whose @ (Self::Missing { .. } | Self::Refused { .. }) => whose,
        }
    }
}

/// The first characters of what came, enough to recognise it.
fn shorten(text: &str) -> String {
    const LONGEST: usize = 60;
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", text.split_at(end).0),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_error_says_what_was_expected_and_what_came() {
        let character = CimError::Character { character: '\u{1}', offset: 3 };
        assert_eq!(character.to_string(), "the character U+0001 at byte 3 cannot be sent in XML");
        let form = CimError::form("uint8", "256");
        assert_eq!(form.to_string(), "expected uint8, got `256`");
        let named = character.of_property("Msvm_ConcreteJob", "Caption");
        assert_eq!(
            named.to_string(),
            "`Msvm_ConcreteJob.Caption`: expected text that XML can carry, got `U+0001 at byte 3`"
        );
        let property = form.of_property("Msvm_ConcreteJob", "JobState");
        assert_eq!(property.to_string(), "`Msvm_ConcreteJob.JobState`: expected uint8, got `256`");
        let xml = crate::cim::Instance::from_cim_xml("<INSTANCE").unwrap_err();
        assert_eq!(xml.to_string(), "embedded XML is not readable");
        let reason = std::error::Error::source(&xml).unwrap().to_string();
        let embedded = xml.of_property("Msvm_ConcreteJob", "Error").of_property("X_Outer", "Job");
        assert_eq!(
            embedded.to_string(),
            "`Msvm_ConcreteJob.Error`: expected an embedded instance as XML, got text that is not readable"
        );
        assert_eq!(std::error::Error::source(&embedded).unwrap().to_string(), reason);
    }

    #[test]
    fn what_came_is_cut_after_sixty_characters() {
        let CimError::Form { found, .. } = CimError::form("uint8", &"ä".repeat(100)) else {
            panic!("a form error")
        };
        assert_eq!(found, format!("{}…", "ä".repeat(60)));
    }
}
