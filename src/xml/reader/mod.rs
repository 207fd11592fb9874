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
/// comments are skipped, and so is white space around the root.
#[derive(Debug)]
pub(crate) enum Event<'r> {
    Start { namespace: &'r Namespace, local: &'r str, attributes: &'r [Attribute<'r>] },
    Text(Cow<'r, str>),
    End,
    Eof,
}

/// The reader of a decoded document ([`super::decode`]).
pub(crate) struct Reader<'a> {
    text: &'a str,
    parser: quick_xml::Reader<&'a [u8]>,
    limits: Limits,
    /// The scope of each open element, outermost first.
    open: Vec<Option<Arc<Scope>>>,
    interner: Interner,
    /// Attributes of the latest start tag.
    attributes: Vec<Attribute<'a>>,
    /// Namespace of the latest start tag.
    namespace: Namespace,
    /// Read ahead while joining text.
    pending: Option<Token<'a>>,
    root_seen: bool,
    /// Elements that may still come.
    elements_left: usize,
}

/// What is left of the parser's events: no comments, no processing instructions.
#[derive(Debug)]
enum Token<'a> {
    Start { tag: Tag<'a>, offset: usize },
    Text { text: Cow<'a, str>, offset: usize },
    End,
    Eof,
}

impl Default for Limits {
    fn default() -> Self {
        Self { depth: 128, attributes: 256, bytes: 64 * 1024 * 1024, elements: 1_000_000 }
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
            open: Vec::new(),
            interner: Interner::default(),
            attributes: Vec::new(),
            namespace: Namespace::default(),
            pending: None,
            root_seen: false,
            elements_left: limits.elements,
        })
    }

    /// The next event. After an error the reader must not be used any more.
    pub(crate) fn next(&mut self) -> Result<Event<'_>, XmlError> {
        loop {
            let token = match self.pending.take() {
                Some(token) => token,
                None => self.token()?,
            };
            match token {
                Token::Start { tag, offset } => {
                    let local = self.start(tag, offset)?;
                    return Ok(Event::Start {
                        namespace: &self.namespace,
                        local,
                        attributes: &self.attributes,
                    });
                }
                Token::Text { text, offset } => {
                    let text = self.join(text)?;
                    if self.open.is_empty() {
                        if !text.chars().all(is_space) {
                            return Err(XmlError::new(offset, "text outside the root element"));
                        }
                    } else if !text.is_empty() {
                        return Ok(Event::Text(text));
                    }
                }
                Token::End => {
                    self.open.pop();
                    return Ok(Event::End);
                }
                Token::Eof if !self.open.is_empty() => {
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
        self.open.last()?.as_ref()
    }

    fn token(&mut self) -> Result<Token<'a>, XmlError> {
        loop {
            let start = self.offset();
            let markup = self.parser.read_event().map_err(|error| {
                let offset = usize::try_from(self.parser.error_position()).unwrap_or(start);
                XmlError::new(offset, shorten_reason(&error))
            })?;
            let outside = self.open.is_empty();
            return Ok(match markup {
                Markup::Start(_) | Markup::Empty(_) => {
                    let source = self.text.get(start..self.offset()).unwrap_or_default();
                    Token::Start { tag: Tag::new(source, start), offset: start }
                }
                Markup::End(_) => Token::End,
                Markup::Text(text) => {
                    let text = text.into_inner();
                    if text.contains("]]>") {
                        return Err(XmlError::new(start, "`]]>` in text"));
                    }
                    Token::Text { text: normalise_line_ends(text), offset: start }
                }
                Markup::CData(_) | Markup::GeneralRef(_) if outside => {
                    return Err(XmlError::new(start, "text outside the root element"));
                }
                Markup::CData(text) => {
                    Token::Text { text: normalise_line_ends(text.into_inner()), offset: start }
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
    fn start(&mut self, mut tag: Tag<'a>, offset: usize) -> Result<&'a str, XmlError> {
        if self.open.is_empty() && self.root_seen {
            return Err(XmlError::new(offset, "a second root element"));
        }
        if self.open.len() >= self.limits.depth {
            let reason = format!("elements are nested more than {} deep", self.limits.depth);
            return Err(XmlError::new(offset, reason));
        }
        self.elements_left = self.elements_left.checked_sub(1).ok_or_else(|| {
            XmlError::new(offset, format!("the document has more than {} elements", self.limits.elements))
        })?;
        self.root_seen = true;
        let (prefix, local) = name_at(tag.name, offset)?;
        let declarations = self.read_attributes(&mut tag)?;
        let outer = self.scope().cloned();
        let scope = if declarations.is_empty() {
            outer
        } else {
            let scope = Scope::new(outer, declarations);
            // Each name is looked up among them all.
            if scope.count() > self.limits.attributes {
                let reason = format!("more than {} namespaces are in scope", self.limits.attributes);
                return Err(XmlError::new(offset, reason));
            }
            Some(Arc::new(scope))
        };

        self.namespace = namespace_at(scope.as_ref(), prefix, offset)?;
        for attribute in &mut self.attributes {
            if !attribute.prefix.is_empty() {
                attribute.namespace = namespace_at(scope.as_ref(), attribute.prefix, offset)?;
            }
        }
        for (index, attribute) in self.attributes.iter().enumerate() {
            let mut before = self.attributes.iter().take(index);
            if before.any(|other| other.local == attribute.local && other.namespace == attribute.namespace) {
                let reason = format!("the attribute `{}` occurs twice", shorten(attribute.local));
                return Err(XmlError::new(offset, reason));
            }
        }
        self.open.push(scope);
        Ok(local)
    }

    /// Fills `self.attributes`, their namespaces still open; the namespace declarations come back.
    fn read_attributes(&mut self, tag: &mut Tag<'a>) -> Result<Vec<(Arc<str>, Namespace)>, XmlError> {
        self.attributes.clear();
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
            .field("depth", &self.open.len())
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

/// XML 1.0 2.11: `\r\n` and `\r` are read as `\n`.
fn normalise_line_ends(text: Cow<'_, str>) -> Cow<'_, str> {
    if text.contains('\r') { Cow::Owned(text.replace("\r\n", "\n").replace('\r', "\n")) } else { text }
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
