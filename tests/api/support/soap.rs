//! SOAP messages of a peer, of the shapes that Windows sends.

use super::Reply;
use std::fmt::Write;

const V2: &str = "http://schemas.microsoft.com/wbem/wsman/1/wmi/root/virtualization/v2";
const ANONYMOUS: &str = "http://schemas.xmlsoap.org/ws/2004/08/addressing/role/anonymous";

pub(crate) const TIMED_OUT: u32 = 2_150_858_793;
pub(crate) const NOT_FOUND: u32 = 2_150_858_752;
pub(crate) const INVALID_CONTEXT: u32 = 2_150_858_779;
pub(crate) const QUOTA: u32 = 2_150_859_174;
pub(crate) const ENCODING_LIMIT: u32 = 2_150_858_824;
pub(crate) const UNREPORTABLE: u32 = 2_150_858_829;
pub(crate) const UNEXPECTED_SELECTORS: u32 = 2_150_858_843;
pub(crate) const PROVIDER: u32 = 2_147_942_402;

/// The `MessageID` of a request.
pub(crate) fn message_id(request: &str) -> Option<String> {
    let (_, from_id) = request.split_once("MessageID>")?;
    Some(from_id.split('<').next()?.trim().to_owned())
}

fn envelope(relates_to: &str, body: &str) -> String {
    format!(
        "<s:Envelope xml:lang=\"de-DE\" xmlns:s=\"http://www.w3.org/2003/05/soap-envelope\" \
         xmlns:a=\"http://schemas.xmlsoap.org/ws/2004/08/addressing\" \
         xmlns:n=\"http://schemas.xmlsoap.org/ws/2004/09/enumeration\" \
         xmlns:w=\"http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd\" \
         xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\">\
         <s:Header><a:Action>urn:answer</a:Action>\
         <a:MessageID>uuid:00000000-0000-4000-8000-00000000FFFF</a:MessageID><a:To>{ANONYMOUS}</a:To>\
         <a:RelatesTo>{relates_to}</a:RelatesTo></s:Header><s:Body>{body}</s:Body></s:Envelope>"
    )
}

/// An instance element; a value is XML, `None` is nil.
pub(crate) fn instance(class: &str, properties: &[(&str, Option<&str>)]) -> String {
    let mut inside = String::new();
    for (name, value) in properties {
        match value {
            Some(value) => write!(inside, "<p:{name}>{value}</p:{name}>").unwrap(),
            None => write!(inside, "<p:{name} xsi:nil=\"true\"/>").unwrap(),
        }
    }
    format!("<p:{class} xmlns:p=\"{V2}/{class}\" xsi:type=\"p:{class}_Type\">{inside}</p:{class}>")
}

/// The content of a REF: address and reference parameters.
pub(crate) fn reference(class: &str, key: &str, value: &str) -> String {
    format!(
        "<a:Address>{ANONYMOUS}</a:Address><a:ReferenceParameters><w:ResourceURI>{V2}/{class}</w:ResourceURI>\
         <w:SelectorSet><w:Selector Name=\"{key}\">{value}</w:Selector></w:SelectorSet></a:ReferenceParameters>"
    )
}

pub(crate) fn got(instance: &str) -> Reply {
    Reply::Soap(envelope("{id}", instance))
}

/// The answer to Enumerate: all items at once.
pub(crate) fn last_page(items: &[String]) -> Reply {
    first(items, "<n:EnumerationContext/>", "<w:EndOfSequence/>")
}

/// The answer to Enumerate: the first items, more to come.
pub(crate) fn first_page(items: &[String], context: &str) -> Reply {
    first(items, &format!("<n:EnumerationContext>uuid:{context}</n:EnumerationContext>"), "")
}

fn first(items: &[String], context: &str, end: &str) -> Reply {
    let body = format!(
        "<n:EnumerateResponse>{context}<w:Items>{}</w:Items>{end}</n:EnumerateResponse>",
        items.concat()
    );
    Reply::Soap(envelope("{id}", &body))
}

/// The message of a reply, to be damaged.
pub(crate) fn text_of(reply: &Reply) -> &str {
    let Reply::Soap(text) = reply else { panic!("not a message: {reply:?}") };
    text
}

/// The answer to Enumerate with this content.
pub(crate) fn first_of(content: &str) -> Reply {
    Reply::Soap(envelope("{id}", &format!("<n:EnumerateResponse>{content}</n:EnumerateResponse>")))
}

/// The answer to Pull with this content.
pub(crate) fn pulled_of(content: &str) -> Reply {
    Reply::Soap(envelope("{id}", &format!("<n:PullResponse>{content}</n:PullResponse>")))
}

/// The answer to Pull: some items, more to come.
pub(crate) fn pulled(items: &[String], context: &str) -> Reply {
    let body = format!(
        "<n:PullResponse><n:EnumerationContext>uuid:{context}</n:EnumerationContext><n:Items>{}</n:Items></n:PullResponse>",
        items.concat()
    );
    Reply::Soap(envelope("{id}", &body))
}

/// The answer to Pull: the last items.
pub(crate) fn pulled_last(items: &[String]) -> Reply {
    let body =
        format!("<n:PullResponse><n:Items>{}</n:Items><n:EndOfSequence/></n:PullResponse>", items.concat());
    Reply::Soap(envelope("{id}", &body))
}

