//! A client of a few lines.

use hyperv_wsman::{
    sim::{Host, Inventory, Settings},
    transport::{Answer, Exchange, TransportError},
};
use std::fmt::Write as _;

pub(crate) const NAMESPACE: &str = "http://schemas.microsoft.com/wbem/wsman/1/wmi/root/virtualization/v2/";
pub(crate) const TRANSFER: &str = "http://schemas.xmlsoap.org/ws/2004/09/transfer";
pub(crate) const ENUMERATION: &str = "http://schemas.xmlsoap.org/ws/2004/09/enumeration";
pub(crate) const ANONYMOUS: &str = "http://schemas.xmlsoap.org/ws/2004/08/addressing/role/anonymous";
pub(crate) const SERVICE: &str = "Msvm_CollectionSnapshotService";
/// The first group of the default inventory.
pub(crate) const WEB_TIER: &str = "00000000-0000-4000-8000-000200000001";
pub(crate) const EMPTY_GROUP: &str = "00000000-0000-4000-8000-000200000003";

/// A message under construction.
#[derive(Clone)]
pub(crate) struct Message {
    pub(crate) action: String,
    pub(crate) uri: String,
    pub(crate) selectors: String,
    /// Headers beside those that each message needs.
    pub(crate) headers: String,
    pub(crate) reply_to: String,
    pub(crate) body: String,
}

impl Message {
    pub(crate) fn new(action: &str, class: &str) -> Self {
        Self {
            action: action.to_owned(),
            uri: format!("{NAMESPACE}{class}"),
            selectors: String::new(),
            headers: String::new(),
            reply_to: format!(
                "<a:ReplyTo><a:Address s:mustUnderstand=\"true\">{ANONYMOUS}</a:Address></a:ReplyTo>"
            ),
            body: String::new(),
        }
    }

    pub(crate) fn get(class: &str, keys: &[(&str, &str)]) -> Self {
        Self::new(&format!("{TRANSFER}/Get"), class).keys(keys)
    }

    pub(crate) fn enumerate(class: &str, content: &str) -> Self {
        let body = format!("<n:Enumerate xmlns:n=\"{ENUMERATION}\">{content}</n:Enumerate>");
        Self::new(&format!("{ENUMERATION}/Enumerate"), class).body(&body)
    }

    pub(crate) fn wql(query: &str) -> Self {
        Self::enumerate(
            "*",
            &format!(
                "<w:OptimizeEnumeration/><w:MaxElements>100</w:MaxElements><w:Filter \
                 Dialect=\"http://schemas.microsoft.com/wbem/wsman/1/WQL\">{}</w:Filter>",
                query.replace('&', "&amp;").replace('<', "&lt;")
            ),
        )
    }

    pub(crate) fn pull(context: &str, more: &str) -> Self {
        let body = format!(
            "<n:Pull xmlns:n=\"{ENUMERATION}\"><n:EnumerationContext>{context}</n:EnumerationContext>{more}</n:Pull>"
        );
        Self::new(&format!("{ENUMERATION}/Pull"), "*").body(&body)
    }

    pub(crate) fn release(context: &str) -> Self {
        let body = format!(
            "<n:Release xmlns:n=\"{ENUMERATION}\"><n:EnumerationContext>{context}</n:EnumerationContext></n:Release>"
        );
        Self::new(&format!("{ENUMERATION}/Release"), "*").body(&body)
    }

    /// A method of an instance; `input` with the prefix `p`.
    pub(crate) fn invoke(class: &str, method: &str, keys: &[(&str, &str)], input: &str) -> Self {
        let uri = format!("{NAMESPACE}{class}");
        let body = format!("<p:{method}_INPUT xmlns:p=\"{uri}\">{input}</p:{method}_INPUT>");
        Self::new(&format!("{uri}/{method}"), class).keys(keys).body(&body)
    }

    /// A method of the snapshot service of groups.
    pub(crate) fn service(method: &str, input: &str) -> Self {
        Self::invoke(SERVICE, method, &[("CreationClassName", SERVICE)], input)
    }

    pub(crate) fn create_snapshot(group: &str) -> Self {
        let collection = reference("Msvm_VirtualSystemCollection", "CollectionID", group);
        Self::service(
            "CreateSnapshot",
            &format!(
                "<p:Collection>{collection}</p:Collection><p:SnapshotSettings></p:SnapshotSettings>\
                 <p:SnapshotType>1</p:SnapshotType>"
            ),
        )
    }

    pub(crate) fn keys(mut self, keys: &[(&str, &str)]) -> Self {
        self.selectors = selectors(keys);
        self
    }

    pub(crate) fn body(mut self, body: &str) -> Self {
        body.clone_into(&mut self.body);
        self
    }

    pub(crate) fn header(mut self, header: &str) -> Self {
        self.headers.push_str(header);
        self
    }

