//! Changing texts and attribute values, and nothing else.

use super::{Piece, local_name, pieces, push_cdata};
use crate::xml::escape::escape;
use std::borrow::Cow;

/// Where a text stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) struct Place<'a> {
    /// The element around the property: the class of an instance, the wrapper of parameters.
    pub(in super::super) owner: &'a str,
    /// The property, parameter, selector or plain element that holds the text.
    pub(in super::super) name: &'a str,
    /// The attribute, when the text is the value of one.
    pub(in super::super) attribute: Option<&'a str>,
}

/// Texts within texts (embedded instances) are followed this far.
const NESTING: usize = 4;

/// Passes each text and attribute value, unescaped, to `change`, and writes what it returns in the
/// place of it. Texts that are documents themselves (embedded instances) are followed. Everything
/// else keeps its spelling. `None` for what is not a document.
pub(in super::super) fn rewrite(
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
            Piece::Other(other) => {
                // Pseudonyms hold nothing that could end a comment.
                let place = Place { owner: "", name: "", attribute: None };
                out.push_str(change(&place, other).as_deref().unwrap_or(other));
            }
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
pub(in super::super) fn unescape(raw: &str) -> Cow<'_, str> {
    quick_xml::escape::unescape(raw).unwrap_or(Cow::Borrowed(raw))
}

#[cfg(test)]
mod tests {
    use super::*;

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
