//! WS-CIM XML (DSP0230) to values, typed by the schema.
//!
//! Instances are decoded from the events of a document as it is read, so that a page of them never stands in memory as
//! a tree; what was read as a tree already is walked through in the same way.

mod announced;
mod instances;
mod item;
mod reference;
#[cfg(test)]
mod tests;
mod value;

pub(crate) use instances::{Decoder, Shapes, Start};
pub(crate) use reference::epr;

use super::{CimError, CimType, Instance, Value, schema::Schema};
use crate::xml::{Element, XmlError, names::WSMAN};
use std::collections::HashMap;
use value::Head;

/// Why an instance cannot be decoded while its document is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum DecodeError {
    /// The document itself is not readable.
    Xml(XmlError),
    /// What it holds is not.
    Value(CimError),
}

impl DecodeError {
    /// Says whose value it was, where the error is about a value.
    fn of_property(self, class: &str, property: &str) -> Self {
        match self {
            Self::Value(error) => Self::Value(error.of_property(class, property)),
            xml @ Self::Xml(_) => xml,
        }
    }

    /// The error of what was read before, whose XML is in order.
    fn of_tree(self) -> CimError {
        match self {
            Self::Value(error) => error,
            Self::Xml(error) => CimError::Xml(error),
        }
    }
}

impl From<XmlError> for DecodeError {
    fn from(error: XmlError) -> Self {
        Self::Xml(error)
    }
}

impl From<CimError> for DecodeError {
    fn from(error: CimError) -> Self {
        Self::Value(error)
    }
}

/// An instance element (`p:Msvm_X xsi:type=…`): class = local name; repeated elements become
/// arrays, also where the schema declares an array and one came; unknown properties stay untyped
/// (or, when they hold a reference or a datetime wrapper or a nested instance, what they show).
pub(crate) fn instance(element: &Element, schema: &Schema) -> Result<Instance, CimError> {
    let mut decoder = Decoder::new(schema);
    let source = &mut element.walk();
    let read = if element.is(WSMAN, "XmlFragment") {
        decoder.instance(class_of_fragment(element), None, None, source)
    } else {
        let name = &element.name;
        decoder.item(&Start::of(&name.namespace, &name.local, element.told_attributes()), source)
    };
    read.map_err(DecodeError::of_tree)
}

/// The value of one or more sibling elements of the same name, of the declared type and whether
/// that is an array (`None`: unknown, decide by shape).
///
/// # Errors
/// [`CimError`]; [`CimError::of_property`] says whose value it was.
pub(crate) fn value(
    elements: &[&Element],
    declared: Option<(CimType, bool)>,
    schema: &Schema,
) -> Result<Value, CimError> {
    let mut decoder = Decoder::new(schema);
    let mut whole: Option<Value> = None;
    for element in elements {
        let head = Head::of(&element.name.local, element.told_attributes());
        let one = decoder.value(head, declared, &mut element.walk()).map_err(DecodeError::of_tree)?;
        match &mut whole {
            None => whole = Some(value::first(one, declared)),
            Some(whole) => value::add(whole, one)?,
        }
    }
    Ok(whole.unwrap_or(Value::Null))
}

/// The child elements by local name, in order of first appearance; those of one name need not be
/// neighbours.
pub(crate) fn by_name(element: &Element) -> Vec<(&str, Vec<&Element>)> {
    let mut groups: Vec<(&str, Vec<&Element>)> = Vec::new();
    let mut positions: HashMap<&str, usize> = HashMap::new();
    for child in element.elements() {
        let name = child.name.local.as_str();
        let position = *positions.entry(name).or_insert(groups.len());
        match groups.get_mut(position) {
            Some((_, group)) => group.push(child),
            None => groups.push((name, vec![child])),
        }
    }
    groups
}

/// The class of some properties in `w:XmlFragment`, which stand there without an instance around them: the last segment
/// of their namespace, where they have one.
fn class_of_fragment(fragment: &Element) -> &str {
    let segment = fragment.elements().next().and_then(|property| property.name.namespace.rsplit('/').next());
    segment.filter(|class| !class.is_empty()).unwrap_or(&fragment.name.local)
}
