//! A strict pull reader on quick-xml: namespaces resolved, references joined, limits enforced
//! while reading.

use super::{
    escape, names,
    scope::{Interner, Namespace, Scope},
    tag::{Tag, is_space, shorten, split_name},
};
use quick_xml::events::{BytesDecl, Event as Markup};
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
    text: &'a str,
    parser: quick_xml::Reader<&'a [u8]>,
    limits: Limits,
    /// Number of open elements.
    depth: usize,
    /// The scopes of those open elements that declare namespaces, with their depths, outermost first.
    scopes: Vec<(usize, Arc<Scope>)>,
    interner: Interner,
    /// Attributes of the latest start tag.
    attributes: Vec<Attribute<'a>>,
    /// Namespace of the latest start tag.
    namespace: Namespace,
    /// The prefix that `namespace` is of, as long as no scope has begun or ended since.
    prefix: Option<&'a str>,
    /// The latest start tag that declared namespaces: rows of one page begin with the same.
    declaring: Option<Declaring<'a>>,
    /// Read ahead while joining text.
    pending: Option<Token<'a>>,
    root_seen: bool,
    /// Elements that may still come.
    elements_left: usize,
    /// Whether `]]>` or a carriage return stand anywhere in the document; where they do not, no text is searched for them.
    has_cdata_end: bool,
    has_carriage_return: bool,
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

