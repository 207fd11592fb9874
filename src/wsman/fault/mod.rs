//! SOAP faults of WS-Management, in all layouts that Windows sends (MS-WSMV 2.2.4.43, captures).
//!
//! The detail holds `f:WSManFault` with plain text, with a provider's text, or with another
//! `f:WSManFault` of the provider inside; or `MSFT_WmiError` instead; or there is no detail. An empty
//! answer with status 500 never gets here: it is no message.

use super::codes;
use crate::xml::{Element, names};

/// A fault code: Win32 error, HRESULT, WS-Management or WMI code.
///
/// ```
/// use hyperv_wsman::wsman::{FaultCode, RetryClass};
///
/// let code = FaultCode(2_150_859_174);
/// assert_eq!(code.to_string(), "2150859174 (0x803381A6)");
/// assert_eq!(code.retry_class(), RetryClass::BackOff);
/// assert!(code.refused_before_dispatch());
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FaultCode(pub u32);

impl FaultCode {
    /// Symbolic name (`ERROR_WSMAN_…`, `WBEM_E_…`), where known.
    #[must_use]
    pub fn name(self) -> Option<&'static str> {
        codes::name(self.0)
    }
    /// What it means to a user, where known.
    #[must_use]
    pub fn meaning(self) -> Option<&'static str> {
        Some(codes::advice(self.0)?.meaning)
    }
    /// What to look at or change on the host or in the call, where known.
    #[must_use]
    pub fn hint(self) -> Option<&'static str> {
        hint_of(codes::advice(self.0)?)
    }
    /// What a client may do.
    #[must_use]
    pub fn retry_class(self) -> RetryClass {
        codes::advice(self.0).map_or(RetryClass::Never, |advice| advice.retry)
    }
    /// Whether the host refused before it dispatched the request to a provider: quota,
    /// concurrency, access denied, schema, selector and header faults.
    #[must_use]
    pub fn refused_before_dispatch(self) -> bool {
        codes::advice(self.0).is_some_and(|advice| advice.refused_before_dispatch)
    }
}

impl std::fmt::Display for FaultCode {
    /// `2150858793 (0x80338029)`.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} (0x{:08X})", self.0, self.0)
    }
}

/// What a client may do after a fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RetryClass {
    /// Nothing: the same request fails again.
    Never,
    /// Wait and try again: quota or concurrency.
    BackOff,
    /// Repeat only what reads: the operation timed out on the host.
    ReadsOnly,
    /// Start the enumeration again.
    RestartEnumeration,
    /// Ask for less: the answer is larger than the envelope.
    SmallerEnvelope,
    /// Once.
    Once,
}

/// A fault with everything it said.
///
/// ```
/// # #[cfg(feature = "sim")]
/// # #[tokio::main(flavor = "current_thread", start_paused = true)]
/// # async fn main() -> hyperv_wsman::Result<()> {
/// use hyperv_wsman::{Client, cim::Epr, sim, wsman::FaultCode};
///
/// # let url = "https://hv01.example.test:5986/wsman".parse().unwrap();
/// let mut settings = sim::Settings::default();
/// settings.rules.push("fault:0x80338029@Enumerate".parse().unwrap());
/// let client = Client::with_transport(url, sim::Host::new(settings).transport());
/// let jobs = Epr::class_of("Msvm_ConcreteJob", "root/virtualization/v2");
/// let error = client.enumerate(&jobs).await.unwrap_err();
/// let fault = error.fault().expect("the host answers with a fault");
/// assert_eq!(fault.code(), Some(FaultCode(0x8033_8029)));
/// # Ok(())
/// # }
/// # #[cfg(not(feature = "sim"))]
/// # fn main() {}
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Fault {
    pub(crate) code: Option<FaultCode>,
    /// Namespace URI and local name of the subcode (`…/wsman.xsd`, `TimedOut`).
    pub(crate) subcode: Option<(String, String)>,
    /// Local name of the SOAP code: `Sender`, `Receiver`, `MustUnderstand`.
    pub(crate) soap_code: String,
    pub(crate) text: String,
    pub(crate) provider_text: Option<String>,
    pub(crate) provider: Option<String>,
    pub(crate) machine: Option<String>,
    /// `w:FaultDetail` URI.
    pub(crate) detail: Option<String>,
    /// `__ExtendedStatus` properties and `MSFT_WmiError` properties, in order.
    pub(crate) extended: Vec<(String, String)>,
}

