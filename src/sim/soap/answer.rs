//! Answers, in the shape of published ones: no white space between elements, no mustUnderstand, no
//! XML declaration, `xml:lang` on the envelope.

use super::{
    family::Family,
    fault::{Extra, Fault},
    fragment::Fragment,
    request::Mode,
    response_action,
};
use crate::{
    cim::{Epr, Instance, Value, encode, schema},
    sim::{NAMESPACE, environment},
    xml::{escape::escape, names},
};
use std::fmt::Write as _;

/// What the headers of an answer hold.
#[derive(Debug, Clone)]
pub(in crate::sim) struct Heading {
    /// `xml:lang`.
    pub(in crate::sim) language: &'static str,
    /// GUID of this message.
    pub(in crate::sim) message_id: String,
    /// `a:MessageID` of the request.
    pub(in crate::sim) relates_to: Option<String>,
    /// How the request names classes.
    pub(in crate::sim) family: Family,
}

/// The whole message.
pub(in crate::sim) fn envelope(heading: &Heading, action: &str, header: &str, body: &str) -> String {
    let mut xml = format!(
        "<s:Envelope xml:lang=\"{}\" xmlns:s=\"{}\" xmlns:a=\"{}\" xmlns:x=\"{}\" xmlns:n=\"{}\" \
         xmlns:w=\"{}\" xmlns:p=\"{}\"><s:Header><a:Action>{}</a:Action>\
         <a:MessageID>uuid:{}</a:MessageID><a:To>{}</a:To>",
        heading.language,
        names::SOAP,
        names::ADDRESSING,
        names::TRANSFER,
        names::ENUMERATION,
        names::WSMAN,
        names::MS_WSMAN,
        escape(action),
        heading.message_id,
        names::ANONYMOUS,
    );
    if let Some(relates_to) = &heading.relates_to {
        let _ = write!(xml, "<a:RelatesTo>{}</a:RelatesTo>", escape(relates_to));
    }
    let _ = write!(xml, "{header}</s:Header><s:Body>{body}</s:Body></s:Envelope>");
    xml
}

/// Answer to a WS-Transfer Get.
pub(in crate::sim) fn get(heading: &Heading, item: &Instance) -> String {
    envelope(heading, &response_action(&super::transfer("Get")), "", &instance(heading.family, item))
}

/// Answer to a Put: the instance as it is now ([MS-WSMV] 4.1.3).
pub(in crate::sim) fn put(heading: &Heading, item: &Instance) -> String {
    envelope(heading, &response_action(&super::transfer("Put")), "", &instance(heading.family, item))
}

/// Answer to a Get or Put of a part of an instance: wrapped, and with the header of the request
/// (DSP0226 7.7).
pub(in crate::sim) fn fragment(
    heading: &Heading,
    operation: &str,
    item: &Instance,
    fragment: &Fragment,
) -> String {
    let header = format!("<w:FragmentTransfer>{}</w:FragmentTransfer>", escape(&fragment.expression));
    let value = fragment.of(item);
    let mut content = String::new();
    if fragment.is_text {
        content.push_str(&escape(&value.map(Value::to_plain_text).unwrap_or_default()));
    } else if let Some(value) = value {
        push_value(heading.family, &mut content, "p", &fragment.property, Some(value));
    }
    let body = format!(
        "<w:XmlFragment xmlns:xsi=\"{}\" xmlns:p=\"{}\" xmlns:cim=\"{}\">{content}</w:XmlFragment>",
        names::XSI,
        class_uri(heading.family, item.class()),
        names::CIM_COMMON,
    );
    envelope(heading, &response_action(&super::transfer(operation)), &header, &body)
}

/// Answer to a Create: the reference of what was made (the layout of a captured one).
pub(in crate::sim) fn created(heading: &Heading, epr: &Epr) -> String {
    let body = format!(
        "<x:ResourceCreated>{}</x:ResourceCreated>",
        encode::epr_content(&heading.family.epr(epr)).as_str()
    );
    envelope(heading, &response_action(&super::transfer("Create")), "", &body)
}

/// Answer to a Delete: nothing.
pub(in crate::sim) fn deleted(heading: &Heading) -> String {
    envelope(heading, &response_action(&super::transfer("Delete")), "", "")
}

