//! What is made of several values: arrays, instances, references.

use serde::{
    Serialize,
    ser::{SerializeMap, SerializeSeq, SerializeStruct, SerializeTuple, SerializeTupleStruct},
};

use super::{
    declared::{Declared, Members},
    value::ValueSerializer,
};
use crate::cim::{CimError, Epr, Instance, Name, Value, names, schema::Schema};

/// An array.
pub(super) struct Sequence<'a> {
    schema: &'a Schema,
    declared: Declared<'a>,
    elements: Vec<Value>,
}

impl<'a> Sequence<'a> {
    pub(super) fn new(schema: &'a Schema, declared: Declared<'a>) -> Self {
        Self { schema, declared, elements: Vec::new() }
    }

    fn push<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), CimError> {
        let cim_type = self.declared.cim_type.map(|(cim_type, _)| (cim_type, false));
        let element = Declared { cim_type, ..self.declared };
        self.elements.push(value.serialize(ValueSerializer::new(self.schema, element))?);
        Ok(())
    }

    fn finish(self) -> Result<Value, CimError> {
        self.declared.cast(Value::Array(self.elements))
    }
}

macro_rules! sequences {
    ($($kind:ident $push:ident)+) => {$(
        impl $kind for Sequence<'_> {
            type Ok = Value;
            type Error = CimError;

            fn $push<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), CimError> {
                self.push(value)
            }

            fn end(self) -> Result<Value, CimError> {
                self.finish()
            }
        }
    )+};
}

sequences! {
    SerializeSeq serialize_element
    SerializeTuple serialize_element
    SerializeTupleStruct serialize_field
}

/// An instance, or the reference that its fields make up.
pub(super) struct Compound<'a> {
    schema: &'a Schema,
    declared: Declared<'a>,
    class: Name,
    members: Members<'a>,
    key: Option<String>,
    properties: Vec<(Name, Value)>,
}

impl<'a> Compound<'a> {
    pub(super) fn new(schema: &'a Schema, declared: Declared<'a>, class: &str, members: Members<'a>) -> Self {
        Self { schema, declared, class: class.into(), members, key: None, properties: Vec::new() }
    }

    fn push<T: Serialize + ?Sized>(&mut self, field: &str, value: &T) -> Result<(), CimError> {
        if field == names::CLASS {
            if let Value::String(class) =
                value.serialize(ValueSerializer::new(self.schema, Declared::UNKNOWN))?
            {
                self.class = class.as_str().into();
                self.members = self.schema.class(&self.class).map_or(Members::Unknown, Members::Class);
            }
            return Ok(());
        }
        let (name, declared) = self.members.find(field).unwrap_or((field, Declared::UNKNOWN));
        let value = value.serialize(ValueSerializer::new(self.schema, declared));
        let value = value.map_err(|error| error.of_property(&self.class, name))?;
        self.properties.push((name.into(), value));
        Ok(())
    }

    fn finish(self) -> Result<Value, CimError> {
        if self.class == *names::EPR {
            return self.declared.cast(Value::from(reference(self.properties)?));
        }
        self.declared.cast(Value::from(Instance { class: self.class, properties: self.properties }))
    }
}

/// The reference that its fields describe.
fn reference(fields: Vec<(Name, Value)>) -> Result<Epr, CimError> {
    let mut epr = Epr::from_uri("");
    for (field, value) in fields {
        match (&*field, value) {
            ("address", Value::String(address)) => epr.address = address.into_string(),
            ("resource_uri", Value::String(uri)) => {
                epr.resource_uri = Epr::from_uri(uri.as_str()).resource_uri;
            }
            ("selectors", Value::Instance(selectors)) => {
                for (name, value) in selectors.properties {
                    epr = match value {
                        Value::Reference(nested) => epr.with_reference(&name, *nested)?,
                        text => epr.with(&name, &text.to_plain_text())?,
                    };
                }
            }
            (field, value) => {
                return Err(CimError::form(
                    "the fields of a reference",
                    &format!("{field}={}", value.to_plain_text()),
                ));
            }
        }
    }
    Ok(epr)
}

impl SerializeStruct for Compound<'_> {
    type Ok = Value;
    type Error = CimError;

    fn serialize_field<T: Serialize + ?Sized>(
        &mut self,
        field: &'static str,
        value: &T,
    ) -> Result<(), CimError> {
        self.push(field, value)
    }

    fn end(self) -> Result<Value, CimError> {
        self.finish()
    }
}

impl SerializeMap for Compound<'_> {
    type Ok = Value;
    type Error = CimError;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), CimError> {
        let key = key.serialize(ValueSerializer::new(self.schema, Declared::UNKNOWN))?;
        self.key = Some(key.to_plain_text());
        Ok(())
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), CimError> {
        let key = self.key.take().ok_or_else(|| CimError::form("a key", "a value"))?;
        self.push(&key, value)
    }

    fn end(self) -> Result<Value, CimError> {
        self.finish()
    }
}
