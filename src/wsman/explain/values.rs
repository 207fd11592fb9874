//! Values for people: codes with their names, embedded instances taken apart.

use super::{Epr, SelectorValue};
use crate::cim::{
    DateTime, Instance, Value,
    schema::{Parameter, Property, Schema},
};

type Lines = Vec<(u8, String, String)>;

/// Whose value map names a number.
#[derive(Debug, Clone, Copy)]
pub(super) enum Named<'s> {
    Property(Property<'s>),
    Parameter(Parameter<'s>),
}

impl<'s> Named<'s> {
    fn name_of(self, code: i64) -> Option<&'s str> {
        match self {
            Self::Property(property) => property.value_name(code),
            Self::Parameter(parameter) => parameter.value_name(code),
        }
    }
}

/// A line for each property that is set, and one with the names of those that are null.
pub(super) fn write_instance(lines: &mut Lines, indent: u8, instance: &Instance, schema: &Schema) {
    let class = schema.class(instance.class());
    let mut nulls = Vec::new();
    for (name, value) in instance.properties() {
        if value.is_null() {
            nulls.push(name);
        } else {
            let property = class.and_then(|class| class.property(name));
            write(lines, indent, name, value, property.map(Named::Property), schema);
        }
    }
    if !nulls.is_empty() {
        lines.push((indent, "null".to_owned(), nulls.join(", ")));
    }
}

/// The lines of one value: one, or several for an instance.
pub(super) fn write(
    lines: &mut Lines,
    indent: u8,
    name: &str,
    value: &Value,
    named: Option<Named<'_>>,
    schema: &Schema,
) {
    // Reading has bounded the nesting far below that.
    let deeper = indent.saturating_add(1);
    let embedded: Vec<_> = value.as_slice().iter().filter_map(instance_in).collect();
    if embedded.is_empty() || embedded.len() < value.as_slice().len() {
        lines.push((indent, name.to_owned(), text_of(value, named)));
        return;
    }
    for instance in embedded {
        lines.push((indent, name.to_owned(), format!("instance of {}", instance.class())));
        write_instance(lines, deeper, &instance, schema);
    }
}

/// Class and keys of a reference.
pub(super) fn reference(epr: &Epr) -> String {
    let keys = epr.keys().map(|key| match key.value() {
        SelectorValue::Text(text) => format!("{}={text}", key.name()),
        SelectorValue::Reference(epr) => format!("{}=({})", key.name(), reference(epr)),
    });
    let keys: Vec<_> = keys.collect();
    if keys.is_empty() { epr.class().to_owned() } else { format!("{} with {}", epr.class(), keys.join(", ")) }
}

/// An instance, as an element tree or as CIM-XML text.
fn instance_in(value: &Value) -> Option<Instance> {
    if let Some(instance) = value.as_instance() {
        return Some(instance.clone());
    }
    let text = value.as_str()?;
    if text.trim_start().starts_with("<INSTANCE") { Instance::from_cim_xml(text).ok() } else { None }
}

fn text_of(value: &Value, named: Option<Named<'_>>) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Array(elements) => {
            elements.iter().map(|element| text_of(element, named)).collect::<Vec<_>>().join(", ")
        }
        Value::Reference(epr) => reference(epr),
        Value::DateTime(datetime @ DateTime::Timestamp(_)) if datetime.is_never() => "never".to_owned(),
        Value::DateTime(datetime) => datetime.to_iso(),
        other => {
            let text = other.to_plain_text();
            match other.as_i64().and_then(|code| named?.name_of(code)) {
                Some(name) => format!("{text} ({name})"),
                None => text,
            }
        }
    }
}
