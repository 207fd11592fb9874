//! Types of the user's into instances and parameters, by serde.
//!
//! The schema types what comes: a `u32` for a `uint16` property is taken when it fits, an enum's
//! variant becomes the number that the value map has for its name, a single value becomes an array
//! where one is declared. Field names become those of the properties without case, and `_` aside
//! (`snapshot_type` is `SnapshotType`). What the schema does not know is sent as it is typed in Rust.
//!
//! `None` is null, which is sent; `#[serde(skip_serializing_if = "Option::is_none")]` leaves it out.
//! A struct within a struct becomes an embedded instance: of the class that a field named `__CLASS`
//! holds, or that the struct is called (`#[serde(rename = "Msvm_…")]`), or that the schema declares.
//!
//! ```
//! use hyperv_wsman::cim::{Instance, Value};
//! use serde::Serialize;
//!
//! #[derive(Serialize)]
//! enum ConsistencyLevel {
//!     ApplicationConsistent,
//!     CrashConsistent,
//! }
//!
//! #[derive(Serialize)]
//! struct Settings {
//!     consistency_level: ConsistencyLevel,
//!     guest_backup_type: u32,
//!     #[serde(skip_serializing_if = "Option::is_none")]
//!     ignore_non_snapshottable_disks: Option<bool>,
//! }
//!
//! let class = "Msvm_VirtualSystemSnapshotSettingData";
//! let settings = Settings {
//!     consistency_level: ConsistencyLevel::CrashConsistent,
//!     guest_backup_type: 1,
//!     ignore_non_snapshottable_disks: None,
//! };
//! let instance = Instance::serialize(class, &settings)?;
//! assert_eq!(instance.get("ConsistencyLevel"), Some(&Value::Uint8(2)));
//! assert_eq!(instance.get("GuestBackupType"), Some(&Value::Uint8(1)));
//!
//! let too_large = Settings { guest_backup_type: 300, ..settings };
//! let error = Instance::serialize(class, &too_large).unwrap_err();
//! assert_eq!(
//!     error.to_string(),
//!     "`Msvm_VirtualSystemSnapshotSettingData.GuestBackupType`: expected uint8, got `300`",
//! );
//! # Ok::<(), hyperv_wsman::cim::CimError>(())
//! ```

mod compound;
mod declared;
#[cfg(test)]
mod tests;
mod value;

use serde::{Serialize, ser};

use super::{CimError, Instance, Name, Value, schema::Schema};
use declared::{Declared, Members};
use value::ValueSerializer;

impl Instance {
    /// A value of the caller's as an instance of `class`; the module's documentation says how.
    ///
    /// # Errors
    /// [`CimError::Property`] names class, property, what was expected and what is there;
    /// [`CimError::Refused`] what a `Serialize` of the caller's says.
    pub fn serialize<T: Serialize + ?Sized>(class: &str, value: &T) -> Result<Self, CimError> {
        Self::serialize_with(&Schema::default(), class, value)
    }

    /// As [`Self::serialize`], by another schema than the compiled one.
    ///
    /// # Errors
    /// As [`Self::serialize`].
    pub fn serialize_with<T: Serialize + ?Sized>(
        schema: &Schema,
        class: &str,
        value: &T,
    ) -> Result<Self, CimError> {
        let members = schema.class(class).map_or(Members::Unknown, Members::Class);
        let serializer =
            ValueSerializer::new(schema, Declared { class_name: Some(class), ..Declared::UNKNOWN });
        match value.serialize(serializer.of_members(members))? {
            Value::Instance(instance) => Ok(Self { class: class.into(), ..*instance }),
            other => Err(CimError::form("a struct or a map", &other.to_plain_text())),
        }
    }
}

/// Each field of a value of the caller's as a parameter of `method`, where the schema knows that.
pub(crate) fn parameters<T: Serialize + ?Sized>(
    schema: &Schema,
    class: &str,
    method: &str,
    value: &T,
) -> Result<Vec<(Name, Value)>, CimError> {
    let known = schema.class(class).and_then(|class| class.method(method));
    let members = known.map_or(Members::Unknown, Members::Method);
    let owner = format!("{class}.{method}");
    let serializer = ValueSerializer::new(schema, Declared { class_name: Some(&owner), ..Declared::UNKNOWN });
    match value.serialize(serializer.of_members(members))? {
        Value::Instance(instance) => Ok(instance.properties),
        Value::Null => Ok(Vec::new()),
        other => Err(CimError::form("a struct or a map", &other.to_plain_text())),
    }
}

impl ser::Error for CimError {
    fn custom<T: std::fmt::Display>(message: T) -> Self {
        Self::Custom(message.to_string())
    }
}
