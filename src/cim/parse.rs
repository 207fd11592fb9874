//! Reading of scalars from their text: the spellings of WS-CIM (DSP0230) and CIM-XML (DSP0201).

use super::{Char16, CimError, CimType, DateTime, ObjectPath, Value};

impl Value {
    /// Reads the text of a scalar of this type: the spellings of DSP0230 and DSP0201 (`true`,
    /// `TRUE`, `1`; decimal or `0x` integers; ISO 8601 or DMTF datetimes; object paths), white
    /// space around all but strings and characters passed over, ranges checked exactly.
    ///
    /// # Errors
    /// [`CimError::Form`]; [`CimError::Character`] for a string that XML cannot carry. An object
    /// has no text form.
    pub fn parse(cim_type: CimType, text: &str) -> Result<Self, CimError> {
        let trimmed = text.trim_ascii();
        let value = match cim_type {
            CimType::String => return Self::string(text),
            CimType::Char16 => return char16(text),
            CimType::DateTime => return DateTime::parse(trimmed).map(Self::DateTime),
            CimType::Reference => return reference(trimmed),
            CimType::Object => None,
            CimType::Boolean => boolean(trimmed).map(Self::Boolean),
            CimType::Uint8 => integer_as(trimmed).map(Self::Uint8),
            CimType::Sint8 => integer_as(trimmed).map(Self::Sint8),
            CimType::Uint16 => integer_as(trimmed).map(Self::Uint16),
            CimType::Sint16 => integer_as(trimmed).map(Self::Sint16),
            CimType::Uint32 => integer_as(trimmed).map(Self::Uint32),
            CimType::Sint32 => integer_as(trimmed).map(Self::Sint32),
            CimType::Uint64 => integer_as(trimmed).map(Self::Uint64),
            CimType::Sint64 => integer_as(trimmed).map(Self::Sint64),
            CimType::Real32 => real(trimmed, f32::is_infinite).map(Self::Real32),
            CimType::Real64 => real(trimmed, f64::is_infinite).map(Self::Real64),
        };
        value.ok_or_else(|| CimError::form(cim_type.name(), text))
    }
}

pub(super) fn boolean(text: &str) -> Option<bool> {
    match text {
        "1" => Some(true),
        "0" => Some(false),
        _ if text.eq_ignore_ascii_case("true") => Some(true),
        _ if text.eq_ignore_ascii_case("false") => Some(false),
        _ => None,
    }
}

/// A decimal integer, or a hexadecimal one as DSP0201 allows, with an optional sign.
pub(super) fn integer(text: &str) -> Option<i128> {
    /// Digits that fit an `i64`, whatever they are.
    const SAFE: usize = 18;
    if text.len() <= SAFE && !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        let digits = text.bytes().map(|byte| i64::from(byte - b'0'));
        return Some(digits.fold(0, |number, digit| number * 10 + digit).into());
    }
    let (negative, digits) = match text.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let (radix, digits) = match digits.strip_prefix("0x").or_else(|| digits.strip_prefix("0X")) {
        Some(digits) => (16, digits),
        None => (10, digits),
    };
    // The parser of the standard library would take one more sign.
    if digits.starts_with(['+', '-']) {
        return None;
    }
    let magnitude = i128::from_str_radix(digits, radix).ok()?;
    Some(if negative { -magnitude } else { magnitude })
}

fn integer_as<T: TryFrom<i128>>(text: &str) -> Option<T> {
    T::try_from(integer(text)?).ok()
}

/// A real number; one that is too large is refused, not turned into infinity.
fn real<T: std::str::FromStr + Copy>(text: &str, is_infinite: fn(T) -> bool) -> Option<T> {
    let value = text.parse().ok()?;
    let says_infinite = text.trim_start_matches(['+', '-']).eq_ignore_ascii_case("inf");
    (is_infinite(value) == says_infinite).then_some(value)
}

fn char16(text: &str) -> Result<Value, CimError> {
    let mut characters = text.chars();
    match (characters.next(), characters.next()) {
        (Some(character), None) => Char16::new(character).map(Value::Char16),
        _ => Err(CimError::form(CimType::Char16.name(), text)),
    }
}

