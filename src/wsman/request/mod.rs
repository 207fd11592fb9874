//! Requests: one type for all operations, rendered through `soap-templates/`.

pub(super) mod render;

use crate::{
    cim::{CimError, Epr, Text, Value},
    xml::names,
};
use std::{borrow::Cow, time::Duration};

/// The header values of one message, chosen by the caller (ids and clocks live in `client`).
#[derive(Debug, Clone)]
pub(crate) struct Headers {
    /// `a:To`: the endpoint's URL.
    pub(crate) to: String,
    /// `uuid:…`, upper case.
    pub(crate) message_id: String,
    pub(crate) session_id: String,
    pub(crate) operation_timeout: Duration,
    /// Bytes; at least 8192 or the host refuses (0x8033807E).
    pub(crate) max_envelope_size: u32,
    /// RFC 5646 tag, `en-US`.
    pub(crate) locale: Text,
}

/// What an enumeration returns for each instance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum EnumerationMode {
    /// The instances (no `w:EnumerationMode` is sent).
    #[default]
    Object,
    /// Their references.
    Epr,
    /// Both.
    ObjectAndEpr,
}

/// A filter of an enumeration.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Filter {
    /// A WQL query; goes to `…/namespace/*`.
    Wql(Text),
    /// Equality of scalar properties, all of them (MS-WSMV 3.1.4.1.13).
    Selector(Vec<(String, Text)>),
}

/// One operation.
#[derive(Debug, Clone)]
pub(crate) enum Operation {
    Identify,
    Get {
        epr: Epr,
    },
    Enumerate {
        resource_uri: String,
        mode: EnumerationMode,
        filter: Option<Filter>,
        max_elements: u32,
    },
    Pull {
        resource_uri: String,
        context: Text,
        mode: EnumerationMode,
        max_elements: u32,
    },
    Release {
        resource_uri: String,
        context: Text,
    },
    /// Parameters in the order to be sent (declaration order).
    Invoke {
        epr: Epr,
        method: String,
        parameters: Vec<(String, Value)>,
    },
}

impl Headers {
    /// The timeout as an ISO 8601 duration, `PT60S` or `PT0.500S`.
    fn iso_timeout(&self) -> String {
        let seconds = self.operation_timeout.as_secs();
        match self.operation_timeout.subsec_millis() {
            0 => format!("PT{seconds}S"),
            milliseconds => format!("PT{seconds}.{milliseconds:03}S"),
        }
    }
}

impl EnumerationMode {
    /// The text of `w:EnumerationMode` (DSP0226 8.7); objects come when nothing is said.
    fn wire_name(self) -> Option<&'static str> {
        match self {
            Self::Object => None,
            Self::Epr => Some("EnumerateEPR"),
            Self::ObjectAndEpr => Some("EnumerateObjectAndEPR"),
        }
    }
}

impl Operation {
    /// The whole message.
    pub(crate) fn to_xml(&self, headers: &Headers) -> Result<String, CimError> {
        render::message(self, headers)
    }

    /// The `a:Action` URI; empty for Identify.
    pub(crate) fn action(&self) -> String {
        match self {
            Self::Identify => String::new(),
            Self::Get { .. } => format!("{}/Get", names::TRANSFER),
            Self::Enumerate { .. } => format!("{}/Enumerate", names::ENUMERATION),
            Self::Pull { .. } => format!("{}/Pull", names::ENUMERATION),
            Self::Release { .. } => format!("{}/Release", names::ENUMERATION),
            Self::Invoke { epr, method, .. } => format!("{}/{method}", epr.resource_uri()),
        }
    }

    /// Name for people and cassettes: `Get`, `Pull`, `CreateSnapshot`.
    pub(crate) fn name(&self) -> &str {
        match self {
            Self::Identify => "Identify",
            Self::Get { .. } => "Get",
            Self::Enumerate { .. } => "Enumerate",
            Self::Pull { .. } => "Pull",
            Self::Release { .. } => "Release",
            Self::Invoke { method, .. } => method,
        }
    }

    /// Whether sending it twice could do something twice: an Invoke that is not on the list of
    /// methods that only read.
    pub(crate) fn changes_host(&self) -> bool {
        match self {
            Self::Invoke { method, .. } => !READING_METHODS.contains(&method.as_str()),
            _ => false,
        }
    }
}

/// The methods of `root\virtualization\v2` that read and do nothing else.
const READING_METHODS: [&str; 26] = [
    "CalculateVideoMemoryRequirements",
    "CheckSystemCompatibilityInfo",
    "CheckVirtualSystemIsMigratable",
    "FindMountedStorageImageInstance",
    "FormatError",
    "GetButtonState",
    "GetCurrentWwpnFromGenerator",
    "GetDefinitionFileSummaryInformation",
    "GetError",
    "GetErrorEx",
    "GetInteractiveSessionACL",
    "GetKeyProtector",
    "GetReplicationStatistics",
    "GetReplicationStatisticsEx",
    "GetSizeOfSystemFiles",
    "GetSummaryInformation",
    "GetSystemCertificates",
    "GetSystemCompatibilityInfo",
    "GetSystemCompatibilityVectors",
    "GetVHDSetInformation",
    "GetVHDSnapshotInformation",
    "GetVirtualDiskChanges",
    "GetVirtualHardDiskSettingData",
    "GetVirtualHardDiskState",
    "GetVirtualSystemThumbnailImage",
    "IsKeyPressed",
];

/// Where an enumeration goes: a query to all classes of the namespace (the host refuses it at a
/// class), anything else to its class.
fn enumeration_uri<'a>(resource_uri: &'a str, filter: Option<&Filter>) -> Cow<'a, str> {
    match (filter, resource_uri.rsplit_once('/')) {
        (Some(Filter::Wql(_)), Some((namespace, _))) => Cow::Owned(format!("{namespace}/*")),
        _ => Cow::Borrowed(resource_uri),
    }
}

#[cfg(test)]
mod tests;
