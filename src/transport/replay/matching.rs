//! Whether a live request is the recorded one.

use super::{
    lexical::{rewrite, unescape},
    pseudonyms::is_pseudonym,
    tokens,
};
use crate::xml::{
    Element,
    diff::{Difference, first_difference},
    names,
    tree::Node,
};
use similar::TextDiff;
use std::collections::{BTreeMap, BTreeSet};

/// Which live texts stand in the places of a cassette's pseudonyms.
#[derive(Debug, Clone, Default)]
pub(super) struct Bindings {
    pseudonyms: BTreeSet<String>,
    /// Live texts by pseudonym.
    live: BTreeMap<String, String>,
}

impl Bindings {
    pub(super) fn new(pseudonyms: &[String]) -> Self {
        Self { pseudonyms: pseudonyms.iter().cloned().collect(), live: BTreeMap::new() }
    }

    /// Compares; gives the bindings that hold after this exchange.
    pub(super) fn matched(&self, recorded: &Element, live: &Element) -> Result<Self, Box<Mismatch>> {
        let mut bindings = self.clone();
        let mut aligned = live.clone();
        bindings.align(recorded, &mut aligned);
        match first_difference(recorded, &aligned, &is_of_one_run) {
            None => Ok(bindings),
            Some(difference) => {
                Err(Box::new(Mismatch { difference, recorded: shown(recorded), live: shown(&aligned) }))
            }
        }
    }

    /// Puts recorded texts in the place of live ones where only pseudonyms tell them apart.
    fn align(&mut self, recorded: &Element, live: &mut Element) {
        if is_of_one_run(recorded) {
            self.bind_endpoint(&recorded.text(), &live.text());
            return;
        }
        for (name, value) in &mut live.attributes {
            let counterpart = recorded.attributes.iter().find(|(other, _)| other == name);
            if let Some((_, wanted)) = counterpart.filter(|(_, wanted)| self.bind(wanted, value)) {
                value.clone_from(wanted);
            }
        }
        for (recorded, live) in recorded.children.iter().zip(&mut live.children) {
            match (recorded, live) {
                (Node::Element(recorded), Node::Element(live)) => self.align(recorded, live),
                (Node::Text(wanted), Node::Text(text)) if self.bind(wanted, text) => text.clone_from(wanted),
                _ => {}
            }
        }
    }

    /// The endpoint may be any; its host then stands for the recorded one in answers and errors.
    fn bind_endpoint(&mut self, recorded: &str, live: &str) {
        let mut hosts = tokens::url_hosts(recorded).zip(tokens::url_hosts(live));
        if let Some((recorded, live)) = hosts.next() {
            self.bind(recorded, live);
        }
    }

    /// Whether `live` is `recorded` with other texts in the place of pseudonyms; if so, they are
    /// bound.
    fn bind(&mut self, recorded: &str, live: &str) -> bool {
        if recorded == live {
            return false;
        }
        let embedded = recorded.trim_start().starts_with('<');
        let Some(pairs) = self.pairs(recorded, live) else { return false };
        let mut bindings = self.live.clone();
        for (pseudonym, value) in pairs {
            let value = if embedded { unescape(value).into_owned() } else { value.to_owned() };
            let free = !is_pseudonym(&value) && bindings.values().all(|bound| *bound != value);
            match bindings.get(pseudonym) {
                Some(bound) if bound.eq_ignore_ascii_case(&value) => {}
                None if free && may_stand_for(pseudonym, &value) => {
                    bindings.insert(pseudonym.to_owned(), value);
                }
                _ => return false,
            }
        }
        self.live = bindings;
        true
    }

