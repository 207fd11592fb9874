//! Instances into types of the user's, by serde.
//!
//! Fields find their properties without case, and `_` in a field's name aside, so that `job_state`
//! is `JobState`; a field named `__CLASS` gets the class. What is null counts as missing: it is
//! `None`, or what `#[serde(default)]` says. Properties without a field are passed over. In a struct with
//! `#[serde(flatten)]` names are exact, as serde then tells nobody which fields there are.
//!
//! | property | fits |
//! |---|---|
//! | any integer | any integer type that holds the number; an enum, by value map |
//! | array | `Vec<T>`; of one element, whatever fits the element |
//! | scalar | `Vec<T>` of one |
//! | datetime | [`DateTime`](super::DateTime), [`Timestamp`](super::Timestamp), [`Interval`](super::Interval), `String` (ISO 8601) |
//! | reference | [`Epr`](super::Epr), `String` (an object path) |
//! | embedded instance, as elements or as text | a struct, a map, [`Instance`], an enum by class |
//! | anything | [`Value`], `Option<T>` |
//!
//! An enum's variant is found by the name that the value map has for the number, letters and digits
//! alone (`CompletedWithWarnings` is "Completed with Warnings"), by the number itself
//! (`#[serde(rename = "32768")]`), or by the text; `#[serde(other)]` takes the rest.
//!
//! ```
//! use hyperv_wsman::cim::{Epr, Instance, Interval, Value};
//! use serde::Deserialize;
//!
//! #[derive(Debug, PartialEq, Deserialize)]
//! enum JobState {
//!     Running,
//!     Completed,
//!     #[serde(other)]
//!     Other,
//! }
//!
//! #[derive(Debug, Deserialize)]
//! struct Job {
//!     instance_id: String,
//!     job_state: JobState,
//!     percent_complete: Option<u8>,
//!     operational_status: Vec<u16>,
//!     owner: Option<String>,
//! }
//!
//! let instance = Instance::new("Msvm_ConcreteJob")
//!     .with("InstanceID", Value::string("7C1D")?)
//!     .with("JobState", 7_u16)
//!     .with("PercentComplete", 100_u16)
//!     .with("OperationalStatus", vec![2_u16])
//!     .with("Owner", Value::Null);
//! let job: Job = instance.deserialize()?;
//! assert_eq!(job.job_state, JobState::Completed);
//! assert_eq!(job.percent_complete, Some(100));
//! assert_eq!(job.operational_status, [2]);
//! assert_eq!(job.owner, None);
//!
//! let error = instance.with("PercentComplete", 700_u16).deserialize::<Job>().unwrap_err();
//! assert_eq!(error.to_string(), "`Msvm_ConcreteJob.PercentComplete`: expected u8, got `700`");
//! # Ok::<(), hyperv_wsman::cim::CimError>(())
//! ```

mod access;
mod fields;
mod held;
mod node;
#[cfg(test)]
mod tests;
mod value;

use serde::{
    Deserializer,
    de::{self, DeserializeOwned, Unexpected, Visitor},
    forward_to_deserialize_any,
};

use super::{CimError, Instance, Name, Value, names, schema::Schema};
use access::{ClassAccess, Known, Properties};

impl Instance {
    /// This instance as a type of the caller's; the module's documentation says what fits what.
    ///
    /// ```
    /// use std::collections::BTreeMap;
    /// use hyperv_wsman::cim::{Instance, Value};
    ///
    /// let instance = Instance::new("X_Newer").with("Answer", 42_u16).with("Question", Value::Null);
    /// let map: BTreeMap<String, Option<u16>> = instance.deserialize()?;
    /// assert_eq!(map["Answer"], Some(42));
    /// assert_eq!(map["Question"], None);
    /// # Ok::<(), hyperv_wsman::cim::CimError>(())
    /// ```
    ///
    /// # Errors
    /// [`CimError::Property`] names class, property, what was expected and what is there;
    /// [`CimError::Refused`] what a `Deserialize` of the caller's says.
    pub fn deserialize<T: DeserializeOwned>(&self) -> Result<T, CimError> {
        T::deserialize(self)
    }

    /// As [`Self::deserialize`], with the value maps of another schema than the compiled one.
    ///
    /// # Errors
    /// As [`Self::deserialize`].
    pub fn deserialize_with<T: DeserializeOwned>(&self, schema: &Schema) -> Result<T, CimError> {
        T::deserialize(Known::lent(self, schema))
    }

