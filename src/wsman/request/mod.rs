//! Requests: one type for all operations, rendered through `soap-templates/`.

mod association;
mod dialect;
mod fragment;
pub(super) mod render;

pub use association::Association;
pub use dialect::Dialect;
pub(crate) use fragment::Fragment;

use super::fault::Fault;
use crate::{
    cim::{CimError, Epr, Instance, Text, Value},
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
    /// RFC 5646 tag, `en-US`: the language of texts for people.
    pub(crate) locale: Text,
    /// RFC 5646 tag: how numbers and dates in texts are written.
    pub(crate) data_locale: Text,
    pub(crate) options: Vec<RequestOption>,
    pub(crate) dialect: Dialect,
}

/// An option of `w:OptionSet` (DSP0226 6.4): a switch of the service that answers, beyond what the
/// operation says. On Windows those whose name begins with `wmi:` go to the provider.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct RequestOption {
    /// Its name.
    pub name: String,
    /// Its value.
    pub value: String,
    /// Whether a service that does not know it has to refuse the request.
    pub must_comply: bool,
}

impl RequestOption {
    /// An option that a service may ignore.
    #[must_use]
    pub fn new(name: impl Into<String>, value: impl Into<String>) -> Self {
        Self { name: name.into(), value: value.into(), must_comply: false }
    }

    /// A service that does not know it has to refuse the request.
    #[must_use]
    pub fn must_comply(mut self) -> Self {
        self.must_comply = true;
        self
    }
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
    /// What is linked with an object; goes to `…/namespace/*`.
    Association(Box<Association>),
}

/// One operation.
#[derive(Debug, Clone)]
pub(crate) enum Operation {
    Identify,
    Get {
        epr: Epr,
    },
    GetFragment {
        epr: Epr,
        fragment: Fragment,
    },
    /// What `instance` does not have stays as it is.
    Put {
        epr: Epr,
        instance: Instance,
    },
    PutFragment {
        epr: Epr,
        fragment: Fragment,
        value: Value,
    },
    /// A new instance of the class, which is addressed without keys.
    Create {
        class: Epr,
        instance: Instance,
    },
    Delete {
        epr: Epr,
    },
    /// A class without keys; what `filter` wants of it is all classes of its namespace, see [`enumerated`].
    Enumerate {
        class: Epr,
        mode: EnumerationMode,
        filter: Option<Filter>,
        max_elements: u32,
    },
    Pull {
        class: Epr,
        context: Text,
        mode: EnumerationMode,
        max_elements: u32,
    },
    Release {
        class: Epr,
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

    /// Whether there is an option that a service must not ignore.
    fn must_comply(&self) -> bool {
        self.options.iter().any(|option| option.must_comply)
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
            Self::Get { .. } | Self::GetFragment { .. } => format!("{}/Get", names::TRANSFER),
            Self::Put { .. } | Self::PutFragment { .. } => format!("{}/Put", names::TRANSFER),
            Self::Create { .. } => format!("{}/Create", names::TRANSFER),
            Self::Delete { .. } => format!("{}/Delete", names::TRANSFER),
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
            Self::Get { .. } | Self::GetFragment { .. } => "Get",
            Self::Put { .. } | Self::PutFragment { .. } => "Put",
            Self::Create { .. } => "Create",
            Self::Delete { .. } => "Delete",
            Self::Enumerate { .. } => "Enumerate",
            Self::Pull { .. } => "Pull",
            Self::Release { .. } => "Release",
            Self::Invoke { method, .. } => method,
        }
    }

    /// Whether sending it twice could do something twice: Put (between both another client may have
    /// written), Create, Delete, and an Invoke that is not on the list of methods that only read.
    pub(crate) fn changes_host(&self) -> bool {
        match self {
            Self::Invoke { method, .. } => !reads_only(method),
            Self::Put { .. } | Self::PutFragment { .. } | Self::Create { .. } | Self::Delete { .. } => true,
            Self::Identify
            | Self::Get { .. }
            | Self::GetFragment { .. }
            | Self::Enumerate { .. }
            | Self::Pull { .. }
            | Self::Release { .. } => false,
        }
    }

    /// Whether a fault to it proves that nothing was changed. A method may have done a part of its work
    /// before it failed; one instance is written, made or deleted as a whole or not at all.
    pub(crate) fn is_refused_by(&self, fault: &Fault) -> bool {
        let writes_an_instance = matches!(
            self,
            Self::Put { .. } | Self::PutFragment { .. } | Self::Create { .. } | Self::Delete { .. }
        );
        fault.refused_before_dispatch() || writes_an_instance && fault.is_not_written()
    }

    /// The namespace that it is about.
    pub(crate) fn namespace(&self) -> Option<&str> {
        match self {
            Self::Enumerate { class, .. } | Self::Pull { class, .. } | Self::Release { class, .. } => {
                class.namespace()
            }
            _ => self.target()?.namespace(),
        }
    }

    /// What it is about, where that is one instance or its class.
    pub(crate) fn target(&self) -> Option<&Epr> {
        match self {
            Self::Get { epr }
            | Self::GetFragment { epr, .. }
            | Self::Put { epr, .. }
            | Self::PutFragment { epr, .. }
            | Self::Create { class: epr, .. }
            | Self::Delete { epr }
            | Self::Invoke { epr, .. } => Some(epr),
            Self::Identify | Self::Enumerate { .. } | Self::Pull { .. } | Self::Release { .. } => None,
        }
    }
}

/// Whether a method is known to read and to do nothing else.
pub(crate) fn reads_only(method: &str) -> bool {
    READING_METHODS.contains(&method)
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

/// Where an enumeration goes: a query, and a walk along associations, to all classes of the namespace
/// (the host refuses a query at a class), anything else to its class.
fn enumerated<'a>(class: &'a Epr, filter: Option<&Filter>) -> Cow<'a, Epr> {
    match filter {
        Some(Filter::Wql(_) | Filter::Association(_)) => Cow::Owned(class.to_all_classes()),
        Some(Filter::Selector(_)) | None => Cow::Borrowed(class),
    }
}

/// Names of methods, classes and properties become names of elements.
fn is_identifier(name: &str) -> bool {
    name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
        && name.chars().all(|next| next.is_ascii_alphanumeric() || next == '_')
}

#[cfg(test)]
mod tests;
