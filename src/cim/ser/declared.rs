//! What the schema declares about what is being serialized.

use crate::cim::{CimError, CimType, Value, names, schema};

/// What holds the fields of a struct.
#[derive(Clone, Copy)]
pub(super) enum Members<'a> {
    Class(schema::Class<'a>),
    Method(schema::Method<'a>),
    Unknown,
}

impl<'a> Members<'a> {
    /// The name as the schema spells it, and what it says of it.
    pub(super) fn find(self, field: &str) -> Option<(&'a str, Declared<'a>)> {
        match self {
            Self::Class(class) => {
                let by = |same: fn(&str, &str) -> bool| class.properties().find(|it| same(it.name(), field));
                let property = by(str::eq_ignore_ascii_case).or_else(|| by(names::is_field))?;
                Some((property.name(), Declared::property(property)))
            }
            Self::Method(method) => {
                let by = |same: fn(&str, &str) -> bool| method.parameters().find(|it| same(it.name(), field));
                let parameter = by(str::eq_ignore_ascii_case).or_else(|| by(names::is_field))?;
                Some((parameter.name(), Declared::parameter(parameter)))
            }
            Self::Unknown => None,
        }
    }
}

/// Type, class and value map of a property or a parameter.
#[derive(Clone, Copy)]
pub(super) struct Declared<'a> {
    pub(super) cim_type: Option<(CimType, bool)>,
    pub(super) class_name: Option<&'a str>,
    pub(super) values: Option<Values<'a>>,
}

#[derive(Clone, Copy)]
pub(super) enum Values<'a> {
    Property(schema::Property<'a>),
    Parameter(schema::Parameter<'a>),
}

impl<'a> Declared<'a> {
    pub(super) const UNKNOWN: Self = Self { cim_type: None, class_name: None, values: None };

    fn property(property: schema::Property<'a>) -> Self {
        Self {
            cim_type: property.declared_type(),
            class_name: property.class_name(),
            values: Some(Values::Property(property)),
        }
    }

    fn parameter(parameter: schema::Parameter<'a>) -> Self {
        Self {
            cim_type: parameter.declared_type(),
            class_name: parameter.class_name(),
            values: Some(Values::Parameter(parameter)),
        }
    }
}

impl Declared<'_> {
    /// The value as it is declared.
    pub(super) fn cast(self, value: Value) -> Result<Value, CimError> {
        match self.cim_type {
            Some((cim_type, is_array)) => value.into_type(cim_type, is_array),
            None => Ok(value),
        }
    }

    /// A variant: the number that the value map has for its name, or that it says, or its name.
    pub(super) fn variant(self, variant: &str) -> Result<Value, CimError> {
        let code = match self.values {
            Some(Values::Property(property)) => code_of(property.values(), variant),
            Some(Values::Parameter(parameter)) => code_of(parameter.values(), variant),
            None => None,
        };
        let wants_number =
            self.cim_type.is_some_and(|(cim_type, _)| Value::of_integer(cim_type, 0).is_some());
        match code {
            Some(code) if wants_number => Ok(Value::from(code)),
            None if wants_number => match variant.parse::<i64>() {
                Ok(number) => Ok(Value::from(number)),
                Err(_) => Err(CimError::form("a name of the value map", variant)),
            },
            _ => Value::string(variant),
        }
    }
}

fn code_of<'a>(mut values: impl Iterator<Item = (i64, &'a str)>, variant: &str) -> Option<i64> {
    values.find(|(_, name)| names::is_variant(variant, name)).map(|(code, _)| code)
}