impl Fault {
    /// From the `s:Fault` element.
    pub(crate) fn read(element: &Element) -> Self {
        let code = element.child(names::SOAP, "Code");
        let soap_code = code.and_then(|code| qualified(code.child(names::SOAP, "Value")?));
        let subcode = code
            .and_then(|code| code.child(names::SOAP, "Subcode"))
            .and_then(|subcode| qualified(subcode.child(names::SOAP, "Value")?));
        let reason = element.child(names::SOAP, "Reason").and_then(|reason| {
            reason.elements().filter(|text| text.is(names::SOAP, "Text")).find_map(filled)
        });
        let mut fault = Self {
            code: None,
            subcode,
            soap_code: soap_code.map(|(_, local)| local).unwrap_or_default(),
            text: reason.unwrap_or_default(),
            provider_text: None,
            provider: None,
            machine: None,
            detail: None,
            extended: Vec::new(),
        };
        if let Some(detail) = element.child(names::SOAP, "Detail") {
            fault.detail = detail.child(names::WSMAN, "FaultDetail").and_then(filled);
            if let Some(error) = detail.find(names::MSFT_WMI_ERROR, "MSFT_WmiError") {
                fault.read_wmi_error(error);
            }
            // What CIM servers other than Windows say (DSP0227 11.2), each in a family of URIs of its own.
            if let Some(error) = find_local(detail, "CIM_Error") {
                fault.read_cim_error(error);
            }
            if let Some(outermost) = detail.find(names::FAULT, "WSManFault") {
                fault.read_wsman_fault(outermost);
            }
        }
        fault
    }

    /// A `f:WSManFault` and those inside it: what is further inside is more specific.
    fn read_wsman_fault(&mut self, outermost: &Element) {
        let mut inside_provider = false;
        let mut current = Some(outermost);
        while let Some(fault) = current {
            if let Some(code) = fault.attribute("", "Code").and_then(parse_code) {
                self.code = Some(code);
            }
            if let Some(machine) = fault.attribute("", "Machine").filter(|machine| !machine.is_empty()) {
                self.machine = Some(machine.to_owned());
            }
            let message = fault.child(names::FAULT, "Message");
            if let Some(text) = message.and_then(filled) {
                self.text.clone_from(&text);
                if inside_provider {
                    self.provider_text = Some(text);
                }
            }
            if let Some(provider) = message.and_then(|message| message.child(names::FAULT, "ProviderFault")) {
                inside_provider = true;
                self.provider =
                    provider.attribute("", "provider").map(str::to_owned).or(self.provider.take());
                if let Some(text) = filled(provider) {
                    self.text.clone_from(&text);
                    self.provider_text = Some(text);
                }
                if let Some(status) = find_local(provider, "__ExtendedStatus") {
                    self.extended.extend(properties(status));
                }
            }
            current = fault.find(names::FAULT, "WSManFault");
        }
    }

    fn read_wmi_error(&mut self, error: &Element) {
        self.extended.extend(properties(error));
        let property = |name: &str| {
            let (_, value) = self.extended.iter().find(|(known, _)| known == name)?;
            Some(value.clone())
        };
        // `MessageID` repeats the code as `HRESULT 0x803381a5`.
        self.code = property("error_Code").as_deref().and_then(parse_code).or_else(|| {
            let id = property("MessageID")?;
            parse_code(id.strip_prefix("HRESULT")?)
        });
        if let Some(text) = property("Message") {
            self.text = text;
        }
    }

    /// Its numbers are those of CIM, not of WS-Management: no code comes from it.
    fn read_cim_error(&mut self, error: &Element) {
        let properties: Vec<_> = properties(error).collect();
        if let Some((_, text)) = properties.iter().find(|(name, _)| name == "Message") {
            self.provider_text = Some(text.clone());
        }
        self.extended.extend(properties);
    }

