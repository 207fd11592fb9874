//! Namespace URIs of SOAP, WS-Management and CIM (MS-WSMV 2.2.1, DSP0226, DSP0227, DSP0230).

pub(crate) const SOAP: &str = "http://www.w3.org/2003/05/soap-envelope";
pub(crate) const ADDRESSING: &str = "http://schemas.xmlsoap.org/ws/2004/08/addressing";
pub(crate) const WSMAN: &str = "http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd";
pub(crate) const ENUMERATION: &str = "http://schemas.xmlsoap.org/ws/2004/09/enumeration";
pub(crate) const TRANSFER: &str = "http://schemas.xmlsoap.org/ws/2004/09/transfer";
pub(crate) const IDENTITY: &str = "http://schemas.dmtf.org/wbem/wsman/identity/1/wsmanidentity.xsd";
#[cfg(any(feature = "replay", feature = "sim", test))]
pub(crate) const MS_WSMAN: &str = "http://schemas.microsoft.com/wbem/wsman/1/wsman.xsd";
pub(crate) const FAULT: &str = "http://schemas.microsoft.com/wbem/wsman/1/wsmanfault";
#[cfg(any(feature = "replay", feature = "sim", test))]
pub(crate) const CIM_BINDING: &str = "http://schemas.dmtf.org/wbem/wsman/1/cimbinding.xsd";
pub(crate) const CIM_COMMON: &str = "http://schemas.dmtf.org/wbem/wscim/1/common";
pub(crate) const XSI: &str = "http://www.w3.org/2001/XMLSchema-instance";
pub(crate) const XML: &str = "http://www.w3.org/XML/1998/namespace";
pub(crate) const MSFT_WMI_ERROR: &str = "http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/MSFT_WmiError";
/// Prefix of the resource URI of every WMI class on Windows.
pub(crate) const WMI_CLASS_PREFIX: &str = "http://schemas.microsoft.com/wbem/wsman/1/wmi/";
/// Prefix of the resource URI of every class of the DMTF's own schema (DSP0227 5.1.2).
pub(crate) const DMTF_CLASS_PREFIX: &str = "http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/";
/// Resource URI of all classes of the DMTF's and its followers' schemas (DSP0227 5.1.2).
pub(crate) const DMTF_ALL_CLASSES: &str = "http://schemas.dmtf.org/wbem/wscim/1/*";
/// The selector that names the namespace of a class beside such a URI (DSP0227 5.1.2).
pub(crate) const NAMESPACE_SELECTOR: &str = "__cimnamespace";
/// Resource URI of WinRM's configuration ([MS-WSMV] 2.2.4.7).
pub(crate) const WINRM_CONFIG: &str = "http://schemas.microsoft.com/wbem/wsman/1/config";
/// Whether names of a namespace are those of the protocol, and never a class's.
pub(crate) fn is_of_protocol(namespace: &str) -> bool {
    matches!(namespace, SOAP | ADDRESSING | WSMAN | ENUMERATION | TRANSFER | IDENTITY | FAULT)
}

/// The anonymous address that Windows writes into every reference.
pub(crate) const ANONYMOUS: &str = "http://schemas.xmlsoap.org/ws/2004/08/addressing/role/anonymous";
