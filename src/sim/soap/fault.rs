//! The faults of the host: code, subcode, texts.
//!
//! Codes and subcodes are those of wsmerror.h and [MS-WSMV]; the shape is that of published
//! answers.

use crate::xml::tree::QName;

/// A fault.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::sim) struct Fault {
    /// `Code` of `f:WSManFault`; none for a plain SOAP fault.
    pub(in crate::sim) code: Option<u32>,
    /// `w:AccessDenied`, with the prefixes of the envelope.
    pub(in crate::sim) subcode: String,
    /// `s:Receiver` instead of `s:Sender`.
    pub(in crate::sim) by_receiver: bool,
    pub(in crate::sim) reason: String,
    /// Last part of the `w:FaultDetail` URI.
    pub(in crate::sim) detail: Option<&'static str>,
    pub(in crate::sim) extra: Option<Box<Extra>>,
}

/// What only some faults have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::sim) enum Extra {
    /// `f:ProviderFault` with `__ExtendedStatus`: what the WMI provider was doing, and with what.
    Provider { operation: &'static str, parameter: String },
    /// The header of `s:NotUnderstood`.
    NotUnderstood(QName),
}

impl Fault {
    fn sender(code: u32, subcode: &str, reason: impl Into<String>) -> Self {
        Self {
            code: Some(code),
            subcode: subcode.to_owned(),
            by_receiver: false,
            reason: reason.into(),
            detail: None,
            extra: None,
        }
    }

    fn with_detail(mut self, detail: &'static str) -> Self {
        self.detail = Some(detail);
        self
    }

    fn by_provider(mut self, operation: &'static str, parameter: &str) -> Self {
        self.extra = Some(Box::new(Extra::Provider { operation, parameter: parameter.to_owned() }));
        self
    }

    pub(in crate::sim) fn access_denied() -> Self {
        Self::sender(5, "w:AccessDenied", "Access is denied.")
    }

    /// What a rule asks for.
    pub(in crate::sim) fn custom(code: u32, subcode: Option<&str>) -> Self {
        let subcode = subcode.unwrap_or_else(|| default_subcode(code));
        let mut fault =
            Self::sender(code, subcode, format!("A rule of the simulated host asks for {code:#x}."));
        fault.by_receiver = matches!(subcode, "w:TimedOut" | "w:InternalError");
        fault
    }

    pub(in crate::sim) fn malformed(reason: &str) -> Self {
        // ERROR_WSMAN_INVALID_XML; which code Windows gives is not documented: chosen.
        Self::sender(2_150_858_819, "w:SchemaValidationError", reason)
    }

    pub(in crate::sim) fn version_mismatch() -> Self {
        Self::sender(2_150_858_765, "s:VersionMismatch", "The SOAP version is not supported.")
    }

    pub(in crate::sim) fn must_understand(header: &QName) -> Self {
        Self {
            code: None,
            subcode: "s:MustUnderstand".to_owned(),
            by_receiver: false,
            reason: "A header that must be understood is not.".to_owned(),
            detail: None,
            extra: Some(Box::new(Extra::NotUnderstood(header.clone()))),
        }
    }

    pub(in crate::sim) fn locale() -> Self {
        Self::sender(
            2_150_858_887,
            "w:UnsupportedFeature",
            "The mustUnderstand attribute of the Locale header is not supported.",
        )
        .with_detail("Locale")
    }

    pub(in crate::sim) fn header_required(name: &str) -> Self {
        let reason = format!("The request lacks the SOAP header {name}.");
        Self::sender(2_150_858_769, "a:MessageInformationHeaderRequired", reason)
    }

    pub(in crate::sim) fn invalid_header(reason: &str) -> Self {
        Self::sender(2_150_858_767, "a:InvalidMessageInformationHeader", format!("{reason}."))
    }

    pub(in crate::sim) fn min_envelope(size: u64) -> Self {
        let reason = format!("MaxEnvelopeSize is {size}; the smallest that can be asked for is 8192.");
        Self::sender(2_150_858_878, "w:EncodingLimit", reason).with_detail("MinimumEnvelopeLimit")
    }

    pub(in crate::sim) fn envelope_exceeded(size: usize, limit: usize) -> Self {
        let reason = format!(
            "The computed response packet size ({size}) exceeds the maximum envelope size that is allowed ({limit})."
        );
        Self::sender(2_150_858_824, "w:EncodingLimit", reason).with_detail("MaxEnvelopeSize")
    }

