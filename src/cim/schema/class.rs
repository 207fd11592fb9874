//! Classes of a schema.

use std::{fmt, hash};

use super::{
    Method, Property, Source,
    data::{Data, flag},
    layout::{class as record, header},
};
use crate::cim::CimType;

/// A class of the schema.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Class<'s> {
    pub(super) data: Data<'s>,
    /// Position among the classes.
    pub(super) index: u32,
}

impl<'s> Class<'s> {
    /// Name as documented.
    #[must_use]
    pub fn name(self) -> &'s str {
        self.data.string(self.field(record::NAME))
    }
    /// Where it is known from.
    #[must_use]
    pub fn source(self) -> Source {
        let flags = self.field(record::FLAGS);
        Source::of(flag(flags, record::SEEN), flag(flags, record::LOADED))
    }
    /// The class it derives from, where the schema has it too.
    #[must_use]
    pub fn superclass(self) -> Option<Self> {
        self.field(record::SUPERCLASS).checked_sub(1).map(|index| Self { index, ..self })
    }
    /// Name of the class it derives from, in the schema or not.
    #[must_use]
    pub fn superclass_name(self) -> Option<&'s str> {
        Some(self.data.string(self.field(record::SUPERCLASS_NAME))).filter(|name| !name.is_empty())
    }
    /// All classes that derive from it, directly or through others.
    pub fn subclasses(self) -> impl Iterator<Item = Self> {
        all(self.data).filter(move |class| *class != self && class.line().any(|above| above == self))
    }
    /// Whether it has no instances of its own.
    #[must_use]
    pub fn is_abstract(self) -> bool {
        flag(self.field(record::FLAGS), record::ABSTRACT)
    }
    /// Whether it is an association.
    #[must_use]
    pub fn is_association(self) -> bool {
        flag(self.field(record::FLAGS), record::ASSOCIATION)
    }
    /// Whether it is an indication (an event class).
    #[must_use]
    pub fn is_indication(self) -> bool {
        flag(self.field(record::FLAGS), record::INDICATION)
    }
    /// Whether it is `name` or derives from it.
    #[must_use]
    pub fn is_a(self, name: &str) -> bool {
        let mut names = self.line().flat_map(|class| [Some(class.name()), class.superclass_name()]).flatten();
        names.any(|known| known.eq_ignore_ascii_case(name))
    }
    /// Names of the keys.
    pub fn keys(self) -> impl Iterator<Item = &'s str> {
        self.data.list(self.field(record::KEYS)).map(move |name| self.data.string(name))
    }
    /// The class that the keys come from: itself, or the highest above it that has any.
    #[must_use]
    pub fn keys_from(self) -> Option<Self> {
        self.line().filter(|class| class.keys().next().is_some()).last()
    }
    /// All properties, inherited ones included, each once.
    pub fn properties(self) -> impl Iterator<Item = Property<'s>> {
        let data = self.data;
        data.list(self.field(record::PROPERTIES)).map(move |record| Property { data, record })
    }
    /// A property by name, any case, inherited ones included.
    #[must_use]
    pub fn property(self, name: &str) -> Option<Property<'s>> {
        self.properties().find(|property| property.is_named(name))
    }
    /// The properties that are references: the ends of an association.
    pub fn references(self) -> impl Iterator<Item = Property<'s>> {
        self.properties().filter(|property| property.cim_type() == CimType::Reference)
    }
    /// All methods, inherited ones included, each once.
    pub fn methods(self) -> impl Iterator<Item = Method<'s>> {
        let data = self.data;
        data.list(self.field(record::METHODS)).map(move |record| Method { data, record })
    }
    /// A method by name, any case, inherited ones included.
    #[must_use]
    pub fn method(self, name: &str) -> Option<Method<'s>> {
        self.methods().find(|method| method.name().eq_ignore_ascii_case(name))
    }

    /// The class itself, its superclass, and so on up.
    fn line(self) -> impl Iterator<Item = Self> {
        std::iter::successors(Some(self), |class| class.superclass())
    }
    pub(super) fn field(self, field: usize) -> u32 {
        self.data.word(self.data.word(self.index, header::FIRST_CLASS), field)
    }
}

/// All classes of a schema by name.
pub(super) fn all(data: Data<'_>) -> impl Iterator<Item = Class<'_>> {
    (0..data.word(0, header::CLASSES)).map(move |index| Class { data, index })
}

impl hash::Hash for Class<'_> {
    fn hash<H: hash::Hasher>(&self, state: &mut H) {
        self.index.hash(state);
    }
}

impl fmt::Debug for Class<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Class").field(&self.name()).finish()
    }
}
