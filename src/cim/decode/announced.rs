//! What an `xsi:type` says (DSP0230 5.4 and its common schema). Windows writes it on properties only in answers to the
//! DMTF's class URI; other servers write it always.

use crate::{
    cim::{CimError, CimType},
    xml::{Source, names::CIM_COMMON},
};
use std::borrow::Cow;

/// An `xsi:type`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Announced<'a> {
    /// A type of WS-CIM.
    Scalar(CimType),
    /// An array of `uint8` as text.
    Base64,
    Hex,
    /// A type of another namespace, such as that of an embedded instance: its name.
    Other(Cow<'a, str>),
}

impl<'a> Announced<'a> {
    /// # Errors
    /// For a prefix that is not declared, and a type that WS-CIM does not have.
    pub(super) fn read<'s>(name: Cow<'a, str>, source: &impl Source<'s>) -> Result<Self, CimError> {
        let resolved = source
            .resolve(&name)
            .ok_or_else(|| CimError::form("an `xsi:type` with a declared prefix", &name))?;
        if &*resolved.namespace != CIM_COMMON {
            return Ok(Self::Other(local(name)));
        }
        Ok(Self::Scalar(match resolved.local.as_str() {
            "cimBoolean" => CimType::Boolean,
            "cimUnsignedByte" => CimType::Uint8,
            "cimByte" => CimType::Sint8,
            "cimUnsignedShort" => CimType::Uint16,
            "cimShort" => CimType::Sint16,
            "cimUnsignedInt" => CimType::Uint32,
            "cimInt" => CimType::Sint32,
            "cimUnsignedLong" => CimType::Uint64,
            "cimLong" => CimType::Sint64,
            "cimFloat" => CimType::Real32,
            "cimDouble" => CimType::Real64,
            "cimChar16" => CimType::Char16,
            "cimString" => CimType::String,
            "cimDateTime" => CimType::DateTime,
            "cimReference" => CimType::Reference,
            "cimBase64Binary" => return Ok(Self::Base64),
            "cimHexBinary" => return Ok(Self::Hex),
            _ => return Err(CimError::form("an `xsi:type` of WS-CIM", &name)),
        }))
    }
}

/// A name without its prefix.
fn local(name: Cow<'_, str>) -> Cow<'_, str> {
    match name {
        Cow::Borrowed(name) => Cow::Borrowed(name.rsplit_once(':').map_or(name, |(_, local)| local).trim()),
        Cow::Owned(name) => {
            Cow::Owned(name.rsplit_once(':').map_or(name.as_str(), |(_, local)| local).trim().to_owned())
        }
    }
}
