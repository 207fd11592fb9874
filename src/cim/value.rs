//! CIM values with their exact widths.

use super::{CimError, DateTime, Epr, Instance, Text};

/// A CIM intrinsic type (DSP0004 5.2.2), a reference, or an embedded object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
#[allow(missing_docs, reason = "the names are the types of DSP0004")]
pub enum CimType {
    Boolean,
    Uint8,
    Sint8,
    Uint16,
    Sint16,
    Uint32,
    Sint32,
    Uint64,
    Sint64,
    Real32,
    Real64,
    Char16,
    String,
    DateTime,
    /// `Class REF`.
    Reference,
    /// An embedded object (a class name as type, without REF).
    Object,
}

impl CimType {
    /// The MOF spelling (`uint16`); `reference` and `object` for the last two.
    #[must_use]
    pub fn name(self) -> &'static str {
        todo!()
    }
    /// The type of a MOF spelling, any case.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        todo!("{name}")
    }
}

/// One value. `Null` is `xsi:nil`; an empty string is `String` of nothing.
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
    Char16(u16),
    String(Text),
    DateTime(DateTime),
    Reference(Box<Epr>),
    /// An embedded object that came as an element tree.
    Instance(Box<Instance>),
    /// An array; all elements are of one type, none is an array.
    Array(Vec<Value>),
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
    /// Reads the text of a scalar of this type (DSP0230 spellings; `true`/`TRUE`; range checked).
    ///
    /// # Errors
    /// [`CimError::Form`].
    pub fn parse(cim_type: CimType, text: &str) -> Result<Self, CimError> {
        todo!("{cim_type:?} {text}")
    }
    /// The type of the value, of the elements for an array; `None` for null, untyped and empty arrays.
    #[must_use]
    pub fn cim_type(&self) -> Option<CimType> {
        todo!()
    }
    /// Whether this is null.
    #[must_use]
    pub fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }
    /// A string's (or untyped) text.
    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        todo!()
    }
    /// Any unsigned width (or untyped digits) as `u64`.
    #[must_use]
    pub fn as_u64(&self) -> Option<u64> {
        todo!()
    }
    /// Any integer as `i64`, where it fits.
    #[must_use]
    pub fn as_i64(&self) -> Option<i64> {
        todo!()
    }
    /// A boolean (or untyped `true`/`false`).
    #[must_use]
    pub fn as_bool(&self) -> Option<bool> {
        todo!()
    }
    /// A datetime.
    #[must_use]
    pub fn as_datetime(&self) -> Option<&DateTime> {
        todo!()
    }
    /// A reference.
    #[must_use]
    pub fn as_epr(&self) -> Option<&Epr> {
        todo!()
    }
    /// The elements: of an array, or the scalar itself as one element (an array of one looks like a
    /// scalar where the schema does not know better); nothing for null.
    #[must_use]
    pub fn as_slice(&self) -> &[Value] {
        todo!()
    }
    /// The text as WMI and JSON users would read it: decimal numbers, `true`, DMTF datetimes,
    /// object paths for references.
    #[must_use]
    pub fn to_plain_text(&self) -> String {
        todo!()
    }
}
