//! A strict pull reader on quick-xml: namespaces resolved, references joined, limits enforced
//! while reading.

use std::borrow::Cow;

/// What the reader refuses to go beyond.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// Nesting depth of elements.
    pub depth: usize,
    /// Attributes of one element (namespace declarations included).
    pub attributes: usize,
    /// Bytes of one document.
    pub bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { depth: 128, attributes: 256, bytes: 64 * 1024 * 1024 }
    }
}

/// Why a document was refused; `offset` is in bytes.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{reason} at byte {offset}")]
pub struct XmlError {
    pub(crate) offset: u64,
    pub(crate) reason: String,
}

/// One attribute that is not a namespace declaration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Attribute<'a> {
    pub(crate) namespace: &'a str,
    pub(crate) local: &'a str,
    pub(crate) value: Cow<'a, str>,
}

/// One event. Text is joined across references, CDATA and comments; processing instructions and
/// comments are skipped.
#[derive(Debug)]
pub(crate) enum Event<'r> {
    Start { namespace: &'r str, local: &'r str, attributes: &'r [Attribute<'r>] },
    Text(Cow<'r, str>),
    End,
    Eof,
}

/// The reader. UTF-8 only, or UTF-16 with a byte order mark or declaration (decoded first).
#[derive(Debug)]
pub(crate) struct Reader<'a> {
    _bytes: &'a [u8],
}

impl<'a> Reader<'a> {
    pub(crate) fn new(bytes: &'a [u8], limits: &Limits) -> Result<Self, XmlError> {
        todo!("{bytes:?} {limits:?}")
    }
    pub(crate) fn next(&mut self) -> Result<Event<'_>, XmlError> {
        todo!()
    }
    /// Resolves a QName in content (`w:AccessDenied`) with the declarations now in scope.
    pub(crate) fn resolve(&self, qname: &str) -> Option<(String, String)> {
        todo!("{qname}")
    }
}