/// Answer to a Get of WinRM's configuration, in the layout of a captured one.
pub(in crate::sim) fn config(
    heading: &Heading,
    config: &[(&str, String)],
    service: &[(&str, String)],
) -> String {
    let values = |values: &[(&str, String)]| {
        values
            .iter()
            .fold(String::new(), |xml, (name, value)| xml + &format!("<cfg:{name}>{value}</cfg:{name}>"))
    };
    let body = format!(
        "<cfg:Config xmlns:cfg=\"{}\">{}<cfg:Service>{}</cfg:Service></cfg:Config>",
        names::WINRM_CONFIG,
        values(config),
        values(service)
    );
    envelope(heading, &response_action(&super::transfer("Get")), "", &body)
}

/// Answer to Identify (DSP0226 11); it has no headers.
pub(in crate::sim) fn identify(language: &str, version: &str, profiles: &[&str]) -> String {
    let mut xml = format!(
        "<s:Envelope xml:lang=\"{language}\" xmlns:s=\"{}\"><s:Header/><s:Body>\
         <wsmid:IdentifyResponse xmlns:wsmid=\"{}\"><wsmid:ProtocolVersion>{}</wsmid:ProtocolVersion>\
         <wsmid:ProductVendor>hyperv-wsman simulator</wsmid:ProductVendor>\
         <wsmid:ProductVersion>{}</wsmid:ProductVersion>",
        names::SOAP,
        names::IDENTITY,
        names::WSMAN,
        escape(version),
    );
    if !profiles.is_empty() {
        xml.push_str("<wsmid:SecurityProfiles>");
        for profile in profiles {
            let _ = write!(xml, "<wsmid:SecurityProfileName>{profile}</wsmid:SecurityProfileName>");
        }
        xml.push_str("</wsmid:SecurityProfiles>");
    }
    xml.push_str("</wsmid:IdentifyResponse></s:Body></s:Envelope>");
    xml
}

/// One page of an enumeration.
#[derive(Debug, Default)]
pub(in crate::sim) struct Page<'a> {
    /// `None` at the end.
    pub(in crate::sim) context: Option<&'a str>,
    /// The items, written.
    pub(in crate::sim) items: &'a str,
}

/// Answer to Enumerate; with a page when it was asked to be optimized (DSP0226 8.2.3).
pub(in crate::sim) fn enumerate(heading: &Heading, context: Option<&str>, page: Option<&Page<'_>>) -> String {
    let mut body = String::from("<n:EnumerateResponse>");
    match page.map_or(context, |page| page.context) {
        Some(context) => push_context(&mut body, context),
        None => body.push_str("<n:EnumerationContext/>"),
    }
    if let Some(page) = page {
        let _ = write!(body, "<w:Items>{}</w:Items>", page.items);
        if page.context.is_none() {
            body.push_str("<w:EndOfSequence/>");
        }
    }
    body.push_str("</n:EnumerateResponse>");
    envelope(heading, &response_action(&super::enumeration("Enumerate")), "", &body)
}

/// Answer to Pull: the last items and the end come together, then without a context (capture).
pub(in crate::sim) fn pull(heading: &Heading, page: &Page<'_>) -> String {
    let mut body = String::from("<n:PullResponse>");
    if let Some(context) = page.context {
        push_context(&mut body, context);
    }
    let _ = write!(body, "<n:Items>{}</n:Items>", page.items);
    if page.context.is_none() {
        body.push_str("<n:EndOfSequence/>");
    }
    body.push_str("</n:PullResponse>");
    envelope(heading, &response_action(&super::enumeration("Pull")), "", &body)
}

/// Answer to Release: nothing.
pub(in crate::sim) fn release(heading: &Heading) -> String {
    envelope(heading, &response_action(&super::enumeration("Release")), "", "")
}

/// Answer to a method: outputs in the order of declaration, `ReturnValue` last, nil for what has no
/// value (capture).
pub(in crate::sim) fn output(
    heading: &Heading,
    class: &str,
    method: schema::Method,
    outputs: &[(&str, Value)],
    return_value: Option<u32>,
) -> String {
    let uri = class_uri(heading.family, class);
    let mut body = String::new();
    let _ = write!(
        body,
        "<p:{}_OUTPUT xmlns:xsi=\"{}\" xmlns:p=\"{uri}\" xmlns:cim=\"{}\">",
        method.name(),
        names::XSI,
        names::CIM_COMMON
    );
    for parameter in method.parameters().filter(|p| p.direction() != schema::Direction::In) {
        let value = outputs.iter().find(|(name, _)| *name == parameter.name()).map(|(_, value)| value);
        push_value(heading.family, &mut body, "p", parameter.name(), value);
    }
    if let Some(code) = return_value {
        let _ = write!(body, "<p:ReturnValue>{code}</p:ReturnValue>");
    }
    let _ = write!(body, "</p:{}_OUTPUT>", method.name());
    envelope(heading, &response_action(&format!("{uri}/{}", method.name())), "", &body)
}