    /// [MS-WSMV] and DSP0226: the method ran, its answer does not fit.
    pub(in crate::sim) fn unreportable_success() -> Self {
        Self::sender(2_150_858_829, "w:EncodingLimit", "The answer to a completed operation is too large.")
            .with_detail("UnreportableSuccess")
    }

    pub(in crate::sim) fn schema(reason: &str) -> Self {
        let reason = format!("The content of the request does not match the schema: {reason}.");
        Self::sender(2_150_858_817, "w:SchemaValidationError", reason)
    }

    pub(in crate::sim) fn action_not_supported(action: &str) -> Self {
        let reason = format!("The action {action} is not supported by the service.");
        Self::sender(2_150_858_771, "a:ActionNotSupported", reason)
    }

    pub(in crate::sim) fn invalid_resource_uri(uri: &str) -> Self {
        let reason = format!("The resource URI {uri} is not valid on this host.");
        Self::sender(2_150_858_811, "a:DestinationUnreachable", reason).with_detail("InvalidResourceURI")
    }

    /// The layout with `__ExtendedStatus` is that of a captured answer to a Get of nothing.
    pub(in crate::sim) fn not_found(operation: &'static str, parameter: &str) -> Self {
        Self::sender(
            2_150_858_752,
            "a:DestinationUnreachable",
            "The service cannot find the resource identified by the resource URI and selectors.",
        )
        .with_detail("InvalidResourceURI")
        .by_provider(operation, parameter)
    }

    pub(in crate::sim) fn unknown_class(class: &str) -> Self {
        Self::not_found("GetClass", class)
    }

    pub(in crate::sim) fn no_keys(class: &str) -> Self {
        let reason =
            format!("The class {class} is no singleton: the request must have its keys as selectors.");
        Self::sender(2_150_859_002, "w:InvalidSelectors", reason).with_detail("InsufficientSelectors")
    }

    /// A class of the DMTF's way of naming, without the selector that names its namespace (chosen).
    pub(in crate::sim) fn no_namespace() -> Self {
        let reason = "The selector __cimnamespace is missing.".to_owned();
        Self::sender(2_150_858_842, "w:InvalidSelectors", reason).with_detail("InsufficientSelectors")
    }

    pub(in crate::sim) fn unexpected_selector(name: &str) -> Self {
        let reason = format!("{name} is not a key of the class.");
        Self::sender(2_150_858_843, "w:InvalidSelectors", reason).with_detail("UnexpectedSelectors")
    }

    pub(in crate::sim) fn duplicate_selector(name: &str) -> Self {
        let reason = format!("The selector {name} occurs twice.");
        Self::sender(2_150_858_847, "w:InvalidSelectors", reason).with_detail("DuplicateSelectors")
    }

    /// microsoft/omi#398, seen on Server 2016 with this very namespace.
    pub(in crate::sim) fn different_namespaces() -> Self {
        let mut fault =
            Self::sender(2_150_859_067, "w:InternalError", "The request names two different namespaces.");
        fault.by_receiver = true;
        fault
    }

    /// `WBEM_E_INVALID_METHOD_PARAMETERS`; seen when an Invoke has no selectors.
    pub(in crate::sim) fn invalid_method_parameters() -> Self {
        let mut fault = Self::sender(2_147_749_935, "w:InternalError", "Invalid method Parameter(s).");
        fault.by_receiver = true;
        fault
    }

    /// The classes of Hyper-V change by methods of their services (their pages). That the provider says so with
    /// `WBEM_E_PROVIDER_NOT_CAPABLE` is chosen.
    pub(in crate::sim) fn not_capable(operation: &'static str, parameter: &str) -> Self {
        let reason = "Provider is not capable of the attempted operation.";
        let mut fault = Self::sender(2_147_749_924, "w:InternalError", reason);
        fault.by_receiver = true;
        fault.by_provider(operation, parameter)
    }

    /// `WBEM_E_READ_ONLY`: chosen.
    pub(in crate::sim) fn read_only(property: &str) -> Self {
        let mut fault = Self::sender(
            2_147_749_923,
            "w:InternalError",
            format!("The property {property} can only be read."),
        );
        fault.by_receiver = true;
        fault
    }

    /// DSP0226 7.6: `w:AlreadyExists`.
    pub(in crate::sim) fn already_exists(path: &str) -> Self {
        let reason = format!("There is an instance {path} already.");
        Self::sender(2_150_858_803, "w:AlreadyExists", reason)
    }

