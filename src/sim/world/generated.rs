//! Instances of every class of the schema, made up: for readers that have to take all that a class may
//! hold. No host has them; they are there only when asked for.
//!
//! They are the same on every host. Each kind of value comes up: smallest and largest numbers, values
//! of value maps, empty and awkward texts, points in time and intervals, nulls, arrays, references and
//! embedded objects.

use super::{reference, text};
use crate::cim::{Char16, CimType, DateTime, Instance, Value, schema};

/// The instances of a class and of the classes derived from it, `count` of each.
pub(super) fn instances(class: schema::Class<'_>, count: usize) -> Vec<Instance> {
    schema::classes()
        .filter(|known| count > 0 && known.is_a(class.name()) && has_own(*known))
        .flat_map(|known| (0..count).map(move |index| instance(known, index, 0)))
        .collect()
}

/// Abstract classes have instances of derived classes alone; where there are none, of their own.
fn has_own(class: schema::Class<'_>) -> bool {
    !class.is_abstract() || class.subclasses().next().is_none()
}

/// References and embedded objects in each other that are followed.
const DEEPEST: usize = 3;

fn instance(class: schema::Class<'static>, index: usize, depth: usize) -> Instance {
    let mut instance = Instance::new(class.name());
    for (position, property) in class.properties().enumerate() {
        let value = if property.is_key() {
            key(class, property, index, depth)
        } else if (position + index) % 5 == 4 {
            Value::Null
        } else if property.is_array() {
            let length = 1 + (position + index) % 3;
            let elements = (0..length).map(|at| scalar(property, index + at, depth));
            Value::Array(elements.filter(|value| !value.is_null()).collect())
        } else {
            scalar(property, position + index, depth)
        };
        // An array without elements cannot be told from one that is not there.
        let is_empty = matches!(&value, Value::Array(elements) if elements.is_empty());
        instance.set(property.name(), if is_empty { Value::Null } else { value });
    }
    instance
}

/// The value of a key: another one for each instance of the class.
fn key(class: schema::Class<'_>, property: schema::Property<'_>, index: usize, depth: usize) -> Value {
    match property.cim_type() {
        CimType::String if property.name() == "CreationClassName" => text(class.name()),
        CimType::String => text(format!("generated:{}\\{index}", class.name())),
        CimType::Reference => linked(property, index, depth),
        cim_type => Value::parse(cim_type, &index.to_string()).unwrap_or(Value::Null),
    }
}

