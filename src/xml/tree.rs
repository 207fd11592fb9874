//! A small document in memory: headers, faults, and answers that are not read row by row.

use super::{
    Event, Limits, Reader, Source, Walk, XmlError, decode, names,
    reader::Attribute,
    scope::{Namespace, Scope},
    tag::is_space,
};
use std::{borrow::Cow, sync::Arc};

/// A name: namespace URI (empty when none) and local part.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct QName {
    pub(crate) namespace: Namespace,
    pub(crate) local: String,
}

/// An element with its attributes and content in document order.
///
/// White space between child elements is not kept. Two elements are equal when names, attributes
/// and content are, whatever prefixes were in scope.
#[derive(Debug, Clone)]
pub(crate) struct Element {
    pub(crate) name: QName,
    pub(crate) attributes: Vec<(QName, String)>,
    pub(crate) children: Vec<Node>,
    /// The declarations in scope where the element was read.
    scope: Option<Arc<Scope>>,
}

/// Content of an element.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Node {
    Element(Element),
    Text(String),
}

impl QName {
    pub(crate) fn is(&self, namespace: &str, local: &str) -> bool {
        self.local == local && self.namespace == *namespace
    }

    /// Resolves `prefix:local` (or `local`, by the default namespace) in a scope; surrounding white
    /// space does not count.
    pub(super) fn resolve(qname: &str, scope: Option<&Arc<Scope>>) -> Option<Self> {
        let (prefix, local) = super::tag::split_name(qname.trim_matches(is_space))?;
        Some(Self { namespace: Scope::namespace(scope, prefix)?, local: local.to_owned() })
    }
}

impl Element {
    /// Parses a whole document.
    pub(crate) fn parse(bytes: &[u8], limits: &Limits) -> Result<Self, XmlError> {
        let text = decode(bytes, limits)?;
        let mut reader = Reader::new(&text, limits)?;
        let root = match reader.next()? {
            Event::Start { namespace, local, attributes } => Self::start(namespace, local, attributes),
            Event::Text(_) | Event::End | Event::Eof => {
                return Err(XmlError::new(reader.offset(), "expected the root element"));
            }
        };
        let root = root.read_content(&mut reader)?;
        // Whatever follows the root is refused here.
        match reader.next()? {
            Event::Eof => Ok(root),
            _ => Err(XmlError::new(reader.offset(), "expected the end of the document")),
        }
    }

    /// An element as its start tag says, still without content.
    pub(crate) fn start(namespace: &Namespace, local: &str, attributes: &[Attribute<'_>]) -> Self {
        let attributes = attributes.iter().map(|attribute| {
            let name = QName { namespace: attribute.namespace.clone(), local: attribute.local.to_owned() };
            (name, attribute.value.clone().into_owned())
        });
        Self {
            name: QName { namespace: namespace.clone(), local: local.to_owned() },
            attributes: attributes.collect(),
            children: Vec::new(),
            scope: None,
        }
    }

    /// Reads the content of an element whose start tag was the source's latest event, up to and
    /// including its end.
    pub(crate) fn read_content<'a>(mut self, source: &mut impl Source<'a>) -> Result<Self, XmlError> {
        self.scope = source.scope().cloned();
        Self::read_open(self, Vec::new(), source)
    }

