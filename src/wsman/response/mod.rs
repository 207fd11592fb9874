//! Answers: the envelope is checked, the body becomes types.

pub(super) mod envelope;
mod fragment;
mod invoke;
mod left_open;
mod page;

pub(crate) use left_open::left_open;

use super::{fault::Fault, request::Operation};
use crate::{
    cim::{
        Epr, Instance, Text, Value,
        decode::{self, DecodeError, Decoder, Start},
        schema::Schema,
    },
    xml::{Element, Limits, Reader, XmlError, decode as decode_bytes, names},
};

/// What an operation answered.
#[derive(Debug, Clone)]
pub(crate) enum Response {
    Identified(Identity),
    Got(Instance),
    /// The value of what a fragment named.
    GotFragment(Value),
    /// What the host says the instance is now, if it says so.
    Put(Option<Instance>),
    PutFragment(Option<Value>),
    Created(Epr),
    Deleted,
    /// Enumerate (optimized or plain) and Pull.
    Page(Page),
    Released,
    Invoked(Output),
    Fault(Box<Fault>),
}

/// One page of an enumeration.
#[derive(Debug, Clone, Default)]
pub(crate) struct Page {
    pub(crate) items: Vec<Item>,
    /// The context to pull with; `None` after the end of the sequence.
    pub(crate) context: Option<Text>,
    pub(crate) end: bool,
}

/// One item, by the mode asked for.
#[derive(Debug, Clone, Default)]
pub(crate) struct Item {
    pub(crate) instance: Option<Instance>,
    pub(crate) epr: Option<Epr>,
}

/// What Identify tells (DSP0226 11).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Identity {
    pub(crate) protocol_version: String,
    pub(crate) product_vendor: String,
    pub(crate) product_version: String,
    pub(crate) security_profiles: Vec<String>,
}

/// What a method returns.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Returned {
    Code(u32),
    /// By its declaration it is no code; null where nothing came.
    Other(Value),
}

/// The output of a method: its return value and out parameters.
#[derive(Debug, Clone, PartialEq)]
pub struct Output {
    pub(crate) class: String,
    pub(crate) method: String,
    pub(crate) return_value: Returned,
    pub(crate) return_name: Option<String>,
    pub(crate) parameters: Vec<(String, Value)>,
}

impl Output {
    /// The return value as a number. Of a method that by its declaration returns no code
    /// ([`Method::returns_code`](crate::cim::schema::Method::returns_code)) it is 0, as the method was carried out.
    #[must_use]
    pub fn return_value(&self) -> u32 {
        match self.return_value {
            Returned::Code(code) => code,
            Returned::Other(_) => 0,
        }
    }
    /// The return value as it came; `None` of a method that returns nothing.
    #[must_use]
    pub fn returned(&self) -> Option<String> {
        match &self.return_value {
            Returned::Code(code) => Some(code.to_string()),
            Returned::Other(Value::Null) => None,
            Returned::Other(other) => Some(other.to_plain_text()),
        }
    }
    /// Whether the return value is a code, whose 0 is success.
    #[must_use]
    pub fn is_code(&self) -> bool {
        matches!(self.return_value, Returned::Code(_))
    }
    /// Its name by the method's own table in the schema.
    #[must_use]
    pub fn return_name(&self) -> Option<&str> {
        self.return_name.as_deref()
    }
    /// An out parameter, any case; `None` when absent, `Value::Null` when nil.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Value> {
        let (_, value) = self.parameters.iter().find(|(known, _)| known.eq_ignore_ascii_case(name))?;
        Some(value)
    }
    /// All out parameters in the order they came.
    pub fn parameters(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.parameters.iter().map(|(name, value)| (name.as_str(), value))
    }
    /// The class that the method was called on.
    #[must_use]
    pub fn class(&self) -> &str {
        &self.class
    }
    /// The method.
    #[must_use]
    pub fn method(&self) -> &str {
        &self.method
    }
}