    /// The innermost code.
    #[must_use]
    pub fn code(&self) -> Option<FaultCode> {
        self.code
    }
    /// Local name of the subcode.
    #[must_use]
    pub fn subcode(&self) -> Option<&str> {
        self.subcode.as_ref().map(|(_, local)| local.as_str())
    }
    /// The most specific text (localised: never decide by it).
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }
    /// The provider that failed, as the host names it.
    #[must_use]
    pub fn provider(&self) -> Option<&str> {
        self.provider.as_deref()
    }
    /// The provider's own text.
    #[must_use]
    pub fn provider_text(&self) -> Option<&str> {
        self.provider_text.as_deref()
    }
    /// The machine that says it.
    #[must_use]
    pub fn machine(&self) -> Option<&str> {
        self.machine.as_deref()
    }
    /// The URI of `w:FaultDetail`.
    #[must_use]
    pub fn detail(&self) -> Option<&str> {
        self.detail.as_deref()
    }
    /// Properties of `__ExtendedStatus` or `MSFT_WmiError` that are not null, in order.
    pub fn extended(&self) -> impl Iterator<Item = (&str, &str)> {
        self.extended.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }
    /// The status of a `CIM_Error` (DSP0200: 6 is "not found"), where there is no code: what servers other than Windows
    /// say. On Windows the code says more.
    #[must_use]
    pub fn cim_status(&self) -> Option<u32> {
        if self.code.is_some() {
            return None;
        }
        let (_, status) = self.extended.iter().find(|(name, _)| name == "CIMStatusCode")?;
        status.parse().ok()
    }
    /// Meaning by code, else by the status of CIM, else by subcode.
    #[must_use]
    pub fn meaning(&self) -> Option<&'static str> {
        Some(self.advice()?.meaning)
    }
    /// Hint by code, else by the status of CIM, else by subcode.
    #[must_use]
    pub fn hint(&self) -> Option<&'static str> {
        hint_of(self.advice()?)
    }
    /// The hint to a request about this namespace.
    pub(crate) fn hint_in(&self, namespace: Option<&str>) -> Option<&'static str> {
        let is_of_hyper_v =
            namespace.is_some_and(|namespace| namespace.eq_ignore_ascii_case("root/virtualization/v2"));
        self.hint()
            .map(|hint| if is_of_hyper_v && hint == codes::NOT_THERE { codes::NO_HYPER_V } else { hint })
    }
    /// By code, else by the status of CIM, else by subcode.
    #[must_use]
    pub fn retry_class(&self) -> RetryClass {
        self.advice().map_or(RetryClass::Never, |advice| advice.retry)
    }
    /// By code; by subcode only where there is no code, because a code that is not in the table may
    /// be the provider's, after it ran.
    #[must_use]
    pub fn refused_before_dispatch(&self) -> bool {
        match (self.code, self.subcode()) {
            (Some(code), _) => code.refused_before_dispatch(),
            (None, Some(subcode)) => {
                codes::subcode_advice(subcode).is_some_and(|advice| advice.refused_before_dispatch)
            }
            (None, None) => self.soap_code == "MustUnderstand",
        }
    }
    /// Whether it says "authenticated but not authorised".
    #[must_use]
    pub fn is_access_denied(&self) -> bool {
        match self.code {
            Some(FaultCode(code)) => ACCESS_DENIED.contains(&code),
            None => self.subcode() == Some("AccessDenied") || self.cim_status() == Some(2),
        }
    }
    /// Whether it says that there is no such instance.
    pub(crate) fn is_not_found(&self) -> bool {
        match (self.code, self.cim_status()) {
            (Some(FaultCode(code)), _) => NOT_FOUND.contains(&code),
            (None, Some(status)) if codes::status_advice(status).is_some() => status == 6,
            (None, _) => self.subcode() == Some("DestinationUnreachable"),
        }
    }
    /// Whether it says why an instance is not written, changed or deleted: there is none, there is one already, or its
    /// class does not have the operation.
    pub(crate) fn is_not_written(&self) -> bool {
        match self.code {
            Some(FaultCode(code)) => NOT_WRITTEN.contains(&code),
            None => {
                self.cim_status().is_some_and(|status| matches!(status, 2..=7 | 11))
                    || self.subcode().is_some_and(|subcode| NOT_WRITTEN_BY_SUBCODE.contains(&subcode))
            }
        }
    }

    fn advice(&self) -> Option<&'static codes::Advice> {
        let by_code = self.code.and_then(|code| codes::advice(code.0));
        by_code
            .or_else(|| codes::status_advice(self.cim_status()?))
            .or_else(|| codes::subcode_advice(self.subcode()?))
    }
}