/// Some properties of each instance.
#[derive(Debug, Default)]
pub(in crate::sim) struct Only {
    /// None means all of them, as an instance.
    pub(in crate::sim) properties: Vec<String>,
    /// Whether they are in the namespace of their class.
    pub(in crate::sim) is_in_namespace: bool,
}

/// One item of an enumeration; with `only` some of its properties, as a fragment. That is how Windows answers a query
/// with a list of properties: by name, and in no namespace ([MS-WSMV] 3.1.4.1.13, notes 58 and 59). For the filter
/// of associations it is chosen.
pub(in crate::sim) fn item(
    family: Family,
    item: &Instance,
    reference: &Epr,
    mode: Mode,
    only: &Only,
) -> String {
    let epr = || {
        let content = encode::epr_content(&family.epr(reference));
        format!("<a:EndpointReference>{}</a:EndpointReference>", content.as_str())
    };
    match mode {
        Mode::Object => object(family, item, only),
        Mode::Epr => epr(),
        // DSP0226 8.7.
        Mode::ObjectAndEpr => format!("<w:Item>{}{}</w:Item>", object(family, item, only), epr()),
    }
}

fn object(family: Family, item: &Instance, only: &Only) -> String {
    if only.properties.is_empty() {
        return instance(family, item);
    }
    let mut xml = format!(
        "<w:XmlFragment xmlns:xsi=\"{}\" xmlns:p=\"{}\" xmlns:cim=\"{}\">",
        names::XSI,
        class_uri(family, item.class()),
        names::CIM_COMMON,
    );
    let is_wanted = |name: &str| only.properties.iter().any(|wanted| wanted.eq_ignore_ascii_case(name));
    for name in declared(item.class()).into_iter().filter(|name| is_wanted(name)) {
        push_value(family, &mut xml, "p", name, item.get(name));
    }
    xml.push_str("</w:XmlFragment>");
    if only.is_in_namespace { xml } else { xml.replace("<p:", "<").replace("</p:", "</") }
}

/// An instance with every property that its class declares, by name; without a value they are nil
/// (capture).
fn instance(family: Family, instance: &Instance) -> String {
    let class = instance.class();
    let mut xml = format!(
        "<p:{class} xmlns:xsi=\"{}\" xmlns:p=\"{}\" xmlns:cim=\"{}\" xsi:type=\"p:{class}_Type\">",
        names::XSI,
        class_uri(family, class),
        names::CIM_COMMON,
    );
    for name in declared(class) {
        push_value(family, &mut xml, "p", name, instance.get(name));
    }
    let _ = write!(xml, "</p:{class}>");
    xml
}

/// The properties of a class, by name.
fn declared(class: &str) -> Vec<&'static str> {
    if class == environment::CLASS {
        return environment::PROPERTIES.iter().map(|(name, _)| *name).collect();
    }
    let properties = schema::class(class).into_iter().flat_map(schema::Class::properties);
    let mut names: Vec<_> = properties.map(schema::Property::name).collect();
    names.sort_unstable();
    names
}

/// Resource URI of a class.
pub(in crate::sim) fn class_uri(family: Family, class: &str) -> String {
    let namespace = if class == environment::CLASS { environment::NAMESPACE } else { NAMESPACE };
    family.uri(class, namespace)
}

/// A fault, in the layouts of published ones.
pub(in crate::sim) fn fault(heading: &Heading, fault: &Fault, machine: &str, prefix: &str) -> String {
    let mut header = String::new();
    if let Some(Extra::NotUnderstood(name)) = fault.extra.as_deref() {
        let _ = write!(
            header,
            "<s:NotUnderstood qname=\"q:{}\" xmlns:q=\"{}\"/>",
            escape(&name.local),
            escape(&name.namespace)
        );
    }
    let reason = format!("{prefix}{} ", fault.reason);
    let mut body = String::from("<s:Fault><s:Code>");
    // The codes of SOAP itself have no subcode.
    if fault.subcode.starts_with("s:") {
        let _ = write!(body, "<s:Value>{}</s:Value>", fault.subcode);
    } else {
        let side = if fault.by_receiver { "s:Receiver" } else { "s:Sender" };
        let _ = write!(
            body,
            "<s:Value>{side}</s:Value><s:Subcode><s:Value>{}</s:Value></s:Subcode>",
            fault.subcode
        );
    }
    let _ = write!(
        body,
        "</s:Code><s:Reason><s:Text xml:lang=\"{}\">{}</s:Text></s:Reason>",
        heading.language,
        escape(&reason)
    );
    if let Some(code) = fault.code {
        body.push_str("<s:Detail>");
        if let Some(detail) = fault.detail {
            let _ = write!(
                body,
                "<w:FaultDetail>http://schemas.dmtf.org/wbem/wsman/1/wsman/faultDetail/{detail}</w:FaultDetail>"
            );
        }
        let message = match fault.extra.as_deref() {
            Some(Extra::Provider { operation, parameter }) => {
                provider_fault(operation, parameter, code, machine, &reason)
            }
            _ => escape(&reason).into_owned(),
        };
        push_wsman_fault(&mut body, code, machine, &message);
        body.push_str("</s:Detail>");
    }
    body.push_str("</s:Fault>");
    envelope(heading, fault_action(&fault.subcode), &header, &body)
}

