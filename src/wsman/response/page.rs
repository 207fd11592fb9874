//! Pages of enumerations: the answers to Enumerate, optimized or plain, and to Pull (DSP0226 8).

use super::{Item, Page, ResponseError, envelope::next_child};
use crate::{
    cim::{Text, decode},
    wsman::EnumerationMode,
    xml::{Element, Reader, names},
};

/// Reads the content of `response` (`n:EnumerateResponse`, `n:PullResponse`). Windows writes items and end mark in the
/// namespace `w:` in the first, in `n:` in the second, as DSP0226 has it; others do not, and an end mark must not be
/// missed: after it nothing can be pulled. Items are decoded one by one, so that one tree stands in memory at a time.
pub(super) fn read(
    response: &Element,
    mode: EnumerationMode,
    reader: &mut Reader<'_>,
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
            while let Some(item) = next_child(reader)? {
                page.items.push(read_item(&item.read_content(reader)?, mode)?);
            }
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

fn read_item(element: &Element, mode: EnumerationMode) -> Result<Item, ResponseError> {
    let is_reference = |element: &Element| element.is(names::ADDRESSING, "EndpointReference");
    let found = |element: &Element| format!("`{}`", element.name.local);
    match mode {
        EnumerationMode::Object if is_reference(element) || element.is(names::WSMAN, "Item") => {
            Err(ResponseError::shape("an instance", found(element)))
        }
        EnumerationMode::Object => Ok(Item { instance: Some(decode::instance(element)?), epr: None }),
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
                    Ok(Item { instance: Some(decode::instance(instance)?), epr: Some(decode::epr(epr)?) })
                }
                _ => {
                    let expected = "`w:Item` with an instance and its `a:EndpointReference`";
                    Err(ResponseError::shape(expected, found(element)))
                }
            }
        }
    }
}
