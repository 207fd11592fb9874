//! A strict pull reader: namespaces resolved, references joined, limits enforced while reading.

mod expected;
mod scan;

use super::{
    escape, names,
    scope::{Interner, Namespace, Scope},
    tag::{Tag, is_space, shorten, split_name},
};
use scan::{Scanner, Token};
use std::{borrow::Cow, fmt, sync::Arc};

/// What the reader refuses to go beyond.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// Nesting depth of elements; more than 256 counts as 256.
    pub depth: usize,
    /// Attributes of one element, namespace declarations included; also the namespace declarations
    /// in scope anywhere.
    pub attributes: usize,
    /// Bytes of one document.
    pub bytes: usize,
    /// Elements of one document: a short one takes twenty times its bytes in memory.
    pub elements: usize,
}

/// Why a document was refused; `offset` is in bytes, of its UTF-8 form where it came as UTF-16.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{reason} at byte {offset}")]
pub struct XmlError {
    pub(crate) offset: u64,
    pub(crate) reason: String,
}

/// One attribute that is not a namespace declaration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Attribute<'a> {
    pub(crate) namespace: Namespace,
    pub(crate) local: &'a str,
    pub(crate) value: Cow<'a, str>,
    prefix: &'a str,
}

/// One event. Text is joined across references, CDATA and comments; processing instructions and
/// comments are skipped, and so is white space around the root. What stands in the document itself (`'a`)
/// outlives the event.
#[derive(Debug)]
pub(crate) enum Event<'r, 'a> {
    Start { namespace: &'r Namespace, local: &'a str, attributes: &'r [Attribute<'a>] },
    Text(Cow<'a, str>),
    End,
    Eof,
}

/// The reader of a decoded document ([`super::decode`]).
pub(crate) struct Reader<'a> {
    scanner: Scanner<'a>,
    limits: Limits,
    /// The scopes of those open elements that declare namespaces, with their depths, outermost first.
    scopes: Vec<(usize, Arc<Scope>)>,
    interner: Interner,
    /// Attributes of the latest start tag that had some and declared nothing.
    attributes: Vec<Attribute<'a>>,
    /// What these are, as long as they may be those of the next as well: rows of one page have the same.
    read: Option<(&'a str, Option<Arc<Scope>>)>,
    /// Which attributes the latest start tag has.
    latest: Latest,
    /// Namespace of the latest start tag.
    namespace: Namespace,
    /// The prefix that `namespace` is of, as long as no scope has begun or ended since.
    prefix: Option<&'a str>,
    /// The latest start tag that declared namespaces: rows of one page begin with the same.
    declaring: Option<Declaring<'a>>,
    root_seen: bool,
    /// Elements that may still come.
    elements_left: usize,
}

/// A start tag that declares namespaces, and what it came to.
struct Declaring<'a> {
    source: &'a str,
    outer: Option<Arc<Scope>>,
    scope: Arc<Scope>,
    namespace: Namespace,
    prefix: &'a str,
    local: &'a str,
    attributes: Vec<Attribute<'a>>,
}

/// Where the attributes of a start tag are.
#[derive(Debug, Clone, Copy)]
enum Latest {
    None,
    /// In `Reader::attributes`.
    Read,
    /// In `Reader::declaring`.
    Declaring,
}

impl Default for Limits {
    fn default() -> Self {
        Self { depth: 128, attributes: 256, bytes: 64 * 1024 * 1024, elements: 1_000_000 }
    }
}

impl<'a> Attribute<'a> {
    /// One whose namespace is known.
    pub(super) fn resolved(namespace: Namespace, local: &'a str, value: Cow<'a, str>) -> Self {
        Self { namespace, local, value, prefix: "" }
    }
}

impl XmlError {
    pub(super) fn new(offset: usize, reason: impl Into<String>) -> Self {
        Self { offset: u64::try_from(offset).unwrap_or(u64::MAX), reason: reason.into() }
    }
}

impl<'a> Reader<'a> {
    pub(crate) fn new(text: &'a str, limits: &Limits) -> Result<Self, XmlError> {
        if text.len() > limits.bytes {
            let reason = format!("the document is longer than {} bytes", limits.bytes);
            return Err(XmlError::new(limits.bytes, reason));
        }
        if let Some((offset, character)) = escape::first_forbidden(text) {
            let code = u32::from(character);
            return Err(XmlError::new(offset, format!("the character U+{code:04X} is not allowed in XML")));
        }
        Ok(Self {
            scanner: Scanner::new(text),
            limits: Limits { depth: limits.depth.min(256), ..*limits },
            scopes: Vec::new(),
            interner: Interner::default(),
            attributes: Vec::new(),
            read: None,
            latest: Latest::None,
            namespace: Namespace::default(),
            prefix: None,
            declaring: None,
            root_seen: false,
            elements_left: limits.elements,
        })
    }

