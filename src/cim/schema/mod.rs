//! The documented classes of `root\virtualization\v2`, compiled in.
//!
//! Everything is looked up in one constant table; nothing is built at start-up.

use super::CimType;

/// A class of the schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Class {
    index: u32,
}

/// A property, own or inherited.
#[derive(Debug, Clone, Copy)]
pub struct Property {
    index: u32,
    declared_in: u32,
}

/// A method, own or inherited.
#[derive(Debug, Clone, Copy)]
pub struct Method {
    index: u32,
}

/// A parameter of a method.
#[derive(Debug, Clone, Copy)]
pub struct Parameter {
    index: u32,
}

/// Direction of a parameter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names say it")]
pub enum Direction {
    In,
    Out,
    InOut,
}

/// A class by name, any case.
#[must_use]
pub fn class(name: &str) -> Option<Class> {
    todo!("{name}")
}
/// All classes by name.
pub fn classes() -> impl Iterator<Item = Class> {
    std::iter::empty()
}

impl Class {
    /// Name as documented.
    #[must_use]
    pub fn name(self) -> &'static str {
        todo!("{}", self.index)
    }
    /// The class it derives from, where that is documented too.
    #[must_use]
    pub fn superclass(self) -> Option<Self> {
        todo!()
    }
    /// Whether it is an association.
    #[must_use]
    pub fn is_association(self) -> bool {
        todo!()
    }
    /// Whether it is `name` or derives from it.
    #[must_use]
    pub fn is_a(self, name: &str) -> bool {
        todo!("{name}")
    }
    /// Names of the keys.
    pub fn keys(self) -> impl Iterator<Item = &'static str> {
        std::iter::empty()
    }
    /// All properties, inherited ones included, each once.
    pub fn properties(self) -> impl Iterator<Item = Property> {
        std::iter::empty()
    }
    /// A property by name, any case, inherited ones included.
    #[must_use]
    pub fn property(self, name: &str) -> Option<Property> {
        todo!("{name}")
    }
    /// All methods, inherited ones included.
    pub fn methods(self) -> impl Iterator<Item = Method> {
        std::iter::empty()
    }
    /// A method by name, any case, inherited ones included.
    #[must_use]
    pub fn method(self, name: &str) -> Option<Method> {
        todo!("{name}")
    }
}

impl Property {
    /// Name as documented.
    #[must_use]
    pub fn name(self) -> &'static str {
        todo!("{} {}", self.index, self.declared_in)
    }
    /// Type of the value, of one element for an array.
    #[must_use]
    pub fn cim_type(self) -> CimType {
        todo!()
    }
    /// Whether it is an array.
    #[must_use]
    pub fn is_array(self) -> bool {
        todo!()
    }
    /// Class that a REF points to, or of an embedded object.
    #[must_use]
    pub fn class_name(self) -> Option<&'static str> {
        todo!()
    }
    /// Name of a value by its value map (`7` of `JobState` → `Completed`).
    #[must_use]
    pub fn value_name(self, code: i64) -> Option<&'static str> {
        todo!("{code}")
    }
    /// The whole value map.
    pub fn values(self) -> impl Iterator<Item = (i64, &'static str)> {
        std::iter::empty()
    }
}

impl Method {
    /// Name as documented.
    #[must_use]
    pub fn name(self) -> &'static str {
        todo!("{}", self.index)
    }
    /// Parameters in the order of declaration.
    pub fn parameters(self) -> impl Iterator<Item = Parameter> {
        std::iter::empty()
    }
    /// A parameter by name, any case.
    #[must_use]
    pub fn parameter(self, name: &str) -> Option<Parameter> {
        todo!("{name}")
    }
    /// Name of a return code by this method's own table.
    #[must_use]
    pub fn return_name(self, code: u32) -> Option<&'static str> {
        todo!("{code}")
    }
    /// The whole return table.
    pub fn return_values(self) -> impl Iterator<Item = (u32, &'static str)> {
        std::iter::empty()
    }
}

impl Parameter {
    /// Name as documented.
    #[must_use]
    pub fn name(self) -> &'static str {
        todo!("{}", self.index)
    }
    /// Direction.
    #[must_use]
    pub fn direction(self) -> Direction {
        todo!()
    }
    /// Type of the value, of one element for an array.
    #[must_use]
    pub fn cim_type(self) -> CimType {
        todo!()
    }
    /// Whether it is an array.
    #[must_use]
    pub fn is_array(self) -> bool {
        todo!()
    }
    /// Class that a REF points to, or of an embedded object.
    #[must_use]
    pub fn class_name(self) -> Option<&'static str> {
        todo!()
    }
    /// The whole value map.
    pub fn values(self) -> impl Iterator<Item = (i64, &'static str)> {
        std::iter::empty()
    }
}
