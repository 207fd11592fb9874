//! What is printed of one instance.

use crate::{
    cim::{Epr, Instance, Value},
    cli::cim::Scope,
};

/// An instance, its reference, or both; for XML also the element that it was.
#[derive(Debug, Clone, Default)]
pub(crate) struct Row {
    pub(crate) instance: Option<Instance>,
    /// The host's own, else made of the keys that the schema knows.
    pub(crate) epr: Option<Epr>,
    pub(crate) wire: Option<String>,
}

impl Row {
    /// A row of what came. A reference that did not come is made of the keys.
    pub(crate) fn new(instance: Option<Instance>, epr: Option<Epr>, scope: Scope<'_>) -> Self {
        let epr = epr.or_else(|| reference(instance.as_ref()?, scope));
        Self { instance, epr, wire: None }
    }

    /// The class of the instance.
    pub(crate) fn class(&self) -> Option<&str> {
        let of_instance = self.instance.as_ref().map(Instance::class);
        of_instance.or_else(|| self.epr.as_ref().map(Epr::class))
    }
}

/// The reference of an instance, where the schema knows its keys and it has them all.
fn reference(instance: &Instance, scope: Scope<'_>) -> Option<Epr> {
    let class = scope.known(instance.class(), Some(scope.namespace))?;
    let keys: Vec<_> = class.keys().collect();
    if keys.is_empty() {
        return None;
    }
    keys.into_iter().try_fold(Epr::class_of(class.name(), scope.namespace), |epr, key| {
        match instance.get(key)? {
            Value::Null => None,
            Value::Reference(nested) => epr.with_reference(key, (**nested).clone()).ok(),
            value => epr.with(key, &value.to_plain_text()).ok(),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reference_is_made_of_all_keys_or_not_at_all() {
        let job = Instance::new("Msvm_ConcreteJob").with("InstanceID", Value::string("A").unwrap());
        let path = |instance: &Instance| reference(instance, Scope::of_tests()).map(|epr| epr.to_string());
        assert_eq!(path(&job).as_deref(), Some(r#"root\virtualization\v2:Msvm_ConcreteJob.InstanceID="A""#));
        assert_eq!(path(&Instance::new("Msvm_ConcreteJob").with("InstanceID", Value::Null)), None);
        assert_eq!(path(&Instance::new("Msvm_ConcreteJob")), None);
        assert_eq!(path(&Instance::new("Win32_Service")), None);
    }
}
