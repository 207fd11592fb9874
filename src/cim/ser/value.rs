//! One value as serde tells it.

use serde::{Serialize, Serializer, ser::Impossible};

use super::{
    compound::{Compound, Sequence},
    declared::{Declared, Members},
};
use crate::cim::{Char16, CimError, DateTime, Text, Value, names, schema::Schema};

/// Makes a [`Value`] of what is declared.
#[derive(Clone, Copy)]
pub(super) struct ValueSerializer<'a> {
    schema: &'a Schema,
    declared: Declared<'a>,
    /// Whose fields a struct has, where that is not its class.
    members: Option<Members<'a>>,
}

impl<'a> ValueSerializer<'a> {
    pub(super) fn new(schema: &'a Schema, declared: Declared<'a>) -> Self {
        Self { schema, declared, members: None }
    }

    /// For the outermost value, whose fields are those of a class or the parameters of a method.
    pub(super) fn of_members(self, members: Members<'a>) -> Self {
        Self { members: Some(members), ..self }
    }

    fn natural(self, value: impl Into<Value>) -> Result<Value, CimError> {
        self.declared.cast(value.into())
    }

    fn compound(self, name: &'static str) -> Compound<'a> {
        if name == names::EPR {
            return Compound::new(self.schema, self.declared, name, Members::Unknown);
        }
        if let Some(members) = self.members {
            return Compound::new(
                self.schema,
                self.declared,
                self.declared.class_name.unwrap_or_default(),
                members,
            );
        }
        let own = self.schema.class(name);
        let known = own.or_else(|| self.declared.class_name.and_then(|class| self.schema.class(class)));
        let class = match (own, self.declared.class_name) {
            (Some(own), _) => own.name(),
            (None, Some(declared)) => declared,
            (None, None) => name,
        };
        Compound::new(self.schema, self.declared, class, known.map_or(Members::Unknown, Members::Class))
    }
}

fn unfit<T>(what: &str) -> Result<T, CimError> {
    Err(CimError::form("a value of CIM", what))
}

macro_rules! scalars {
    ($($method:ident $type:ty)+) => {$(
        fn $method(self, value: $type) -> Result<Value, CimError> {
            self.natural(value)
        }
    )+};
}

impl<'a> Serializer for ValueSerializer<'a> {
    type Ok = Value;
    type Error = CimError;
    type SerializeSeq = Sequence<'a>;
    type SerializeTuple = Sequence<'a>;
    type SerializeTupleStruct = Sequence<'a>;
    type SerializeTupleVariant = Impossible<Value, CimError>;
    type SerializeMap = Compound<'a>;
    type SerializeStruct = Compound<'a>;
    type SerializeStructVariant = Impossible<Value, CimError>;

    scalars! {
        serialize_bool bool
        serialize_u8 u8 serialize_u16 u16 serialize_u32 u32 serialize_u64 u64
        serialize_i8 i8 serialize_i16 i16 serialize_i32 i32 serialize_i64 i64
        serialize_f32 f32 serialize_f64 f64
    }

    fn serialize_i128(self, value: i128) -> Result<Value, CimError> {
        match (i64::try_from(value), u64::try_from(value)) {
            (Ok(value), _) => self.natural(value),
            (_, Ok(value)) => self.natural(value),
            _ => Err(CimError::form("a number of 64 bits", &value.to_string())),
        }
    }

    fn serialize_u128(self, value: u128) -> Result<Value, CimError> {
        match u64::try_from(value) {
            Ok(value) => self.natural(value),
            Err(_) => Err(CimError::form("a number of 64 bits", &value.to_string())),
        }
    }

    fn serialize_char(self, value: char) -> Result<Value, CimError> {
        match Char16::new(value) {
            Ok(character) => self.natural(character),
            Err(_) => self.serialize_str(value.encode_utf8(&mut [0; 4])),
        }
    }

    fn serialize_str(self, value: &str) -> Result<Value, CimError> {
        self.natural(Text::new(value)?)
    }

    fn serialize_bytes(self, value: &[u8]) -> Result<Value, CimError> {
        self.natural(value.to_vec())
    }

    fn serialize_none(self) -> Result<Value, CimError> {
        Ok(Value::Null)
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<Value, CimError> {
        value.serialize(self)
    }

    fn serialize_unit(self) -> Result<Value, CimError> {
        Ok(Value::Null)
    }

    fn serialize_unit_struct(self, _name: &'static str) -> Result<Value, CimError> {
        Ok(Value::Null)
    }

    fn serialize_unit_variant(
        self,
        _name: &'static str,
        _index: u32,
        variant: &'static str,
    ) -> Result<Value, CimError> {
        self.natural(self.declared.variant(variant)?)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        name: &'static str,
        value: &T,
    ) -> Result<Value, CimError> {
        if name != names::DATETIME && name != names::VALUE {
            return value.serialize(self);
        }
        match value.serialize(Self::new(self.schema, Declared::UNKNOWN))? {
            Value::String(text) if name == names::DATETIME => {
                self.natural(DateTime::from_iso(text.as_str())?)
            }
            Value::String(text) => self.natural(Value::Untyped(text)),
            other => self.natural(other),
        }
    }

    /// A variant that holds an instance: of the class that it is called.
    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _name: &'static str,
        _index: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<Value, CimError> {
        let members = self.schema.class(variant).map_or(Members::Unknown, Members::Class);
        let inner = Declared { class_name: Some(variant), ..self.declared };
        value.serialize(Self { declared: inner, members: Some(members), ..self })
    }

    fn serialize_seq(self, _length: Option<usize>) -> Result<Sequence<'a>, CimError> {
        Ok(Sequence::new(self.schema, self.declared))
    }

    fn serialize_tuple(self, _length: usize) -> Result<Sequence<'a>, CimError> {
        Ok(Sequence::new(self.schema, self.declared))
    }

    fn serialize_tuple_struct(self, _name: &'static str, _length: usize) -> Result<Sequence<'a>, CimError> {
        Ok(Sequence::new(self.schema, self.declared))
    }

    fn serialize_tuple_variant(
        self,
        _name: &'static str,
        _index: u32,
        variant: &'static str,
        _length: usize,
    ) -> Result<Self::SerializeTupleVariant, CimError> {
        unfit(&format!("the tuple variant {variant}"))
    }

    fn serialize_map(self, _length: Option<usize>) -> Result<Compound<'a>, CimError> {
        Ok(self.compound(""))
    }

    fn serialize_struct(self, name: &'static str, _length: usize) -> Result<Compound<'a>, CimError> {
        Ok(self.compound(name))
    }

    fn serialize_struct_variant(
        self,
        _name: &'static str,
        _index: u32,
        variant: &'static str,
        _length: usize,
    ) -> Result<Self::SerializeStructVariant, CimError> {
        unfit(&format!("the struct variant {variant}"))
    }
}
