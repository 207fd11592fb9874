//! Where events come from: a document that is being read, or an element that has been.

use super::{
    Element, Event, Reader, XmlError,
    reader::Attribute,
    scope::Scope,
    tree::{Node, QName},
};
use std::{borrow::Cow, slice, sync::Arc};

/// Events, one after the other.
pub(crate) trait Source<'a> {
    fn next(&mut self) -> Result<Event<'_, 'a>, XmlError>;

    /// After a start: the text of the element, its end included, where it is quick to see that it holds nothing else.
    fn leaf(&mut self) -> Option<&'a str> {
        None
    }

    /// The declarations in scope in the innermost open element.
    fn scope(&self) -> Option<&Arc<Scope>>;

    /// The error for an end where there must be none.
    fn ended_early(&self) -> XmlError;

    /// Resolves a `QName` in an attribute or in the content of the innermost open element.
    fn resolve(&self, qname: &str) -> Option<QName> {
        QName::resolve(qname, self.scope())
    }

    /// Reads up to and including the end of the innermost open element.
    fn skip(&mut self) -> Result<(), XmlError> {
        let mut depth = 0_usize;
        loop {
            match self.next()? {
                Event::Start { .. } => depth += 1,
                Event::End if depth == 0 => return Ok(()),
                Event::End => depth -= 1,
                Event::Text(_) => {}
                Event::Eof => return Err(self.ended_early()),
            }
        }
    }
}

/// The content of an element, up to and including its end.
#[derive(Debug)]
pub(crate) struct Walk<'a> {
    /// The open elements, innermost last, with what is left of each.
    open: Vec<(&'a Element, slice::Iter<'a, Node>)>,
    attributes: Vec<Attribute<'a>>,
}

impl<'a> Walk<'a> {
    pub(super) fn new(element: &'a Element) -> Self {
        Self { open: vec![(element, element.children.iter())], attributes: Vec::new() }
    }
}

impl<'a> Source<'a> for Walk<'a> {
    fn next(&mut self) -> Result<Event<'_, 'a>, XmlError> {
        let Some((_, rest)) = self.open.last_mut() else { return Ok(Event::Eof) };
        match rest.next() {
            Some(Node::Element(element)) => {
                self.open.push((element, element.children.iter()));
                self.attributes.clear();
                self.attributes.extend(element.told_attributes());
                let (namespace, local) = (&element.name.namespace, element.name.local.as_str());
                Ok(Event::Start { namespace, local, attributes: &self.attributes })
            }
            Some(Node::Text(text)) => Ok(Event::Text(Cow::Borrowed(text))),
            None => {
                self.open.pop();
                Ok(Event::End)
            }
        }
    }

    fn scope(&self) -> Option<&Arc<Scope>> {
        self.open.last()?.0.scope()
    }

    fn ended_early(&self) -> XmlError {
        XmlError::new(0, "the element ends before its content")
    }
}

impl<'a> Source<'a> for Reader<'a> {
    fn next(&mut self) -> Result<Event<'_, 'a>, XmlError> {
        Reader::next(self)
    }

    fn leaf(&mut self) -> Option<&'a str> {
        Reader::leaf(self)
    }

    fn scope(&self) -> Option<&Arc<Scope>> {
        Reader::scope(self)
    }

    fn ended_early(&self) -> XmlError {
        XmlError::new(self.offset(), "the document ends inside an element")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::xml::Limits;

    /// The events of a source up to the end of what is open.
    fn told<'a>(source: &mut impl Source<'a>) -> Vec<String> {
        let (mut depth, mut told) = (0_usize, Vec::new());
        loop {
            match source.next().unwrap() {
                Event::Start { namespace, local, attributes } => {
                    depth += 1;
                    let attributes: Vec<_> = attributes
                        .iter()
                        .map(|one| format!(" {}:{}={}", &*one.namespace, one.local, one.value))
                        .collect();
                    told.push(format!("<{}:{local}{}>", &**namespace, attributes.concat()));
                }
                Event::Text(text) => told.push(text.into_owned()),
                Event::End if depth == 0 => return told,
                Event::End => {
                    depth -= 1;
                    told.push("</>".to_owned());
                }
                Event::Eof => panic!("{told:?}"),
            }
        }
    }

    #[test]
    fn an_element_that_was_read_tells_what_the_document_told() {
        let document = "<r xmlns='d' xmlns:p='u'><p:a i='1' p:j='x&amp;y'>t&lt;u<b/></p:a><c/> tail</r>";
        let limits = Limits::default();
        let mut reader = Reader::new(document, &limits).unwrap();
        assert!(matches!(Source::next(&mut reader), Ok(Event::Start { local: "r", .. })));
        let read = told(&mut reader);
        let element = Element::parse(document.as_bytes(), &limits).unwrap();
        assert_eq!(told(&mut element.walk()), read);
        assert_eq!(read.concat(), "<u:a :i=1 u:j=x&y>t<u<d:b></></><d:c></> tail");
    }

    #[test]
    fn names_in_content_are_resolved_where_the_source_is() {
        let document = "<r xmlns:p='outer'><a xmlns:p='inner'/></r>";
        let element = Element::parse(document.as_bytes(), &Limits::default()).unwrap();
        let mut walk = element.walk();
        assert!(walk.resolve("p:T").unwrap().is("outer", "T"));
        assert!(matches!(walk.next(), Ok(Event::Start { .. })));
        assert!(walk.resolve("p:T").unwrap().is("inner", "T"));
        assert!(walk.resolve("q:T").is_none());
    }
}
