//! A document in its tokens: tags, text, and the ends that match.
//!
//! Instances are mostly short elements without attributes, so what the common ones cost decides what a page costs:
//! names that follow each other as before are not checked again, and nothing is copied.

use super::{
    super::{
        XmlError, escape,
        tag::{Tag, is_space, shorten, split_name},
    },
    expected::{Expected, Name, ends_name},
};
use memchr::{memchr2, memmem};
use std::borrow::Cow;

/// A token. Comments and processing instructions are none.
#[derive(Debug)]
pub(super) enum Token<'a> {
    Start(Tag<'a>),
    /// A piece of text; another one may follow.
    Text {
        text: Cow<'a, str>,
        offset: usize,
    },
    End,
    Eof,
}

pub(super) struct Scanner<'a> {
    text: &'a str,
    at: usize,
    /// Names of the open elements as they are written.
    open: Vec<&'a str>,
    expected: Expected<'a>,
    /// Whether the latest start tag was an end as well, which is still to be told.
    empty: bool,
    /// Whether `]]>` or a carriage return stand anywhere in the document; where they do not, no text is searched for them.
    has_cdata_end: bool,
    has_carriage_return: bool,
}

impl<'a> Scanner<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self {
            text,
            at: 0,
            open: Vec::new(),
            expected: Expected::default(),
            empty: false,
            has_cdata_end: memmem::find(text.as_bytes(), b"]]>").is_some(),
            has_carriage_return: memchr::memchr(b'\r', text.as_bytes()).is_some(),
        }
    }

    /// Bytes read so far.
    pub(super) fn offset(&self) -> usize {
        self.at
    }

    /// Number of open elements.
    pub(super) fn depth(&self) -> usize {
        self.open.len()
    }

    /// The next token.
    pub(super) fn next(&mut self) -> Result<Token<'a>, XmlError> {
        if std::mem::take(&mut self.empty) {
            self.open.pop();
            return Ok(Token::End);
        }
        let text = if self.is_at_tag() { None } else { self.text()? };
        if let Some((text, offset)) = text {
            return Ok(Token::Text { text, offset });
        }
        let rest = self.rest();
        match rest.as_bytes() {
            [] => Ok(Token::Eof),
            [b'<', b'/', ..] => self.end_tag(rest),
            _ => self.start_tag(rest),
        }
    }

    /// The text of the innermost open element and its end, if it holds plain text alone, whose end is found at once.
    pub(super) fn leaf(&mut self) -> Option<&'a str> {
        if self.empty || self.has_cdata_end || self.has_carriage_return {
            return None;
        }
        let (rest, open) = (self.rest(), self.open.last()?);
        let (text, tag) = rest.split_at_checked(memchr2(b'<', b'&', rest.as_bytes())?)?;
        if !is_end_of(open, tag) {
            return None;
        }
        self.at += text.len() + open.len() + 3;
        self.open.pop();
        Some(text)
    }

    /// Whether a start tag or an end tag comes next, so that text has ended for certain.
    pub(super) fn is_at_tag(&self) -> bool {
        matches!(self.rest().as_bytes(), [b'<', next @ ..] if !matches!(next, [b'!' | b'?', ..]))
    }

    /// The next piece of text: up to markup or a reference, or what a reference or a CDATA section stands for; and
    /// where it begins. `None` before a tag and at the end.
    pub(super) fn text(&mut self) -> Result<Option<(Cow<'a, str>, usize)>, XmlError> {
        loop {
            let start = self.at;
            let rest = self.rest();
            match rest.as_bytes() {
                [b'<', b'!', ..] => {
                    if let Some(text) = self.bang(rest)? {
                        return Ok(Some((text, start)));
                    }
                }
                [b'<', b'?', ..] => self.instruction(rest)?,
                [] | [b'<', ..] => return Ok(None),
                [b'&', ..] => return Ok(Some((self.reference(rest)?, start))),
                bytes => {
                    let end = memchr2(b'<', b'&', bytes).unwrap_or(bytes.len());
                    let text = self.take(rest, end);
                    if self.has_cdata_end && text.contains("]]>") {
                        return Err(XmlError::new(start, "`]]>` in text"));
                    }
                    return Ok(Some((self.normalise_line_ends(text), start)));
                }
            }
        }
    }

    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }

    /// Passes over `length` bytes of `rest`, and gives them.
    fn take(&mut self, rest: &'a str, length: usize) -> &'a str {
        self.at += length;
        rest.get(..length).unwrap_or_default()
    }

    fn start_tag(&mut self, rest: &'a str) -> Result<Token<'a>, XmlError> {
        let start = self.at;
        let bytes = rest.as_bytes().get(1..).unwrap_or_default();
        let expected = self.expected.take(bytes);
        let length = expected.map_or_else(
            || bytes.iter().position(|byte| ends_name(*byte)).unwrap_or(bytes.len()),
            |name| name.whole.len(),
        );
        let end = match bytes.get(length) {
            Some(b'>') => length + 2,
            _ => 1 + end_of_tag(rest).ok_or_else(|| unclosed(start, "tag"))?,
        };
        let name = match expected {
            Some(name) => name,
            None => self.unexpected(rest.get(1..=length).unwrap_or_default())?,
        };
        let source = self.take(rest, end);
        self.empty = source.ends_with("/>");
        self.open.push(name.whole);
        Ok(Token::Start(Tag::new(source, name.prefix, name.local, start)))
    }

    /// A name that does not follow as before.
    fn unexpected(&mut self, whole: &'a str) -> Result<Name<'a>, XmlError> {
        if let Some(known) = self.expected.find(whole) {
            return Ok(known);
        }
        let (prefix, local) = split_name(whole)
            .ok_or_else(|| XmlError::new(self.at, format!("`{}` is not a name", shorten(whole))))?;
        let name = Name { whole, prefix, local };
        self.expected.add(name);
        Ok(name)
    }

    fn end_tag(&mut self, rest: &'a str) -> Result<Token<'a>, XmlError> {
        let start = self.at;
        let Some(open) = self.open.last() else {
            return Err(XmlError::new(start, "an end tag without an element that is open"));
        };
        if is_end_of(open, rest) {
            self.at += open.len() + 3;
            self.open.pop();
            return Ok(Token::End);
        }
        let end = memchr::memchr(b'>', rest.as_bytes()).ok_or_else(|| unclosed(start, "tag"))?;
        let name = rest.get(2..end).unwrap_or_default().trim_end_matches(is_space);
        if name != *open {
            let reason = format!("expected `</{}>`, got `</{}>`", shorten(open), shorten(name));
            return Err(XmlError::new(start, reason));
        }
        self.at += end + 1;
        self.open.pop();
        Ok(Token::End)
    }

    /// A comment, which is no text, or a CDATA section.
    fn bang(&mut self, rest: &'a str) -> Result<Option<Cow<'a, str>>, XmlError> {
        let start = self.at;
        if let Some(content) = rest.strip_prefix("<!--") {
            let end = content.find("--").ok_or_else(|| unclosed(start, "comment"))?;
            if content.as_bytes().get(end + 2) != Some(&b'>') {
                return Err(XmlError::new(start + 4 + end, "`--` in a comment"));
            }
            self.at += "<!--".len() + end + "-->".len();
            return Ok(None);
        }
        if let Some(content) = rest.strip_prefix("<![CDATA[") {
            let end = content.find("]]>").ok_or_else(|| unclosed(start, "CDATA section"))?;
            if self.open.is_empty() {
                return Err(outside(start));
            }
            self.at += "<![CDATA[".len() + end + "]]>".len();
            return Ok(Some(self.normalise_line_ends(content.get(..end).unwrap_or_default())));
        }
        let is_doctype = rest.get(2..9).is_some_and(|keyword| keyword.eq_ignore_ascii_case("doctype"));
        Err(XmlError::new(
            start,
            if is_doctype { "a DOCTYPE is not allowed" } else { "`<!` begins no markup" },
        ))
    }

    /// A processing instruction, or the declaration of the document.
    fn instruction(&mut self, rest: &'a str) -> Result<(), XmlError> {
        let start = self.at;
        let content = rest.get(2..).unwrap_or_default();
        let end = content.find("?>").ok_or_else(|| unclosed(start, "processing instruction"))?;
        let content = content.get(..end).unwrap_or_default();
        let target = content.split(is_space).next().unwrap_or_default();
        if target.eq_ignore_ascii_case("xml") {
            if start != 0 {
                return Err(XmlError::new(start, "an XML declaration that is not at the beginning"));
            }
            check_declaration(target, content.get(target.len()..).unwrap_or_default(), start)?;
        } else if split_name(target).is_none() {
            return Err(XmlError::new(start, format!("`{}` is not a name", shorten(target))));
        }
        self.at += 2 + end + 2;
        Ok(())
    }

    fn reference(&mut self, rest: &'a str) -> Result<Cow<'a, str>, XmlError> {
        /// Longer than any name and any number of a character.
        const LONGEST: usize = 64;
        let start = self.at;
        if self.open.is_empty() {
            return Err(outside(start));
        }
        let bytes = rest.as_bytes().get(1..).unwrap_or_default();
        let end = bytes.iter().take(LONGEST).position(|byte| *byte == b';');
        let name = end.and_then(|end| rest.get(1..=end));
        let Some(name) = name.filter(|name| !name.contains(['<', '&'])) else {
            return Err(XmlError::new(start, "`&` without a reference"));
        };
        let character = escape::resolve_reference(name).ok_or_else(|| {
            XmlError::new(start, format!("the reference `&{};` is not defined", shorten(name)))
        })?;
        self.at += name.len() + 2;
        Ok(match name {
            "amp" => Cow::Borrowed("&"),
            "lt" => Cow::Borrowed("<"),
            "gt" => Cow::Borrowed(">"),
            "quot" => Cow::Borrowed("\""),
            _ => Cow::Owned(character.to_string()),
        })
    }

    /// XML 1.0 2.11: `\r\n` and `\r` are read as `\n`.
    fn normalise_line_ends(&self, text: &'a str) -> Cow<'a, str> {
        if self.has_carriage_return && text.contains('\r') {
            Cow::Owned(text.replace("\r\n", "\n").replace('\r', "\n"))
        } else {
            Cow::Borrowed(text)
        }
    }
}

/// Whether `rest` begins with the end tag of `name`, as it is mostly written.
fn is_end_of(name: &str, rest: &str) -> bool {
    let after = rest.strip_prefix("</").and_then(|rest| rest.strip_prefix(name));
    after.is_some_and(|after| after.starts_with('>'))
}

/// Where the `>` of a start tag is, which may stand in the values of attributes as well.
fn end_of_tag(tag: &str) -> Option<usize> {
    let mut from = 0;
    loop {
        let rest = tag.as_bytes().get(from..)?;
        let found = memchr::memchr3(b'>', b'"', b'\'', rest)?;
        match rest.get(found) {
            Some(b'>') => return Some(from + found),
            Some(quote) => {
                let value = from + found + 1;
                from = value + memchr::memchr(*quote, tag.as_bytes().get(value..)?)? + 1;
            }
            None => return None,
        }
    }
}

/// The version and the encoding that a document declares (XML 1.0 2.8).
fn check_declaration(target: &str, attributes: &str, offset: usize) -> Result<(), XmlError> {
    let mut tag = Tag::new(attributes, "", target, offset);
    let (mut version, mut encoding) = (None, None);
    while let Some((name, value)) = tag.next_attribute()? {
        match name {
            "version" => version = Some(value),
            "encoding" => encoding = Some(value),
            _ => {}
        }
    }
    if target != "xml" || version.is_none_or(|version| version != "1.0") {
        return Err(XmlError::new(offset, "expected XML version 1.0"));
    }
    // The bytes decided between the two (`super::decode`); the declaration only has to name one.
    let is_known =
        |encoding: &str| ["utf-8", "utf-16"].iter().any(|known| encoding.eq_ignore_ascii_case(known));
    match encoding {
        Some(encoding) if !is_known(&encoding) => {
            let reason = format!("expected the encoding UTF-8 or UTF-16, got `{}`", shorten(&encoding));
            Err(XmlError::new(offset, reason))
        }
        _ => Ok(()),
    }
}

fn outside(offset: usize) -> XmlError {
    XmlError::new(offset, "text outside the root element")
}

fn unclosed(offset: usize, what: &str) -> XmlError {
    XmlError::new(offset, format!("the document ends inside a {what}"))
}
