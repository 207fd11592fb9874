//! Pages of enumerations: the answers to Enumerate, optimized or plain, and to Pull (DSP0226 8).

use super::{Item, Page, ResponseError, envelope::next_child};
use crate::{
    cim::{
        Text,
        decode::{self, Decoder, Start},
        schema::Schema,
    },
    wsman::EnumerationMode,
    xml::{Element, Event, Reader, names},
};

/// Reads the content of `response` (`n:EnumerateResponse`, `n:PullResponse`). Windows writes items and end mark in the
/// namespace `w:` in the first, in `n:` in the second, as DSP0226 has it; others do not, and an end mark must not be
/// missed: after it nothing can be pulled. Instances are decoded as they are read.
pub(super) fn read(
    response: &Element,
    mode: EnumerationMode,
    reader: &mut Reader<'_>,
    schema: &Schema,
) -> Result<Page, ResponseError> {
    let mut page = Page::default();
    let (mut has_items, mut has_context) = (false, false);
    while let Some(child) = next_child(reader)? {
        let is = |local: &str| child.is(names::ENUMERATION, local) || child.is(names::WSMAN, local);
        let repeated = if child.is(names::ENUMERATION, "EnumerationContext") {
            let text = child.clone().read_content(reader)?.text();
            // The host's own text, so it cannot hold what XML cannot carry.
            let context = Text::new(text.trim())?;
            page.context = Some(context).filter(|context| !context.as_str().is_empty());
            std::mem::replace(&mut has_context, true)
        } else if is("Items") {
            read_items(mode, reader, schema, &mut page.items)?;
            std::mem::replace(&mut has_items, true)
        } else if is("EndOfSequence") {
            child.clone().read_content(reader)?;
            std::mem::replace(&mut page.end, true)
        } else {
            // `n:Expires` and estimates, which nobody asked for.
            child.read_content(reader)?;
            continue;
        };
        if repeated {
            let expected = format!("`{}` once in `{}`", child.name.local, response.name.local);
            return Err(ResponseError::shape(&expected, "it twice"));
        }
    }
    // The context of an optimized answer that is complete may be there, and is no context any more.
    if page.end {
        page.context = None;
    } else if page.context.is_none() {
        let found = format!("`{}` without either", response.name.local);
        return Err(ResponseError::shape("a context to pull with or the end of the sequence", found));
    }
    Ok(page)
}

/// Reads the items up to the end of the element that holds them.
fn read_items(
    mode: EnumerationMode,
    reader: &mut Reader<'_>,
    schema: &Schema,
    items: &mut Vec<Item>,
) -> Result<(), ResponseError> {
    let mut decoder = Decoder::new(schema);
    loop {
        let item = match (reader.next()?, mode) {
            (Event::Start { namespace, local, attributes }, EnumerationMode::Object)
                if !names::is_of_protocol(namespace) =>
            {
                let start = Start::of(namespace, local, attributes);
                Item { instance: Some(decoder.item(&start, reader)?), epr: None }
            }
            (Event::Start { namespace, local, attributes }, _) => {
                let element = Element::start(namespace, local, attributes);
                read_other(&element.read_content(reader)?, mode, schema)?
            }
            (Event::Text(text), _) if text.trim_ascii().is_empty() => continue,
            (Event::Text(_), _) => return Err(ResponseError::shape("an element", "text")),
            (Event::End, _) => return Ok(()),
            (Event::Eof, _) => return Err(ResponseError::shape("an element", "the end of the document")),
        };
        items.push(item);
    }
}

/// Reads an item that is not an instance alone.
fn read_other(element: &Element, mode: EnumerationMode, schema: &Schema) -> Result<Item, ResponseError> {
    let is_reference = |element: &Element| element.is(names::ADDRESSING, "EndpointReference");
    let found = |element: &Element| format!("`{}`", element.name.local);
    match mode {
        EnumerationMode::Object if element.is(names::WSMAN, "XmlFragment") => {
            Ok(Item { instance: Some(decode::instance(element, schema)?), epr: None })
        }
        EnumerationMode::Object => Err(ResponseError::shape("an instance", found(element))),
        EnumerationMode::Epr if is_reference(element) => {
            Ok(Item { instance: None, epr: Some(decode::epr(element)?) })
        }
        EnumerationMode::Epr => Err(ResponseError::shape("`a:EndpointReference`", found(element))),
        EnumerationMode::ObjectAndEpr => {
            let pair: Vec<_> = element.elements().collect();
            match *pair.as_slice() {
                [instance, epr]
                    if element.is(names::WSMAN, "Item") && is_reference(epr) && !is_reference(instance) =>
                {
                    let instance = decode::instance(instance, schema)?;
                    Ok(Item { instance: Some(instance), epr: Some(decode::epr(epr)?) })
                }
                _ => {
                    let expected = "`w:Item` with an instance and its `a:EndpointReference`";
                    Err(ResponseError::shape(expected, found(element)))
                }
            }
        }
    }
}
