//! The Common Information Model: typed values, instances, references, object paths, and the
//! documented class schema of `root\virtualization\v2`.

pub(crate) mod datetime;
pub(crate) mod decode;
pub(crate) mod embedded;
pub(crate) mod encode;
pub(crate) mod epr;
pub(crate) mod instance;
pub(crate) mod path;
pub mod schema;
pub(crate) mod text;
pub(crate) mod value;

pub use datetime::{DateTime, Interval};
pub use epr::{Epr, Selector, SelectorValue};
pub use instance::Instance;
pub use path::ObjectPath;
pub use text::Text;
pub use value::{CimType, Value};

/// Why a CIM value, instance, path or reference could not be made or read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CimError {
    /// A character that XML 1.0 cannot carry.
    #[error("the character U+{:04X} at byte {offset} cannot be sent in XML", *character as u32)]
    Character {
        /// The character.
        character: char,
        /// Its byte offset in the text.
        offset: usize,
    },
    /// A text that does not have the form its type asks for.
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
    /// XML that is not of the expected shape.
    #[error("expected {expected}, got {found}")]
    Shape {
        /// What was expected.
        expected: String,
        /// What came.
        found: String,
    },
    /// Text that should hold XML and does not.
    #[error("embedded XML: {0}")]
    Xml(#[from] crate::xml::XmlError),
}
