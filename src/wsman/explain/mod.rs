//! A WS-Management message in words: what it asks for, what it answers, or the fault it reports.

mod values;

use super::{
    Fault, RetryClass, response,
    response::{ResponseError, envelope::not_an_envelope},
};
use crate::{
    cim::{
        Epr, SelectorValue, decode,
        schema::{Parameter, Schema},
    },
    xml::{Element, Limits, names},
};
use values::Named;

/// What a message is; for people and for JSON.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Explanation {
    /// One line: `request CreateSnapshot of Msvm_CollectionSnapshotService`.
    pub(crate) summary: String,
    /// Label and value lines, in order; indent by the number.
    pub(crate) lines: Vec<(u8, String, String)>,
    /// Present when the message is a fault.
    pub(crate) fault: Option<Fault>,
}

/// Reads any message, request or answer; the schema types what stands in it.
pub(crate) fn explain(body: &[u8], schema: &Schema) -> Result<Explanation, ResponseError> {
    let envelope = Element::parse(body, &Limits::default())?;
    if !envelope.is(names::SOAP, "Envelope") {
        return Err(not_an_envelope(&envelope.name.namespace, &envelope.name.local));
    }
    let Some(body) = envelope.child(names::SOAP, "Body") else {
        return Err(ResponseError::shape("a SOAP body", "an envelope without one"));
    };
    let mut message = Message {
        header: Header(envelope.child(names::SOAP, "Header")),
        explanation: Explanation { summary: String::new(), lines: Vec::new(), fault: None },
        schema,
    };
    message.read_header();
    match body.elements().next() {
        Some(fault) if fault.is(names::SOAP, "Fault") => message.read_fault(fault),
        Some(content) => message.read_content(content)?,
        None => message.summarise(&message.header.operation()),
    }
    Ok(message.explanation)
}

/// A message that is being explained.
struct Message<'e> {
    header: Header<'e>,
    explanation: Explanation,
    schema: &'e Schema,
}

#[derive(Clone, Copy)]
struct Header<'e>(Option<&'e Element>);

impl Header<'_> {
    fn text(self, namespace: &str, local: &str) -> Option<String> {
        let text = self.0?.child(namespace, local)?.text().trim().to_owned();
        Some(text).filter(|text| !text.is_empty())
    }

    /// Last segment of the action: `Get`, `EnumerateResponse`, `CreateSnapshot`.
    fn operation(self) -> String {
        let action = self.text(names::ADDRESSING, "Action").unwrap_or_default();
        last_segment(&action).to_owned()
    }

    /// The class that a request is about.
    fn class(self) -> Option<String> {
        let uri = self.text(names::WSMAN, "ResourceURI")?;
        Some(last_segment(&uri).to_owned())
    }
}

