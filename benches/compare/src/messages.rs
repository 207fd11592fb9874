//! The messages that responder and floors exchange.

/// The URI of the class that everything is about.
pub const CLASS: &str =
    "http://schemas.microsoft.com/wbem/wsman/1/wmi/root/virtualization/v2/Msvm_ComputerSystem";
pub const ENUMERATION: &str = "http://schemas.xmlsoap.org/ws/2004/09/enumeration";
pub const TRANSFER: &str = "http://schemas.xmlsoap.org/ws/2004/09/transfer";

pub const IDENTIFY: &str = concat!(
    r#"<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" "#,
    r#"xmlns:i="http://schemas.dmtf.org/wbem/wsman/identity/1/wsmanidentity.xsd">"#,
    "<s:Header/><s:Body><i:Identify/></s:Body></s:Envelope>"
);
pub const IDENTIFIED: &str = concat!(
    r#"<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" xml:lang="en-US"><s:Header/><s:Body>"#,
    r#"<i:IdentifyResponse xmlns:i="http://schemas.dmtf.org/wbem/wsman/identity/1/wsmanidentity.xsd">"#,
    "<i:ProtocolVersion>http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd</i:ProtocolVersion>",
    "<i:ProductVendor>responder</i:ProductVendor><i:ProductVersion>OS: 0.0.0 SP: 0.0 Stack: 3.0</i:ProductVersion>",
    "</i:IdentifyResponse></s:Body></s:Envelope>"
);

const NAMESPACES: &str = concat!(
    r#"xmlns:s="http://www.w3.org/2003/05/soap-envelope" "#,
    r#"xmlns:a="http://schemas.xmlsoap.org/ws/2004/08/addressing" "#,
    r#"xmlns:w="http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd" "#,
    r#"xmlns:n="http://schemas.xmlsoap.org/ws/2004/09/enumeration""#
);

/// A request of a floor.
pub fn request(action: &str, selectors: &str, body: &str) -> String {
    format!(
        "<s:Envelope {NAMESPACES}><s:Header><a:To>http://127.0.0.1/wsman</a:To>\
         <w:ResourceURI s:mustUnderstand=\"true\">{CLASS}</w:ResourceURI><a:ReplyTo><a:Address s:mustUnderstand=\"true\">\
         http://schemas.xmlsoap.org/ws/2004/08/addressing/role/anonymous</a:Address></a:ReplyTo>\
         <a:Action s:mustUnderstand=\"true\">{action}</a:Action>\
         <w:MaxEnvelopeSize s:mustUnderstand=\"true\">512000</w:MaxEnvelopeSize>\
         <a:MessageID>uuid:AB8BFF9A-0000-4000-8000-000000000001</a:MessageID>\
         <w:OperationTimeout>PT60S</w:OperationTimeout>{selectors}</s:Header><s:Body>{body}</s:Body></s:Envelope>"
    )
}

pub fn get() -> String {
    let selectors = "<w:SelectorSet><w:Selector Name=\"CreationClassName\">Msvm_ComputerSystem</w:Selector>\
                     <w:Selector Name=\"Name\">7B2A6C5E-0000-4000-8000-100000000007</w:Selector></w:SelectorSet>";
    request(&format!("{TRANSFER}/Get"), selectors, "")
}

pub fn enumerate() -> String {
    let body = "<n:Enumerate><w:MaxElements>500</w:MaxElements></n:Enumerate>";
    request(&format!("{ENUMERATION}/Enumerate"), "", body)
}

pub fn pull(context: &str) -> String {
    let body = format!(
        "<n:Pull><n:EnumerationContext>{context}</n:EnumerationContext><n:MaxElements>500</n:MaxElements></n:Pull>"
    );
    request(&format!("{ENUMERATION}/Pull"), "", &body)
}

/// An answer in two parts: the id of the request stands between them.
pub fn answer(action: &str, body: &str) -> (String, String) {
    let head = format!(
        "<s:Envelope xml:lang=\"en-US\" {NAMESPACES}><s:Header><a:Action>{action}</a:Action>\
         <a:MessageID>uuid:11111111-2222-4333-8444-555555555555</a:MessageID>\
         <a:To>http://schemas.xmlsoap.org/ws/2004/08/addressing/role/anonymous</a:To><a:RelatesTo>"
    );
    (head, format!("</a:RelatesTo></s:Header><s:Body>{body}</s:Body></s:Envelope>"))
}

/// One machine, as a host writes it: every property, null ones too.
pub fn instance(number: u64) -> String {
    let key = 0x1000_0000_0000 + number;
    let uptime = 1000 + number * 17;
    format!(
        "<p:Msvm_ComputerSystem xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" xmlns:p=\"{CLASS}\" \
         xmlns:cim=\"http://schemas.dmtf.org/wbem/wscim/1/common\" xsi:type=\"p:Msvm_ComputerSystem_Type\">\
         <p:AvailableRequestedStates xsi:nil=\"true\"/><p:Caption>Virtual Machine</p:Caption>\
         <p:CommunicationStatus xsi:nil=\"true\"/><p:CreationClassName>Msvm_ComputerSystem</p:CreationClassName>\
         <p:Dedicated xsi:nil=\"true\"/><p:Description>Microsoft Virtual Machine</p:Description>\
         <p:ElementName>vm-{number:06} &amp; lab</p:ElementName><p:EnabledDefault>3</p:EnabledDefault>\
         <p:EnabledState>2</p:EnabledState><p:HealthState>5</p:HealthState>\
         <p:InstallDate><cim:Datetime>2026-08-01T12:00:00Z</cim:Datetime></p:InstallDate>\
         <p:Name>7B2A6C5E-0000-4000-8000-{key:012X}</p:Name><p:NumberOfNumaNodes>1</p:NumberOfNumaNodes>\
         <p:OnTimeInMilliseconds>{uptime}</p:OnTimeInMilliseconds><p:OperationalStatus>2</p:OperationalStatus>\
         <p:OperationalStatus>32768</p:OperationalStatus><p:ProcessID>4242</p:ProcessID>\
         <p:RequestedState>12</p:RequestedState><p:Status>OK</p:Status>\
         <p:TimeOfLastStateChange><cim:Datetime>2026-08-21T08:15:00Z</cim:Datetime></p:TimeOfLastStateChange>\
         </p:Msvm_ComputerSystem>"
    )
}

/// The text of the first element of this local name, whatever its prefix.
pub fn text_of<'a>(message: &'a str, local: &str) -> Option<&'a str> {
    let mut rest = message;
    loop {
        let at = rest.find(local)?;
        let (before, from) = rest.split_at(at);
        let after = &from[local.len()..];
        if before.ends_with([':', '<']) && after.starts_with(['>', ' ']) {
            let content = after.split_once('>')?.1;
            return Some(content.split('<').next().unwrap_or_default().trim());
        }
        rest = after;
    }
}
