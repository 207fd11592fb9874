//! What comes of a query with a list of properties: not instances but some of their properties, in no namespace, so
//! that nothing in them says of which class they are ([MS-WSMV] 3.1.4.1.13, notes 58 and 59). The query does.

use super::Item;
use crate::{
    cim::{
        CimError, Instance, Value,
        schema::{self, Schema},
        wql,
    },
    error::{Error, ErrorKind},
};

/// As what such an item reads.
const NAMELESS: &str = "XmlFragment";

/// The items of a query; those of no class are of the one behind `FROM`, and typed by the schema. An instance of a
/// class that derives from it looks the same.
///
/// # Errors
/// For a value that its property cannot have.
pub(super) fn of_their_class(
    schema: &Schema,
    query: &str,
    mut items: Vec<Item>,
) -> Result<Vec<Item>, CimError> {
    let is_nameless = |instance: &Instance| instance.class() == NAMELESS;
    if let Some(class) = wql::class_of(query) {
        for instance in items.iter_mut().filter_map(|item| item.instance.as_mut()) {
            if is_nameless(instance) {
                *instance = typed(schema, class, instance)?;
            }
        }
    }
    Ok(items)
}

fn typed(schema: &Schema, class: &str, parts: &Instance) -> Result<Instance, CimError> {
    let declared = schema.class(class);
    let mut instance = Instance::new(declared.map_or(class, schema::Class::name));
    for (name, value) in parts.properties() {
        let property = declared.and_then(|class| class.property(name));
        let value = match property.and_then(schema::Property::declared_type) {
            Some((cim_type, is_array)) if is_text(value) => value
                .clone()
                .into_type(cim_type, is_array)
                .map_err(|error| error.of_property(instance.class(), name))?,
            _ => value.clone(),
        };
        instance.set(name, value);
    }
    Ok(instance)
}

/// Whether a value is still text, or an array of texts: what was no text, or null, has its type from its markup.
fn is_text(value: &Value) -> bool {
    match value {
        Value::Untyped(_) => true,
        Value::Array(elements) => elements.iter().all(|element| element.is_null() || is_text(element)),
        _ => false,
    }
}

/// The error for a value that its property cannot have.
pub(super) fn misfit(error: CimError, action: impl std::fmt::Display) -> Error {
    Error::new(ErrorKind::Protocol, format!("failed to {action}")).with_source(error)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cim::Text;

    fn untyped(text: &str) -> Value {
        Value::Untyped(Text::new(text).unwrap())
    }

    fn read(query: &str, instance: Instance) -> Result<Instance, CimError> {
        let items =
            of_their_class(&Schema::default(), query, vec![Item { instance: Some(instance), epr: None }])?;
        Ok(items.into_iter().next().unwrap().instance.unwrap())
    }

    #[test]
    fn parts_of_instances_are_of_the_class_behind_from_and_typed() {
        let parts = Instance::new(NAMELESS)
            .with("EnabledState", untyped("2"))
            .with("OperationalStatus", untyped("2"))
            .with("Name", untyped(" 7"))
            .with("Status", Value::Null)
            .with("New", untyped("7"));
        let query = "select EnabledState,Name from msvm_computersystem where Name='FROM X'";
        let expected = Instance::new("Msvm_ComputerSystem")
            .with("EnabledState", 2_u16)
            .with("OperationalStatus", vec![2_u16])
            .with("Name", Value::string(" 7").unwrap())
            .with("Status", Value::Null)
            .with("New", untyped("7"));
        assert_eq!(read(query, parts.clone()).unwrap(), expected);
        let elsewhere = read("SELECT * FROM Win32_X", parts.clone()).unwrap();
        assert_eq!((elsewhere.class(), elsewhere.get("EnabledState")), ("Win32_X", Some(&untyped("2"))));
        assert_eq!(read("ASSOCIATORS OF {X.A='1'}", parts.clone()).unwrap(), parts);
    }

    #[test]
    fn a_value_that_its_property_cannot_have_is_named() {
        let parts = Instance::new(NAMELESS).with("EnabledState", untyped("many"));
        let error = read("SELECT EnabledState FROM Msvm_ComputerSystem", parts).unwrap_err();
        insta::assert_snapshot!(error, @"`Msvm_ComputerSystem.EnabledState`: expected uint16, got `many`");
    }
}