impl Message<'_> {
    fn line(&mut self, indent: u8, label: &str, value: impl Into<String>) {
        self.explanation.lines.push((indent, label.to_owned(), value.into()));
    }

    /// `request Get of Msvm_ConcreteJob`, `answer to Get`.
    fn summarise(&mut self, operation: &str) {
        let subject = match operation.strip_suffix("Response") {
            Some(answered) => format!("answer to {answered}"),
            None if operation.is_empty() => "message without an action".to_owned(),
            None => format!("request {operation}"),
        };
        self.explanation.summary = match self.header.class() {
            Some(class) if class == "*" => format!("{subject} of all classes"),
            Some(class) => format!("{subject} of {class}"),
            None => subject,
        };
    }

    fn read_header(&mut self) {
        let headers = [
            ("action", names::ADDRESSING, "Action"),
            ("to", names::ADDRESSING, "To"),
            ("resource", names::WSMAN, "ResourceURI"),
            ("message", names::ADDRESSING, "MessageID"),
            ("relates to", names::ADDRESSING, "RelatesTo"),
            ("timeout", names::WSMAN, "OperationTimeout"),
            ("largest answer", names::WSMAN, "MaxEnvelopeSize"),
        ];
        for (label, namespace, local) in headers {
            if let Some(text) = self.header.text(namespace, local) {
                let unit = if local == "MaxEnvelopeSize" { " bytes" } else { "" };
                self.line(0, label, text + unit);
            }
        }
        if let Some(selectors) = self.header.0.and_then(|header| header.child(names::WSMAN, "SelectorSet")) {
            self.read_selectors(0, selectors);
        }
        if let Some(fragment) = self.header.text(names::WSMAN, "FragmentTransfer") {
            self.line(0, "fragment", fragment);
        }
        if let Some(options) = self.header.0.and_then(|header| header.child(names::WSMAN, "OptionSet")) {
            self.line(0, "options", "");
            for option in options.elements() {
                let must =
                    option.attribute("", "MustComply").is_some_and(|must| matches!(must, "true" | "1"));
                let obligation = if must { " (must be obeyed)" } else { "" };
                let name = option.attribute("", "Name").unwrap_or_default();
                self.line(1, name, option.text() + obligation);
            }
        }
    }

    fn read_selectors(&mut self, indent: u8, selectors: &Element) {
        self.line(indent, "selectors", "");
        for selector in selectors.elements() {
            let name = selector.attribute("", "Name").unwrap_or_default();
            let value = match selector.child(names::ADDRESSING, "EndpointReference").map(decode::epr) {
                Some(Ok(epr)) => epr.to_path().to_string(),
                Some(Err(error)) => format!("cannot be read: {error}"),
                None => selector.text(),
            };
            self.line(indent + 1, name, value);
        }
    }

    fn read_content(&mut self, content: &Element) -> Result<(), ResponseError> {
        let local = content.name.local.as_str();
        match &*content.name.namespace {
            names::IDENTITY => self.read_identify(content),
            names::ENUMERATION => self.read_enumeration(content),
            names::WSMAN if local == "XmlFragment" => {
                self.summarise(&self.header.operation());
                self.explanation.summary += ": a fragment";
                match content.elements().next() {
                    Some(_) => self.read_instance(0, content),
                    None => self.line(0, "value", content.text()),
                }
            }
            names::TRANSFER if local == "ResourceCreated" => {
                self.summarise(&self.header.operation());
                self.line(0, "created", values::reference(&decode::epr(content)?));
            }
            namespace => {
                let class = last_segment(namespace);
                if let Some(method) = local.strip_suffix("_INPUT") {
                    self.read_input(class, method, content);
                } else if let Some(method) = local.strip_suffix("_OUTPUT") {
                    self.read_output(class, method, content);
                } else {
                    self.summarise(&self.header.operation());
                    // What is sent to a class is one of its instances.
                    if self.header.class().is_none_or(|class| class != local) {
                        self.explanation.summary += ": ";
                        self.explanation.summary += local;
                    }
                    self.read_instance(0, content);
                }
            }
        }
        Ok(())
    }

    fn read_identify(&mut self, content: &Element) {
        if content.name.local == "Identify" {
            "request Identify".clone_into(&mut self.explanation.summary);
            return;
        }
        let identity = response::read_identity(content);
        self.explanation.summary = format!("answer to Identify: {}", identity.product_vendor);
        self.line(0, "vendor", &identity.product_vendor);
        self.line(0, "version", &identity.product_version);
        self.line(0, "protocol", &identity.protocol_version);
        for profile in &identity.security_profiles {
            self.line(0, "login", profile);
        }
    }

    fn read_enumeration(&mut self, content: &Element) {
        self.summarise(&content.name.local);
        let (mut items, mut ends) = (0, false);
        for child in content.elements() {
            let text = child.text().trim().to_owned();
            match child.name.local.as_str() {
                "EnumerationContext" if text.is_empty() => {}
                "EnumerationContext" => self.line(0, "context", text),
                "OptimizeEnumeration" => self.line(0, "first page", "with the answer"),
                "MaxElements" => self.line(0, "items at most", text),
                "EnumerationMode" => self.line(0, "mode", text),
                "Filter" => self.read_filter(child, text),
                "EndOfSequence" => ends = true,
                "Items" => {
                    for item in child.elements() {
                        items += 1;
                        self.line(0, &format!("item {items}"), item.name.local.as_str());
                        self.read_item(item);
                    }
                }
                other => self.line(0, other, text),
            }
        }
        if content.name.local.ends_with("Response") {
            let items = if items == 1 { "1 item".to_owned() } else { format!("{items} items") };
            let end = if ends { "the end" } else { "more to pull" };
            for part in [": ", &items, ", ", end] {
                self.explanation.summary.push_str(part);
            }
        }
    }

    fn read_filter(&mut self, filter: &Element, text: String) {
        let dialect = filter.attribute("", "Dialect").unwrap_or_default();
        if let Some(selectors) = filter.child(names::WSMAN, "SelectorSet") {
            return self.read_selectors(0, selectors);
        }
        let walk = filter.elements().find(|walk| &*walk.name.namespace == names::CIM_BINDING);
        self.line(0, &format!("filter ({})", last_segment(dialect)), walk.map_or(text, |_| String::new()));
        for part in walk.into_iter().flat_map(Element::elements) {
            let value = match part.child(names::ADDRESSING, "ReferenceParameters").map(|_| decode::epr(part))
            {
                Some(Ok(epr)) => values::reference(&epr),
                Some(Err(error)) => format!("cannot be read: {error}"),
                None => part.text().trim().to_owned(),
            };
            self.line(1, &part.name.local, value);
        }
    }

    fn read_item(&mut self, item: &Element) {
        if item.is(names::WSMAN, "Item") {
            for part in item.elements() {
                self.read_item(part);
            }
        } else if item.is(names::ADDRESSING, "EndpointReference") {
            match decode::epr(item) {
                Ok(epr) => self.line(1, "reference", values::reference(&epr)),
                Err(error) => self.line(1, "cannot be read", error.to_string()),
            }
        } else {
            self.read_instance(1, item);
        }
    }

    fn read_instance(&mut self, indent: u8, element: &Element) {
        match decode::instance(element, self.schema) {
            Ok(instance) => {
                values::write_instance(&mut self.explanation.lines, indent, &instance, self.schema);
            }
            Err(error) => self.line(indent, "cannot be read", error.to_string()),
        }
    }

    fn read_input(&mut self, class: &str, method: &str, input: &Element) {
        self.explanation.summary = format!("request {method} of {class}");
        self.read_parameters(class, method, input);
    }

    fn read_output(&mut self, class: &str, method: &str, output: &Element) {
        let value = output.child(&output.name.namespace, "ReturnValue").map(Element::text);
        let value = value.unwrap_or_else(|| "no return value".to_owned());
        let name = value.trim().parse().ok().and_then(|code| {
            self.schema.class(class).and_then(|class| class.method(method)?.return_name(code))
        });
        let result = name.map_or_else(|| value.clone(), |name| format!("{value} ({name})"));
        self.explanation.summary = format!("answer to {method} of {class}: {result}");
        self.line(0, "return value", result);
        self.read_parameters(class, method, output);
    }

    fn read_parameters(&mut self, class: &str, method: &str, element: &Element) {
        let schema = self.schema;
        let declared = schema.class(class).and_then(|class| class.method(method));
        let parameters = decode::by_name(element).into_iter();
        for (name, elements) in parameters.filter(|(name, _)| *name != "ReturnValue") {
            let parameter = declared.and_then(|method| method.parameter(name));
            let cim_type = parameter.and_then(Parameter::declared_type);
            let lines = &mut self.explanation.lines;
            match decode::value(&elements, cim_type, schema) {
                Ok(value) => values::write(lines, 0, name, &value, parameter.map(Named::Parameter), schema),
                Err(error) => self.line(0, name, format!("cannot be read: {error}")),
            }
        }
    }

    fn read_fault(&mut self, element: &Element) {
        let fault = response::read_fault(element, self.header.0);
        let name = fault.code.and_then(super::FaultCode::name);
        self.explanation.summary = match (fault.meaning(), name, fault.subcode()) {
            (Some(meaning), ..) => format!("fault: {meaning}"),
            (None, Some(name), _) => format!("fault: {name}"),
            (None, None, Some(subcode)) => format!("fault: {subcode}"),
            (None, None, None) => "fault without a code".to_owned(),
        };
        if let Some(code) = fault.code {
            let name = name.map(|name| format!(" {name}")).unwrap_or_default();
            self.line(0, "code", format!("{code}{name}"));
        }
        let lines = [
            ("subcode", fault.subcode()),
            ("text", Some(fault.text())),
            ("provider", fault.provider()),
            ("provider text", fault.provider_text()),
            ("machine", fault.machine()),
            ("detail", fault.detail()),
        ];
        for (label, value) in lines {
            if let Some(value) = value.filter(|value| !value.is_empty()) {
                self.line(0, label, value);
            }
        }
        for (name, value) in fault.extended() {
            self.line(1, name, value);
        }
        if let Some(meaning) = fault.meaning() {
            self.line(0, "meaning", meaning);
        }
        if let Some(hint) = fault.hint() {
            self.line(0, "hint", hint);
        }
        self.line(0, "retry", retry(fault.retry_class()));
        let proof = if fault.refused_before_dispatch() {
            "nothing was done: the host refused before it passed the request on"
        } else {
            "not known from this fault"
        };
        self.line(0, "effect", proof);
        self.explanation.fault = Some(fault);
    }
}

fn retry(class: RetryClass) -> &'static str {
    match class {
        RetryClass::Never => "no use: the same request fails again",
        RetryClass::BackOff => "after a while",
        RetryClass::ReadsOnly => "at once for what only reads; look first for what changes something",
        RetryClass::RestartEnumeration => "by starting the enumeration again",
        RetryClass::SmallerEnvelope => "with fewer items at a time",
        RetryClass::Once => "once",
    }
}

fn last_segment(uri: &str) -> &str {
    uri.rsplit('/').next().unwrap_or_default()
}

#[cfg(test)]
mod tests;