    pub(crate) fn to_xml(&self) -> String {
        format!(
            "<s:Envelope xmlns:s=\"http://www.w3.org/2003/05/soap-envelope\" \
             xmlns:a=\"http://schemas.xmlsoap.org/ws/2004/08/addressing\" \
             xmlns:w=\"http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd\" \
             xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\"><s:Header>\
             <a:To>https://hv01.example.test:5986/wsman</a:To>\
             <w:ResourceURI s:mustUnderstand=\"true\">{}</w:ResourceURI>{}\
             <a:Action s:mustUnderstand=\"true\">{}</a:Action>\
             <a:MessageID>uuid:11111111-0000-4000-8000-000000000001</a:MessageID>{}{}</s:Header>\
             <s:Body>{}</s:Body></s:Envelope>",
            self.uri, self.reply_to, self.action, self.headers, self.selectors, self.body
        )
    }
}

fn selectors(keys: &[(&str, &str)]) -> String {
    let mut each = String::new();
    for (name, value) in keys {
        write!(each, "<w:Selector Name=\"{name}\">{value}</w:Selector>").unwrap();
    }
    format!("<w:SelectorSet>{each}</w:SelectorSet>")
}

/// `a:Address` and `a:ReferenceParameters` of an instance with one key.
pub(crate) fn reference(class: &str, key: &str, value: &str) -> String {
    format!(
        "<a:Address>{ANONYMOUS}</a:Address><a:ReferenceParameters><w:ResourceURI>{NAMESPACE}{class}\
         </w:ResourceURI>{}</a:ReferenceParameters>",
        selectors(&[(key, value)])
    )
}

/// A host that does what the inventory says, with jobs at once or in its time.
pub(crate) fn host(inventory: &str, rules: &[&str]) -> Host {
    let mut settings = Settings::default();
    if !inventory.is_empty() {
        settings.inventory = Inventory::from_toml(inventory).unwrap();
    }
    settings.rules = rules.iter().map(|rule| rule.parse().unwrap()).collect();
    Host::new(settings)
}

pub(crate) fn default_host() -> Host {
    host("", &[])
}

pub(crate) async fn exchange(host: &Host, xml: &str, anonymous: bool) -> Result<Answer, TransportError> {
    let exchange = Exchange {
        body: xml.to_owned().into(),
        name: "test".to_owned(),
        changes_host: true,
        anonymous,
        lane: 0,
        deadline: None,
    };
    host.transport().exchange(exchange).await
}

/// Status and text of the answer.
pub(crate) async fn send(host: &Host, message: &Message) -> (u16, String) {
    let answer = exchange(host, &message.to_xml(), false).await.unwrap();
    (answer.status, String::from_utf8(answer.body.to_vec()).unwrap())
}

/// The answer to a message that must succeed.
pub(crate) async fn done(host: &Host, message: &Message) -> String {
    let (status, xml) = send(host, message).await;
    assert_eq!(status, 200, "{xml}");
    xml
}

/// Code and subcode of the fault that a message must get.
pub(crate) async fn fault(host: &Host, message: &Message) -> (u32, String) {
    let (status, xml) = send(host, message).await;
    assert_eq!(status, 500, "{xml}");
    let code = between(&xml, " Code=\"", "\"").unwrap_or("0").parse().unwrap();
    let subcode = between(&xml, "<s:Subcode><s:Value>", "</s:Value>").unwrap_or_default();
    (code, subcode.to_owned())
}

pub(crate) fn between<'a>(text: &'a str, start: &str, end: &str) -> Option<&'a str> {
    text.split_once(start)?.1.split_once(end).map(|(found, _)| found)
}

/// Text of the first element of this name.
pub(crate) fn element<'a>(xml: &'a str, name: &str) -> Option<&'a str> {
    between(xml, &format!("<{name}>"), &format!("</{name}>"))
}

/// Texts of all elements of this name.
pub(crate) fn elements<'a>(xml: &'a str, name: &str) -> Vec<&'a str> {
    let (start, end) = (format!("<{name}>"), format!("</{name}>"));
    xml.split(&start).skip(1).filter_map(|rest| Some(rest.split_once(&end)?.0)).collect()
}

pub(crate) fn context(xml: &str) -> Option<&str> {
    element(xml, "n:EnumerationContext")
}

/// Starts a job that must start; gives its `InstanceID`.
pub(crate) async fn start(host: &Host, message: &Message) -> String {
    let xml = done(host, message).await;
    assert_eq!(element(&xml, "p:ReturnValue"), Some("4096"), "{xml}");
    between(&xml, "<w:Selector Name=\"InstanceID\">", "</w:Selector>").unwrap().to_owned()
}

pub(crate) fn job(id: &str) -> Message {
    Message::get("Msvm_ConcreteJob", &[("InstanceID", id)])
}

/// `JobState` of a job.
pub(crate) async fn state(host: &Host, id: &str) -> u16 {
    element(&done(host, &job(id)).await, "p:JobState").unwrap().parse().unwrap()
}
