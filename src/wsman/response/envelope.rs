//! The envelope of an answer: one header, one body, in this order (SOAP 1.2 part 1, 5).

use super::ResponseError;
use crate::xml::{Element, Event, Node, Reader, Source as _, names};

/// Reads the envelope up to the inside of its body; the header comes back.
pub(super) fn open(reader: &mut Reader<'_>) -> Result<Option<Element>, ResponseError> {
    match reader.next()? {
        Event::Start { namespace, local: "Envelope", .. } if *namespace == *names::SOAP => {}
        Event::Start { namespace, local, .. } => return Err(not_an_envelope(namespace, local)),
        Event::Text(_) | Event::End | Event::Eof => {
            return Err(ResponseError::Envelope { found: "none".to_owned() });
        }
    }
    let mut header = None;
    while let Some(element) = next_child(reader)? {
        if element.is(names::SOAP, "Header") && header.is_none() {
            header = Some(read_header(element, reader)?);
        } else if element.is(names::SOAP, "Body") {
            return Ok(header);
        } else {
            let found = format!("`{}`", element.name.local);
            return Err(ResponseError::shape("one SOAP header and one SOAP body", found));
        }
    }
    Err(ResponseError::shape("a SOAP body", "the end of the envelope"))
}

/// The header with those of its children that somebody looks at.
fn read_header(mut header: Element, reader: &mut Reader<'_>) -> Result<Element, ResponseError> {
    loop {
        match reader.next()? {
            Event::Start { namespace, local, attributes }
                if matches!(
                    (&**namespace, local),
                    (names::ADDRESSING, "RelatesTo") | (names::SOAP, "NotUnderstood")
                ) =>
            {
                let child = Element::start(namespace, local, attributes);
                header.children.push(Node::Element(child.read_content(reader)?));
            }
            Event::Start { .. } => reader.skip()?,
            Event::Text(_) => {}
            Event::End => return Ok(header),
            Event::Eof => return Err(ResponseError::shape("an element", "the end of the document")),
        }
    }
}

/// The root element is another one. An envelope of SOAP 1.1 differs by its namespace alone.
pub(in crate::wsman) fn not_an_envelope(namespace: &str, local: &str) -> ResponseError {
    let found = match local {
        "Envelope" => format!("`{local}` of namespace `{namespace}`"),
        _ => format!("`{local}`"),
    };
    ResponseError::Envelope { found }
}

/// Reads the end of the body and of the envelope, and that nothing else is there.
pub(super) fn close(reader: &mut Reader<'_>) -> Result<(), ResponseError> {
    if let Some(element) = next_child(reader)? {
        return Err(ResponseError::shape("the end of the SOAP body", format!("`{}`", element.name.local)));
    }
    close_after_body(reader)
}

/// Reads the end of the envelope, whose body has ended.
pub(super) fn close_after_body(reader: &mut Reader<'_>) -> Result<(), ResponseError> {
    if let Some(element) = next_child(reader)? {
        return Err(ResponseError::shape(
            "the end of the SOAP envelope",
            format!("`{}`", element.name.local),
        ));
    }
    match reader.next()? {
        Event::Eof => Ok(()),
        _ => Err(ResponseError::shape("the end of the document", "more of it")),
    }
}

/// Enters the next child element (its content is still to be read); `None` at the end of the one
/// that is open. Between elements only white space may stand.
pub(super) fn next_child(reader: &mut Reader<'_>) -> Result<Option<Element>, ResponseError> {
    loop {
        return match reader.next()? {
            Event::Start { namespace, local, attributes } => {
                Ok(Some(Element::start(namespace, local, attributes)))
            }
            Event::Text(text) if text.trim().is_empty() => continue,
            Event::Text(_) => Err(ResponseError::shape("an element", "text")),
            Event::End => Ok(None),
            Event::Eof => Err(ResponseError::shape("an element", "the end of the document")),
        };
    }
}
