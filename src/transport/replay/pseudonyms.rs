//! What stands in the place of real values: counted, stable, and in reserved ranges.

use super::tokens::{counted_guid, guid, is_counted_guid};
use std::{
    collections::{BTreeSet, HashMap, HashSet},
    fmt,
};

/// An account of no domain.
const SID: &str = "S-1-5-21-0-0-0-";
/// MAC addresses for documentation (RFC 9542, 2.1.2).
const MAC: &str = "00-00-5E-00-53-";
/// Identifiers of messages are counted from here, so that they never meet those of objects.
const FIRST_MESSAGE: u64 = 900_000_000_001;

/// The form of a pseudonym.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Form {
    /// `hv01.example.test`
    Host,
    /// `operator`, `operator2`
    User,
    /// `EXAMPLE`, `EXAMPLE2`
    Domain,
    /// 192.0.2.1 and on, through the documentation ranges (RFC 5737).
    Ipv4,
    /// `2001:db8::1` and on (RFC 3849).
    Ipv6,
    /// `00-00-5E-00-53-01`
    Mac,
    /// `00000000-0000-4000-8000-000000000001`
    Object,
    /// `00000000-0000-4000-8000-900000000001`
    Message,
    /// `S-1-5-21-0-0-0-1001`
    Sid,
    /// `vm-1`, `group-1`
    Named(&'static str),
}

impl Form {
    fn nth(self, number: u64) -> String {
        let counted_from_two = |stem: &str| match number {
            1 => stem.to_owned(),
            _ => format!("{stem}{number}"),
        };
        match self {
            Self::Host => format!("hv{number:02}.example.test"),
            Self::User => counted_from_two("operator"),
            Self::Domain => counted_from_two("EXAMPLE"),
            Self::Ipv4 => ipv4(number),
            Self::Ipv6 => format!("2001:db8::{number:x}"),
            // Beyond the range all share the last one.
            Self::Mac => format!("{MAC}{:02X}", number.min(255)),
            Self::Object => counted_guid(number),
            Self::Message => counted_guid(FIRST_MESSAGE - 1 + number),
            Self::Sid => format!("{SID}{}", 1000 + number),
            Self::Named(stem) => format!("{stem}-{number}"),
        }
    }
}

fn ipv4(number: u64) -> String {
    let ranges = ["192.0.2", "198.51.100", "203.0.113"];
    let index = usize::try_from((number - 1) / 254).unwrap_or(usize::MAX);
    // The ranges hold 762 addresses; beyond them all share the last one.
    match ranges.get(index) {
        Some(range) => format!("{range}.{}", (number - 1) % 254 + 1),
        None => "203.0.113.255".to_owned(),
    }
}

/// Whether a text is what a redactor writes: it needs no pseudonym any more.
pub(super) fn is_pseudonym(text: &str) -> bool {
    let counted = |rest: Option<&str>| {
        rest.is_some_and(|digits| !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()))
    };
    let counted_after = |stem: &str| counted(text.strip_prefix(stem));
    guid(text).is_some_and(|guid| guid.len() == text.len() && is_counted_guid(guid))
        || counted(text.strip_prefix("hv").and_then(|rest| rest.strip_suffix(".example.test")))
        || counted_after(SID)
        || text.strip_prefix(MAC).is_some_and(|last| last.len() == 2)
        || ["operator", "EXAMPLE"].iter().any(|stem| text == *stem || counted_after(stem))
        || NAMED.iter().any(|stem| counted(text.strip_prefix(stem).and_then(|rest| rest.strip_prefix('-'))))
}

/// Stems of [`Form::Named`].
pub(super) const NAMED: [&str; 6] = ["vm", "group", "snapshot", "name", "notes", "serial"];

/// Pseudonyms given so far.
#[derive(Default)]
pub(super) struct Pseudonyms {
    by_value: HashMap<String, String>,
    last: HashMap<Form, u64>,
    taken: HashSet<String>,
    issued: BTreeSet<String>,
}

impl Pseudonyms {
    /// The pseudonym of a value: the same for the same value in any case, another for another one,
    /// itself for a pseudonym.
    pub(super) fn of(&mut self, value: &str, form: Form) -> String {
        if is_pseudonym(value) {
            self.taken.insert(value.to_owned());
            return value.to_owned();
        }
        let key = value.to_lowercase();
        if let Some(known) = self.by_value.get(&key) {
            return known.clone();
        }
        let last = self.last.entry(form).or_default();
        let pseudonym = loop {
            *last += 1;
            let candidate = form.nth(*last);
            if !self.taken.contains(&candidate) || (form == Form::Mac && *last > 255) {
                break candidate;
            }
        };
        self.by_value.insert(key, pseudonym.clone());
        if form != Form::Message {
            self.issued.insert(pseudonym.clone());
        }
        pseudonym
    }

    /// Everything that stands for another value; identifiers of messages, which no one compares,
    /// are left out.
    pub(super) fn issued(&self) -> impl Iterator<Item = &str> {
        self.issued.iter().map(String::as_str)
    }
}

impl fmt::Debug for Pseudonyms {
    /// The pseudonyms, never what they stand for.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pseudonyms").field("issued", &self.issued).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_values_get_equal_pseudonyms_and_pseudonyms_stay() {
        let mut pseudonyms = Pseudonyms::default();
        let first = pseudonyms.of("AAAAAAAA-0000-1111-2222-333333333333", Form::Object);
        assert_eq!(first, "00000000-0000-4000-8000-000000000001");
        assert_eq!(pseudonyms.of("aaaaaaaa-0000-1111-2222-333333333333", Form::Object), first);
        assert_eq!(pseudonyms.of(&first, Form::Object), first);
        assert_eq!(pseudonyms.of("host", Form::Host), "hv01.example.test");
        assert_eq!(pseudonyms.of("other", Form::Host), "hv02.example.test");
    }

    #[test]
    fn a_number_that_the_host_already_uses_is_not_given_again() {
        let mut pseudonyms = Pseudonyms::default();
        let own = counted_guid(1);
        assert_eq!(pseudonyms.of(&own, Form::Object), own);
        assert_eq!(pseudonyms.of("aaaaaaaa-0000-1111-2222-333333333333", Form::Object), counted_guid(2));
        assert_eq!(pseudonyms.issued().collect::<Vec<_>>(), [counted_guid(2)]);
    }

    #[test]
    fn every_form_is_recognised_as_a_pseudonym() {
        let forms = [
            Form::Host,
            Form::User,
            Form::Domain,
            Form::Mac,
            Form::Object,
            Form::Message,
            Form::Sid,
            Form::Named("vm"),
        ];
        for form in forms {
            for number in [1, 2, 100] {
                assert!(is_pseudonym(&form.nth(number)), "{form:?} {number}");
            }
        }
        for text in ["vm-", "hv.example.test", "hv01.example.test.corp", "operators", "8"] {
            assert!(!is_pseudonym(text), "{text}");
        }
    }

    #[test]
    fn addresses_run_through_the_documentation_ranges() {
        assert_eq!(ipv4(1), "192.0.2.1");
        assert_eq!(ipv4(255), "198.51.100.1");
        assert_eq!(ipv4(100_000), "203.0.113.255");
    }
}