impl Identity {
    /// URI of the protocol's version.
    #[must_use]
    pub fn protocol_version(&self) -> &str {
        &self.protocol_version
    }
    /// Who made the host's service: `Microsoft Corporation`.
    #[must_use]
    pub fn product_vendor(&self) -> &str {
        &self.product_vendor
    }
    /// Operating system and stack: `OS: 10.0.20348 SP: 0.0 Stack: 3.0` (zeros without a login).
    #[must_use]
    pub fn product_version(&self) -> &str {
        &self.product_version
    }
    /// URIs of the ways to log in that the host offers.
    #[must_use]
    pub fn security_profiles(&self) -> &[String] {
        &self.security_profiles
    }
}

/// Why an answer is not one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ResponseError {
    #[error("the message is not readable XML")]
    Xml(#[from] XmlError),
    #[error("expected a SOAP 1.2 envelope, got {found}")]
    Envelope { found: String },
    /// `expected` and `found` in words.
    #[error("expected {expected}, got {found}")]
    Shape { expected: String, found: String },
    #[error("the answer relates to message `{found}`, expected `{expected}`")]
    RelatesTo { expected: String, found: String },
    /// Whether the method did what it should is not known without it.
    #[error("expected the return value of `{method}` as a number, got {found}")]
    ReturnValue { method: String, found: String },
    #[error("a value in the answer cannot be read")]
    Value(#[from] crate::cim::CimError),
}

impl From<DecodeError> for ResponseError {
    fn from(error: DecodeError) -> Self {
        match error {
            DecodeError::Xml(error) => Self::Xml(error),
            DecodeError::Value(error) => Self::Value(error),
        }
    }
}

impl ResponseError {
    /// Whether the answer was cut or mixed up on its way, and is not of the host's own making.
    pub(crate) fn is_damage(&self) -> bool {
        matches!(self, Self::Xml(_) | Self::Envelope { .. } | Self::RelatesTo { .. })
    }
    pub(super) fn shape(expected: &str, found: impl Into<String>) -> Self {
        Self::Shape { expected: expected.to_owned(), found: found.into() }
    }
}

/// Reads the answer to `operation`. `message_id` is the request's (Identify answers carry none).
/// A fault is `Ok(Response::Fault)`; it must relate to the message too when it carries `RelatesTo`.
pub(crate) fn read(
    operation: &Operation,
    message_id: &str,
    body: &[u8],
    limits: &Limits,
    schema: &Schema,
) -> Result<Response, ResponseError> {
    let text = decode_bytes(body, limits)?;
    let mut reader = Reader::new(&text, limits)?;
    let header = envelope::open(&mut reader)?;
    let relates_to = header.as_ref().and_then(|header| header.child(names::ADDRESSING, "RelatesTo"));
    let relates_to = relates_to.map(|element| element.text().trim().to_owned());
    let identify = matches!(operation, Operation::Identify);
    if let Some(found) = relates_to.as_deref()
        && !identify
        && !same_message(message_id, found)
    {
        let found = found.to_owned();
        return Err(ResponseError::RelatesTo { expected: message_id.to_owned(), found });
    }

    let content = match envelope::next_child(&mut reader)? {
        Some(content) if content.is(names::SOAP, "Fault") => {
            let fault = content.read_content(&mut reader)?;
            envelope::close(&mut reader)?;
            return Ok(Response::Fault(Box::new(read_fault(&fault, header.as_ref()))));
        }
        content => content,
    };
    if relates_to.is_none() && !identify {
        return Err(ResponseError::shape("`a:RelatesTo` in the header", "none"));
    }
    let Some(content) = content else {
        let response = match operation {
            Operation::Release { .. } => Response::Released,
            Operation::Delete { .. } => Response::Deleted,
            Operation::Put { .. } => Response::Put(None),
            Operation::PutFragment { .. } => Response::PutFragment(None),
            _ => return Err(ResponseError::shape("content in the SOAP body", "an empty body")),
        };
        // The body has just ended.
        envelope::close_after_body(&mut reader)?;
        return Ok(response);
    };
    let response = read_content(operation, content, &mut reader, schema)?;
    envelope::close(&mut reader)?;
    Ok(response)
}

fn read_content(
    operation: &Operation,
    content: Element,
    reader: &mut Reader<'_>,
    schema: &Schema,
) -> Result<Response, ResponseError> {
    let check = |namespace: &str, local: &str| {
        if content.is(namespace, local) {
            Ok(())
        } else {
            Err(ResponseError::shape(&format!("`{local}`"), format!("`{}`", content.name.local)))
        }
    };
    match operation {
        Operation::Identify => {
            check(names::IDENTITY, "IdentifyResponse")?;
            Ok(Response::Identified(read_identity(&content.read_content(reader)?)))
        }
        Operation::Get { .. } => Ok(Response::Got(instance(&content, reader, schema)?)),
        Operation::GetFragment { epr, fragment } => {
            check(names::WSMAN, "XmlFragment")?;
            fragment::read(epr, fragment, &content.read_content(reader)?, schema).map(Response::GotFragment)
        }
        Operation::Put { .. } => Ok(Response::Put(Some(instance(&content, reader, schema)?))),
        Operation::PutFragment { epr, fragment, .. } => {
            check(names::WSMAN, "XmlFragment")?;
            let value = fragment::read(epr, fragment, &content.read_content(reader)?, schema)?;
            Ok(Response::PutFragment(Some(value)))
        }
        Operation::Create { .. } => {
            check(names::TRANSFER, "ResourceCreated")?;
            Ok(Response::Created(decode::epr(&content.read_content(reader)?)?))
        }
        Operation::Delete { .. } => {
            check(names::TRANSFER, "DeleteResponse")?;
            content.read_content(reader)?;
            Ok(Response::Deleted)
        }
        Operation::Enumerate { mode, .. } => {
            check(names::ENUMERATION, "EnumerateResponse")?;
            page::read(&content, *mode, reader, schema).map(Response::Page)
        }
        Operation::Pull { mode, .. } => {
            check(names::ENUMERATION, "PullResponse")?;
            page::read(&content, *mode, reader, schema).map(Response::Page)
        }
        Operation::Release { .. } => {
            check(names::ENUMERATION, "ReleaseResponse")?;
            content.read_content(reader)?;
            Ok(Response::Released)
        }
        Operation::Invoke { epr, method, .. } => {
            invoke::read(epr, method, &content.read_content(reader)?, schema).map(Response::Invoked)
        }
    }
}

/// The instance whose start tag is `content`.
fn instance(content: &Element, reader: &mut Reader<'_>, schema: &Schema) -> Result<Instance, ResponseError> {
    if names::is_of_protocol(&content.name.namespace) {
        return Err(ResponseError::shape("an instance", format!("`{}`", content.name.local)));
    }
    let start = Start::of(&content.name.namespace, &content.name.local, content.told_attributes());
    Ok(Decoder::new(schema).item(&start, reader)?)
}

/// A fault with the header that was not understood, which stands outside of it (SOAP 1.2, 5.4.8).
pub(super) fn read_fault(fault: &Element, header: Option<&Element>) -> Fault {
    let mut read = Fault::read(fault);
    let not_understood = header.and_then(|header| header.child(names::SOAP, "NotUnderstood"));
    if let Some(qname) = not_understood.and_then(|header| header.attribute("", "qname")) {
        read.extended.push(("NotUnderstood".to_owned(), qname.to_owned()));
    }
    read
}

pub(super) fn read_identity(response: &Element) -> Identity {
    let text = |local: &str| {
        let element = response.child(names::IDENTITY, local);
        element.map(|element| element.text().trim().to_owned()).unwrap_or_default()
    };
    let profiles = response.child(names::IDENTITY, "SecurityProfiles");
    Identity {
        protocol_version: text("ProtocolVersion"),
        product_vendor: text("ProductVendor"),
        product_version: text("ProductVersion"),
        security_profiles: profiles
            .into_iter()
            .flat_map(Element::elements)
            .map(|profile| profile.text().trim().to_owned())
            .collect(),
    }
}

/// Message ids are URIs around a GUID, `uuid:…` or `urn:uuid:…`, in any case.
fn same_message(one: &str, other: &str) -> bool {
    fn guid(id: &str) -> String {
        let id = id.trim().to_ascii_lowercase();
        let id = id.strip_prefix("urn:").unwrap_or(&id);
        id.strip_prefix("uuid:").unwrap_or(id).to_owned()
    }
    guid(one) == guid(other)
}

#[cfg(test)]
mod tests;
