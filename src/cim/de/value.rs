//! One value as serde asks for it.

use serde::{
    Deserializer,
    de::{
        IntoDeserializer, Visitor,
        value::{SeqDeserializer, StrDeserializer},
    },
    forward_to_deserialize_any,
};

use super::{
    access::{Known, Properties, ValueNames, expected},
    held::Held,
    node::Node,
};
use crate::cim::{CimError, CimType, DateTime, Instance, Value, names};

/// A value of a property.
pub(super) struct ValueDeserializer<'a> {
    value: Held<'a, Value>,
    names: ValueNames<'a>,
}

impl<'a> ValueDeserializer<'a> {
    pub(super) fn new(value: Held<'a, Value>, names: ValueNames<'a>) -> Self {
        Self { value, names }
    }

    /// The value itself, or the only element of an array.
    fn one(&self, expected: &str) -> Result<&Value, CimError> {
        match self.value.get() {
            Value::Array(elements) => match elements.as_slice() {
                [one] => Ok(one),
                several => Err(CimError::form(expected, &format!("an array of {}", several.len()))),
            },
            one => Ok(one),
        }
    }

    fn integer<T: TryFrom<i128>>(&self, expected: &str) -> Result<T, CimError> {
        let value = self.one(expected)?;
        let number = value.integer().and_then(|number| T::try_from(number).ok());
        number.ok_or_else(|| CimError::form(expected, &shown(value)))
    }

    /// The instance that this value is, or that its text holds.
    fn with_instance<T>(
        self,
        expected: &str,
        read: impl FnOnce(Known<'_>) -> Result<T, CimError>,
    ) -> Result<T, CimError> {
        let schema = self.names.schema;
        if let Held::Given(Value::Instance(instance)) = self.value {
            return read(Known::given(instance, schema));
        }
        match self.one(expected)? {
            Value::Instance(instance) => read(Known::lent(instance, schema)),
            Value::String(text) | Value::Untyped(text) if text.as_str().trim_start().starts_with('<') => {
                read(Known::given(&mut Instance::from_cim_xml(text.as_str())?, schema))
            }
            other => Err(CimError::form(expected, &shown(other))),
        }
    }
}

macro_rules! integers {
    ($($method:ident $visit:ident $type:ident)+) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, CimError> {
            visitor.$visit(self.integer::<$type>(stringify!($type))?)
        }
    )+};
}

