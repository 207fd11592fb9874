//! The types of CIM values (DSP0004 5.2.2).

/// A CIM intrinsic type, a reference, or an embedded object.
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

/// Every type, in the order in which the compiled schema numbers them.
pub(super) const ALL: [CimType; 16] = [
    CimType::Boolean,
    CimType::Uint8,
    CimType::Sint8,
    CimType::Uint16,
    CimType::Sint16,
    CimType::Uint32,
    CimType::Sint32,
    CimType::Uint64,
    CimType::Sint64,
    CimType::Real32,
    CimType::Real64,
    CimType::Char16,
    CimType::String,
    CimType::DateTime,
    CimType::Reference,
    CimType::Object,
];

impl CimType {
    /// The type of a MOF spelling, any case.
    ///
    /// ```
    /// use hyperv_wsman::cim::CimType;
    ///
    /// assert_eq!(CimType::from_name("UInt16"), Some(CimType::Uint16));
    /// assert_eq!(CimType::from_name("varchar"), None);
    /// ```
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        ALL.into_iter().find(|cim_type| cim_type.name().eq_ignore_ascii_case(name))
    }

    /// The MOF spelling (`uint16`); `reference` and `object` for the last two.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Boolean => "boolean",
            Self::Uint8 => "uint8",
            Self::Sint8 => "sint8",
            Self::Uint16 => "uint16",
            Self::Sint16 => "sint16",
            Self::Uint32 => "uint32",
            Self::Sint32 => "sint32",
            Self::Uint64 => "uint64",
            Self::Sint64 => "sint64",
            Self::Real32 => "real32",
            Self::Real64 => "real64",
            Self::Char16 => "char16",
            Self::String => "string",
            Self::DateTime => "datetime",
            Self::Reference => "reference",
            Self::Object => "object",
        }
    }
}

impl std::fmt::Display for CimType {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_type_is_found_by_its_own_name_in_any_case() {
        for cim_type in ALL {
            assert_eq!(CimType::from_name(cim_type.name()), Some(cim_type));
            assert_eq!(CimType::from_name(&cim_type.name().to_uppercase()), Some(cim_type));
        }
    }
}
