//! Which property, parameter or header holds what.

use super::lexical::Place;

/// What the text of a property is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Rule {
    /// `a:To` of a request.
    Endpoint,
    Host,
    User,
    Domain,
    Name,
    Notes,
    /// Identifies a machine, and is no name.
    Serial,
    /// A MAC address without separators.
    Mac,
    Secret,
}

/// Elements and attributes that tell a host name.
const HOSTS: [&str; 10] = [
    "SystemName",
    "PartComponentSystemName",
    "Machine",
    "__SERVER",
    "PSComputerName",
    "HostName",
    "ComputerName",
    "CSName",
    "DNSHostName",
    "FullyQualifiedDomainName",
];
const USERS: [&str; 5] = ["Owner", "UserName", "User", "PrimaryOwnerName", "RunAsUser"];
const DOMAINS: [&str; 2] = ["Domain", "DomainName"];
/// Parts of names of which the values are dropped, in lower case.
const SECRETS: [&str; 24] = [
    "password",
    "passwd",
    "pwd",
    "apikey",
    "accesskey",
    "accesstoken",
    "authtoken",
    "bearertoken",
    "sessionkey",
    "signingkey",
    "masterkey",
    "wrappingkey",
    "symmetrickey",
    "passphrase",
    "secret",
    "privatekey",
    "keyprotector",
    "encryptionkey",
    "recoverykey",
    "productkey",
    "sharedkey",
    "credential",
    // Of WinRM's configuration: names of other machines, and who may do what.
    "trustedhosts",
    "sddl",
];
/// Headers that carry identifiers of messages (DSP0226 5.4, MS-WSMV 2.2.4).
const MESSAGE_IDS: [&str; 5] = ["MessageID", "RelatesTo", "SessionId", "ActivityId", "OperationID"];
/// Elements and properties whose texts are words of the protocol.
const PROTOCOL: [&str; 8] = [
    "ResourceURI",
    "Action",
    "CreationClassName",
    "SystemCreationClassName",
    "FaultDetail",
    "OperationTimeout",
    "MaxEnvelopeSize",
    "EnumerationMode",
];
/// Attributes likewise.
const PROTOCOL_ATTRIBUTES: [&str; 8] =
    ["NAME", "Name", "CLASSNAME", "CLASSORIGIN", "TYPE", "Dialect", "encoding", "version"];
/// Words that are no names, whoever bears them.
const WORDS: [&str; 44] = [
    "http",
    "https",
    "schemas",
    "microsoft",
    "windows",
    "com",
    "org",
    "net",
    "www",
    "dmtf",
    "xmlsoap",
    "wbem",
    "wsman",
    "wscim",
    "wmi",
    "cim",
    "cimv2",
    "root",
    "virtualization",
    "v2",
    "uuid",
    "msvm",
    "true",
    "false",
    "null",
    "system",
    "service",
    "server",
    "virtual",
    "machine",
    "hyper",
    "hyperv",
    "simulator",
    "example",
    "test",
    "operator",
    "redacted",
    "localhost",
    "select",
    "from",
    "where",
    "anonymous",
    "local",
    "builtin",
];

impl Rule {
    pub(super) fn of(place: &Place<'_>) -> Option<Self> {
        let name = place.attribute.unwrap_or(place.name);
        let is = |known: &[&str]| known.iter().any(|known| known.eq_ignore_ascii_case(name));
        let lower = name.to_ascii_lowercase();
        if place.attribute.is_some_and(|attribute| attribute != "Machine") {
            None
        } else if SECRETS.iter().any(|part| lower.contains(part)) || is_guest_data(place) {
            Some(Self::Secret)
        } else if name == "To" {
            Some(Self::Endpoint)
        } else if is(&HOSTS) || (name == "Name" && is_host_row(place.owner)) {
            Some(Self::Host)
        } else if is(&USERS) {
            Some(Self::User)
        } else if is(&DOMAINS) {
            Some(Self::Domain)
        } else if is(&["ElementName"]) {
            Some(Self::Name)
        } else if is(&["Notes"]) {
            Some(Self::Notes)
        } else if lower.ends_with("serialnumber") || lower.ends_with("assettag") {
            Some(Self::Serial)
        } else if lower.ends_with("address") {
            Some(Self::Mac)
        } else {
            None
        }
    }
}

/// The host is a row of the class of virtual machines, with its name where they have a GUID.
fn is_host_row(class: &str) -> bool {
    class.ends_with("_ComputerSystem") || class.ends_with("_OperatingSystem")
}

/// Guests tell their names, addresses and whatever else they like in pairs; the name of the pair
/// stands beside it.
fn is_guest_data(place: &Place<'_>) -> bool {
    place.owner.ends_with("_KvpExchangeDataItem") && place.name == "Data"
}

/// What a name is called by its class; given a query, by the class in it.
pub(super) fn name_stem(class: &str) -> &'static str {
    if class.contains("SnapshotCollection") {
        "snapshot"
    } else if class.contains("Collection") {
        "group"
    } else if class.contains("ComputerSystem") || class.contains("VirtualSystemSettingData") {
        "vm"
    } else {
        "name"
    }
}

pub(super) fn is_message_id(name: &str) -> bool {
    MESSAGE_IDS.contains(&name)
}

pub(super) fn is_protocol(place: &Place<'_>) -> bool {
    match place.attribute {
        Some(attribute) => PROTOCOL_ATTRIBUTES.contains(&attribute) || attribute.contains(':'),
        None => PROTOCOL.contains(&place.name),
    }
}

/// A URI that names a part of the protocol: nothing in it is the user's.
pub(super) fn is_protocol_uri(text: &str) -> bool {
    (text.starts_with("http://schemas.") || text.starts_with("http://www.w3.org/"))
        && !text.contains(char::is_whitespace)
}

pub(super) fn is_word_of_the_protocol(text: &str) -> bool {
    WORDS.iter().any(|word| word.eq_ignore_ascii_case(text))
}
