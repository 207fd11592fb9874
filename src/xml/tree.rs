//! A small document in memory: headers, faults, and answers that are not read row by row.

use super::reader::{Limits, XmlError};

/// A name: namespace URI (empty when none) and local part.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct QName {
    pub(crate) namespace: String,
    pub(crate) local: String,
}

/// An element with its attributes and content in document order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Element {
    pub(crate) name: QName,
    pub(crate) attributes: Vec<(QName, String)>,
    pub(crate) children: Vec<Node>,
}

/// Content of an element.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Node {
    Element(Element),
    Text(String),
}

impl Element {
    pub(crate) fn new(namespace: &str, local: &str) -> Self {
        todo!("{namespace} {local}")
    }
    /// Parses a whole document.
    pub(crate) fn parse(bytes: &[u8], limits: &Limits) -> Result<Self, XmlError> {
        todo!("{bytes:?} {limits:?}")
    }
    pub(crate) fn is(&self, namespace: &str, local: &str) -> bool {
        todo!("{namespace} {local}")
    }
    /// The first child element of this name.
    pub(crate) fn child(&self, namespace: &str, local: &str) -> Option<&Self> {
        todo!("{namespace} {local}")
    }
    /// Child elements of any name.
    pub(crate) fn elements(&self) -> impl Iterator<Item = &Self> {
        self.children.iter().filter_map(|node| match node {
            Node::Element(element) => Some(element),
            Node::Text(_) => None,
        })
    }
    /// The first element of this name at any depth below.
    pub(crate) fn find(&self, namespace: &str, local: &str) -> Option<&Self> {
        todo!("{namespace} {local}")
    }
    /// All text directly inside, joined, untrimmed.
    pub(crate) fn text(&self) -> String {
        todo!()
    }
    pub(crate) fn attribute(&self, namespace: &str, local: &str) -> Option<&str> {
        todo!("{namespace} {local}")
    }
    /// Resolves a QName in this element's content (`w:AccessDenied`, `xsi:type`) by the
    /// declarations in scope there.
    pub(crate) fn resolve(&self, qname: &str) -> Option<QName> {
        todo!("{qname}")
    }
    /// `xsi:nil="true"` (or `1`).
    pub(crate) fn is_nil(&self) -> bool {
        todo!()
    }
    /// Serialised on one line with canonical prefixes (those of facts on Windows: s, a, w, n, …).
    pub(crate) fn to_xml(&self) -> String {
        todo!()
    }
    /// Serialised for people: indented by two spaces, text elements on one line; reading it back
    /// gives an equal tree (white space between elements aside).
    pub(crate) fn to_pretty(&self) -> String {
        todo!()
    }
}
