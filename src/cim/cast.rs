//! Values made to be of a declared type.

use super::{CimError, CimType, Value};

impl Value {
    /// This value as one of a declared type: integers of any width where the number fits, text as
    /// what it says, a single value where an array is declared and an array of one where a single
    /// value is. An embedded instance passes for a string, as which it is sent; its text for an
    /// object.
    ///
    /// ```
    /// use hyperv_wsman::cim::{CimType, Value};
    ///
    /// let narrow = Value::from(2_u64).into_type(CimType::Uint16, false)?;
    /// assert_eq!(narrow, Value::Uint16(2));
    ///
    /// let error = Value::from(70_000).into_type(CimType::Uint16, false).unwrap_err();
    /// assert_eq!(error.to_string(), "expected uint16, got `70000`");
    /// # Ok::<(), hyperv_wsman::cim::CimError>(())
    /// ```
    ///
    /// # Errors
    /// [`CimError::Form`] for a value that the type does not hold, and for several values where one
    /// is declared; [`CimError::Character`].
    pub fn into_type(self, cim_type: CimType, is_array: bool) -> Result<Self, CimError> {
        match self {
            Self::Null => Ok(Self::Null),
            Self::Array(elements) if is_array => {
                let elements = elements.into_iter().map(|element| scalar(element, cim_type));
                elements.collect::<Result<_, _>>().map(Self::Array)
            }
            Self::Array(mut elements) => match (elements.pop(), elements.is_empty()) {
                (Some(only), true) => scalar(only, cim_type),
                (last, _) => {
                    let count = elements.len() + usize::from(last.is_some());
                    Err(CimError::form(&format!("one {cim_type}"), &format!("{count} values")))
                }
            },
            one if is_array => scalar(one, cim_type).map(|one| Self::Array(vec![one])),
            one => scalar(one, cim_type),
        }
    }

    /// A value of an integer type, where the number fits.
    pub(super) fn of_integer(cim_type: CimType, number: i128) -> Option<Self> {
        match cim_type {
            CimType::Uint8 => number.try_into().ok().map(Self::Uint8),
            CimType::Sint8 => number.try_into().ok().map(Self::Sint8),
            CimType::Uint16 => number.try_into().ok().map(Self::Uint16),
            CimType::Sint16 => number.try_into().ok().map(Self::Sint16),
            CimType::Uint32 => number.try_into().ok().map(Self::Uint32),
            CimType::Sint32 => number.try_into().ok().map(Self::Sint32),
            CimType::Uint64 => number.try_into().ok().map(Self::Uint64),
            CimType::Sint64 => number.try_into().ok().map(Self::Sint64),
            _ => None,
        }
    }
}

