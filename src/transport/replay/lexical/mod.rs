//! How a message is written: its tags, texts and attribute values with their exact spelling.
//!
//! [`crate::xml`] reads what a message means and forgets how it was spelled. A recording keeps the
//! spelling (prefixes, quotes, CDATA, references) and changes no more than it has to: white space
//! between elements for people to read, and values that must not be kept.

mod layout;
mod rewrite;

pub(super) use layout::compact;
pub(crate) use layout::pretty;
pub(super) use rewrite::{Place, rewrite, unescape};

/// One piece of a document, as it stands there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Piece<'a> {
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

/// The pieces of a document with one root and balanced tags; `None` for any other text.
fn pieces(text: &str) -> Option<Vec<Piece<'_>>> {
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

fn push_cdata(out: &mut String, content: &str) {
    out.push_str("<![CDATA[");
    out.push_str(&content.replace("]]>", "]]]]><![CDATA[>"));
    out.push_str("]]>");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_one_balanced_document_has_no_pieces() {
        for text in
            ["", "x", "<a>", "<a/><b/>", "</a>", "<!DOCTYPE a><a/>", "<a", "<a>x</a>y", "<![CDATA[x]]>"]
        {
            assert_eq!(pieces(text), None, "{text}");
        }
    }
}