/// A path without namespace cannot become a reference, so it is refused here.
fn reference(text: &str) -> Result<Value, CimError> {
    let path = ObjectPath::parse(text)?;
    if path.namespace().is_empty() {
        return Err(CimError::form("an object path with a namespace", text));
    }
    path.to_epr("").map(Value::from)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cim::{Selector, SelectorValue, strategies};
    use proptest::prelude::*;

    fn refused(cim_type: CimType, text: &str) -> String {
        Value::parse(cim_type, text).unwrap_err().to_string()
    }

    #[test]
    fn integers_are_exact_up_to_both_ends_of_their_range() {
        let ends = [
            (CimType::Uint8, "0", "255", "-1", "256"),
            (CimType::Sint8, "-128", "127", "-129", "128"),
            (CimType::Uint16, "0", "65535", "-1", "65536"),
            (CimType::Sint16, "-32768", "32767", "-32769", "32768"),
            (CimType::Uint32, "0", "4294967295", "-1", "4294967296"),
            (CimType::Sint32, "-2147483648", "2147483647", "-2147483649", "2147483648"),
            (CimType::Uint64, "0", "18446744073709551615", "-1", "18446744073709551616"),
            (
                CimType::Sint64,
                "-9223372036854775808",
                "9223372036854775807",
                "-9223372036854775809",
                "9223372036854775808",
            ),
        ];
        for (cim_type, lowest, highest, below, above) in ends {
            for text in [lowest, highest] {
                assert_eq!(Value::parse(cim_type, text).unwrap().to_plain_text(), text);
            }
            for text in [below, above] {
                assert_eq!(refused(cim_type, text), format!("expected {cim_type}, got `{text}`"));
            }
        }
    }

    #[test]
    fn integers_are_read_in_the_spellings_of_xml_schema_and_cim_xml() {
        for text in ["26", " 26\n", "+26", "0026", "0x1A", "0X1a"] {
            assert_eq!(Value::parse(CimType::Uint16, text), Ok(Value::Uint16(26)), "{text}");
        }
        assert_eq!(Value::parse(CimType::Uint16, "-0"), Ok(Value::Uint16(0)));
        for text in ["", " ", "1.0", "1e3", "+-1", "--1", "0x", "0x-1", "1 2", "٣", "NaN"] {
            assert!(Value::parse(CimType::Uint16, text).is_err(), "{text}");
        }
    }

    #[test]
    fn booleans_are_read_in_any_case_and_as_digits() {
        for (text, value) in [("true", true), ("TRUE", true), ("1", true), ("False", false), ("0", false)] {
            assert_eq!(Value::parse(CimType::Boolean, text), Ok(Value::Boolean(value)));
        }
        for text in ["", "yes", "2", "t"] {
            assert!(Value::parse(CimType::Boolean, text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_real_that_is_too_large_is_refused_and_infinity_is_not() {
        assert_eq!(Value::parse(CimType::Real32, "-INF"), Ok(Value::Real32(f32::NEG_INFINITY)));
        assert_eq!(Value::from(f64::INFINITY).to_plain_text(), "INF");
        assert_eq!(Value::from(1.5_f32).to_plain_text(), "1.5");
        assert_eq!(refused(CimType::Real32, "1e39"), "expected real32, got `1e39`");
    }

    #[test]
    fn strings_keep_their_white_space_and_an_object_has_no_text() {
        assert_eq!(Value::parse(CimType::String, " \n").unwrap().as_str(), Some(" \n"));
        assert_eq!(refused(CimType::Object, "x"), "expected object, got `x`");
    }

    #[test]
    fn char16_is_one_character() {
        assert_eq!(Value::parse(CimType::Char16, " ").unwrap().to_plain_text(), " ");
        assert_eq!(refused(CimType::Char16, "ab"), "expected char16, got `ab`");
        assert_eq!(refused(CimType::Char16, ""), "expected char16, got ``");
    }

    #[test]
    fn a_reference_is_read_from_a_path_with_a_namespace() {
        let value = Value::parse(CimType::Reference, r#"\\H\root\cimv2:C.K="v""#).unwrap();
        assert_eq!(value.as_epr().unwrap().selector("K"), Some("v"));
        assert!(
            refused(CimType::Reference, r#"C.K="v""#).starts_with("expected an object path with a namespace")
        );
    }

    proptest! {
        #[test]
        fn every_scalar_is_read_back_from_its_plain_text(value in strategies::scalar()) {
            let cim_type = value.cim_type().unwrap();
            // In a path a nested reference is text; the schema tells, and does not know these classes.
            let nested = |key: &Selector| matches!(key.value(), SelectorValue::Reference(_));
            prop_assume!(!value.as_epr().is_some_and(|epr| epr.selectors().iter().any(nested)));
            prop_assert_eq!(Value::parse(cim_type, &value.to_plain_text()), Ok(value));
        }

        #[test]
        fn no_text_makes_reading_fail_in_any_other_way(text in "\\PC*") {
            for cim_type in crate::cim::cim_type::ALL {
                let _ = Value::parse(cim_type, &text);
            }
        }
    }
}
