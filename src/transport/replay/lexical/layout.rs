//! Line breaks for people, and the way back to the wire.

use super::{Piece, is_blank, pieces, push_cdata};
use std::borrow::Cow;

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
pub(in super::super) fn compact(text: &str) -> Cow<'_, str> {
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
}
