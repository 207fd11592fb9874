//! The Common Information Model: typed values, instances, references, object paths, and the
//! documented class schema of `root\virtualization\v2`.

mod cast;
pub(crate) mod check;
mod cim_type;
mod convert;
mod datetime;
#[cfg(feature = "serde")]
pub mod de;
pub(crate) mod decode;
mod embedded;
mod embedded_reader;
pub(crate) mod encode;
mod epr;
mod error;
mod instance;
mod interval;
mod markup;
mod name;
#[cfg(feature = "serde")]
mod names;
mod parse;
mod path;
mod path_reader;
pub mod schema;
#[cfg(feature = "serde")]
pub mod ser;
#[cfg(feature = "serde")]
mod serde_types;
pub(crate) mod similar;
#[cfg(test)]
pub(crate) mod strategies;
mod text;
mod timestamp;
mod value;
pub mod wql;

pub use cim_type::CimType;
pub use datetime::DateTime;
pub use epr::{Epr, Selector, SelectorValue};
pub use error::CimError;
pub use instance::Instance;
pub use interval::Interval;
pub(crate) use name::Name;
pub use path::ObjectPath;
pub use text::{Char16, Text};
pub use timestamp::Timestamp;
pub use value::Value;
