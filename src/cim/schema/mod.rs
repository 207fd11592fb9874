//! The documented classes of `root\virtualization\v2`, compiled in.
//!
//! The source is the folder `schema/` of the repository: a text form of the 429 classes that the
//! Microsoft Hyper-V WMI v2 documentation describes. The build script resolves inheritance and
//! writes one constant run of bytes, in which everything is looked up; nothing is built at
//! start-up. Hosts have newer classes and properties than the documentation: what is not found
//! here may still exist.
//!
//! ```
//! use hyperv_wsman::cim::{CimType, schema};
//!
//! let service = schema::class("Msvm_CollectionSnapshotService").expect("a documented class");
//! let create = service.method("CreateSnapshot").expect("a documented method");
//! assert_eq!(create.return_name(5), Some("Invalid State"));
//!
//! let collection = create.parameter("Collection").expect("a documented parameter");
//! assert_eq!(collection.cim_type(), CimType::Reference);
//! assert_eq!(collection.class_name(), Some("CIM_CollectionOfMSEs"));
//! ```

#[cfg(test)]
mod compiler;
mod data;
mod layout;
#[cfg(test)]
mod tests;

use std::cmp::Ordering;
use std::fmt;

use super::CimType;
use data::{flag, list, string, table, word};
use layout::{class as class_record, compare_names, header, method as method_record, typed};

/// A class of the schema.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Class {
    /// Position among the classes.
    index: u32,
}

/// A property, own or inherited.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Property {
    record: u32,
}

/// A method, own or inherited.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Method {
    record: u32,
}

/// A parameter of a method.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Parameter {
    record: u32,
}

/// Direction of a parameter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Direction {
    In,
    Out,
    InOut,
}

/// A class by name, any case.
#[must_use]
pub fn class(name: &str) -> Option<Class> {
    let (mut low, mut high) = (0, class_count());
    while low < high {
        let middle = Class { index: low.midpoint(high) };
        match compare_names(middle.name(), name) {
            Ordering::Less => low = middle.index + 1,
            Ordering::Greater => high = middle.index,
            Ordering::Equal => return Some(middle),
        }
    }
    None
}

/// All classes by name.
pub fn classes() -> impl Iterator<Item = Class> {
    (0..class_count()).map(|index| Class { index })
}

/// Name of a return code of the family 32768 to 32779, which any Hyper-V method may return,
/// whether or not its own table lists it.
#[must_use]
pub fn vendor_return_name(code: u32) -> Option<&'static str> {
    Some(match code {
        32768 => "Failed",
        32769 => "Access Denied",
        32770 => "Not Supported",
        32771 => "Status is unknown",
        32772 => "Timeout",
        32773 => "Invalid parameter",
        32774 => "System is in use",
        32775 => "Invalid state for this operation",
        32776 => "Incorrect data type",
        32777 => "System is not available",
        32778 => "Out of memory",
        32779 => "File not found",
        _ => return None,
    })
}

fn class_count() -> u32 {
    word(0, header::CLASSES)
}

impl Class {
    /// Name as documented.
    #[must_use]
    pub fn name(self) -> &'static str {
        string(self.field(class_record::NAME))
    }
    /// The class it derives from, where that is documented too.
    #[must_use]
    pub fn superclass(self) -> Option<Self> {
        self.field(class_record::SUPERCLASS).checked_sub(1).map(|index| Self { index })
    }
    /// Name of the class it derives from, documented or not.
    #[must_use]
    pub fn superclass_name(self) -> Option<&'static str> {
        Some(string(self.field(class_record::SUPERCLASS_NAME))).filter(|name| !name.is_empty())
    }
    /// All classes that derive from it, directly or through others.
    pub fn subclasses(self) -> impl Iterator<Item = Self> {
        classes().filter(move |class| *class != self && class.line().any(|above| above == self))
    }
    /// Whether it has no instances of its own.
    #[must_use]
    pub fn is_abstract(self) -> bool {
        flag(self.field(class_record::FLAGS), class_record::ABSTRACT)
    }
    /// Whether it is an association.
    #[must_use]
    pub fn is_association(self) -> bool {
        flag(self.field(class_record::FLAGS), class_record::ASSOCIATION)
    }
    /// Whether it is an indication (an event class).
    #[must_use]
    pub fn is_indication(self) -> bool {
        flag(self.field(class_record::FLAGS), class_record::INDICATION)
    }
    /// Whether it is `name` or derives from it.
    #[must_use]
    pub fn is_a(self, name: &str) -> bool {
        self.line().any(|class| {
            let above = class.superclass_name().unwrap_or_default();
            class.name().eq_ignore_ascii_case(name) || above.eq_ignore_ascii_case(name)
        })
    }
    /// Names of the keys.
    pub fn keys(self) -> impl Iterator<Item = &'static str> {
        list(self.field(class_record::KEYS)).map(string)
    }
    /// All properties, inherited ones included, each once.
    pub fn properties(self) -> impl Iterator<Item = Property> {
        list(self.field(class_record::PROPERTIES)).map(|record| Property { record })
    }
    /// A property by name, any case, inherited ones included.
    #[must_use]
    pub fn property(self, name: &str) -> Option<Property> {
        self.properties().find(|property| property.name().eq_ignore_ascii_case(name))
    }
    /// The properties that are references: the ends of an association.
    pub fn references(self) -> impl Iterator<Item = Property> {
        self.properties().filter(|property| property.cim_type() == CimType::Reference)
    }
    /// All methods, inherited ones included, each once.
    pub fn methods(self) -> impl Iterator<Item = Method> {
        list(self.field(class_record::METHODS)).map(|record| Method { record })
    }
    /// A method by name, any case, inherited ones included.
    #[must_use]
    pub fn method(self, name: &str) -> Option<Method> {
        self.methods().find(|method| method.name().eq_ignore_ascii_case(name))
    }

    /// The class itself, its superclass, and so on up.
    fn line(self) -> impl Iterator<Item = Self> {
        std::iter::successors(Some(self), |class| class.superclass())
    }
    fn field(self, field: usize) -> u32 {
        word(word(self.index, header::FIRST_CLASS), field)
    }
}

