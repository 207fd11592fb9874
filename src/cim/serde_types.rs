//! The values of this layer as serde knows them, in other formats as well: datetimes are ISO 8601
//! text, references are resource URI and selectors, instances are maps that begin with `__CLASS`.

use std::fmt;

use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{self, MapAccess, SeqAccess, Visitor},
    ser::{SerializeMap, SerializeStruct},
};

use super::{Char16, DateTime, Epr, Instance, Interval, SelectorValue, Text, Timestamp, Value, names};
use crate::xml::names::ANONYMOUS;

impl Serialize for Text {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::new(String::deserialize(deserializer)?).map_err(de::Error::custom)
    }
}

impl Serialize for Char16 {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_char(self.get())
    }
}

impl<'de> Deserialize<'de> for Char16 {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::new(char::deserialize(deserializer)?).map_err(de::Error::custom)
    }
}

impl Serialize for DateTime {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_newtype_struct(names::DATETIME, &self.to_iso())
    }
}

/// From either spelling, ISO 8601 or DMTF.
impl<'de> Deserialize<'de> for DateTime {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_newtype_struct(names::DATETIME, DateTimeVisitor)
    }
}

struct DateTimeVisitor;

impl<'de> Visitor<'de> for DateTimeVisitor {
    type Value = DateTime;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a point in time or an interval")
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, deserializer: D) -> Result<DateTime, D::Error> {
        deserializer.deserialize_str(self)
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<DateTime, E> {
        DateTime::parse(text).map_err(|_| E::invalid_value(de::Unexpected::Str(text), &self))
    }

    /// From a value: the microseconds of a point in time.
    fn visit_i64<E: de::Error>(self, micros: i64) -> Result<DateTime, E> {
        Timestamp::from_unix_micros(micros).map(DateTime::from).map_err(E::custom)
    }

    /// From a value: the microseconds of an interval.
    fn visit_u64<E: de::Error>(self, micros: u64) -> Result<DateTime, E> {
        Interval::from_micros(micros).map(DateTime::from).map_err(E::custom)
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        DateTime::from(*self).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = DateTime::deserialize(deserializer)?;
        value
            .as_timestamp()
            .ok_or_else(|| de::Error::invalid_value(de::Unexpected::Str(&value.to_iso()), &"a point in time"))
    }
}

impl Serialize for Interval {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        DateTime::from(*self).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Interval {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = DateTime::deserialize(deserializer)?;
        value
            .as_interval()
            .ok_or_else(|| de::Error::invalid_value(de::Unexpected::Str(&value.to_iso()), &"an interval"))
    }
}

impl Serialize for Epr {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let is_anonymous = self.address == ANONYMOUS;
        let mut fields = serializer.serialize_struct(names::EPR, 3 - usize::from(is_anonymous))?;
        if is_anonymous {
            fields.skip_field("address")?;
        } else {
            fields.serialize_field("address", &self.address)?;
        }
        fields.serialize_field("resource_uri", self.resource_uri())?;
        fields.serialize_field("selectors", &Selectors(self))?;
        fields.end()
    }
}

struct Selectors<'a>(&'a Epr);

impl Serialize for Selectors<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let selectors = self.0.selectors();
        let mut map = serializer.serialize_map(Some(selectors.len()))?;
        for selector in selectors {
            match selector.value() {
                SelectorValue::Text(text) => map.serialize_entry(selector.name(), text)?,
                SelectorValue::Reference(epr) => map.serialize_entry(selector.name(), &**epr)?,
            }
        }
        map.end()
    }
}

/// From its fields, or from an object path with a namespace.
impl<'de> Deserialize<'de> for Epr {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_struct(names::EPR, &["address", "resource_uri", "selectors"], EprVisitor)
    }
}

struct EprVisitor;

impl<'de> Visitor<'de> for EprVisitor {
    type Value = Epr;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a reference")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Epr, E> {
        match Value::parse(super::CimType::Reference, text) {
            Ok(Value::Reference(epr)) => Ok(*epr),
            _ => Err(E::invalid_value(de::Unexpected::Str(text), &"a reference or an object path")),
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Epr, A::Error> {
        let (mut address, mut resource_uri, mut selectors) = (None, None, EprSelectors(Vec::new()));
        while let Some(key) = map.next_key::<String>()? {
            match key.as_str() {
                "address" => address = Some(map.next_value::<String>()?),
                "resource_uri" => resource_uri = Some(map.next_value::<String>()?),
                "selectors" => selectors = map.next_value()?,
                _ => drop(map.next_value::<de::IgnoredAny>()?),
            }
        }
        let resource_uri = resource_uri.ok_or_else(|| de::Error::missing_field("resource_uri"))?;
        let mut epr = Epr::from_uri(&resource_uri);
        if let Some(address) = address {
            epr.address = Text::new(address).map_err(de::Error::custom)?.into_string();
        }
        for (name, value) in selectors.0 {
            let with = match value {
                EprSelector::Text(text) => epr.with(&name, &text),
                EprSelector::Reference(nested) => epr.with_reference(&name, nested),
            };
            epr = with.map_err(de::Error::custom)?;
        }
        Ok(epr)
    }
}

#[derive(Deserialize)]
#[serde(transparent)]
struct EprSelectors(#[serde(deserialize_with = "in_order")] Vec<(String, EprSelector)>);

#[derive(Deserialize)]
#[serde(untagged)]
enum EprSelector {
    Text(String),
    Reference(Epr),
}

fn in_order<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<(String, EprSelector)>, D::Error> {
    struct Entries;
    impl<'de> Visitor<'de> for Entries {
        type Value = Vec<(String, EprSelector)>;
        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("selectors")
        }
        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
            let mut entries = Vec::new();
            while let Some(entry) = map.next_entry()? {
                entries.push(entry);
            }
            Ok(entries)
        }
    }
    deserializer.deserialize_map(Entries)
}

