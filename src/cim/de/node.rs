//! References and other values that serde has no word for, as maps and texts.

use serde::{
    Deserializer,
    de::{IntoDeserializer, Visitor, value::MapDeserializer},
    forward_to_deserialize_any,
};

use crate::cim::{CimError, Epr, SelectorValue};

/// A text, or a map of them.
pub(super) enum Node {
    Text(String),
    Map(Vec<(String, Self)>),
}

type Entries = MapDeserializer<'static, std::vec::IntoIter<(String, Node)>, CimError>;

impl Node {
    /// A map of one entry, which says what the value is.
    pub(super) fn tagged(tag: &str, value: impl Into<Self>) -> Entries {
        MapDeserializer::new(vec![(tag.to_owned(), value.into())].into_iter())
    }
}

impl From<&str> for Node {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Node {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

/// The fields that an [`Epr`] is made of.
impl From<&Epr> for Node {
    fn from(epr: &Epr) -> Self {
        let selectors = epr.selectors().iter().map(|selector| {
            let value = match selector.value() {
                SelectorValue::Text(text) => Self::from(text.as_str()),
                SelectorValue::Reference(nested) => Self::from(&**nested),
            };
            (selector.name().to_owned(), value)
        });
        Self::Map(vec![
            ("address".to_owned(), Self::from(epr.address.as_str())),
            ("resource_uri".to_owned(), Self::from(epr.resource_uri())),
            ("selectors".to_owned(), Self::Map(selectors.collect())),
        ])
    }
}

impl IntoDeserializer<'_, CimError> for Node {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

impl<'de> Deserializer<'de> for Node {
    type Error = CimError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, CimError> {
        match self {
            Self::Text(text) => visitor.visit_string(text),
            Self::Map(entries) => visitor.visit_map(MapDeserializer::new(entries.into_iter())),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, CimError> {
        visitor.visit_some(self)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf
        unit unit_struct newtype_struct seq tuple tuple_struct map struct enum identifier ignored_any
    }
}
