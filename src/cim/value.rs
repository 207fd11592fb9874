//! CIM values with their exact widths.

use super::{
    Char16, CimError, CimType, DateTime, Epr, Instance, Text,
    parse::{boolean, integer},
};

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
    pub(super) fn integer(&self) -> Option<i128> {
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

/// XML Schema writes infinity as `INF`; the rest is as Rust writes it.
fn xsd_real(value: &dyn std::fmt::Display, infinite: bool) -> String {
    let text = value.to_string();
    if infinite { text.to_uppercase() } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

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
}