impl Serialize for Instance {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.properties.len() + 1))?;
        map.serialize_entry(names::CLASS, self.class())?;
        for (name, value) in self.properties() {
            map.serialize_entry(name, value)?;
        }
        map.end()
    }
}

impl<'de> Deserialize<'de> for Instance {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_struct(names::INSTANCE, &[names::CLASS], InstanceVisitor)
    }
}

struct InstanceVisitor;

impl<'de> Visitor<'de> for InstanceVisitor {
    type Value = Instance;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an instance")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Instance, A::Error> {
        let mut instance = Instance::new("");
        while let Some(key) = map.next_key::<String>()? {
            if key == names::CLASS {
                instance.class = map.next_value::<String>()?.into();
            } else {
                instance.properties.push((key.into(), map.next_value()?));
            }
        }
        Ok(instance)
    }
}

impl Serialize for Value {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Null => serializer.serialize_none(),
            Self::Boolean(value) => value.serialize(serializer),
            Self::Uint8(value) => value.serialize(serializer),
            Self::Sint8(value) => value.serialize(serializer),
            Self::Uint16(value) => value.serialize(serializer),
            Self::Sint16(value) => value.serialize(serializer),
            Self::Uint32(value) => value.serialize(serializer),
            Self::Sint32(value) => value.serialize(serializer),
            Self::Uint64(value) => value.serialize(serializer),
            Self::Sint64(value) => value.serialize(serializer),
            Self::Real32(value) => value.serialize(serializer),
            Self::Real64(value) => value.serialize(serializer),
            Self::Char16(value) => value.serialize(serializer),
            Self::String(text) => text.serialize(serializer),
            Self::DateTime(value) => value.serialize(serializer),
            Self::Reference(epr) => epr.serialize(serializer),
            Self::Instance(instance) => instance.serialize(serializer),
            Self::Array(elements) => elements.serialize(serializer),
            Self::Untyped(text) => serializer.serialize_newtype_struct(names::VALUE, text),
        }
    }
}

/// Exact from an instance. Other formats have fewer types: what is a datetime or a reference here
/// is text or a map there, and comes as a string or an instance.
impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_newtype_struct(names::VALUE, ValueVisitor)
    }
}

struct ValueVisitor;

macro_rules! visits {
    ($($visit:ident $type:ty)+) => {$(
        fn $visit<E: de::Error>(self, value: $type) -> Result<Value, E> {
            Ok(value.into())
        }
    )+};
}

impl<'de> Visitor<'de> for ValueVisitor {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    visits! {
        visit_bool bool
        visit_u8 u8 visit_u16 u16 visit_u32 u32 visit_u64 u64
        visit_i8 i8 visit_i16 i16 visit_i32 i32 visit_i64 i64
        visit_f32 f32 visit_f64 f64
    }

    fn visit_char<E: de::Error>(self, value: char) -> Result<Value, E> {
        Char16::new(value).map(Value::Char16).map_err(E::custom)
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Value, E> {
        Value::string(text).map_err(E::custom)
    }

    fn visit_string<E: de::Error>(self, text: String) -> Result<Value, E> {
        Value::string(text).map_err(E::custom)
    }

    fn visit_none<E: de::Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_unit<E: de::Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Value, A::Error> {
        let mut array = Vec::new();
        while let Some(element) = elements.next_element()? {
            array.push(element);
        }
        Ok(Value::Array(array))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let mut instance = Instance::new("");
        while let Some(key) = map.next_key::<String>()? {
            match key.as_str() {
                names::CLASS => instance.class = map.next_value::<String>()?.into(),
                names::EPR => return map.next_value::<Epr>().map(Value::from),
                names::DATETIME => return map.next_value::<DateTime>().map(Value::from),
                names::VALUE => return map.next_value::<Text>().map(Value::Untyped),
                _ => instance.properties.push((key.into(), map.next_value()?)),
            }
        }
        Ok(Value::from(instance))
    }
}
