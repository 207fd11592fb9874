//! Values that are lent to serde, or given.

use crate::cim::{Name, Value};

/// What is lent, or given: a text may be taken out of what is given, which needs it no more.
pub(super) enum Held<'a, T: ?Sized> {
    Lent(&'a T),
    Given(&'a mut T),
}

impl<T: ?Sized> Held<'_, T> {
    pub(super) fn get(&self) -> &T {
        match self {
            Self::Lent(held) => held,
            Self::Given(held) => held,
        }
    }

    /// The same once more, for as long as this is not used.
    pub(super) fn again(&mut self) -> Held<'_, T> {
        match self {
            Self::Lent(held) => Held::Lent(held),
            Self::Given(held) => Held::Given(held),
        }
    }
}

/// One after the other.
impl<'a, T> Iterator for Held<'a, [T]> {
    type Item = Held<'a, T>;

    fn next(&mut self) -> Option<Held<'a, T>> {
        match self {
            Self::Lent(rest) => rest.split_off_first().map(Held::Lent),
            Self::Given(rest) => rest.split_off_first_mut().map(Held::Given),
        }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.get().len(), Some(self.get().len()))
    }
}

impl<'a> Held<'a, (Name, Value)> {
    /// Name and value apart.
    pub(super) fn named(self) -> (&'a Name, Held<'a, Value>) {
        match self {
            Self::Lent((name, value)) => (name, Held::Lent(value)),
            Self::Given((name, value)) => (name, Held::Given(value)),
        }
    }
}

impl<'a> Held<'a, Value> {
    /// As [`Value::as_slice`].
    pub(super) fn elements(self) -> Held<'a, [Value]> {
        match self {
            Self::Lent(value) => Held::Lent(value.as_slice()),
            Self::Given(Value::Null) => Held::Lent(&[]),
            Self::Given(Value::Array(elements)) => Held::Given(elements),
            Self::Given(scalar) => Held::Given(std::slice::from_mut(scalar)),
        }
    }

    /// The text of a value that was given; it stays a text, of nothing.
    pub(super) fn take_text(&mut self) -> Option<String> {
        match self {
            Self::Given(Value::String(text) | Value::Untyped(text)) => {
                Some(std::mem::take(text).into_string())
            }
            _ => None,
        }
    }
}
