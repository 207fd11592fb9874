//! How a message is written: its tags, texts and attribute values with their exact spelling.
//!
//! [`crate::xml`] reads what a message means and forgets how it was spelled. A recording keeps the
//! spelling (prefixes, quotes, CDATA, references) and changes no more than it has to: white space
//! between elements for people to read, and values that must not be kept.

use crate::xml::escape::escape;
use std::borrow::Cow;

/// One piece of a document, as it stands there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Piece<'a> {
    /// A start tag, brackets included.
    Open { tag: &'a str, closed: bool },
    /// An end tag, brackets included.
    Close(&'a str),
    /// Character data, references unresolved.
    Text(&'a str),
    /// The content of a CDATA section.
    Cdata(&'a str),
    /// A declaration, a comment or a processing instruction, brackets included.
    Other(&'a str),
}

/// Where a text stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place<'a> {
    /// The element around the property: the class of an instance, the wrapper of parameters.
    pub(super) owner: &'a str,
    /// The property, parameter, selector or plain element that holds the text.
    pub(super) name: &'a str,
    /// The attribute, when the text is the value of one.
    pub(super) attribute: Option<&'a str>,
}

/// Texts within texts (embedded instances) are followed this far.
const NESTING: usize = 4;

/// The pieces of a document with one root and balanced tags; `None` for any other text.
pub(super) fn pieces(text: &str) -> Option<Vec<Piece<'_>>> {
    let mut pieces = Vec::new();
    let mut open: Vec<&str> = Vec::new();
    let mut roots = 0_usize;
    let mut rest = text.strip_prefix('\u{feff}').unwrap_or(text);
    while !rest.is_empty() {
        let (piece, after) = next_piece(rest)?;
        match piece {
            Piece::Open { tag, closed } => {
                roots += usize::from(open.is_empty());
                if !closed {
                    open.push(tag_name(tag));
                }
            }
            Piece::Close(tag) => {
                if open.pop()? != tag_name(tag) {
                    return None;
                }
            }
            Piece::Text(text) if open.is_empty() && !is_blank(text) => return None,
            Piece::Cdata(_) if open.is_empty() => return None,
            Piece::Text(_) | Piece::Cdata(_) | Piece::Other(_) => {}
        }
        pieces.push(piece);
        rest = after;
    }
    (roots == 1 && open.is_empty()).then_some(pieces)
}

fn next_piece(rest: &str) -> Option<(Piece<'_>, &str)> {
    if let Some(content) = rest.strip_prefix("<![CDATA[") {
        let (content, after) = content.split_once("]]>")?;
        return Some((Piece::Cdata(content), after));
    }
    let until = |end: &str| rest.find(end).and_then(|at| rest.split_at_checked(at + end.len()));
    if rest.starts_with("<!--") {
        return until("-->").map(|(comment, after)| (Piece::Other(comment), after));
    }
    if rest.starts_with("<?") {
        return until("?>").map(|(instruction, after)| (Piece::Other(instruction), after));
    }
    if rest.starts_with("<!") {
        return None;
    }
    if rest.starts_with("</") {
        return until(">").map(|(tag, after)| (Piece::Close(tag), after));
    }
    if rest.starts_with('<') {
        let (tag, after) = rest.split_at_checked(tag_end(rest)?)?;
        return Some((Piece::Open { tag, closed: tag.ends_with("/>") }, after));
    }
    let (text, after) = rest.split_at_checked(rest.find('<').unwrap_or(rest.len()))?;
    Some((Piece::Text(text), after))
}

/// The length of the start tag at the beginning; a `>` in quotes does not end it.
fn tag_end(rest: &str) -> Option<usize> {
    let mut quote = None;
    for (at, c) in rest.char_indices() {
        match (quote, c) {
            (None, '>') => return Some(at + 1),
            (None, '"' | '\'') => quote = Some(c),
            (Some(open), _) if open == c => quote = None,
            _ => {}
        }
    }
    None
}

/// `p:Job` of `<p:Job a="b">` and of `</p:Job>`.
fn tag_name(tag: &str) -> &str {
    let name = tag.trim_start_matches(['<', '/']);
    name.split(|c: char| c.is_ascii_whitespace() || c == '>' || c == '/').next().unwrap_or(name)
}

fn local_name(tag: &str) -> &str {
    let name = tag_name(tag);
    name.split_once(':').map_or(name, |(_, local)| local)
}

fn is_blank(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_whitespace())
}

/// The document with each element on a line of its own, where nothing but elements stands around
/// it; `None` for what is not a document. Elements with text stay as they are, to the last space.
pub(crate) fn pretty(text: &str) -> Option<String> {
    let pieces = pieces(text)?;
    let breakable = breakable(&pieces);
    let mut out = String::with_capacity(text.len() * 2);
    let mut open: Vec<bool> = Vec::new();
    for (piece, breaks) in pieces.iter().zip(breakable) {
        let outer = open.last().copied().unwrap_or(true);
        match *piece {
            Piece::Open { tag, closed } => {
                start_line(&mut out, outer, open.len());
                out.push_str(tag);
                if !closed {
                    open.push(breaks);
                }
            }
            Piece::Close(tag) => {
                open.pop();
                start_line(&mut out, outer && breaks, open.len());
                out.push_str(tag);
            }
            Piece::Other(other) => {
                start_line(&mut out, outer, open.len());
                out.push_str(other);
            }
            Piece::Text(_) if open.is_empty() => {}
            Piece::Text(text) => out.push_str(text),
            Piece::Cdata(content) => push_cdata(&mut out, content),
        }
    }
    out.push('\n');
    Some(out)
}

fn start_line(out: &mut String, wanted: bool, depth: usize) {
    if wanted && !out.is_empty() {
        out.push('\n');
        out.extend(std::iter::repeat_n("  ", depth));
    }
}

/// For each piece: whether the element it opens or closes holds elements alone, down from the root.
fn breakable(pieces: &[Piece<'_>]) -> Vec<bool> {
    let mut result = vec![false; pieces.len()];
    // For each open element: where it began, whether it has text, whether it has elements.
    let mut open: Vec<(usize, bool, bool)> = Vec::new();
    for (index, piece) in pieces.iter().enumerate() {
        match piece {
            Piece::Open { closed, .. } => {
                if let Some((_, _, elements)) = open.last_mut() {
                    *elements = true;
                }
                if !closed {
                    open.push((index, false, false));
                }
            }
            Piece::Text(_) | Piece::Cdata(_) => {
                if let Some((_, text, _)) = open.last_mut() {
                    *text = true;
                }
            }
            Piece::Close(_) => {
                let Some((start, text, elements)) = open.pop() else { continue };
                for at in [start, index] {
                    if let Some(breaks) = result.get_mut(at) {
                        *breaks = elements && !text;
                    }
                }
            }
            Piece::Other(_) => {}
        }
    }
    within_breakable(pieces, result)
}

/// Keeps what is inside an element with text on its line.
fn within_breakable(pieces: &[Piece<'_>], mut breakable: Vec<bool>) -> Vec<bool> {
    let mut open = vec![true];
    for (piece, breaks) in pieces.iter().zip(&mut breakable) {
        match piece {
            Piece::Open { closed: false, .. } => {
                *breaks &= open.last().copied().unwrap_or(true);
                open.push(*breaks);
            }
            Piece::Close(_) => {
                *breaks = open.pop().unwrap_or(false);
            }
            _ => {}
        }
    }
    breakable
}

/// Takes back what [`pretty`] did: the message as it went over the wire. Text that `pretty` did not
/// make is returned as it is.
pub(super) fn compact(text: &str) -> Cow<'_, str> {
    let Some(pieces) = pieces(text) else { return text.into() };
    let mut out = String::with_capacity(text.len());
    for (index, piece) in pieces.iter().enumerate() {
        let neighbour = |at: Option<usize>| at.and_then(|at| pieces.get(at));
        match *piece {
            Piece::Open { tag, .. } | Piece::Close(tag) | Piece::Other(tag) => out.push_str(tag),
            Piece::Cdata(content) => push_cdata(&mut out, content),
            Piece::Text(text) => {
                let leaf = matches!(neighbour(index.checked_sub(1)), Some(Piece::Open { closed: false, .. }))
                    && matches!(neighbour(index.checked_add(1)), Some(Piece::Close(_)));
                if leaf || !is_blank(text) {
                    out.push_str(text);
                }
            }
        }
    }
    if pretty(&out).as_deref() == Some(text) { out.into() } else { text.into() }
}

/// Passes each text and attribute value, unescaped, to `change`, and writes what it returns in the
/// place of it. Texts that are documents themselves (embedded instances) are followed. Everything
/// else keeps its spelling. `None` for what is not a document.
pub(super) fn rewrite(
    text: &str,
    change: &mut dyn FnMut(&Place<'_>, &str) -> Option<String>,
) -> Option<String> {
    rewrite_nested(text, change, NESTING)
}

fn rewrite_nested(
    text: &str,
    change: &mut dyn FnMut(&Place<'_>, &str) -> Option<String>,
    depth: usize,
) -> Option<String> {
    let pieces = pieces(text)?;
    let mut out = String::with_capacity(text.len());
    let mut open: Vec<Named> = Vec::new();
    for piece in pieces {
        match piece {
            Piece::Open { tag, closed } => {
                let named = Named::new(tag, open.last());
                out.push_str(&rewrite_tag(tag, &named, change));
                if !closed {
                    open.push(named);
                }
            }
            Piece::Close(tag) => {
                open.pop();
                out.push_str(tag);
            }
            Piece::Other(other) => out.push_str(other),
            Piece::Text(raw) => {
                let plain = unescape(raw);
                match rewrite_text(&plain, open.last(), change, depth) {
                    Some(changed) => out.push_str(&escape(&changed)),
                    None => out.push_str(raw),
                }
            }
            Piece::Cdata(content) => {
                let changed = rewrite_text(content, open.last(), change, depth);
                push_cdata(&mut out, changed.as_deref().unwrap_or(content));
            }
        }
    }
    Some(out)
}

fn rewrite_text(
    text: &str,
    named: Option<&Named>,
    change: &mut dyn FnMut(&Place<'_>, &str) -> Option<String>,
    depth: usize,
) -> Option<String> {
    let named = named?;
    if depth > 0
        && text.trim_start().starts_with('<')
        && let Some(changed) = rewrite_nested(text, change, depth - 1)
    {
        return (changed != text).then_some(changed);
    }
    let place = Place { owner: &named.owner, name: &named.name, attribute: None };
    change(&place, text).filter(|changed| changed != text)
}

/// The names that count for the texts inside an element.
#[derive(Debug)]
struct Named {
    owner: String,
    name: String,
}

impl Named {
    fn new(tag: &str, outer: Option<&Self>) -> Self {
        let local = local_name(tag);
        let attribute = |wanted: &str| {
            attributes(tag).into_iter().find(|a| a.name == wanted).map(|a| unescape(a.value).into_owned())
        };
        let outer_name = || outer.map_or_else(String::new, |outer| outer.name.clone());
        let outer_owner = || outer.map_or_else(String::new, |outer| outer.owner.clone());
        match local {
            // CIM-XML (DSP0201) and selectors name their property in an attribute.
            "PROPERTY" | "PROPERTY.ARRAY" | "PROPERTY.REFERENCE" | "KEYBINDING" => Self {
                owner: if outer_owner().is_empty() { outer_name() } else { outer_owner() },
                name: attribute("NAME").unwrap_or_default(),
            },
            "INSTANCE" | "INSTANCENAME" => {
                let class = attribute("CLASSNAME").unwrap_or_default();
                Self { owner: class.clone(), name: class }
            }
            "Selector" | "Option" => {
                Self { owner: outer_owner(), name: attribute("Name").unwrap_or_default() }
            }
            // Wrappers of a value: those of CIM-XML, and of CIM datetimes (DSP0230 5.2.2).
            "VALUE" | "VALUE.ARRAY" | "KEYVALUE" | "Datetime" | "Interval" | "CIM_DateTime" => {
                Self { owner: outer_owner(), name: outer_name() }
            }
            _ => Self { owner: outer_name(), name: local.to_owned() },
        }
    }
}

#[derive(Debug, Clone, Copy)]
struct Attribute<'a> {
    name: &'a str,
    value: &'a str,
    /// Where the value stands in the tag.
    start: usize,
}

/// The attributes of a start tag, raw.
fn attributes(tag: &str) -> Vec<Attribute<'_>> {
    let mut result = Vec::new();
    let mut at = 0;
    while let Some(rest) = tag.get(at..)
        && let Some(equals) = rest.find('=')
        && let Some((before, after)) = rest.split_at_checked(equals)
        && let Some(quote_at) = after.find(['"', '\''])
        && let Some(quote) = after.get(quote_at..).and_then(|rest| rest.chars().next())
        && let Some(value) = after.get(quote_at + 1..).and_then(|rest| rest.split(quote).next())
    {
        let name = before.trim_end().rsplit(|c: char| c.is_ascii_whitespace()).next().unwrap_or_default();
        let start = at + equals + quote_at + 1;
        result.push(Attribute { name, value, start });
        at = start + value.len() + 1;
    }
    result
}

fn rewrite_tag(
    tag: &str,
    named: &Named,
    change: &mut dyn FnMut(&Place<'_>, &str) -> Option<String>,
) -> String {
    let mut out = String::with_capacity(tag.len());
    let mut copied = 0;
    for attribute in attributes(tag) {
        if attribute.name == "xmlns" || attribute.name.starts_with("xmlns:") {
            continue;
        }
        let place = Place { owner: &named.owner, name: &named.name, attribute: Some(attribute.name) };
        let plain = unescape(attribute.value);
        if let Some(changed) = change(&place, &plain).filter(|changed| *changed != plain) {
            out.push_str(tag.get(copied..attribute.start).unwrap_or_default());
            out.push_str(&escape(&changed).replace('\'', "&apos;"));
            copied = attribute.start + attribute.value.len();
        }
    }
    out.push_str(tag.get(copied..).unwrap_or_default());
    out
}

/// Resolves character and predefined references; what cannot be resolved stays as it is.
pub(super) fn unescape(raw: &str) -> Cow<'_, str> {
    quick_xml::escape::unescape(raw).unwrap_or(Cow::Borrowed(raw))
}

fn push_cdata(out: &mut String, content: &str) {
    out.push_str("<![CDATA[");
    out.push_str(&content.replace("]]>", "]]]]><![CDATA[>"));
    out.push_str("]]>");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pretty_breaks_lines_between_elements_only() {
        let wire =
            "<s:E xmlns:s='u'><s:B><p:Job a=\">\"/><p:PoolID>  </p:PoolID><p:N>a<b>c</b></p:N></s:B></s:E>";
        let expected = "<s:E xmlns:s='u'>\n  <s:B>\n    <p:Job a=\">\"/>\n    <p:PoolID>  </p:PoolID>\n    <p:N>a<b>c</b></p:N>\n  </s:B>\n</s:E>\n";
        assert_eq!(pretty(wire).as_deref(), Some(expected));
        assert_eq!(compact(expected), wire);
    }

    #[test]
    fn compact_leaves_alone_what_pretty_did_not_make() {
        for text in [
            "<a>\n <b/>\n</a>",
            "<a> <b/></a>\n",
            "not a document",
            "<a><b></a>",
            "<?xml version='1.0'?> <a/>",
        ] {
            assert_eq!(compact(text), text);
        }
    }

    #[test]
    fn a_declaration_and_cdata_survive_the_way_there_and_back() {
        let wire = "<?xml version=\"1.0\"?><a><b><![CDATA[<i>1</i>]]></b><c></c></a>";
        let pretty = pretty(wire).unwrap();
        assert_eq!(pretty, "<?xml version=\"1.0\"?>\n<a>\n  <b><![CDATA[<i>1</i>]]></b>\n  <c></c>\n</a>\n");
        assert_eq!(compact(&pretty), wire);
    }

    #[test]
    fn what_is_not_one_balanced_document_has_no_pieces() {
        for text in
            ["", "x", "<a>", "<a/><b/>", "</a>", "<!DOCTYPE a><a/>", "<a", "<a>x</a>y", "<![CDATA[x]]>"]
        {
            assert_eq!(pieces(text), None, "{text}");
        }
    }

    #[test]
    fn rewriting_names_the_place_of_each_text_and_follows_embedded_instances() {
        let message = "<B><X_INPUT><S Name='k'>1</S><Selector Name=\"SystemName\">H&amp;1</Selector>\
            <E>&lt;INSTANCE CLASSNAME=\"C\"&gt;&lt;PROPERTY NAME=\"Owner\"&gt;&lt;VALUE&gt;o&amp;amp;p&lt;/VALUE&gt;&lt;/PROPERTY&gt;&lt;/INSTANCE&gt;</E></X_INPUT></B>";
        let mut seen = Vec::new();
        let same = rewrite(message, &mut |place, text| {
            let attribute = place.attribute.map(|name| format!("@{name}")).unwrap_or_default();
            seen.push(format!("{}.{}{attribute}={text}", place.owner, place.name));
            None
        });
        assert_eq!(same.as_deref(), Some(message));
        assert!(
            seen.contains(&".SystemName=H&1".to_owned())
                || seen.contains(&"X_INPUT.SystemName=H&1".to_owned())
                || seen.contains(&"B.SystemName=H&1".to_owned()),
            "{seen:?}"
        );
        assert!(seen.contains(&"C.Owner=o&p".to_owned()), "{seen:?}");
        assert!(seen.contains(&"X_INPUT.S@Name=k".to_owned()), "{seen:?}");
    }

    #[test]
    fn only_what_changed_is_spelled_anew() {
        let message = "<a b='&#x41;'>x&#65;<c d='1'/></a><!-- n -->";
        let changed =
            rewrite(message, &mut |place, _| (place.attribute == Some("d")).then(|| "<\">".to_owned()));
        assert_eq!(changed.as_deref(), Some("<a b='&#x41;'>x&#65;<c d='&lt;&quot;&gt;'/></a><!-- n -->"));
    }
}
