//! CIM values as JSON, and back.
//!
//! Integers are exact at any width; a point in time is RFC 3339, an interval ISO 8601; what JSON has no number for
//! (`NaN`, infinity) is text. A reference is an object of `uri`, `selectors`, and `path` for people; an embedded
//! instance is an object with `__CLASS`.

use super::{
    Scope,
    argument::{Argument, Target},
    names::{Mapped, Names},
};
use crate::{
    cim::{CimError, Epr, Instance, ObjectPath, SelectorValue, Value, schema::Class},
    cli::failure::Failure,
    error::{Error, ErrorKind},
};
use serde_json::{Map, Number, Value as Json};

/// A value; `names` are for the instances within.
pub(crate) fn value(value: &Value, names: Names<'_>) -> Json {
    match value {
        Value::Null => Json::Null,
        Value::Boolean(value) => (*value).into(),
        Value::Uint8(value) => (*value).into(),
        Value::Sint8(value) => (*value).into(),
        Value::Uint16(value) => (*value).into(),
        Value::Sint16(value) => (*value).into(),
        Value::Uint32(value) => (*value).into(),
        Value::Sint32(value) => (*value).into(),
        Value::Uint64(value) => (*value).into(),
        Value::Sint64(value) => (*value).into(),
        // By its digits: widened to 64 bits, 0.1 would become 0.10000000149011612.
        Value::Real32(_) => real(value, value.to_plain_text().parse().ok()),
        Value::Real64(number) => real(value, Some(*number)),
        Value::DateTime(datetime) => datetime.to_iso().into(),
        Value::Reference(epr) => reference(epr),
        Value::Instance(embedded) => instance(embedded, names),
        Value::Array(elements) => elements.iter().map(|element| self::value(element, names)).collect(),
        other => other.to_plain_text().into(),
    }
}

fn real(value: &Value, number: Option<f64>) -> Json {
    match number.and_then(Number::from_f64) {
        Some(number) => Json::Number(number),
        None => value.to_plain_text().into(),
    }
}

/// A reference, as it can be given back to a command.
pub(crate) fn reference(epr: &Epr) -> Json {
    let selectors = epr.selectors().iter().map(|selector| {
        let value = match selector.value() {
            SelectorValue::Reference(nested) => reference(nested),
            SelectorValue::Text(text) => text.as_str().into(),
        };
        (selector.name().to_owned(), value)
    });
    let mut fields = Map::new();
    fields.insert("uri".to_owned(), epr.resource_uri().into());
    fields.insert("selectors".to_owned(), Json::Object(selectors.collect()));
    fields.insert("path".to_owned(), epr.to_string().into());
    Json::Object(fields)
}

/// An instance with its class.
pub(crate) fn instance(instance: &Instance, names: Names<'_>) -> Json {
    let mut fields = Map::new();
    fields.insert("__CLASS".to_owned(), instance.class().into());
    for (name, value) in instance.properties() {
        insert(&mut fields, name, value, names.property(instance.class(), name), names);
    }
    Json::Object(fields)
}

/// Adds a property or parameter, and beside it the name of its value.
pub(crate) fn insert(
    fields: &mut Map<String, Json>,
    name: &str,
    value: &Value,
    mapped: Option<Mapped<'_>>,
    names: Names<'_>,
) {
    fields.insert(name.to_owned(), self::value(value, names));
    if let Some(mapped) = mapped {
        fields.insert(format!("{name}_name"), mapped.document(value));
    }
}

