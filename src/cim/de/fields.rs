//! Which field of a struct each property goes to: found out once for all rows that share their names.

use crate::cim::{Name, names};
use std::{cell::RefCell, ptr};

/// The fields of a struct, and which of them the properties of an instance go to.
pub(super) struct Fields {
    all: &'static [&'static str],
    /// Properties whose field is known, in the order in which they came last; not all have one.
    known: Vec<(Name, Option<&'static str>)>,
    /// Where in `known` the next property is likely to be.
    next: usize,
}

thread_local! {
    /// The structs that were read last.
    static LATEST: RefCell<Vec<Fields>> = const { RefCell::new(Vec::new()) };
}

/// So many structs are kept, so many properties of each, and names of so many bytes: peers must not fill the memory.
const MOST_STRUCTS: usize = 8;
const MOST_PROPERTIES: usize = 128;
const LONGEST_NAME: usize = 256;

impl Fields {
    pub(super) fn new(all: &'static [&'static str]) -> Self {
        // Whatever is at one place for ever is one struct's, or the same for several.
        let kept = with_latest(|latest| {
            let at = latest.iter().position(|fields| ptr::eq(fields.all, all))?;
            Some(latest.remove(at))
        });
        kept.unwrap_or(Self { all, known: Vec::new(), next: 0 })
    }

    /// The field for the next property.
    pub(super) fn of_property(&mut self, property: &Name) -> Option<&'static str> {
        let is_next = self.known.get(self.next).is_some_and(|(known, _)| known.is_shared(property));
        let at = if is_next { Some(self.next) } else { self.position(property) };
        if let Some((at, (_, field))) = at.and_then(|at| Some((at, self.known.get(at)?))) {
            self.next = at + 1;
            return *field;
        }
        let field = names::field_of(self.all, property);
        if self.next < MOST_PROPERTIES && property.len() <= LONGEST_NAME {
            // Before what has not come for longer.
            self.known.insert(self.next.min(self.known.len()), (property.clone(), field));
            self.known.truncate(MOST_PROPERTIES);
            self.next += 1;
        }
        field
    }

    /// Keeps what was found out, for the next instance.
    pub(super) fn keep(self) {
        with_latest(|latest| {
            if latest.len() >= MOST_STRUCTS {
                latest.remove(0);
            }
            latest.push(Self { next: 0, ..self });
            Some(())
        });
    }

    fn position(&self, property: &Name) -> Option<usize> {
        self.known.iter().position(|(known, _)| known.is_shared(property))
    }
}

/// Nothing where the thread ends.
fn with_latest<T>(with: impl FnOnce(&mut Vec<Fields>) -> Option<T>) -> Option<T> {
    LATEST.try_with(|latest| with(&mut *latest.try_borrow_mut().ok()?)).ok().flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(fields: &mut Fields, properties: &[Name]) -> Vec<Option<&'static str>> {
        properties.iter().map(|property| fields.of_property(property)).collect()
    }

    #[test]
    fn rows_that_share_their_names_are_looked_up_once_and_may_differ() {
        const FIELDS: &[&str] = &["job_state", "name"];
        let names: Vec<Name> = ["JobState", "Other", "Name"].map(Name::from).into();
        let mut fields = Fields::new(FIELDS);
        assert_eq!(of(&mut fields, &names), [Some("job_state"), None, Some("name")]);
        fields.keep();

        let mut fields = Fields::new(FIELDS);
        assert_eq!(fields.known.len(), 3);
        let [state, other, name] = names.as_slice() else { panic!("three names") };
        let another = Name::from("NAME");
        let row = [name.clone(), state.clone(), another, other.clone(), name.clone()];
        assert_eq!(
            of(&mut fields, &row),
            [Some("name"), Some("job_state"), Some("name"), None, Some("name")]
        );
        assert_eq!(fields.known.len(), 4);
    }

    #[test]
    fn names_that_nobody_shares_make_room_for_those_that_come_again() {
        const FIELDS: &[&str] = &["a"];
        for _ in 0..MOST_PROPERTIES {
            let mut fields = Fields::new(FIELDS);
            assert_eq!(of(&mut fields, &["A".into(), "B".into()]), [Some("a"), None]);
            fields.keep();
        }
        let shared = ["a".into(), "A".into(), "B".into()];
        for _ in 0..2 {
            let mut fields = Fields::new(FIELDS);
            assert_eq!(of(&mut fields, &shared), [Some("a"), Some("a"), None]);
            fields.keep();
        }
        let fields = Fields::new(FIELDS);
        assert_eq!(fields.known.len(), MOST_PROPERTIES);
        assert!(fields.known.iter().zip(&shared).all(|((known, _), name)| known.is_shared(name)));
    }

    #[test]
    fn more_properties_than_are_kept_find_their_fields() {
        let names: Vec<Name> = (0..2 * MOST_PROPERTIES).map(|number| format!("A{number}").into()).collect();
        for _ in 0..2 {
            let mut fields = Fields::new(&["a_255"]);
            let found = of(&mut fields, &names);
            assert_eq!(found.iter().flatten().collect::<Vec<_>>(), [&"a_255"]);
            fields.keep();
        }
    }

    #[test]
    fn names_without_end_are_not_kept() {
        let names = ["A", &"B".repeat(LONGEST_NAME + 1), "C"].map(Name::from);
        let mut fields = Fields::new(&["a", "c"]);
        for _ in 0..2 {
            assert_eq!(of(&mut fields, &names), [Some("a"), None, Some("c")]);
            assert_eq!(fields.known.len(), 2);
            fields.next = 0;
        }
    }
}
