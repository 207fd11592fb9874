//! Conversions into [`Value`]: exact for numbers, checked for texts.

use super::{Char16, CimError, DateTime, Epr, Instance, Interval, Text, Timestamp, Value};

macro_rules! from {
    ($($source:ty => $variant:ident),* $(,)?) => {$(
        impl From<$source> for Value {
            fn from(value: $source) -> Self {
                Self::$variant(value)
            }
        }
    )*};
}

from! {
    bool => Boolean,
    u8 => Uint8,
    i8 => Sint8,
    u16 => Uint16,
    i16 => Sint16,
    u32 => Uint32,
    i32 => Sint32,
    u64 => Uint64,
    i64 => Sint64,
    f32 => Real32,
    f64 => Real64,
    Char16 => Char16,
    Text => String,
    DateTime => DateTime,
}

impl From<Timestamp> for Value {
    fn from(value: Timestamp) -> Self {
        Self::DateTime(value.into())
    }
}

impl From<Interval> for Value {
    fn from(value: Interval) -> Self {
        Self::DateTime(value.into())
    }
}

impl From<Epr> for Value {
    fn from(epr: Epr) -> Self {
        Self::Reference(Box::new(epr))
    }
}

impl From<&Epr> for Value {
    fn from(epr: &Epr) -> Self {
        epr.clone().into()
    }
}

impl From<Instance> for Value {
    fn from(instance: Instance) -> Self {
        Self::Instance(Box::new(instance))
    }
}

impl<T: Into<Self>> From<Vec<T>> for Value {
    fn from(elements: Vec<T>) -> Self {
        Self::Array(elements.into_iter().map(Into::into).collect())
    }
}

/// `None` is null.
impl<T: Into<Self>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

impl TryFrom<&str> for Value {
    type Error = CimError;

    fn try_from(text: &str) -> Result<Self, CimError> {
        Self::string(text)
    }
}

impl TryFrom<String> for Value {
    type Error = CimError;

    fn try_from(text: String) -> Result<Self, CimError> {
        Self::string(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_checked_on_their_way_in() {
        assert_eq!(Value::try_from("a").unwrap().as_str(), Some("a"));
        assert_eq!(Value::try_from(String::from("a")).unwrap().as_str(), Some("a"));
        assert!(matches!(Value::try_from("\0"), Err(CimError::Character { offset: 0, .. })));
    }

    #[test]
    fn none_is_null_and_a_vector_an_array() {
        assert_eq!(Value::from(None::<u16>), Value::Null);
        assert_eq!(Value::from(Some(1_u16)), Value::Uint16(1));
        assert_eq!(Value::from(vec![true]), Value::Array(vec![Value::Boolean(true)]));
    }
}