impl<'de> Deserializer<'de> for ValueDeserializer<'_> {
    type Error = CimError;

    integers! {
        deserialize_u8 visit_u8 u8
        deserialize_u16 visit_u16 u16
        deserialize_u32 visit_u32 u32
        deserialize_u64 visit_u64 u64
        deserialize_u128 visit_u128 u128
        deserialize_i8 visit_i8 i8
        deserialize_i16 visit_i16 i16
        deserialize_i32 visit_i32 i32
        deserialize_i64 visit_i64 i64
        deserialize_i128 visit_i128 i128
    }

    fn deserialize_any<V: Visitor<'de>>(mut self, visitor: V) -> Result<V::Value, CimError> {
        if let Some(text) = self.value.take_text() {
            return visitor.visit_string(text);
        }
        match self.value.get() {
            Value::Null => visitor.visit_unit(),
            Value::Boolean(value) => visitor.visit_bool(*value),
            Value::Uint8(value) => visitor.visit_u8(*value),
            Value::Sint8(value) => visitor.visit_i8(*value),
            Value::Uint16(value) => visitor.visit_u16(*value),
            Value::Sint16(value) => visitor.visit_i16(*value),
            Value::Uint32(value) => visitor.visit_u32(*value),
            Value::Sint32(value) => visitor.visit_i32(*value),
            Value::Uint64(value) => visitor.visit_u64(*value),
            Value::Sint64(value) => visitor.visit_i64(*value),
            Value::Real32(value) => visitor.visit_f32(*value),
            Value::Real64(value) => visitor.visit_f64(*value),
            Value::Char16(value) => visitor.visit_char(value.get()),
            Value::String(text) | Value::Untyped(text) => visitor.visit_str(text.as_str()),
            Value::DateTime(value) => visitor.visit_string(value.to_iso()),
            Value::Reference(epr) => visitor.visit_string(epr.to_string()),
            Value::Instance(_) => {
                self.with_instance("", |instance| visitor.visit_map(Properties::all(instance)))
            }
            Value::Array(_) => self.deserialize_seq(visitor),
        }
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, CimError> {
        let value = self.one("bool")?;
        visitor.visit_bool(value.as_bool().ok_or_else(|| CimError::form("bool", &shown(value)))?)
    }

    fn deserialize_f32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, CimError> {
        match self.one("f32")?.clone().into_type(CimType::Real32, false)? {
            Value::Real32(value) => visitor.visit_f32(value),
            other => Err(CimError::form("f32", &shown(&other))),
        }
    }

    fn deserialize_f64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, CimError> {
        match self.one("f64")?.clone().into_type(CimType::Real64, false)? {
            Value::Real64(value) => visitor.visit_f64(value),
            other => Err(CimError::form("f64", &shown(&other))),
        }
    }

    fn deserialize_char<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, CimError> {
        self.deserialize_str(visitor)
    }

    /// Text, and what has a text of its own; numbers are not taken for text.
    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, CimError> {
        match self.one("a string")? {
            Value::String(text) | Value::Untyped(text) => visitor.visit_str(text.as_str()),
            Value::Char16(value) => visitor.visit_char(value.get()),
            Value::DateTime(value) => visitor.visit_string(value.to_iso()),
            Value::Reference(epr) => visitor.visit_string(epr.to_string()),
            Value::Instance(instance) => {
                visitor.visit_string(instance.to_cim_xml_with(self.names.schema)?.into_string())
            }
            other => Err(CimError::form("a string", &shown(other))),
        }
    }

    fn deserialize_string<V: Visitor<'de>>(mut self, visitor: V) -> Result<V::Value, CimError> {
        match self.value.take_text() {
            Some(text) => visitor.visit_string(text),
            None => self.deserialize_str(visitor),
        }
    }

    fn deserialize_bytes<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, CimError> {
        let byte = |value: &Value| {
            let byte = value.as_u64().and_then(|number| u8::try_from(number).ok());
            byte.ok_or_else(|| CimError::form("bytes", &shown(value)))
        };
        visitor.visit_byte_buf(self.value.get().as_slice().iter().map(byte).collect::<Result<_, _>>()?)
    }

    fn deserialize_byte_buf<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, CimError> {
        self.deserialize_bytes(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, CimError> {
        if self.value.get().is_null() { visitor.visit_none() } else { visitor.visit_some(self) }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, CimError> {
        match self.value.get() {
            Value::DateTime(DateTime::Timestamp(time)) if name == names::DATETIME => {
                return visitor.visit_i64(time.unix_micros());
            }
            Value::DateTime(DateTime::Interval(interval)) if name == names::DATETIME => {
                return visitor.visit_u64(interval.micros());
            }
            _ if name != names::VALUE => return visitor.visit_newtype_struct(self),
            _ => {}
        }
        match self.value.get() {
            Value::Instance(_) => {
                self.with_instance("", |instance| visitor.visit_map(Properties::all_with_class(instance)))
            }
            Value::Array(_) => self.deserialize_seq(visitor),
            Value::Reference(epr) => visitor.visit_map(Node::tagged(names::EPR, Node::from(&**epr))),
            Value::DateTime(value) => visitor.visit_map(Node::tagged(names::DATETIME, value.to_iso())),
            Value::Untyped(text) => visitor.visit_map(Node::tagged(names::VALUE, text.as_str())),
            _ => self.deserialize_any(visitor),
        }
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, CimError> {
        let element = |value| Self { value, names: self.names };
        visitor.visit_seq(SeqDeserializer::new(self.value.elements().map(element)))
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, _length: usize, visitor: V) -> Result<V::Value, CimError> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _length: usize,
        visitor: V,
    ) -> Result<V::Value, CimError> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, CimError> {
        self.with_instance(&expected(&visitor), |instance| instance.deserialize_map(visitor))
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, CimError> {
        match self.value.get() {
            Value::Reference(epr) if name == names::EPR => Node::from(&**epr).deserialize_any(visitor),
            _ if name == names::EPR => self.deserialize_str(visitor),
            _ => self.with_instance(&expected(&visitor), |instance| {
                instance.deserialize_struct(name, fields, visitor)
            }),
        }
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, CimError> {
        let value = self.one("a value of an enum")?;
        if matches!(value, Value::Instance(_)) {
            return self.with_instance("", |instance| instance.deserialize_enum(name, variants, visitor));
        }
        let text = shown(value);
        let named = value.as_i64().and_then(|code| self.names.name_of(code));
        let by_text = || variants.iter().find(|variant| variant.eq_ignore_ascii_case(&text));
        let by_name = || variants.iter().find(|variant| names::is_variant(variant, named.unwrap_or(&text)));
        let variant = by_text().or_else(by_name).copied().or(named).unwrap_or(&text);
        let variant: StrDeserializer<'_, CimError> = variant.into_deserializer();
        visitor.visit_enum(variant)
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, CimError> {
        visitor.visit_unit()
    }

    forward_to_deserialize_any! { unit unit_struct identifier }
}

impl IntoDeserializer<'_, CimError> for ValueDeserializer<'_> {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

/// What errors show of a value.
fn shown(value: &Value) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Array(elements) => format!("an array of {}", elements.len()),
        Value::Instance(instance) => format!("an instance of {}", instance.class()),
        other => other.to_plain_text(),
    }
}
