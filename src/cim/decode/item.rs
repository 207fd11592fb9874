//! The element that an instance stands in: what its namespace and its `xsi:type` say must be of its class.

use super::{announced::Announced, instances::Start};
use crate::{
    cim::{CimError, schema::Schema},
    xml::{Namespace, Source},
};

/// Windows announces `p:Class_Type` on the element `p:Class`. A type of foreign namespaces says nothing about the class.
///
/// # Errors
/// Those of [`Announced::read`], and for the type of a class that neither derives from that of the element nor the other
/// way round, as far as the schema knows.
pub(super) fn check_type<'s>(
    start: &Start<'_>,
    source: &impl Source<'s>,
    schema: &Schema,
) -> Result<(), CimError> {
    let Some(name) = &start.head.announced else { return Ok(()) };
    let class = start.head.local;
    let Announced::Other(local) = Announced::read(name.clone(), source).map_err(|error| of(class, error))?
    else {
        return Ok(());
    };
    let announced = local.strip_suffix("_Type").unwrap_or(&local);
    if announced == class || schema.is_akin(announced, class) {
        return Ok(());
    }
    let namespace = source.resolve(name).map(|resolved| resolved.namespace);
    match (namespace.as_ref().and_then(split), split(&start.namespace)) {
        (Some((family, _)), Some((own, _))) if family.eq_ignore_ascii_case(own) => {
            Err(CimError::form(&format!("the `xsi:type` of `{class}`"), name))
        }
        _ => Ok(()),
    }
}

/// Whether an instance in an element of this namespace may have properties of another. What is in none says nothing; a class
/// that the other derives from, or that derives from it, is no stranger.
pub(super) fn may_hold(element: &Namespace, properties: &Namespace, schema: &Schema) -> bool {
    if element == properties || element.is_empty() || properties.is_empty() {
        return true;
    }
    match (split(element), split(properties)) {
        (Some((own, class)), Some((family, other))) => {
            own.eq_ignore_ascii_case(family) && schema.is_akin(class, other)
        }
        _ => false,
    }
}

/// The family of a class URI, and the class.
fn split(namespace: &Namespace) -> Option<(&str, &str)> {
    namespace.rsplit_once('/')
}

/// Says of which class the instance is.
fn of(class: &str, error: CimError) -> CimError {
    match error {
        CimError::Form { expected, found } => {
            CimError::Form { expected: format!("{expected} on `{class}`"), found }
        }
        other => other,
    }
}
