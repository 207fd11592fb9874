//! The Common Information Model: typed values, instances, references, object paths, and the
//! documented class schema of `root\virtualization\v2`.
//!
//! ```
//! use hyperv_wsman::cim::{Epr, Instance, ObjectPath, Value, schema};
//!
//! // A reference names an instance, an object path does so for people.
//! let group = Epr::class_of("Msvm_VirtualSystemCollection", "root/virtualization/v2")
//!     .with("CollectionID", "5D1F")?;
//! assert_eq!(group.to_path(), ObjectPath::parse(&group.to_string())?);
//!
//! // The schema knows types, names of values, and methods.
//! let state = schema::class("Msvm_ComputerSystem").and_then(|class| class.property("EnabledState"));
//! assert_eq!(state.and_then(|state| state.value_name(2)), Some("Enabled"));
//!
//! // Instances have typed values, and travel in parameters as text.
//! let settings = Instance::new("Msvm_VirtualSystemSnapshotSettingData").with("ConsistencyLevel", 1_u8);
//! assert_eq!(settings.get("consistencylevel"), Some(&Value::Uint8(1)));
//! assert_eq!(Instance::from_cim_xml(settings.to_cim_xml()?.as_str())?, settings);
//! # Ok::<(), hyperv_wsman::cim::CimError>(())
//! ```

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
