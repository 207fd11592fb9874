//! SOAP faults of WS-Management, all layouts that Windows sends (MS-WSMV 2.2.4, captures A to G).

use crate::xml::Element;

/// A fault code: Win32 error, HRESULT, WS-Management or WMI code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FaultCode(pub u32);

impl FaultCode {
    /// Symbolic name (`ERROR_WSMAN_…`, `WBEM_E_…`), where known.
    #[must_use]
    pub fn name(self) -> Option<&'static str> {
        todo!()
    }
    /// What it means to a user, where known.
    #[must_use]
    pub fn meaning(self) -> Option<&'static str> {
        todo!()
    }
    /// What to look at or change on the host or in the call, where known.
    #[must_use]
    pub fn hint(self) -> Option<&'static str> {
        todo!()
    }
    /// What a client may do.
    #[must_use]
    pub fn retry_class(self) -> RetryClass {
        todo!()
    }
    /// Whether the host refused before it dispatched the request to a provider (DESIGN: quota,
    /// concurrency, access denied, schema, selector and header faults).
    #[must_use]
    pub fn refused_before_dispatch(self) -> bool {
        todo!()
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
    /// `__ExtendedStatus` properties and MSFT_WmiError properties, in order.
    pub(crate) extended: Vec<(String, String)>,
}

impl Fault {
    /// From the `s:Fault` element.
    pub(crate) fn read(element: &Element) -> Self {
        todo!("{element:?}")
    }
    /// The innermost code.
    #[must_use]
    pub fn code(&self) -> Option<FaultCode> {
        self.code
    }
    /// Local name of the subcode.
    #[must_use]
    pub fn subcode(&self) -> Option<&str> {
        todo!()
    }
    /// The most specific text (localised: never decide by it).
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }
    /// Meaning by code, else by subcode.
    #[must_use]
    pub fn meaning(&self) -> Option<&'static str> {
        todo!()
    }
    /// Hint by code, else by subcode.
    #[must_use]
    pub fn hint(&self) -> Option<&'static str> {
        todo!()
    }
    /// By code, else by subcode.
    #[must_use]
    pub fn retry_class(&self) -> RetryClass {
        todo!()
    }
    /// By code, else by subcode.
    #[must_use]
    pub fn refused_before_dispatch(&self) -> bool {
        todo!()
    }
    /// Whether it says "authenticated but not authorised".
    #[must_use]
    pub fn is_access_denied(&self) -> bool {
        todo!()
    }
}
