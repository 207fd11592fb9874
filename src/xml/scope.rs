//! Namespaces, and which prefix means which of them where.

use super::names;
use std::{collections::HashSet, ops::Deref, sync::Arc};

/// A namespace URI, shared by all names that carry it; empty for "no namespace".
///
/// Sharing keeps a document's tree small: a URI is held once, however many elements are in it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub(crate) struct Namespace(Option<Arc<str>>);

/// The declarations of one start tag, and those around it.
#[derive(Debug)]
pub(crate) struct Scope {
    outer: Option<Arc<Self>>,
    declarations: Vec<(Arc<str>, Namespace)>,
    /// Number of declarations, those around included.
    count: usize,
}

/// Every prefix and URI of a document, each held once. Most documents have few.
#[derive(Debug, Default)]
pub(super) struct Interner {
    few: Vec<Arc<str>>,
    many: HashSet<Arc<str>>,
}

impl Deref for Namespace {
    type Target = str;

    fn deref(&self) -> &str {
        self.0.as_deref().unwrap_or_default()
    }
}

impl From<&str> for Namespace {
    fn from(uri: &str) -> Self {
        Self((!uri.is_empty()).then(|| uri.into()))
    }
}

impl PartialEq<str> for Namespace {
    fn eq(&self, other: &str) -> bool {
        **self == *other
    }
}

impl PartialEq<&str> for Namespace {
    fn eq(&self, other: &&str) -> bool {
        **self == **other
    }
}

impl Interner {
    pub(super) fn namespace(&mut self, uri: &str) -> Namespace {
        Namespace((!uri.is_empty()).then(|| self.text(uri)))
    }

    pub(super) fn text(&mut self, text: &str) -> Arc<str> {
        /// So many are looked through one by one.
        const FEW: usize = 24;

        let known = self.few.iter().find(|known| ***known == *text).or_else(|| self.many.get(text));
        if let Some(known) = known {
            return Arc::clone(known);
        }
        let new: Arc<str> = text.into();
        if self.few.len() < FEW {
            self.few.push(Arc::clone(&new));
        } else {
            self.many.insert(Arc::clone(&new));
        }
        new
    }
}

impl Scope {
    pub(super) fn new(outer: Option<Arc<Self>>, declarations: Vec<(Arc<str>, Namespace)>) -> Self {
        let count = declarations.len() + outer.as_ref().map_or(0, |outer| outer.count);
        Self { outer, declarations, count }
    }

    pub(super) fn count(&self) -> usize {
        self.count
    }

    /// The namespace that `prefix` (empty: none) stands for. Without a prefix that is the default
    /// namespace, or none.
    pub(super) fn namespace(scope: Option<&Arc<Self>>, prefix: &str) -> Option<Namespace> {
        let mut current = scope;
        while let Some(scope) = current {
            if let Some((_, namespace)) =
                scope.declarations.iter().find(|(declared, _)| **declared == *prefix)
            {
                return Some(namespace.clone());
            }
            current = scope.outer.as_ref();
        }
        match prefix {
            "" => Some(Namespace::default()),
            "xml" => Some(Namespace::from(names::XML)),
            _ => None,
        }
    }
}