    /// The next event. After an error the reader must not be used any more.
    pub(crate) fn next(&mut self) -> Result<Event<'_, 'a>, XmlError> {
        loop {
            match self.scanner.next()? {
                Token::Start(tag) => {
                    let local = self.start(tag)?;
                    return Ok(Event::Start {
                        namespace: &self.namespace,
                        local,
                        attributes: self.attributes(),
                    });
                }
                Token::Text { text, offset } => {
                    let text = if self.scanner.is_at_tag() { text } else { self.join(text)? };
                    if self.scanner.depth() == 0 {
                        if !text.chars().all(is_space) {
                            return Err(XmlError::new(offset, "text outside the root element"));
                        }
                    } else if !text.is_empty() {
                        return Ok(Event::Text(text));
                    }
                }
                Token::End => {
                    self.end();
                    return Ok(Event::End);
                }
                Token::Eof if self.scanner.depth() > 0 => {
                    return Err(XmlError::new(self.offset(), "the document ends inside an element"));
                }
                Token::Eof if !self.root_seen => {
                    return Err(XmlError::new(self.offset(), "the document holds no element"));
                }
                Token::Eof => return Ok(Event::Eof),
            }
        }
    }

    /// After a start tag: the text of the element, and its end, if the document shows at once that it holds nothing
    /// else.
    pub(super) fn leaf(&mut self) -> Option<&'a str> {
        let text = self.scanner.leaf()?;
        self.end();
        Some(text)
    }

    /// Bytes read so far.
    pub(crate) fn offset(&self) -> usize {
        self.scanner.offset()
    }

    pub(super) fn scope(&self) -> Option<&Arc<Scope>> {
        self.scopes.last().map(|(_, scope)| scope)
    }

    /// Attributes of the latest start tag.
    fn attributes(&self) -> &[Attribute<'a>] {
        match self.latest {
            Latest::None => &[],
            Latest::Read => &self.attributes,
            Latest::Declaring => self.declaring.as_ref().map_or(&[], |declaring| &declaring.attributes),
        }
    }

    /// Joins the text that follows directly.
    fn join(&mut self, mut text: Cow<'a, str>) -> Result<Cow<'a, str>, XmlError> {
        while let Some((more, _)) = self.scanner.text()? {
            if text.is_empty() {
                text = more;
            } else {
                text.to_mut().push_str(&more);
            }
        }
        Ok(text)
    }

    /// Enters an element; its local name.
    fn start(&mut self, mut tag: Tag<'a>) -> Result<&'a str, XmlError> {
        let offset = tag.start;
        let depth = self.scanner.depth();
        if depth == 1 && self.root_seen {
            return Err(XmlError::new(offset, "a second root element"));
        }
        if depth > self.limits.depth {
            let reason = format!("elements are nested more than {} deep", self.limits.depth);
            return Err(XmlError::new(offset, reason));
        }
        self.elements_left = self.elements_left.checked_sub(1).ok_or_else(|| {
            XmlError::new(offset, format!("the document has more than {} elements", self.limits.elements))
        })?;
        self.root_seen = true;
        self.latest = Latest::None;
        if tag.has_attributes() {
            if let Some(local) = self.start_as_before(&tag) {
                return Ok(local);
            }
            let (source, prefix, local, written) = (tag.source, tag.prefix, tag.local, tag.attributes());
            if self.is_read(written) {
                self.latest = Latest::Read;
                self.resolve(prefix, offset)?;
                return Ok(local);
            }
            let declarations = self.read_attributes(&mut tag)?;
            let declares = !declarations.is_empty();
            let outer = self.scope().cloned();
            if declares {
                self.enter(declarations, offset)?;
            }
            self.resolve(prefix, offset)?;
            self.resolve_attributes(offset)?;
            if declares && let Some(scope) = self.scope().cloned() {
                let (namespace, attributes) = (self.namespace.clone(), std::mem::take(&mut self.attributes));
                self.declaring =
                    Some(Declaring { source, outer, scope, namespace, prefix, local, attributes });
                self.latest = Latest::Declaring;
            } else {
                self.read = Some((written, outer));
                self.latest = Latest::Read;
            }
            return Ok(local);
        }
        self.resolve(tag.prefix, offset)?;
        Ok(tag.local)
    }

    /// Leaves the innermost element, which the scanner has left.
    fn end(&mut self) {
        let depth = self.scanner.depth();
        if self.scopes.pop_if(|(of, _)| *of > depth).is_some() {
            self.prefix = None;
        }
    }

    /// Enters an element whose start tag is, to the letter, the latest that declared namespaces.
    fn start_as_before(&mut self, tag: &Tag<'a>) -> Option<&'a str> {
        let known = self.declaring.as_ref().filter(|known| known.source == tag.source)?;
        if !self.is_in(known.outer.as_ref()) {
            return None;
        }
        self.latest = Latest::Declaring;
        self.namespace.clone_from(&known.namespace);
        self.prefix = Some(known.prefix);
        self.scopes.push((self.scanner.depth(), Arc::clone(&known.scope)));
        Some(known.local)
    }

    /// Whether attributes that are written so have been read already.
    fn is_read(&self, written: &str) -> bool {
        self.read.as_ref().is_some_and(|(read, scope)| *read == written && self.is_in(scope.as_ref()))
    }

    /// Whether `scope` is that of the innermost open element.
    fn is_in(&self, scope: Option<&Arc<Scope>>) -> bool {
        match (scope, self.scope()) {
            (None, None) => true,
            (Some(known), Some(scope)) => Arc::ptr_eq(known, scope),
            _ => false,
        }
    }

    /// Begins the scope of the innermost element.
    fn enter(&mut self, declarations: Vec<(Arc<str>, Namespace)>, offset: usize) -> Result<(), XmlError> {
        let scope = Scope::new(self.scope().cloned(), declarations);
        // Each name is looked up among them all.
        if scope.count() > self.limits.attributes {
            let reason = format!("more than {} namespaces are in scope", self.limits.attributes);
            return Err(XmlError::new(offset, reason));
        }
        self.scopes.push((self.scanner.depth(), Arc::new(scope)));
        self.prefix = None;
        Ok(())
    }

    /// Makes the namespace of `prefix` that of the latest start tag.
    fn resolve(&mut self, prefix: &'a str, offset: usize) -> Result<(), XmlError> {
        if self.prefix != Some(prefix) {
            self.namespace = namespace_at(self.scope(), prefix, offset)?;
            self.prefix = Some(prefix);
        }
        Ok(())
    }

    /// Finds the namespaces of the attributes, of which no two may be the same.
    fn resolve_attributes(&mut self, offset: usize) -> Result<(), XmlError> {
        let scope = self.scopes.last().map(|(_, scope)| scope);
        for attribute in &mut self.attributes {
            if !attribute.prefix.is_empty() {
                attribute.namespace = namespace_at(scope, attribute.prefix, offset)?;
            }
        }
        for (index, attribute) in self.attributes.iter().enumerate() {
            let mut before = self.attributes.iter().take(index);
            if before.any(|other| other.local == attribute.local && other.namespace == attribute.namespace) {
                let reason = format!("the attribute `{}` occurs twice", shorten(attribute.local));
                return Err(XmlError::new(offset, reason));
            }
        }
        Ok(())
    }

    /// Fills `self.attributes`, their namespaces still open; the namespace declarations come back.
    fn read_attributes(&mut self, tag: &mut Tag<'a>) -> Result<Vec<(Arc<str>, Namespace)>, XmlError> {
        let mut declarations: Vec<(Arc<str>, Namespace)> = Vec::new();
        self.attributes.clear();
        self.read = None;
        while let Some((name, value)) = tag.next_attribute()? {
            let offset = tag.offset();
            if self.attributes.len() + declarations.len() >= self.limits.attributes {
                let reason = format!("an element has more than {} attributes", self.limits.attributes);
                return Err(XmlError::new(offset, reason));
            }
            let (prefix, local) = name_at(name, offset)?;
            let declared = match (prefix, local) {
                ("", "xmlns") => "",
                ("xmlns", declared) => declared,
                _ => {
                    let namespace = Namespace::default();
                    self.attributes.push(Attribute { namespace, local, value, prefix });
                    continue;
                }
            };
            check_declaration(declared, &value).map_err(|reason| XmlError::new(offset, reason))?;
            if declarations.iter().any(|(other, _)| **other == *declared) {
                return Err(XmlError::new(offset, format!("`{name}` is declared twice")));
            }
            declarations.push((self.interner.text(declared), self.interner.namespace(&value)));
        }
        Ok(declarations)
    }
}

impl fmt::Debug for Reader<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reader")
            .field("offset", &self.offset())
            .field("depth", &self.scanner.depth())
            .finish_non_exhaustive()
    }
}

fn name_at(name: &str, offset: usize) -> Result<(&str, &str), XmlError> {
    split_name(name).ok_or_else(|| XmlError::new(offset, format!("`{}` is not a name", shorten(name))))
}

fn namespace_at(scope: Option<&Arc<Scope>>, prefix: &str, offset: usize) -> Result<Namespace, XmlError> {
    Scope::namespace(scope, prefix)
        .ok_or_else(|| XmlError::new(offset, format!("the prefix `{}` is not declared", shorten(prefix))))
}

/// Namespaces in XML 1.0, section 3: reserved prefixes, and no undeclaring of others.
fn check_declaration(prefix: &str, uri: &str) -> Result<(), &'static str> {
    match prefix {
        "xmlns" => Err("the prefix `xmlns` cannot be declared"),
        "xml" if uri == names::XML => Ok(()),
        "xml" => Err("the prefix `xml` cannot be declared as another namespace"),
        "" => Ok(()),
        _ if uri.is_empty() => Err("a prefix cannot be declared as no namespace"),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests;