/// `ERROR_WSMAN_RESOURCE_NOT_FOUND`, `WBEM_E_NOT_FOUND`.
const NOT_FOUND: [u32; 2] = [0x8033_8000, 0x8004_1002];

/// Codes by which WS-Management and WMI say that an instance is not written.
const NOT_WRITTEN: [u32; 12] = [
    50,          // ERROR_NOT_SUPPORTED
    0x8004_1002, // WBEM_E_NOT_FOUND
    0x8004_100C, // WBEM_E_NOT_SUPPORTED
    0x8004_100E, // WBEM_E_INVALID_NAMESPACE
    0x8004_1010, // WBEM_E_INVALID_CLASS
    0x8004_1019, // WBEM_E_ALREADY_EXISTS
    0x8004_1023, // WBEM_E_READ_ONLY
    0x8004_1024, // WBEM_E_PROVIDER_NOT_CAPABLE
    0x8033_8000, // ERROR_WSMAN_RESOURCE_NOT_FOUND
    0x8033_8033, // ERROR_WSMAN_ALREADY_EXISTS
    0x8033_803B, // ERROR_WSMAN_INVALID_RESOURCE_URI: no such class or namespace
    0x8033_80FA, // addressed without keys
];

/// Servers other than Windows have no codes (DSP0226 14.6).
const NOT_WRITTEN_BY_SUBCODE: [&str; 3] = ["ActionNotSupported", "AlreadyExists", "DestinationUnreachable"];

/// Win32 and its HRESULT, WMI, and WS-Management's three for WMI.
const ACCESS_DENIED: [u32; 6] = [5, 0x8007_0005, 0x8004_1003, 0x8033_8104, 0x8033_8105, 0x8033_8106];

fn hint_of(advice: &'static codes::Advice) -> Option<&'static str> {
    Some(advice.hint).filter(|hint| !hint.is_empty())
}

/// The qualified name in an element; by its spelling when its prefix is not declared.
fn qualified(element: &Element) -> Option<(String, String)> {
    let text = filled(element)?;
    Some(match element.resolve(&text) {
        Some(name) => (name.namespace.to_string(), name.local),
        None => (String::new(), text.rsplit(':').next().unwrap_or_default().to_owned()),
    })
}

/// The text of an element, trimmed (Windows ends each with blanks); `None` when nothing is left.
fn filled(element: &Element) -> Option<String> {
    let text = element.text();
    let text = text.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

/// A decimal code, with or without sign, or a hexadecimal one.
fn parse_code(text: &str) -> Option<FaultCode> {
    let text = text.trim();
    let number = match text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        Some(digits) => u32::from_str_radix(digits, 16).ok()?,
        None => text.parse::<u32>().or_else(|_| text.parse().map(i32::cast_unsigned)).ok()?,
    };
    Some(FaultCode(number))
}

/// The first element of this local name: its namespace is the class's, which varies.
fn find_local<'e>(element: &'e Element, local: &str) -> Option<&'e Element> {
    element
        .elements()
        .find_map(|child| if child.name.local == local { Some(child) } else { find_local(child, local) })
}

fn properties(element: &Element) -> impl Iterator<Item = (String, String)> {
    element
        .elements()
        .filter(|property| !property.is_nil())
        .filter_map(|property| Some((property.name.local.clone(), filled(property)?)))
}

#[cfg(test)]
mod tests;
