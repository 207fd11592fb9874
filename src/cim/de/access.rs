//! The properties of an instance as serde asks for them.

use serde::de::{
    DeserializeSeed, EnumAccess, Expected, IntoDeserializer, MapAccess, VariantAccess, Visitor,
    value::StrDeserializer,
};

use super::{fields::Fields, held::Held, value::ValueDeserializer};
use crate::cim::{CimError, Instance, Name, Value, names, schema::Schema};

/// An instance and what is known of its class.
pub(super) struct Known<'a> {
    pub(super) class: &'a str,
    pub(super) properties: Held<'a, [(Name, Value)]>,
    schema: &'a Schema,
}

/// Properties with their values, one after the other.
pub(super) struct Properties<'a> {
    class: &'a str,
    schema: &'a Schema,
    rest: Held<'a, [(Name, Value)]>,
    /// The fields of a struct; of a map all properties are told, by their own names.
    fields: Option<Fields>,
    /// Whether the class is still to be told.
    class_is_next: bool,
    current: Option<(&'a str, Current<'a>)>,
}

/// What the key told last belongs to.
enum Current<'a> {
    Class,
    Value(Held<'a, Value>),
}

impl<'a> Known<'a> {
    pub(super) fn lent(instance: &'a Instance, schema: &'a Schema) -> Self {
        Self { class: &instance.class, properties: Held::Lent(&instance.properties), schema }
    }

    pub(super) fn given(instance: &'a mut Instance, schema: &'a Schema) -> Self {
        Self { class: &instance.class, properties: Held::Given(&mut instance.properties), schema }
    }

    /// The same once more, for as long as this is not used.
    pub(super) fn again(&mut self) -> Known<'_> {
        Known { class: self.class, properties: self.properties.again(), schema: self.schema }
    }
}

impl<'a> Properties<'a> {
    pub(super) fn all(Known { class, properties, schema }: Known<'a>) -> Self {
        Self { class, schema, rest: properties, fields: None, class_is_next: false, current: None }
    }

    pub(super) fn all_with_class(instance: Known<'a>) -> Self {
        Self { class_is_next: true, ..Self::all(instance) }
    }

    pub(super) fn of_fields(instance: Known<'a>, fields: &'static [&'static str]) -> Self {
        Self {
            fields: Some(Fields::new(fields)),
            class_is_next: fields.contains(&names::CLASS),
            ..Self::all(instance)
        }
    }
}

impl<'de> MapAccess<'de> for Properties<'_> {
    type Error = CimError;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, CimError> {
        if std::mem::take(&mut self.class_is_next) {
            self.current = Some((names::CLASS, Current::Class));
            return tell(seed, names::CLASS).map(Some);
        }
        while let Some((name, value)) = self.rest.next().map(Held::named) {
            let mut field = None;
            if let Some(fields) = &mut self.fields {
                field = fields.of_property(name);
                if value.get().is_null() {
                    continue;
                }
            }
            self.current = Some((name, Current::Value(value)));
            return tell(seed, field.unwrap_or(name)).map(Some);
        }
        if let Some(fields) = self.fields.take() {
            fields.keep();
        }
        Ok(None)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, CimError> {
        let (property, current) = self.current.take().ok_or_else(|| CimError::form("a key", "a value"))?;
        let read = match current {
            Current::Class => tell(seed, self.class),
            Current::Value(value) => {
                let values = ValueNames { schema: self.schema, class: self.class, property };
                seed.deserialize(ValueDeserializer::new(value, values))
            }
        };
        read.map_err(|error| error.of_property(self.class, property))
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.rest.get().len())
    }
}

fn tell<'de, S: DeserializeSeed<'de>>(seed: S, text: &str) -> Result<S::Value, CimError> {
    let text: StrDeserializer<'_, CimError> = text.into_deserializer();
    seed.deserialize(text)
}

/// Where the value map of a property is, looked up when an enum asks for it. The output of a method is read as an
/// instance of `Class.Method`.
#[derive(Clone, Copy)]
pub(super) struct ValueNames<'a> {
    pub(super) schema: &'a Schema,
    class: &'a str,
    property: &'a str,
}

impl<'a> ValueNames<'a> {
    pub(super) fn name_of(self, code: i64) -> Option<&'a str> {
        let Some((class, method)) = self.class.split_once('.') else {
            return self.schema.class(self.class)?.property(self.property)?.value_name(code);
        };
        let method = self.schema.class(class)?.method(method)?;
        if self.property == "ReturnValue" {
            return method.return_name(u32::try_from(code).ok()?);
        }
        method.parameter(self.property)?.value_name(code)
    }
}

/// An enum with a variant for each class.
pub(super) struct ClassAccess<'a> {
    instance: Known<'a>,
    variant: &'a str,
}

impl<'a> ClassAccess<'a> {
    pub(super) fn new(instance: Known<'a>, variants: &'static [&'static str]) -> Self {
        let variant = names::field_of(variants, instance.class).unwrap_or(instance.class);
        Self { instance, variant }
    }
}

impl<'de, 'a> EnumAccess<'de> for ClassAccess<'a> {
    type Error = CimError;
    type Variant = Content<'a>;

    fn variant_seed<V: DeserializeSeed<'de>>(self, seed: V) -> Result<(V::Value, Content<'a>), CimError> {
        tell(seed, self.variant).map(|variant| (variant, Content(self.instance)))
    }
}

/// What a variant holds: the instance, or nothing.
pub(super) struct Content<'a>(Known<'a>);

impl<'de> VariantAccess<'de> for Content<'_> {
    type Error = CimError;

    fn unit_variant(self) -> Result<(), CimError> {
        Ok(())
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, CimError> {
        seed.deserialize(self.0)
    }

    fn tuple_variant<V: Visitor<'de>>(self, _length: usize, visitor: V) -> Result<V::Value, CimError> {
        Err(CimError::form(&expected(&visitor), self.0.class))
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, CimError> {
        serde::Deserializer::deserialize_struct(self.0, "", fields, visitor)
    }
}

/// What a visitor says that it expects.
pub(super) fn expected<'de, V: Visitor<'de>>(visitor: &V) -> String {
    let expected: &dyn Expected = visitor;
    expected.to_string()
}
