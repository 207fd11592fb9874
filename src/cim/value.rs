//! CIM values with their exact widths.

use super::{Char16, CimError, CimType, DateTime, Epr, Instance, Text};

/// One value. `Null` is `xsi:nil`; an empty string is `String` of nothing.
///
/// Numbers and booleans convert into a value of exactly their width; texts are checked first,
/// because not every character can be sent:
///
/// ```
/// use hyperv_wsman::cim::{CimType, Value};
///
/// let snapshot_type = Value::from(2_u16);
/// assert_eq!(snapshot_type.cim_type(), Some(CimType::Uint16));
/// assert_eq!(snapshot_type.as_u64(), Some(2));
///
/// let directory = Value::string(r"D:\Exports")?;
/// assert_eq!(directory.as_str(), Some(r"D:\Exports"));
///
/// let error = Value::parse(CimType::Uint8, "256").unwrap_err();
/// assert_eq!(error.to_string(), "expected uint8, got `256`");
/// # Ok::<(), hyperv_wsman::cim::CimError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
#[allow(missing_docs, reason = "each variant is the CIM type of its name")]
pub enum Value {
    Null,
    Boolean(bool),
    Uint8(u8),
    Sint8(i8),
    Uint16(u16),
    Sint16(i16),
    Uint32(u32),
    Sint32(i32),
    Uint64(u64),
    Sint64(i64),
    Real32(f32),
    Real64(f64),
    Char16(Char16),
    String(Text),
    DateTime(DateTime),
    Reference(Box<Epr>),
    /// An embedded object that came as an element tree.
    Instance(Box<Instance>),
    /// An array; all elements are of one type (or null), none is an array.
    Array(Vec<Self>),
    /// Text of a property that the schema does not know.
    Untyped(Text),
}

impl Value {
    /// A checked string value.
    ///
    /// # Errors
    /// [`CimError::Character`] when XML cannot carry a character of it.
    pub fn string(text: impl Into<String>) -> Result<Self, CimError> {
        Ok(Self::String(Text::new(text)?))
    }

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

    /// The type of the value, of the elements for an array; `None` for null, untyped and empty arrays.
    #[must_use]
    pub fn cim_type(&self) -> Option<CimType> {
        Some(match self {
            Self::Null | Self::Untyped(_) => return None,
            Self::Array(elements) => return elements.iter().find_map(Self::cim_type),
            Self::Boolean(_) => CimType::Boolean,
            Self::Uint8(_) => CimType::Uint8,
            Self::Sint8(_) => CimType::Sint8,
            Self::Uint16(_) => CimType::Uint16,
            Self::Sint16(_) => CimType::Sint16,
            Self::Uint32(_) => CimType::Uint32,
            Self::Sint32(_) => CimType::Sint32,
            Self::Uint64(_) => CimType::Uint64,
            Self::Sint64(_) => CimType::Sint64,
            Self::Real32(_) => CimType::Real32,
            Self::Real64(_) => CimType::Real64,
            Self::Char16(_) => CimType::Char16,
            Self::String(_) => CimType::String,
            Self::DateTime(_) => CimType::DateTime,
            Self::Reference(_) => CimType::Reference,
            Self::Instance(_) => CimType::Object,
        })
    }