pub(crate) fn released() -> Reply {
    Reply::Soap(envelope("{id}", ""))
}

/// The answer of a method of the class; a parameter is XML, `None` is nil.
pub(crate) fn output(class: &str, method: &str, parameters: &[(&str, Option<&str>)]) -> Reply {
    Reply::Soap(output_of("{id}", class, method, parameters))
}

/// As [`output`], as text, to be damaged.
pub(crate) fn output_of(
    relates_to: &str,
    class: &str,
    method: &str,
    parameters: &[(&str, Option<&str>)],
) -> String {
    let element = format!("{method}_OUTPUT");
    envelope(
        relates_to,
        &instance(class, parameters)
            .replace(&format!("p:{class} "), &format!("p:{element} "))
            .replace(&format!("</p:{class}>"), &format!("</p:{element}>")),
    )
}

/// CreateSnapshot answers: it goes on in this job.
pub(crate) fn started(method: &str, job: &str) -> Reply {
    let job = reference("Msvm_ConcreteJob", "InstanceID", job);
    output("Msvm_CollectionSnapshotService", method, &[("Job", Some(&job)), ("ReturnValue", Some("4096"))])
}

/// A method of the snapshot service answers with this return value and nothing else.
pub(crate) fn returned(method: &str, value: u32) -> Reply {
    output(
        "Msvm_CollectionSnapshotService",
        method,
        &[("Job", None), ("ReturnValue", Some(&value.to_string()))],
    )
}

/// An answer with this body.
pub(crate) fn answer(body: &str) -> Reply {
    Reply::Soap(envelope("{id}", body))
}

/// A fault of WS-Management.
pub(crate) fn fault(code: u32, subcode: &str) -> Reply {
    Reply::Fault(fault_text("{id}", code, subcode))
}

pub(crate) fn fault_text(relates_to: &str, code: u32, subcode: &str) -> String {
    envelope(
        relates_to,
        &format!(
            "<s:Fault><s:Code><s:Value>s:Receiver</s:Value><s:Subcode><s:Value>{subcode}</s:Value></s:Subcode></s:Code>\
             <s:Reason><s:Text xml:lang=\"de-DE\">Der Vorgang schlug fehl.</s:Text></s:Reason>\
             <s:Detail><f:WSManFault xmlns:f=\"http://schemas.microsoft.com/wbem/wsman/1/wsmanfault\" \
             Code=\"{code}\" Machine=\"hv01.example.test\"><f:Message>Der Vorgang schlug fehl.</f:Message>\
             </f:WSManFault></s:Detail></s:Fault>"
        ),
    )
}

pub(crate) fn group(id: &str, name: &str) -> String {
    instance("Msvm_VirtualSystemCollection", &[("CollectionID", Some(id)), ("ElementName", Some(name))])
}

pub(crate) fn machine(id: &str, name: &str) -> String {
    instance(
        "Msvm_ComputerSystem",
        &[("ElementName", Some(name)), ("EnabledState", Some("2")), ("Name", Some(id))],
    )
}

pub(crate) fn snapshot(id: &str) -> String {
    instance(
        "Msvm_SnapshotCollection",
        &[("CollectionID", Some(id)), ("ElementName", Some("web-tier - now"))],
    )
}

/// The snapshot of one machine.
pub(crate) fn member(machine: &str) -> String {
    let id = format!("Microsoft:{machine}-SNAP");
    instance(
        "Msvm_VirtualSystemSettingData",
        &[
            (
                "CreationTime",
                Some(
                    "<c:Datetime xmlns:c=\"http://schemas.dmtf.org/wbem/wscim/1/common\">2026-01-02T03:04:05Z</c:Datetime>",
                ),
            ),
            ("ElementName", Some("now")),
            ("InstanceID", Some(&id)),
            ("VirtualSystemIdentifier", Some(machine)),
            ("VirtualSystemType", Some("Microsoft:Hyper-V:Snapshot:Recovery")),
        ],
    )
}

pub(crate) fn job(id: &str, state: u16, job_type: u16) -> String {
    job_with(id, state, job_type, 0)
}

pub(crate) fn job_with(id: &str, state: u16, job_type: u16, error: u16) -> String {
    instance(
        "Msvm_ConcreteJob",
        &[
            ("Cancellable", Some("true")),
            ("ErrorCode", Some(&error.to_string())),
            ("ErrorDescription", if error == 0 { None } else { Some("Der Computer ist beschäftigt.") }),
            ("InstanceID", Some(id)),
            ("JobState", Some(&state.to_string())),
            ("JobType", Some(&job_type.to_string())),
            ("PercentComplete", Some("50")),
        ],
    )
}

/// A row of `Msvm_AffectedJobElement`.
pub(crate) fn affected(job: &str, effect: u16, class: &str, key: &str, value: &str) -> String {
    let element = reference(class, key, value);
    let job = reference("Msvm_ConcreteJob", "InstanceID", job);
    instance(
        "Msvm_AffectedJobElement",
        &[
            ("AffectedElement", Some(&element)),
            ("AffectingElement", Some(&job)),
            ("ElementEffects", Some(&effect.to_string())),
        ],
    )
}
