//! Parameters of a method, checked against the documented schema.

use super::{
    Fault,
    request::{Resource, reference_content, resource},
};
use crate::{
    cim::{
        CimType, DateTime, Epr, Value,
        schema::{Direction, Method, Parameter},
    },
    xml::{Element, names},
};

/// The values that came; a parameter that did not is null.
#[derive(Debug, Default)]
pub(in crate::sim) struct Arguments {
    values: Vec<(&'static str, Value)>,
}

impl Arguments {
    /// Reads `Method_INPUT`, whose children belong to the namespace of the class.
    ///
    /// # Errors
    /// `w:SchemaValidationError` for what the schema does not allow.
    pub(in crate::sim) fn read(
        method: Method<'static>,
        input: &Element,
        class_uri: &str,
    ) -> Result<Self, Fault> {
        let mut values: Vec<(&'static str, Value)> = Vec::new();
        for element in input.elements() {
            let name = element.name.local.as_str();
            if !element.name.namespace.eq_ignore_ascii_case(class_uri) {
                return Err(Fault::schema(&format!("{name} is not in the namespace of the class")));
            }
            let parameter = method
                .parameter(name)
                .ok_or_else(|| Fault::schema(&format!("{} has no parameter {name}", method.name())))?;
            if parameter.direction() == Direction::Out {
                return Err(Fault::schema(&format!("{name} is an output of {}", method.name())));
            }
            let value = value(parameter, element)?;
            match values.iter_mut().find(|(known, _)| *known == parameter.name()) {
                None if parameter.is_array() && !value.is_null() => {
                    values.push((parameter.name(), Value::Array(vec![value])));
                }
                None => values.push((parameter.name(), value)),
                // DSP0230: an array repeats its element.
                Some((_, Value::Array(items))) if !value.is_null() => items.push(value),
                Some(_) => return Err(Fault::schema(&format!("{name} occurs twice"))),
            }
        }
        Ok(Self { values })
    }

    pub(in crate::sim) fn text(&self, name: &str) -> Option<&str> {
        self.get(name)?.as_str()
    }

    pub(in crate::sim) fn number(&self, name: &str) -> Option<u64> {
        self.get(name)?.as_u64()
    }

    pub(in crate::sim) fn reference(&self, name: &str) -> Option<&Epr> {
        self.get(name)?.as_epr()
    }

    pub(in crate::sim) fn get(&self, name: &str) -> Option<&Value> {
        self.values.iter().find(|(known, _)| *known == name).map(|(_, value)| value)
    }
}

/// One element as its declared type.
fn value(parameter: Parameter, element: &Element) -> Result<Value, Fault> {
    let name = parameter.name();
    if element.is_nil() {
        return Ok(Value::Null);
    }
    match parameter.cim_type() {
        CimType::Reference => {
            // Windows refuses the wrapper that WS-Addressing would suggest (seen by go-wsman).
            if element.child(names::ADDRESSING, "EndpointReference").is_some() {
                return Err(Fault::schema(&format!("{name} holds an EndpointReference")));
            }
            let epr = reference_content(element)?;
            check_class(parameter, &epr)?;
            Ok(Value::Reference(Box::new(epr)))
        }
        CimType::DateTime => datetime(element)
            .map(Value::DateTime)
            .ok_or_else(|| Fault::schema(&format!("{name} is not a datetime"))),
        cim_type => {
            // An embedded instance is CIM-XML text; as a tree it is refused (seen by go-wsman).
            if element.elements().next().is_some() {
                return Err(Fault::schema(&format!("{name} holds elements, {} expected", cim_type.name())));
            }
            Value::parse(cim_type, &element.text())
                .map_err(|error| Fault::schema(&format!("{name}: {error}")))
        }
    }
}

fn check_class(parameter: Parameter, epr: &Epr) -> Result<(), Fault> {
    let Some(expected) = parameter.class_name() else { return Ok(()) };
    match resource(epr.resource_uri()) {
        Ok(Resource::Class(class)) if class.is_a(expected) => Ok(()),
        _ => Err(Fault::schema(&format!(
            "{} refers to {}, expected {expected}",
            parameter.name(),
            epr.resource_uri()
        ))),
    }
}

/// DSP0230: a wrapper for points in time, another for intervals.
fn datetime(element: &Element) -> Option<DateTime> {
    let inner = ["Datetime", "Interval", "CIM_DateTime"]
        .into_iter()
        .find_map(|local| element.child(names::CIM_COMMON, local))?;
    DateTime::from_iso(inner.text().trim()).or_else(|_| DateTime::from_dmtf(inner.text().trim())).ok()
}
