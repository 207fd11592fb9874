//! The elements that an answer is about, as text for people who want to see what came.

use super::response::{ResponseError, envelope::not_an_envelope};
use crate::xml::{Element, Limits, names};

/// The items of a page, or else the one element in the body, each a document of its own: indented, with the
/// prefixes that Windows uses.
///
/// # Errors
/// For what is no SOAP message.
pub(crate) fn elements(message: &[u8]) -> Result<Vec<String>, ResponseError> {
    let envelope = Element::parse(message, &Limits::default())?;
    let Some(body) = envelope.child(names::SOAP, "Body") else {
        return Err(not_an_envelope(&envelope.name.namespace, &envelope.name.local));
    };
    let Some(content) = body.elements().next() else { return Ok(Vec::new()) };
    if content.is(names::ENUMERATION, "ReleaseResponse") {
        return Ok(Vec::new());
    }
    let is_page =
        ["EnumerateResponse", "PullResponse"].iter().any(|name| content.is(names::ENUMERATION, name));
    if !is_page {
        return Ok(vec![content.to_pretty()]);
    }
    let items = content.elements().filter(|element| element.name.local == "Items");
    Ok(items.flat_map(Element::elements).map(Element::to_pretty).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn elements_of(body: &str) -> Vec<String> {
        let message = format!(
            "<s:Envelope xmlns:s='{}' xmlns:n='{}' xmlns:w='{}' xmlns:q='urn:x'><s:Body>{body}</s:Body></s:Envelope>",
            names::SOAP,
            names::ENUMERATION,
            names::WSMAN
        );
        elements(message.as_bytes()).unwrap()
    }

    #[test]
    fn an_answer_is_about_its_body() {
        assert_eq!(
            elements_of("<q:C><q:A>1</q:A></q:C>"),
            ["<p:C xmlns:p=\"urn:x\">\n  <p:A>1</p:A>\n</p:C>\n"]
        );
        assert_eq!(elements_of(""), Vec::<String>::new());
    }

    #[test]
    fn a_page_is_about_its_items() {
        let item = "<p:C xmlns:p=\"urn:x\"/>\n";
        for page in [
            "<n:EnumerateResponse><n:EnumerationContext>u</n:EnumerationContext><w:Items><q:C/><q:C/></w:Items></n:EnumerateResponse>",
            "<n:PullResponse><n:Items><q:C/><q:C/></n:Items></n:PullResponse>",
        ] {
            assert_eq!(elements_of(page), [item, item]);
        }
        assert!(elements_of("<n:PullResponse><n:EndOfSequence/></n:PullResponse>").is_empty());
    }

    #[test]
    fn an_enumeration_that_is_given_back_is_about_nothing() {
        assert!(elements_of("<n:ReleaseResponse/>").is_empty());
        assert_eq!(elements_of("<q:ReleaseResponse/>").len(), 1);
    }
}