/// What is left of the parser's events: no comments, no processing instructions.
#[derive(Debug)]
enum Token<'a> {
    Start(Tag<'a>),
    Text { text: Cow<'a, str>, offset: usize },
    End,
    Eof,
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
        let mut parser = quick_xml::Reader::from_str(text);
        let config = parser.config_mut();
        config.expand_empty_elements = true;
        config.enable_all_checks(true);
        Ok(Self {
            text,
            parser,
            limits: Limits { depth: limits.depth.min(256), ..*limits },
            depth: 0,
            scopes: Vec::new(),
            interner: Interner::default(),
            attributes: Vec::new(),
            namespace: Namespace::default(),
            prefix: None,
            declaring: None,
            pending: None,
            root_seen: false,
            elements_left: limits.elements,
            has_cdata_end: text.contains("]]>"),
            has_carriage_return: text.contains('\r'),
        })
    }

    /// The next event. After an error the reader must not be used any more.
    pub(crate) fn next(&mut self) -> Result<Event<'_, 'a>, XmlError> {
        loop {
            let token = match self.pending.take() {
                Some(token) => token,
                None => self.token()?,
            };
            match token {
                Token::Start(tag) => {
                    let local = self.start(tag)?;
                    return Ok(Event::Start {
                        namespace: &self.namespace,
                        local,
                        attributes: &self.attributes,
                    });
                }
                Token::Text { text, offset } => {
                    let text = if self.at_tag() { text } else { self.join(text)? };
                    if self.depth == 0 {
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
                Token::Eof if self.depth > 0 => {
                    return Err(XmlError::new(self.text.len(), "the document ends inside an element"));
                }
                Token::Eof if !self.root_seen => {
                    return Err(XmlError::new(self.text.len(), "the document holds no element"));
                }
                Token::Eof => return Ok(Event::Eof),
            }
        }
    }

    /// Bytes read so far.
    pub(crate) fn offset(&self) -> usize {
        usize::try_from(self.parser.buffer_position()).unwrap_or(self.text.len())
    }

    pub(super) fn scope(&self) -> Option<&Arc<Scope>> {
        self.scopes.last().map(|(_, scope)| scope)
    }

    /// Whether the next token is a start tag or an end tag, so that text has ended for certain.
    fn at_tag(&self) -> bool {
        let rest = self.text.as_bytes().get(self.offset()..);
        matches!(rest, Some([b'<', next, ..]) if !matches!(next, b'!' | b'?'))
    }

    fn token(&mut self) -> Result<Token<'a>, XmlError> {
        loop {
            let start = self.offset();
            let markup = self.parser.read_event().map_err(|error| {
                let offset = usize::try_from(self.parser.error_position()).unwrap_or(start);
                XmlError::new(offset, shorten_reason(&error))
            })?;
            return Ok(match markup {
                Markup::Start(tag) | Markup::Empty(tag) => {
                    let source = self.text.get(start..self.offset()).unwrap_or_default();
                    Token::Start(Tag::new(source, tag.name().as_ref().len(), start))
                }
                Markup::End(_) => Token::End,
                Markup::Text(text) => {
                    let text = text.into_inner();
                    if self.has_cdata_end && text.contains("]]>") {
                        return Err(XmlError::new(start, "`]]>` in text"));
                    }
                    Token::Text { text: self.normalise_line_ends(text), offset: start }
                }
                Markup::CData(_) | Markup::GeneralRef(_) if self.depth == 0 => {
                    return Err(XmlError::new(start, "text outside the root element"));
                }
                Markup::CData(text) => {
                    Token::Text { text: self.normalise_line_ends(text.into_inner()), offset: start }
                }
                Markup::GeneralRef(name) => {
                    let character = escape::resolve_reference(&name).ok_or_else(|| {
                        XmlError::new(start, format!("the reference `&{};` is not defined", shorten(&name)))
                    })?;
                    Token::Text { text: Cow::Owned(character.to_string()), offset: start }
                }
                Markup::Decl(declaration) => {
                    check_xml_declaration(&declaration, start)?;
                    continue;
                }
                Markup::DocType(_) => return Err(XmlError::new(start, "a DOCTYPE is not allowed")),
                Markup::Comment(_) | Markup::PI(_) => continue,
                Markup::Eof => Token::Eof,
            });
        }
    }

    /// XML 1.0 2.11: `\r\n` and `\r` are read as `\n`.
    fn normalise_line_ends(&self, text: Cow<'a, str>) -> Cow<'a, str> {
        if self.has_carriage_return && text.contains('\r') {
            Cow::Owned(text.replace("\r\n", "\n").replace('\r', "\n"))
        } else {
            text
        }
    }

    /// Joins the text that follows directly, and keeps the token behind it.
    fn join(&mut self, mut text: Cow<'a, str>) -> Result<Cow<'a, str>, XmlError> {
        loop {
            match self.token()? {
                Token::Text { text: more, .. } if text.is_empty() => text = more,
                Token::Text { text: more, .. } => text.to_mut().push_str(&more),
                other => {
                    self.pending = Some(other);
                    return Ok(text);
                }
            }
        }
    }

    /// Enters an element; its local name.
    fn start(&mut self, mut tag: Tag<'a>) -> Result<&'a str, XmlError> {
        let offset = tag.start;
        if self.depth == 0 && self.root_seen {
            return Err(XmlError::new(offset, "a second root element"));
        }
        if self.depth >= self.limits.depth {
            let reason = format!("elements are nested more than {} deep", self.limits.depth);
            return Err(XmlError::new(offset, reason));
        }
        self.elements_left = self.elements_left.checked_sub(1).ok_or_else(|| {
            XmlError::new(offset, format!("the document has more than {} elements", self.limits.elements))
        })?;
        self.root_seen = true;
        self.depth += 1;
        self.attributes.clear();
        if tag.has_attributes() {
            if let Some(local) = self.start_as_before(&tag) {
                return Ok(local);
            }
            let source = tag.source;
            let (prefix, local) = name_at(tag.name, offset)?;
            let declarations = self.read_attributes(&mut tag)?;
            let declares = !declarations.is_empty();
            let outer = self.scope().cloned();
            if declares {
                self.enter(declarations, offset)?;
            }
            self.resolve(prefix, offset)?;
            self.resolve_attributes(offset)?;
            if declares && let Some(scope) = self.scope().cloned() {
                let (namespace, attributes) = (self.namespace.clone(), self.attributes.clone());
                self.declaring =
                    Some(Declaring { source, outer, scope, namespace, prefix, local, attributes });
            }
            return Ok(local);
        }
        let (prefix, local) = name_at(tag.name, offset)?;
        self.resolve(prefix, offset)?;
        Ok(local)
    }

    /// Leaves the innermost element.
    fn end(&mut self) {
        if self.scopes.pop_if(|(depth, _)| *depth == self.depth).is_some() {
            self.prefix = None;
        }
        self.depth = self.depth.saturating_sub(1);
    }

    /// Enters an element whose start tag is, to the letter, the latest that declared namespaces.
    fn start_as_before(&mut self, tag: &Tag<'a>) -> Option<&'a str> {
        let known = self.declaring.as_ref().filter(|known| known.source == tag.source)?;
        let same_scope = match (&known.outer, self.scopes.last()) {
            (None, None) => true,
            (Some(known), Some((_, scope))) => Arc::ptr_eq(known, scope),
            _ => false,
        };
        if !same_scope {
            return None;
        }
        self.attributes.extend_from_slice(&known.attributes);
        self.namespace.clone_from(&known.namespace);
        self.prefix = Some(known.prefix);
        self.scopes.push((self.depth, Arc::clone(&known.scope)));
        Some(known.local)
    }

    /// Begins the scope of the innermost element.
    fn enter(&mut self, declarations: Vec<(Arc<str>, Namespace)>, offset: usize) -> Result<(), XmlError> {
        let scope = Scope::new(self.scope().cloned(), declarations);
        // Each name is looked up among them all.
        if scope.count() > self.limits.attributes {
            let reason = format!("more than {} namespaces are in scope", self.limits.attributes);
            return Err(XmlError::new(offset, reason));
        }
        self.scopes.push((self.depth, Arc::new(scope)));
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
            .field("depth", &self.depth)
            .finish_non_exhaustive()
    }
}

fn check_xml_declaration(declaration: &BytesDecl<'_>, offset: usize) -> Result<(), XmlError> {
    if offset != 0 {
        return Err(XmlError::new(offset, "an XML declaration that is not at the beginning"));
    }
    if declaration.version().is_ok_and(|version| version != "1.0") {
        return Err(XmlError::new(offset, "expected XML version 1.0"));
    }
    // The bytes decided between the two (`super::decode`); the declaration only has to name one.
    match declaration.encoding() {
        None => Ok(()),
        Some(Ok(encoding))
            if ["utf-8", "utf-16"].iter().any(|known| encoding.eq_ignore_ascii_case(known)) =>
        {
            Ok(())
        }
        Some(Ok(encoding)) => {
            let reason = format!("expected the encoding UTF-8 or UTF-16, got `{}`", shorten(&encoding));
            Err(XmlError::new(offset, reason))
        }
        Some(Err(error)) => Err(XmlError::new(offset, error.to_string())),
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

/// The parser's own words, which may quote long names of the peer's.
fn shorten_reason(error: &quick_xml::Error) -> String {
    const LONGEST: usize = 200;
    let mut reason = error.to_string();
    if let Some((end, _)) = reason.char_indices().nth(LONGEST) {
        reason.truncate(end);
        reason.push('…');
    }
    reason
}

#[cfg(test)]
mod tests;