    /// Reads the content of an element whose first child's start tag was the source's latest event.
    pub(crate) fn read_content_from<'a>(
        self,
        mut first: Self,
        source: &mut impl Source<'a>,
    ) -> Result<Self, XmlError> {
        first.scope = source.scope().cloned();
        Self::read_open(first, vec![self], source)
    }

    /// Reads on up to the end of the outermost of the open elements.
    fn read_open<'a>(
        mut current: Self,
        mut parents: Vec<Self>,
        source: &mut impl Source<'a>,
    ) -> Result<Self, XmlError> {
        loop {
            match source.next()? {
                Event::Start { namespace, local, attributes } => {
                    let child = Self::start(namespace, local, attributes);
                    parents.push(std::mem::replace(&mut current, child));
                    current.scope = source.scope().cloned();
                }
                Event::Text(text) => current.children.push(Node::Text(text.into_owned())),
                Event::End => {
                    current.drop_layout();
                    let Some(mut parent) = parents.pop() else { return Ok(current) };
                    parent.children.push(Node::Element(current));
                    current = parent;
                }
                Event::Eof => return Err(source.ended_early()),
            }
        }
    }

    /// The events of the content, up to and including the end.
    pub(crate) fn walk(&self) -> Walk<'_> {
        Walk::new(self)
    }

    /// The attributes as a reader tells them.
    pub(crate) fn told_attributes(&self) -> impl Iterator<Item = Attribute<'_>> {
        self.attributes.iter().map(|(name, value)| {
            Attribute::resolved(name.namespace.clone(), &name.local, Cow::Borrowed(value))
        })
    }

    /// The declarations in scope where the element was read.
    pub(super) fn scope(&self) -> Option<&Arc<Scope>> {
        self.scope.as_ref()
    }

    pub(crate) fn is(&self, namespace: &str, local: &str) -> bool {
        self.name.is(namespace, local)
    }

    /// The first child element of this name.
    pub(crate) fn child(&self, namespace: &str, local: &str) -> Option<&Self> {
        self.elements().find(|element| element.is(namespace, local))
    }

    /// Child elements of any name.
    pub(crate) fn elements(&self) -> impl Iterator<Item = &Self> {
        self.children.iter().filter_map(|node| match node {
            Node::Element(element) => Some(element),
            Node::Text(_) => None,
        })
    }

    /// The first element of this name at any depth below, in document order.
    pub(crate) fn find(&self, namespace: &str, local: &str) -> Option<&Self> {
        self.elements().find_map(|element| {
            if element.is(namespace, local) { Some(element) } else { element.find(namespace, local) }
        })
    }

    /// All text directly inside, joined, untrimmed.
    pub(crate) fn text(&self) -> String {
        let texts = self.children.iter().filter_map(|node| match node {
            Node::Text(text) => Some(text.as_str()),
            Node::Element(_) => None,
        });
        texts.collect()
    }

    pub(crate) fn attribute(&self, namespace: &str, local: &str) -> Option<&str> {
        let (_, value) = self.attributes.iter().find(|(name, _)| name.is(namespace, local))?;
        Some(value)
    }

    /// Resolves a `QName` in this element's content (`w:AccessDenied`, `xsi:type`) by the
    /// declarations in scope there.
    pub(crate) fn resolve(&self, qname: &str) -> Option<QName> {
        QName::resolve(qname, self.scope.as_ref())
    }

    /// `xsi:nil="true"` (or `1`).
    pub(crate) fn is_nil(&self) -> bool {
        self.attribute(names::XSI, "nil").is_some_and(|nil| matches!(nil.trim(), "true" | "1"))
    }

    /// Drops the white space between child elements.
    fn drop_layout(&mut self) {
        let is_layout = |node: &Node| matches!(node, Node::Text(text) if text.chars().all(is_space));
        let is_element = |node: &Node| matches!(node, Node::Element(_));
        if self.children.iter().any(is_element)
            && self.children.iter().all(|node| is_element(node) || is_layout(node))
        {
            self.children.retain(is_element);
        }
    }
}

impl PartialEq for Element {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name && self.attributes == other.attributes && self.children == other.children
    }
}

impl Eq for Element {}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(xml: &str) -> Element {
        Element::parse(xml.as_bytes(), &Limits::default()).unwrap()
    }

    #[test]
    fn names_are_found_by_namespace_whatever_the_prefix() {
        let root = parse("<x:a xmlns:x='u:1'><b xmlns='u:2'><x:c i='1' x:i='2'>t</x:c></b></x:a>");
        assert!(root.is("u:1", "a"));
        let c = root.find("u:1", "c").unwrap();
        assert_eq!(c.text(), "t");
        assert_eq!(c.attribute("", "i"), Some("1"));
        assert_eq!(c.attribute("u:1", "i"), Some("2"));
        assert!(root.child("u:1", "b").is_none());
        assert!(root.child("u:2", "b").is_some());
    }

    #[test]
    fn qualified_names_in_content_resolve_where_they_stand() {
        let root = parse("<a xmlns='d' xmlns:w='u:1'><b> w:X </b><c xmlns:w='u:2'>w:X</c></a>");
        let resolved = |local: &str| {
            let element = root.child("d", local).unwrap();
            element.resolve(&element.text()).unwrap()
        };
        assert!(resolved("b").is("u:1", "X"));
        assert!(resolved("c").is("u:2", "X"));
        assert!(root.resolve("X").unwrap().is("d", "X"));
        assert_eq!(root.resolve("z:X"), None);
    }

    #[test]
    fn layout_is_dropped_but_text_of_white_space_is_kept() {
        let root = parse("<a>\n  <b> \n</b>\n  <c>x <d/> </c>\n</a>");
        assert_eq!(root.children.len(), 2);
        assert_eq!(root.child("", "b").unwrap().text(), " \n");
        assert_eq!(root.child("", "c").unwrap().text(), "x  ");
    }

    #[test]
    fn nil_is_told_from_empty() {
        let xsi = names::XSI;
        let root =
            parse(&format!("<a xmlns:i='{xsi}'><b i:nil='true'/><b i:nil='1'/><b i:nil='false'/><b/></a>"));
        assert_eq!(root.elements().map(Element::is_nil).collect::<Vec<_>>(), [true, true, false, false]);
    }

    #[test]
    fn equality_ignores_prefixes_and_scopes() {
        assert_eq!(parse("<p:a xmlns:p='u' xmlns:q='v'/>"), parse("<a xmlns='u'/>"));
        assert_ne!(parse("<a xmlns='u'/>"), parse("<a/>"));
    }
}