impl Property {
    /// Name as documented.
    #[must_use]
    pub fn name(self) -> &'static str {
        string(word(self.record, typed::NAME))
    }
    /// The class that declares it, last down the line.
    #[must_use]
    pub fn declared_in(self) -> Class {
        Class { index: word(self.record, typed::DECLARED_IN) }
    }
    /// Type of the value, of one element for an array.
    #[must_use]
    pub fn cim_type(self) -> CimType {
        data::cim_type(word(self.record, typed::TYPE))
    }
    /// Whether it is an array.
    #[must_use]
    pub fn is_array(self) -> bool {
        flag(word(self.record, typed::FLAGS), typed::ARRAY)
    }
    /// Whether it is one of the keys of its class.
    #[must_use]
    pub fn is_key(self) -> bool {
        flag(word(self.record, typed::FLAGS), typed::KEY)
    }
    /// Class that a REF points to, or of an embedded object.
    #[must_use]
    pub fn class_name(self) -> Option<&'static str> {
        Some(string(word(self.record, typed::CLASS_NAME))).filter(|name| !name.is_empty())
    }
    /// Name of a value by its value map (`7` of `JobState` → `Completed`).
    #[must_use]
    pub fn value_name(self, code: i64) -> Option<&'static str> {
        name_of(self.values(), code)
    }
    /// The whole value map.
    pub fn values(self) -> impl Iterator<Item = (i64, &'static str)> {
        table(word(self.record, typed::VALUES)).map(|(code, name)| (signed(code), name))
    }
}

impl Method {
    /// Name as documented.
    #[must_use]
    pub fn name(self) -> &'static str {
        string(word(self.record, method_record::NAME))
    }
    /// The class that declares it, last down the line.
    #[must_use]
    pub fn declared_in(self) -> Class {
        Class { index: word(self.record, method_record::DECLARED_IN) }
    }
    /// Parameters in the order of declaration.
    pub fn parameters(self) -> impl Iterator<Item = Parameter> {
        list(word(self.record, method_record::PARAMETERS)).map(|record| Parameter { record })
    }
    /// A parameter by name, any case.
    #[must_use]
    pub fn parameter(self, name: &str) -> Option<Parameter> {
        self.parameters().find(|parameter| parameter.name().eq_ignore_ascii_case(name))
    }
    /// Name of a return code by this method's own table.
    #[must_use]
    pub fn return_name(self, code: u32) -> Option<&'static str> {
        name_of(self.return_values(), code)
    }
    /// The whole return table; empty where the documentation has none.
    pub fn return_values(self) -> impl Iterator<Item = (u32, &'static str)> {
        table(word(self.record, method_record::RETURNS))
    }
}

impl Parameter {
    /// Name as documented.
    #[must_use]
    pub fn name(self) -> &'static str {
        string(word(self.record, typed::NAME))
    }
    /// Direction.
    #[must_use]
    pub fn direction(self) -> Direction {
        let flags = word(self.record, typed::FLAGS);
        match (flag(flags, typed::IN), flag(flags, typed::OUT)) {
            (true, true) => Direction::InOut,
            (false, true) => Direction::Out,
            (_, false) => Direction::In,
        }
    }
    /// Type of the value, of one element for an array.
    #[must_use]
    pub fn cim_type(self) -> CimType {
        data::cim_type(word(self.record, typed::TYPE))
    }
    /// Whether it is an array.
    #[must_use]
    pub fn is_array(self) -> bool {
        flag(word(self.record, typed::FLAGS), typed::ARRAY)
    }
    /// Class that a REF points to, or of an embedded object.
    #[must_use]
    pub fn class_name(self) -> Option<&'static str> {
        Some(string(word(self.record, typed::CLASS_NAME))).filter(|name| !name.is_empty())
    }
    /// Name of a value by its value map.
    #[must_use]
    pub fn value_name(self, code: i64) -> Option<&'static str> {
        name_of(self.values(), code)
    }
    /// The whole value map.
    pub fn values(self) -> impl Iterator<Item = (i64, &'static str)> {
        table(word(self.record, typed::VALUES)).map(|(code, name)| (signed(code), name))
    }
}

impl Direction {
    /// Whether the caller sends it.
    #[must_use]
    pub fn is_in(self) -> bool {
        matches!(self, Self::In | Self::InOut)
    }
    /// Whether the host answers with it.
    #[must_use]
    pub fn is_out(self) -> bool {
        matches!(self, Self::Out | Self::InOut)
    }
}

/// Codes are kept as the bits of an `i32`.
fn signed(code: u32) -> i64 {
    i64::from(code.cast_signed())
}

fn name_of<C: Copy + PartialEq>(
    mut table: impl Iterator<Item = (C, &'static str)>,
    code: C,
) -> Option<&'static str> {
    table.find(|(known, _)| *known == code).map(|(_, name)| name)
}

impl fmt::Debug for Class {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Class").field(&self.name()).finish()
    }
}

impl fmt::Debug for Property {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Property").field(&self.name()).finish()
    }
}

impl fmt::Debug for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Method").field(&self.name()).finish()
    }
}

impl fmt::Debug for Parameter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Parameter").field(&self.name()).finish()
    }
}