    /// [MS-WSMV] 3.1.4.1.18: an expression beyond the subset, or one that names nothing.
    pub(in crate::sim) fn fragment_path(expression: &str) -> Self {
        let reason = format!("The fragment expression {expression} cannot be processed.");
        Self::sender(2_150_858_899, "n:CannotProcessFilter", reason)
    }

    /// [MS-WSMV] 3.1.4.1.18: only Get and Put have fragments.
    pub(in crate::sim) fn no_fragments() -> Self {
        let reason = "The operation does not support fragment-level transfer.";
        Self::sender(2_150_858_871, "w:UnsupportedFeature", reason).with_detail("FragmentLevelAccess")
    }

    /// DSP0226 6.4: an option that must be complied with, and is not known.
    pub(in crate::sim) fn unknown_option(name: &str) -> Self {
        let reason = format!("The option {name} is not supported.");
        Self::sender(2_150_858_833, "w:InvalidOptions", reason).with_detail("NotSupported")
    }

    pub(in crate::sim) fn keys_in_enumerate() -> Self {
        let reason = "The resource URI of an enumeration must not contain keys.";
        Self::sender(2_150_859_016, "w:InvalidSelectors", reason)
    }

    pub(in crate::sim) fn all_classes_without_filter() -> Self {
        let reason = "The resource URI for all classes needs a query as filter.";
        Self::sender(2_150_859_003, "a:DestinationUnreachable", reason).with_detail("InvalidResourceURI")
    }

    pub(in crate::sim) fn filter(reason: &str, query: &str) -> Self {
        let reason = format!("The data source could not process the filter. {reason}.");
        Self::sender(2_150_858_778, "n:CannotProcessFilter", reason).by_provider("ExecQuery", query)
    }

    pub(in crate::sim) fn filter_dialect(dialect: &str) -> Self {
        let reason = format!("The filter dialect {dialect} is not supported.");
        Self::sender(2_150_858_777, "n:FilterDialectRequestedUnavailable", reason)
    }

    pub(in crate::sim) fn enumeration_mode(mode: &str) -> Self {
        let reason = format!("The enumeration mode {mode} is not supported.");
        Self::sender(2_150_858_886, "w:UnsupportedFeature", reason).with_detail("EnumerationMode")
    }

    pub(in crate::sim) fn polymorphism() -> Self {
        Self::sender(2_150_859_063, "w:UnsupportedFeature", "PolymorphismMode is not supported.")
    }

    pub(in crate::sim) fn invalid_context() -> Self {
        Self::sender(2_150_858_779, "n:InvalidEnumerationContext", "The enumeration context is not valid.")
    }

    pub(in crate::sim) fn pull_parameters() -> Self {
        let reason = "MaxElements and MaxEnvelopeSize of a Pull must be those of the Enumerate.";
        Self::sender(2_150_859_181, "w:InvalidParameter", reason).with_detail("InvalidValue")
    }

    /// [MS-WSMV] 3.1.4.1.34.3.1: quota of the plug-in for one user.
    pub(in crate::sim) fn quota(limit: usize) -> Self {
        let reason =
            format!("The maximum number of {limit} concurrent operations for this user is exceeded.");
        Self::sender(2_150_859_240, "w:QuotaLimit", reason)
    }
}

/// The subcode that belongs to a code, as far as a source says.
fn default_subcode(code: u32) -> &'static str {
    match code {
        5 => "w:AccessDenied",
        87 | 2_150_859_181 => "w:InvalidParameter",
        2_150_858_752 | 2_150_858_770 | 2_150_858_811 => "a:DestinationUnreachable",
        2_150_858_767 => "a:InvalidMessageInformationHeader",
        2_150_858_769 => "a:MessageInformationHeaderRequired",
        2_150_858_771 => "a:ActionNotSupported",
        2_150_858_778 => "n:CannotProcessFilter",
        2_150_858_779 => "n:InvalidEnumerationContext",
        2_150_858_793 => "w:TimedOut",
        2_150_858_802 => "w:Concurrency",
        2_150_858_813 | 2_150_858_842 | 2_150_858_843 | 2_150_858_845..=2_150_858_847 => "w:InvalidSelectors",
        2_150_858_815 | 2_150_859_173..=2_150_859_177 | 2_150_859_237..=2_150_859_242 => "w:QuotaLimit",
        2_150_858_817 => "w:SchemaValidationError",
        2_150_858_824 | 2_150_858_825 | 2_150_858_829 | 2_150_858_878 => "w:EncodingLimit",
        _ => "w:InternalError",
    }
}