    /// Whether this is null.
    #[must_use]
    pub fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    /// A string's (or untyped) text.
    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::String(text) | Self::Untyped(text) => Some(text.as_str()),
            _ => None,
        }
    }

    /// Any integer (or untyped digits) as `u64`, where it fits.
    #[must_use]
    pub fn as_u64(&self) -> Option<u64> {
        self.integer()?.try_into().ok()
    }

    /// Any integer (or untyped digits) as `i64`, where it fits.
    #[must_use]
    pub fn as_i64(&self) -> Option<i64> {
        self.integer()?.try_into().ok()
    }

    /// A boolean (or untyped `true`/`false`).
    #[must_use]
    pub fn as_bool(&self) -> Option<bool> {
        match self {
            Self::Boolean(value) => Some(*value),
            Self::Untyped(text) => boolean(text.as_str().trim_ascii()),
            _ => None,
        }
    }

    /// A datetime.
    #[must_use]
    pub fn as_datetime(&self) -> Option<&DateTime> {
        match self {
            Self::DateTime(value) => Some(value),
            _ => None,
        }
    }

    /// A reference.
    #[must_use]
    pub fn as_epr(&self) -> Option<&Epr> {
        match self {
            Self::Reference(epr) => Some(epr),
            _ => None,
        }
    }

    /// An embedded object.
    #[must_use]
    pub fn as_instance(&self) -> Option<&Instance> {
        match self {
            Self::Instance(instance) => Some(instance),
            _ => None,
        }
    }

    /// The elements: of an array, or the scalar itself as one element (an array of one looks like a
    /// scalar where the schema does not know better); nothing for null.
    #[must_use]
    pub fn as_slice(&self) -> &[Self] {
        match self {
            Self::Null => &[],
            Self::Array(elements) => elements,
            scalar => std::slice::from_ref(scalar),
        }
    }

    /// The text as WMI and JSON users would read it: decimal numbers, `true`, DMTF datetimes,
    /// object paths for references, CIM-XML for embedded objects; nothing for null; the elements
    /// of an array separated by `, `.
    #[must_use]
    pub fn to_plain_text(&self) -> String {
        match self {
            Self::Null => String::new(),
            Self::Boolean(value) => value.to_string(),
            Self::Uint8(value) => value.to_string(),
            Self::Sint8(value) => value.to_string(),
            Self::Uint16(value) => value.to_string(),
            Self::Sint16(value) => value.to_string(),
            Self::Uint32(value) => value.to_string(),
            Self::Sint32(value) => value.to_string(),
            Self::Uint64(value) => value.to_string(),
            Self::Sint64(value) => value.to_string(),
            Self::Real32(value) => xsd_real(value, value.is_infinite()),
            Self::Real64(value) => xsd_real(value, value.is_infinite()),
            Self::Char16(value) => value.to_string(),
            Self::String(text) | Self::Untyped(text) => text.as_str().to_owned(),
            Self::DateTime(value) => value.to_dmtf(),
            Self::Reference(epr) => epr.to_string(),
            // An instance with a value of unknown type has no CIM-XML form; its class says what it is.
            Self::Instance(instance) => {
                instance.to_cim_xml().map_or_else(|_| instance.class().to_owned(), Text::into_string)
            }
            Self::Array(elements) => elements.iter().map(Self::to_plain_text).collect::<Vec<_>>().join(", "),
        }
    }

    /// Any integer; wide enough for all of them.
    fn integer(&self) -> Option<i128> {
        Some(match self {
            Self::Uint8(value) => i128::from(*value),
            Self::Sint8(value) => i128::from(*value),
            Self::Uint16(value) => i128::from(*value),
            Self::Sint16(value) => i128::from(*value),
            Self::Uint32(value) => i128::from(*value),
            Self::Sint32(value) => i128::from(*value),
            Self::Uint64(value) => i128::from(*value),
            Self::Sint64(value) => i128::from(*value),
            Self::Untyped(text) => return integer(text.as_str().trim_ascii()),
            _ => return None,
        })
    }
}

fn boolean(text: &str) -> Option<bool> {
    match text {
        "1" => Some(true),
        "0" => Some(false),
        _ if text.eq_ignore_ascii_case("true") => Some(true),
        _ if text.eq_ignore_ascii_case("false") => Some(false),
        _ => None,
    }
}

/// A decimal integer, or a hexadecimal one as DSP0201 allows, with an optional sign.
fn integer(text: &str) -> Option<i128> {
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

/// XML Schema writes infinity as `INF`; the rest is as Rust writes it.
fn xsd_real(value: &dyn std::fmt::Display, infinite: bool) -> String {
    let text = value.to_string();
    if infinite { text.to_uppercase() } else { text }
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
    let path = super::ObjectPath::parse(text)?;
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

    #[test]
    fn untyped_text_gives_what_it_can_be_read_as() {
        let untyped = |text: &str| Value::Untyped(Text::new(text).unwrap());
        assert_eq!(untyped("18446744073709551615").as_u64(), Some(u64::MAX));
        assert_eq!(untyped("-1").as_u64(), None);
        assert_eq!(untyped("-1").as_i64(), Some(-1));
        assert_eq!(untyped("TRUE").as_bool(), Some(true));
        assert_eq!(untyped("x").as_str(), Some("x"));
        assert_eq!(untyped("x").cim_type(), None);
    }

    #[test]
    fn a_scalar_is_a_slice_of_one_and_null_of_none() {
        assert_eq!(Value::from(1_u8).as_slice(), [Value::Uint8(1)]);
        assert_eq!(Value::from(vec![1_u8, 2]).as_slice(), [Value::Uint8(1), Value::Uint8(2)]);
        assert!(Value::from(None::<u8>).as_slice().is_empty());
        assert_eq!(Value::from(vec![None, Some(2_u8)]).cim_type(), Some(CimType::Uint8));
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