    /// As [`Self::deserialize`], of an instance that is not needed any more: its texts become those of the type, and
    /// are not copied.
    ///
    /// ```
    /// use hyperv_wsman::cim::{Instance, Value};
    ///
    /// #[derive(serde::Deserialize)]
    /// struct Machine {
    ///     element_name: String,
    /// }
    ///
    /// let instance = Instance::new("Msvm_ComputerSystem").with("ElementName", Value::string("web-01")?);
    /// let machine: Machine = instance.into_typed()?;
    /// assert_eq!(machine.element_name, "web-01");
    /// # Ok::<(), hyperv_wsman::cim::CimError>(())
    /// ```
    ///
    /// # Errors
    /// As [`Self::deserialize`].
    pub fn into_typed<T: DeserializeOwned>(self) -> Result<T, CimError> {
        self.into_typed_with(&Schema::default())
    }

    /// As [`Self::into_typed`], with the value maps of another schema than the compiled one.
    ///
    /// # Errors
    /// As [`Self::deserialize`].
    pub fn into_typed_with<T: DeserializeOwned>(mut self, schema: &Schema) -> Result<T, CimError> {
        T::deserialize(Known::given(&mut self, schema))
    }
}

/// By the compiled schema; [`Instance::deserialize_with`] takes another.
impl<'de> Deserializer<'de> for &Instance {
    type Error = CimError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, CimError> {
        Known::lent(self, &Schema::default()).deserialize_any(visitor)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, CimError> {
        Known::lent(self, &Schema::default()).deserialize_struct(name, fields, visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, CimError> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, CimError> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, CimError> {
        Known::lent(self, &Schema::default()).deserialize_enum(name, variants, visitor)
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, CimError> {
        visitor.visit_unit()
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf
        unit unit_struct seq tuple tuple_struct map identifier
    }
}

impl<'de> Deserializer<'de> for Known<'_> {
    type Error = CimError;

    fn deserialize_any<V: Visitor<'de>>(mut self, visitor: V) -> Result<V::Value, CimError> {
        let properties = Properties::all(self.again());
        visitor.visit_map(properties).map_err(|error| missing_in(&self, error))
    }

    fn deserialize_struct<V: Visitor<'de>>(
        mut self,
        name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, CimError> {
        if name == names::INSTANCE {
            return visitor.visit_map(Properties::all_with_class(self));
        }
        let properties = Properties::of_fields(self.again(), fields);
        visitor.visit_map(properties).map_err(|error| missing_in(&self, error))
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, CimError> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, CimError> {
        visitor.visit_newtype_struct(self)
    }

    /// A variant for each class.
    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, CimError> {
        visitor.visit_enum(ClassAccess::new(self, variants))
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, CimError> {
        visitor.visit_unit()
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf
        unit unit_struct seq tuple tuple_struct map identifier
    }
}

/// Says whose property it is that is missing, and whether it is null.
fn missing_in(instance: &Known<'_>, error: CimError) -> CimError {
    match error {
        CimError::Missing { class, property } if class.is_empty() => {
            let is_null =
                |(name, value): &&(Name, Value)| value.is_null() && names::is_field(name, &property);
            match instance.properties.get().iter().find(is_null) {
                Some((name, _)) => CimError::form("a value", "null").of_property(instance.class, name),
                None => CimError::Missing { class: instance.class.to_owned(), property },
            }
        }
        other => other,
    }
}

impl de::Error for CimError {
    fn custom<T: std::fmt::Display>(message: T) -> Self {
        Self::Custom(message.to_string())
    }

    fn invalid_type(unexpected: Unexpected<'_>, expected: &dyn de::Expected) -> Self {
        Self::form(&expected.to_string(), &plain(unexpected))
    }

    fn invalid_value(unexpected: Unexpected<'_>, expected: &dyn de::Expected) -> Self {
        Self::invalid_type(unexpected, expected)
    }

    fn unknown_variant(variant: &str, expected: &'static [&'static str]) -> Self {
        Self::form(&one_of(expected), variant)
    }

    /// The class is filled in where it is known.
    fn missing_field(field: &'static str) -> Self {
        Self::Missing { class: String::new(), property: field.to_owned() }
    }
}

fn one_of(names: &[&str]) -> String {
    match names {
        [] => "nothing".to_owned(),
        [only] => (*only).to_owned(),
        several => format!("one of {}", several.join(", ")),
    }
}

/// The value alone, where serde would say its kind as well.
fn plain(unexpected: Unexpected<'_>) -> String {
    match unexpected {
        Unexpected::Bool(value) => value.to_string(),
        Unexpected::Unsigned(value) => value.to_string(),
        Unexpected::Signed(value) => value.to_string(),
        Unexpected::Float(value) => value.to_string(),
        Unexpected::Char(value) => value.to_string(),
        Unexpected::Str(value) => value.to_owned(),
        Unexpected::Unit | Unexpected::Option => "null".to_owned(),
        Unexpected::Seq => "an array".to_owned(),
        Unexpected::Map => "an instance".to_owned(),
        other => other.to_string(),
    }
}
