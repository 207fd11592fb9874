//! Names of values by the value maps of the schema, where they are wanted beside the numbers (`--names`).

use crate::cim::{
    Value,
    schema::{Parameter, Property, Schema},
};
use serde_json::Value as Json;

/// Where they are looked up, if they are wanted.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Names<'s>(Option<&'s Schema>);

/// What has a value map.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Mapped<'s> {
    Property(Property<'s>),
    Parameter(Parameter<'s>),
}

impl<'s> Names<'s> {
    pub(crate) const NONE: Self = Self(None);

    pub(crate) fn new(schema: &'s Schema, are_wanted: bool) -> Self {
        Self(are_wanted.then_some(schema))
    }

    /// The property, if it has a value map.
    pub(crate) fn property(self, class: &str, name: &str) -> Option<Mapped<'s>> {
        let property = self.0?.class(class)?.property(name)?;
        property.values().next().is_some().then_some(Mapped::Property(property))
    }

    /// The parameter of a method, if it has a value map.
    pub(crate) fn parameter(self, class: &str, method: &str, name: &str) -> Option<Mapped<'s>> {
        let parameter = self.0?.class(class)?.method(method)?.parameter(name)?;
        parameter.values().next().is_some().then_some(Mapped::Parameter(parameter))
    }
}

impl<'s> Mapped<'s> {
    /// What a value is called; of an array there is none.
    pub(crate) fn name(self, value: &Value) -> Option<&'s str> {
        let code = value.as_i64()?;
        match self {
            Self::Property(property) => property.value_name(code),
            Self::Parameter(parameter) => parameter.value_name(code),
        }
    }

    /// What a value is called, or each of an array.
    pub(crate) fn document(self, value: &Value) -> Json {
        match value {
            Value::Array(elements) => elements.iter().map(|element| self.name(element)).collect(),
            one => self.name(one).into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_have_value_maps_of_their_own_and_each_element_a_name() {
        let schema = Schema::default();
        let enabled = "MetricCollectionEnabled";
        let shown = |names: Names<'_>, method: &str, parameter: &str| {
            let mapped = names.parameter("Msvm_MetricService", method, parameter);
            mapped.map(|mapped| mapped.document(&Value::from(vec![2_u16, 3, 77])).to_string())
        };
        let names = Names::new(&schema, true);
        assert_eq!(shown(names, "ShowMetrics", enabled).as_deref(), Some(r#"["Enable","Disable",null]"#));
        assert_eq!(
            shown(names, "showmetricsbyclass", enabled).as_deref(),
            Some(r#"["Enabled","Disabled",null]"#)
        );
        assert_eq!(shown(names, "ShowMetrics", "MetricNames"), None);
        assert_eq!(shown(Names::new(&schema, false), "ShowMetrics", enabled), None);
    }
}
