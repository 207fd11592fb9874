//! How a message names classes: as Windows does it, or as the DMTF (DSP0227 5.1.2).
//!
//! Within the simulator a class is named as Windows names it. A request in the DMTF's way is read into that, and what
//! answers it is written back: URIs, and the namespace in each reference, as Windows writes it there then. That
//! everything in the answer follows the request is chosen; and so is that no property announces its type, which Windows
//! does then.

use super::Fault;
use crate::{
    cim::{Epr, Selector, SelectorValue, Value},
    xml::names::{DMTF_ALL_CLASSES, DMTF_CLASS_PREFIX, NAMESPACE_SELECTOR},
};
use std::borrow::Cow;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(in crate::sim) enum Family {
    #[default]
    Windows,
    Dmtf,
}

impl Family {
    /// That of a resource URI.
    pub(super) fn of(uri: &str) -> Self {
        let is_class =
            uri.get(..DMTF_CLASS_PREFIX.len()).is_some_and(|prefix| same(prefix, DMTF_CLASS_PREFIX));
        if is_class || same(uri, DMTF_ALL_CLASSES) { Self::Dmtf } else { Self::Windows }
    }

    /// The URI that is written for this one of Windows.
    pub(in crate::sim) fn uri(self, class: &str, namespace: &str) -> String {
        match self {
            Self::Windows => Epr::class_of(class, namespace).resource_uri,
            Self::Dmtf => format!("{DMTF_CLASS_PREFIX}{class}"),
        }
    }

    /// The reference as it is written.
    pub(super) fn epr(self, epr: &Epr) -> Cow<'_, Epr> {
        let (Self::Dmtf, Some(namespace)) = (self, epr.namespace()) else { return Cow::Borrowed(epr) };
        let beside = Epr::from_uri(&self.uri(epr.class(), namespace)).with(NAMESPACE_SELECTOR, namespace);
        // What was read, or is held, can be written.
        let Ok(mut written) = beside else { return Cow::Borrowed(epr) };
        written.selectors.extend(epr.keys().map(|key| match &key.value {
            SelectorValue::Text(_) => key.clone(),
            SelectorValue::Reference(nested) => {
                let value = SelectorValue::Reference(Box::new(self.epr(nested).into_owned()));
                Selector { name: key.name.clone(), value }
            }
        }));
        Cow::Owned(written)
    }

    /// The value with its references as they are written.
    pub(super) fn value(self, value: &Value) -> Cow<'_, Value> {
        match (self, value) {
            (Self::Dmtf, Value::Reference(epr)) => {
                Cow::Owned(Value::Reference(Box::new(self.epr(epr).into_owned())))
            }
            (Self::Dmtf, Value::Array(values)) => {
                Cow::Owned(Value::Array(values.iter().map(|value| self.value(value).into_owned()).collect()))
            }
            _ => Cow::Borrowed(value),
        }
    }
}

/// The reference as Windows names it.
///
/// # Errors
/// Without a namespace. DSP0227 has the default one of the server for that, and this one has none (chosen).
pub(super) fn as_windows(epr: Epr) -> Result<Epr, Fault> {
    if Family::of(&epr.resource_uri) == Family::Windows {
        return Ok(epr);
    }
    let namespace = epr.namespace().ok_or_else(Fault::no_namespace)?;
    let selectors = epr.keys().cloned().collect();
    Ok(Epr { selectors, ..Epr::class_of(epr.class(), namespace) })
}

fn same(one: &str, two: &str) -> bool {
    one.eq_ignore_ascii_case(two)
}
