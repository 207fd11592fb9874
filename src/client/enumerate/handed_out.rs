//! What a stream has handed out, by what tells items apart.

use super::Item;
use crate::cim::{Epr, Instance, SelectorValue, Value, schema::Schema};
use std::collections::HashSet;

/// The items that were handed out, and what is passed over of an enumeration that has begun anew.
#[derive(Debug, Default)]
pub(super) struct HandedOut {
    /// Knows what the keys of a class are.
    schema: Schema,
    keys: HashSet<String>,
    /// The class of an item that nothing tells apart from others.
    untold: Option<String>,
    /// Whether the enumeration has begun anew, so that items come again.
    again: bool,
}

impl HandedOut {
    pub(super) fn new(schema: Schema) -> Self {
        Self { schema, ..Self::default() }
    }

    /// The class of an item that was handed out and could not be told from those that come again.
    pub(super) fn untold(&self) -> Option<&str> {
        self.untold.as_deref()
    }

    /// From now on items come again.
    pub(super) fn begin_anew(&mut self) {
        self.again = true;
    }

    /// Whether an item is to be handed out; then it counts as such.
    pub(super) fn is_new(&mut self, item: &Item) -> bool {
        let Some(key) = key_of(&self.schema, item) else {
            // Whatever was handed out has keys: this is none of it.
            self.untold.get_or_insert_with(|| class_of(item).to_owned());
            return true;
        };
        self.keys.insert(key) || !self.again
    }
}

fn class_of(item: &Item) -> &str {
    let instance = item.instance.as_ref().map(Instance::class);
    instance.or_else(|| item.epr.as_ref().map(Epr::class)).unwrap_or_default()
}

/// What tells an item apart from all others.
fn key_of(schema: &Schema, item: &Item) -> Option<String> {
    match (&item.epr, &item.instance) {
        (Some(epr), _) => key_of_reference(epr),
        (None, Some(instance)) => key_of_instance(schema, instance),
        (None, None) => None,
    }
}

/// Equal for equal references: without case, in any order.
fn key_of_reference(epr: &Epr) -> Option<String> {
    let keys = epr.keys().map(|key| {
        let value = match key.value() {
            SelectorValue::Text(text) => text.as_str().to_ascii_lowercase(),
            SelectorValue::Reference(nested) => key_of_reference(nested)?,
        };
        Some((key.name().to_ascii_lowercase(), value))
    });
    joined(epr.class(), keys.collect::<Option<Vec<_>>>()?)
}

fn key_of_instance(schema: &Schema, instance: &Instance) -> Option<String> {
    let keys = schema.class(instance.class())?.keys().map(|key| {
        let value = match instance.get(key)? {
            Value::Null => return None,
            Value::Reference(epr) => key_of_reference(epr)?,
            value => value.to_plain_text().to_ascii_lowercase(),
        };
        Some((key.to_ascii_lowercase(), value))
    });
    joined(instance.class(), keys.collect::<Option<Vec<_>>>()?)
}

/// Class and keys as one text; the lengths keep apart what could run together.
fn joined(class: &str, mut keys: Vec<(String, String)>) -> Option<String> {
    if keys.is_empty() {
        return None;
    }
    keys.sort_unstable();
    let keys = keys.iter().map(|(name, value)| format!(",{name}={}:{value}", value.len()));
    Some(class.to_ascii_lowercase() + &keys.collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn job(id: &str) -> Item {
        let job = Instance::new("Msvm_ConcreteJob");
        Item { instance: Some(job.with("InstanceID", Value::string(id).unwrap())), epr: None }
    }

    fn reference(id: &str) -> Item {
        let epr = Epr::class_of("X_Unknown", "root/x").with("Id", id).unwrap();
        Item { instance: None, epr: Some(epr.with("Other", "o").unwrap()) }
    }

    #[test]
    fn an_item_is_known_again_by_its_reference_or_by_the_keys_of_its_class() {
        for item in [job, reference] {
            let mut handed_out = HandedOut::default();
            assert!(handed_out.is_new(&item("A")) && handed_out.is_new(&item("B")));
            handed_out.begin_anew();
            assert!(!handed_out.is_new(&item("b")) && !handed_out.is_new(&item("A")));
            assert!(handed_out.is_new(&item("C")));
            assert!(!handed_out.is_new(&item("C")));
            assert_eq!(handed_out.untold(), None);
        }
    }

    #[test]
    fn values_that_run_into_each_other_are_different_keys() {
        let of = |id: &str, other: &str| {
            let epr = Epr::class_of("X_Unknown", "root/x").with("Id", id).unwrap();
            key_of_reference(&epr.with("Other", other).unwrap())
        };
        assert_ne!(of("a,other=1:b", "c"), of("a", "b,other=1:c"));
        assert_ne!(of("a", "b"), of("b", "a"));
    }

    #[test]
    fn what_has_no_keys_cannot_be_told_apart() {
        let untold = |instance: Instance| {
            let mut handed_out = HandedOut::default();
            assert!(handed_out.is_new(&Item { instance: Some(instance), epr: None }));
            handed_out.untold().map(str::to_owned)
        };
        let key = Value::string("A").unwrap();
        assert_eq!(untold(Instance::new("X_Unknown").with("Id", key)).as_deref(), Some("X_Unknown"));
        assert_eq!(untold(Instance::new("Msvm_ConcreteJob")).as_deref(), Some("Msvm_ConcreteJob"));
        let null = Instance::new("Msvm_ConcreteJob").with("InstanceID", Value::Null);
        assert_eq!(untold(null).as_deref(), Some("Msvm_ConcreteJob"));
    }
}