fn scalar(value: Value, cim_type: CimType) -> Result<Value, CimError> {
    /// Whole numbers up to here are exact in a `real32`.
    const EXACT: u128 = 1 << 24;

    let found = match (value, cim_type) {
        (Value::Null, _) => return Ok(Value::Null),
        (array @ Value::Array(_), _) => array,
        (Value::Untyped(text), CimType::Object) => return Ok(Value::String(text)),
        (Value::Untyped(text), _) => return Value::parse(cim_type, text.as_str()),
        (Value::String(text), CimType::DateTime | CimType::Reference | CimType::Char16) => {
            return Value::parse(cim_type, text.as_str());
        }
        (text @ Value::String(_), CimType::Object) => return Ok(text),
        (instance @ Value::Instance(_), CimType::String) => return Ok(instance),
        (Value::Char16(character), CimType::String) => return Value::string(character.to_string()),
        (real @ (Value::Real32(_) | Value::Real64(_)), CimType::Real32 | CimType::Real64) => {
            return Value::parse(cim_type, &real.to_plain_text());
        }
        (other, _) => other,
    };
    if found.cim_type() == Some(cim_type) && !matches!(found, Value::Array(_)) {
        return Ok(found);
    }
    let refuse = || CimError::form(cim_type.name(), &found.to_plain_text());
    let number = found.integer().ok_or_else(refuse)?;
    match cim_type {
        CimType::Real32 | CimType::Real64 if number.unsigned_abs() <= EXACT => {
            Value::parse(cim_type, &number.to_string())
        }
        _ => Value::of_integer(cim_type, number).ok_or_else(refuse),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cim::{Char16, Epr, Instance, Text, strategies};
    use proptest::prelude::*;

    fn cast(value: impl Into<Value>, cim_type: CimType, is_array: bool) -> Result<Value, String> {
        value.into().into_type(cim_type, is_array).map_err(|error| error.to_string())
    }

    fn text(text: &str) -> Value {
        Value::string(text).unwrap()
    }

    #[test]
    fn integers_change_their_width_where_they_fit() {
        assert_eq!(cast(255_u64, CimType::Uint8, false), Ok(Value::Uint8(255)));
        assert_eq!(cast(-1_i64, CimType::Sint8, false), Ok(Value::Sint8(-1)));
        assert_eq!(cast(256_u64, CimType::Uint8, false), Err("expected uint8, got `256`".to_owned()));
        assert_eq!(cast(-1_i32, CimType::Uint64, false), Err("expected uint64, got `-1`".to_owned()));
        assert_eq!(cast(3_u8, CimType::Real32, false), Ok(Value::Real32(3.0)));
        assert!(cast(u64::MAX, CimType::Real64, false).is_err());
    }

    #[test]
    fn text_is_read_where_it_can_mean_nothing_else() {
        assert!(matches!(
            cast(text("2026-10-05T04:23:50Z"), CimType::DateTime, false),
            Ok(Value::DateTime(_))
        ));
        assert!(matches!(
            cast(text("root/cimv2:C.K='v'"), CimType::Reference, false),
            Ok(Value::Reference(_))
        ));
        assert_eq!(cast(text("7"), CimType::Uint16, false), Err("expected uint16, got `7`".to_owned()));
        let untyped = Value::Untyped(Text::new("7").unwrap());
        assert_eq!(cast(untyped.clone(), CimType::Uint16, false), Ok(Value::Uint16(7)));
        assert_eq!(cast(untyped, CimType::Object, false), Ok(text("7")));
        assert_eq!(cast(Char16::new('a').unwrap(), CimType::String, false), Ok(text("a")));
    }

    #[test]
    fn one_value_and_an_array_of_one_stand_for_each_other() {
        assert_eq!(cast(1_u8, CimType::Uint8, true), Ok(Value::from(vec![1_u8])));
        assert_eq!(cast(vec![1_u32], CimType::Uint8, false), Ok(Value::Uint8(1)));
        assert_eq!(
            cast(vec![1_u8, 2], CimType::Uint8, false),
            Err("expected one uint8, got `2 values`".to_owned())
        );
        assert_eq!(
            cast(Vec::<u8>::new(), CimType::Uint8, false),
            Err("expected one uint8, got `0 values`".to_owned())
        );
        let nested = Value::Array(vec![Value::from(vec![1_u8])]);
        assert_eq!(cast(nested, CimType::Uint8, true), Err("expected uint8, got `1`".to_owned()));
        assert_eq!(cast(Value::Null, CimType::Uint8, true), Ok(Value::Null));
    }

    #[test]
    fn an_instance_passes_for_the_string_that_it_is_sent_as_and_nothing_else_does() {
        let instance = Value::from(Instance::new("C"));
        assert_eq!(cast(instance.clone(), CimType::String, false), Ok(instance.clone()));
        assert!(cast(instance, CimType::Uint8, false).is_err());
        let epr = Epr::class_of("C", "root/cimv2");
        assert_eq!(cast(&epr, CimType::Reference, false), Ok(Value::from(&epr)));
        assert!(cast(&epr, CimType::String, false).is_err());
        assert_eq!(cast(true, CimType::Uint8, false), Err("expected uint8, got `true`".to_owned()));
        assert!(cast(1e300, CimType::Real32, false).is_err());
    }

    proptest! {
        #[test]
        fn a_value_of_the_type_stays_what_it_is(value in strategies::scalar()) {
            let cim_type = value.cim_type().unwrap();
            prop_assert_eq!(value.clone().into_type(cim_type, false), Ok(value.clone()));
            prop_assert_eq!(value.clone().into_type(cim_type, true), Ok(Value::Array(vec![value])));
        }
    }
}