    /// The texts of `live` where `recorded` has pseudonyms, when all between them is equal.
    fn pairs<'a>(&self, recorded: &'a str, live: &'a str) -> Option<Vec<(&'a str, &'a str)>> {
        let mut found = self.occurrences(recorded).peekable();
        let (first, _) = *found.peek()?;
        let mut rest = live.strip_prefix(recorded.get(..first)?)?;
        let mut pairs = Vec::new();
        while let Some((at, pseudonym)) = found.next() {
            let end = found.peek().map_or(recorded.len(), |(next, _)| *next);
            let literal = recorded.get(at + pseudonym.len()..end)?;
            let length = match (found.peek(), literal) {
                (None, literal) => rest.strip_suffix(literal)?.len(),
                (Some(_), "") => return None,
                (Some(_), literal) => rest.find(literal)?,
            };
            pairs.push((pseudonym, rest.get(..length).filter(|value| !value.is_empty())?));
            rest = rest.get(length + literal.len()..)?;
        }
        Some(pairs)
    }

    /// Where pseudonyms stand as whole words.
    fn occurrences<'a>(&self, text: &'a str) -> impl Iterator<Item = (usize, &'a str)> {
        let mut until = 0;
        text.char_indices().filter_map(move |(at, _)| {
            let (before, rest) = text.split_at_checked(at)?;
            if at < until || before.ends_with(char::is_alphanumeric) {
                return None;
            }
            let pseudonym = tokens::leading_words(rest).find(|word| self.pseudonyms.contains(*word))?;
            until = at + pseudonym.len();
            Some((at, pseudonym))
        })
    }

    /// The recorded text as this run has to see it: with its own texts, and with `ids` (recorded
    /// and live) exchanged in `RelatesTo`.
    pub(super) fn restored(&mut self, text: &str, ids: Option<(&str, &str)>) -> String {
        for (_, pseudonym) in self.occurrences(text).collect::<Vec<_>>() {
            self.live.entry(pseudonym.to_owned()).or_insert_with(|| pseudonym.to_owned());
        }
        let changed = rewrite(text, &mut |place, text| match ids {
            Some((recorded, live)) if place.name == "RelatesTo" && text.eq_ignore_ascii_case(recorded) => {
                Some(live.to_owned())
            }
            _ => Some(self.with_live_texts(text)),
        });
        changed.unwrap_or_else(|| {
            let text = self.with_live_texts(text);
            ids.map_or_else(|| text.clone(), |(recorded, live)| text.replace(recorded, live))
        })
    }

    fn with_live_texts(&self, text: &str) -> String {
        let mut out = String::with_capacity(text.len());
        let mut copied = 0;
        for (at, pseudonym) in self.occurrences(text) {
            out.push_str(text.get(copied..at).unwrap_or_default());
            out.push_str(self.live.get(pseudonym).map_or(pseudonym, String::as_str));
            copied = at + pseudonym.len();
        }
        out.push_str(text.get(copied..).unwrap_or_default());
        out
    }
}

/// A GUID stands for a GUID; a name for any.
fn may_stand_for(pseudonym: &str, value: &str) -> bool {
    !tokens::is_counted_guid(pseudonym) || tokens::guid(value).is_some_and(|guid| guid.len() == value.len())
}

/// Two requests that differ.
#[derive(Debug)]
pub(super) struct Mismatch {
    pub(super) difference: Difference,
    recorded: String,
    live: String,
}

impl Mismatch {
    /// How alike the two are, from 0 to 1.
    pub(super) fn likeness(&self) -> f32 {
        TextDiff::from_lines(&self.recorded, &self.live).ratio()
    }

    /// The difference as people read it.
    pub(super) fn diff(&self) -> RequestDiff {
        let diff = TextDiff::from_lines(&self.recorded, &self.live);
        RequestDiff(diff.unified_diff().context_radius(2).header("recorded", "live").to_string())
    }
}

/// The diff of a recorded and a live request.
#[derive(Debug, thiserror::Error)]
#[error("the requests differ\n{}", self.0.trim_end())]
pub(super) struct RequestDiff(String);

/// What belongs to one run, or to the host it talked to, and not to the conversation.
fn is_of_one_run(element: &Element) -> bool {
    element.is(names::ADDRESSING, "MessageID")
        || element.is(names::ADDRESSING, "To")
        || element.is(names::MS_WSMAN, "SessionId")
        || element.is(names::MS_WSMAN, "OperationID")
}

fn shown(element: &Element) -> String {
    without_run(element).to_pretty()
}

fn without_run(element: &Element) -> Element {
    let mut copy = element.clone();
    copy.children.retain(|node| !matches!(node, Node::Element(child) if is_of_one_run(child)));
    for node in &mut copy.children {
        if let Node::Element(child) = node {
            *child = without_run(child);
        }
    }
    copy
}