fn scalar(property: schema::Property<'_>, seed: usize, depth: usize) -> Value {
    let known: Vec<i64> = property.values().map(|(code, _)| code).collect();
    let number = |smallest: &str, largest: &str| {
        let chosen = known.get(seed % known.len().max(1)).map(i64::to_string);
        let text = chosen.unwrap_or_else(|| {
            [largest, smallest, "7"].into_iter().cycle().nth(seed % 3).unwrap_or("7").to_owned()
        });
        Value::parse(property.cim_type(), &text).unwrap_or(Value::Null)
    };
    match property.cim_type() {
        CimType::Boolean => Value::Boolean(seed.is_multiple_of(2)),
        CimType::Uint8 => number("0", "255"),
        CimType::Sint8 => number("-128", "127"),
        CimType::Uint16 => number("0", "65535"),
        CimType::Sint16 => number("-32768", "32767"),
        CimType::Uint32 => number("0", "4294967295"),
        CimType::Sint32 => number("-2147483648", "2147483647"),
        CimType::Uint64 => number("0", "18446744073709551615"),
        CimType::Sint64 => number("-9223372036854775808", "9223372036854775807"),
        CimType::Real32 => number("-1.5", "0.25"),
        CimType::Real64 => number("-1.5e300", "0.1"),
        CimType::Char16 => Char16::new('ä').map_or(Value::Null, Value::Char16),
        CimType::String => match seed % 4 {
            0 => text(format!("{} {seed}", property.name())),
            1 => text(" two  words "),
            2 => text(r#"R&D <"blue"> 'team' C:\x ]]> ä€😀"#),
            _ => text(""),
        },
        CimType::DateTime => {
            let text = if seed.is_multiple_of(2) { "2026-01-02T03:04:05.678901Z" } else { "P1DT2H3M4.5S" };
            DateTime::from_iso(text).map_or(Value::Null, Value::DateTime)
        }
        CimType::Reference => linked(property, seed, depth),
        CimType::Object => match concrete(property) {
            Some(class) if depth < DEEPEST => instance(class, seed % 2, depth + 1).into(),
            _ => Value::Null,
        },
    }
}

/// A reference to a generated instance of the class that a REF is declared for.
fn linked(property: schema::Property<'_>, index: usize, depth: usize) -> Value {
    match concrete(property) {
        Some(class) if depth < DEEPEST => {
            let mut target = Instance::new(class.name());
            for property in class.properties().filter(|property| property.is_key()) {
                target.set(property.name(), key(class, property, index, depth + 1));
            }
            Value::Reference(Box::new(reference(&target)))
        }
        _ => Value::Null,
    }
}

/// The class of a REF or of an embedded object, or the first derived one that has instances.
fn concrete(property: schema::Property<'_>) -> Option<schema::Class<'static>> {
    let declared = schema::class(property.class_name()?)?;
    if has_own(declared) {
        return Some(declared);
    }
    schema::classes().find(|class| class.is_a(declared.name()) && has_own(*class))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        sim::soap::{
            answer::{self, Heading},
            family::Family,
        },
        wsman::{
            request::Operation,
            response::{self, Response},
        },
        xml::Limits,
    };
    use std::collections::HashSet;

    #[test]
    fn every_class_has_instances_that_keys_tell_apart() {
        for class in schema::classes() {
            let instances = instances(class, 2);
            assert!(!instances.is_empty(), "{}", class.name());
            let own: Vec<_> = instances.iter().filter(|instance| instance.class() == class.name()).collect();
            let references: HashSet<String> =
                own.iter().map(|instance| reference(instance).to_path().to_string()).collect();
            let has_keys = class.keys().next().is_some();
            assert!(!has_keys || references.len() == own.len(), "{}: {references:?}", class.name());
        }
    }

    #[test]
    fn each_value_is_of_its_declared_type_and_every_kind_of_value_comes_up() {
        let mut seen = HashSet::new();
        let (mut nulls, mut arrays) = (0, 0);
        for class in schema::classes() {
            for instance in (0..3).map(|index| instance(class, index, 0)) {
                for (name, value) in instance.properties() {
                    let property = class.property(name).unwrap();
                    let at = format!("{}.{name}: {value:?}", class.name());
                    match value {
                        Value::Null => nulls += 1,
                        value => {
                            assert_eq!(value.cim_type(), Some(property.cim_type()), "{at}");
                            assert_eq!(matches!(value, Value::Array(_)), property.is_array(), "{at}");
                            arrays += usize::from(property.is_array());
                            seen.insert(property.cim_type());
                        }
                    }
                }
            }
        }
        let declared: HashSet<_> =
            schema::classes().flat_map(schema::Class::properties).map(schema::Property::cim_type).collect();
        assert_eq!(seen, declared);
        assert!(nulls > 1000 && arrays > 1000, "{nulls} {arrays}");
    }

    /// The text of a value of which the schema knows no type, or the value.
    fn known(value: &Value, property: schema::Property<'_>) -> Value {
        match property.declared_type() {
            None if !value.is_null() => text(value.to_plain_text()),
            _ => value.clone(),
        }
    }

    #[test]
    fn what_is_written_of_each_class_is_read_as_it_was_made_in_either_way_of_naming() {
        for family in [Family::Windows, Family::Dmtf] {
            for made in schema::classes().flat_map(|class| super::instances(class, 2)) {
                let class = schema::class(made.class()).unwrap();
                let heading = Heading {
                    language: "en-US",
                    message_id: "A".into(),
                    relates_to: Some("uuid:B".into()),
                    family,
                };
                let xml = answer::get(&heading, &made);
                let get = Operation::Get { epr: reference(&made) };
                let read = response::read(
                    &get,
                    "uuid:B",
                    xml.as_bytes(),
                    &Limits::default(),
                    &schema::Schema::default(),
                );
                let Ok(Response::Got(read)) = read else { panic!("{}: {read:?}", made.class()) };
                assert_eq!(read.class(), made.class());
                assert_eq!(read.properties().count(), class.properties().count(), "{}", made.class());
                for (name, value) in read.properties() {
                    let property = class.property(name).unwrap();
                    let made_as = known(made.get(name).unwrap_or(&Value::Null), property);
                    assert_eq!(known(value, property), made_as, "{}.{name}", made.class());
                }
            }
        }
    }
}