/// DSP0226: the action says which specification the fault belongs to.
fn fault_action(subcode: &str) -> &'static str {
    match subcode.split(':').next() {
        Some("a") => "http://schemas.xmlsoap.org/ws/2004/08/addressing/fault",
        Some("n") => "http://schemas.xmlsoap.org/ws/2004/09/enumeration/fault",
        Some("s") => "http://schemas.xmlsoap.org/ws/2004/08/addressing/soap/fault",
        _ => "http://schemas.dmtf.org/wbem/wsman/1/wsman/fault",
    }
}

fn push_wsman_fault(xml: &mut String, code: u32, machine: &str, message: &str) {
    let _ = write!(
        xml,
        "<f:WSManFault xmlns:f=\"{}\" Code=\"{code}\" Machine=\"{}\"><f:Message>{message}</f:Message></f:WSManFault>",
        names::FAULT,
        escape(machine)
    );
}

fn provider_fault(operation: &str, parameter: &str, code: u32, machine: &str, reason: &str) -> String {
    let mut xml = String::from(
        "<f:ProviderFault provider=\"WMI Provider\" path=\"%systemroot%\\system32\\WsmWmiPl.dll\">",
    );
    push_wsman_fault(&mut xml, code, machine, &escape(reason));
    let _ = write!(
        xml,
        "<f:ExtendedError><p:__ExtendedStatus xmlns:xsi=\"{}\" xmlns:p=\"{}\" xmlns:cim=\"{}\" \
         xsi:type=\"p:__ExtendedStatus_Type\"><p:Description xsi:nil=\"true\"/><p:Operation>{}</p:Operation>\
         <p:ParameterInfo>{}</p:ParameterInfo><p:ProviderName>WinMgmt</p:ProviderName>\
         <p:StatusCode xsi:nil=\"true\"/></p:__ExtendedStatus></f:ExtendedError></f:ProviderFault>",
        names::XSI,
        class_uri(Family::Windows, "__ExtendedStatus"),
        names::CIM_COMMON,
        operation,
        escape(parameter),
    );
    xml
}

/// A value, nil where there is none. Names come from the schema, so every value can be written.
fn push_value(family: Family, xml: &mut String, prefix: &str, name: &str, value: Option<&Value>) {
    match value {
        Some(Value::Instance(instance)) => return push_embedded(family, xml, prefix, name, instance),
        Some(Value::Array(values)) if matches!(values.first(), Some(Value::Instance(_))) => {
            return values.iter().for_each(|value| push_value(family, xml, prefix, name, Some(value)));
        }
        _ => {}
    }
    if let Ok(written) = encode::element(prefix, name, &family.value(value.unwrap_or(&Value::Null))) {
        xml.push_str(written.as_str());
    }
}

/// An embedded object: its properties in the namespace of its own class (as clients in production read
/// them), its class as the type of the element.
fn push_embedded(family: Family, xml: &mut String, prefix: &str, name: &str, instance: &Instance) {
    let class = instance.class();
    let own = format!("{prefix}e");
    let _ = write!(
        xml,
        "<{prefix}:{name} xmlns:{own}=\"{}\" xsi:type=\"{own}:{class}_Type\">",
        class_uri(family, class)
    );
    for (name, value) in instance.properties() {
        push_value(family, xml, &own, name, Some(value));
    }
    let _ = write!(xml, "</{prefix}:{name}>");
}

fn push_context(xml: &mut String, context: &str) {
    let _ = write!(xml, "<n:EnumerationContext>uuid:{context}</n:EnumerationContext>");
}