/// Reads what [`reference`] has written, or an instance that has a `__PATH`.
///
/// # Errors
/// What was expected.
pub(crate) fn read_reference(value: &Json, scope: Scope<'_>) -> Result<Epr, String> {
    const EXPECTED: &str = "expected an object of `uri` and `selectors`, or one with `__PATH`";
    let error = |error: CimError| error.to_string();
    let text = |field: &str| value.get(field).and_then(Json::as_str);
    if let Some(path) = text("__PATH") {
        return ObjectPath::parse(path).map_err(error).and_then(|path| scope.epr(&path));
    }
    let (Some(uri), Some(Json::Object(selectors))) = (text("uri"), value.get("selectors")) else {
        return Err(EXPECTED.to_owned());
    };
    selectors.iter().try_fold(Epr::from_uri(uri), |epr, (name, value)| match value {
        Json::String(text) => epr.with(name, text).map_err(error),
        Json::Number(_) | Json::Bool(_) => epr.with(name, &value.to_string()).map_err(error),
        Json::Object(_) => epr.with_reference(name, read_reference(value, scope)?).map_err(error),
        Json::Null | Json::Array(_) => Err(format!("expected the selector `{name}` as text, got {value}")),
    })
}

/// Reads an instance: its class is `__CLASS`, else the one given; other fields that begin with `__` are not
/// properties. The schema types the values; what it does not know is text, a boolean or an integer.
///
/// # Errors
/// `Config` for what the class does not have, unless nothing is checked, and for values that do not fit.
pub(crate) fn read_instance(
    value: &Json,
    class: Option<&str>,
    scope: Scope<'_>,
) -> Result<Instance, Failure> {
    let refused =
        |reason: &str| Error::new(ErrorKind::Config, format!("failed to read an instance: {reason}"));
    let Json::Object(fields) = value else {
        return Err(refused(&format!("expected an object, got {}", in_short(value))).into());
    };
    let Some(class) = fields.get("__CLASS").and_then(Json::as_str).or(class) else {
        return Err(refused("expected its class as `__CLASS`").into());
    };
    let declared = scope.known(class, Some(scope.namespace));
    let target = Target::properties(class, declared, scope);
    let arguments: Vec<Argument> = fields
        .iter()
        .filter(|(name, _)| !name.starts_with("__"))
        .map(|(name, value)| Argument::json(name, value.clone()))
        .collect();
    let mut instance = Instance::new(declared.map_or(class, Class::name));
    for (name, value) in target.values(&arguments)? {
        instance.set(&name, value);
    }
    Ok(instance)
}

/// The beginning of a document, for an error.
pub(crate) fn in_short(value: &Json) -> String {
    const LONGEST: usize = 60;
    let mut text = value.to_string();
    if let Some((end, _)) = text.char_indices().nth(LONGEST) {
        text.truncate(end);
        text.push('…');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cim::{CimType, strategies};
    use proptest::prelude::*;

    #[test]
    fn numbers_are_exact_and_dates_are_iso() {
        for (cim_type, text, written) in [
            (CimType::Uint64, "18446744073709551615", "18446744073709551615"),
            (CimType::Sint64, "-9223372036854775808", "-9223372036854775808"),
            (CimType::Real32, "0.1", "0.1"),
            (CimType::Real64, "INF", "\"INF\""),
            (CimType::Boolean, "TRUE", "true"),
            (CimType::DateTime, "20260102030405.600000+060", "\"2026-01-02T02:04:05.6Z\""),
            (CimType::DateTime, "00000001003000.000000:000", "\"P1DT0H30M0S\""),
            (CimType::Char16, "x", "\"x\""),
        ] {
            let read = Value::parse(cim_type, text).unwrap();
            assert_eq!(value(&read, Names::NONE).to_string(), written);
        }
        assert_eq!(value(&Value::from(vec![Some(1_u8), None]), Names::NONE).to_string(), "[1,null]");
    }

    #[test]
    fn what_is_no_reference_is_refused() {
        for text in ["{}", r#"{"uri":"u"}"#, r#"{"uri":"u","selectors":{"A":null}}"#, "3"] {
            let value = serde_json::from_str(text).unwrap();
            assert!(read_reference(&value, Scope::of_tests()).is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn references_are_read_back(epr in strategies::epr()) {
            prop_assert_eq!(read_reference(&reference(&epr), Scope::of_tests()).unwrap(), epr);
        }
    }
}
