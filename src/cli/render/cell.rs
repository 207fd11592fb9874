//! Values as text for people.

use super::{Row, Selection, selection};
use crate::{
    cim::{Epr, Selector, SelectorValue, Value, schema::Schema},
    cli::{cim::names::Mapped, text},
};

/// A field of a row.
pub(super) fn cell(row: &Row, name: &str, selection: &Selection) -> String {
    if name.eq_ignore_ascii_case(selection::CLASS) {
        return text::or_dash(row.class());
    }
    if name.eq_ignore_ascii_case(selection::PATH) {
        return row.epr.as_ref().map_or_else(|| "-".to_owned(), |epr| relative_path(&selection.schema, epr));
    }
    let Some((instance, value)) =
        row.instance.as_ref().and_then(|instance| Some((instance, instance.get(name)?)))
    else {
        return "-".to_owned();
    };
    shown(&selection.schema, value, selection.names().property(instance.class(), name))
}

/// A value, with its name behind it. Of an instance it is the class.
pub(super) fn shown(schema: &Schema, value: &Value, mapped: Option<Mapped<'_>>) -> String {
    match value {
        Value::Null => "-".to_owned(),
        Value::Array(elements) => {
            elements.iter().map(|element| shown(schema, element, mapped)).collect::<Vec<_>>().join(", ")
        }
        Value::Reference(epr) => relative_path(schema, &without_class_key(schema, epr)),
        Value::DateTime(datetime) => datetime.to_iso(),
        Value::Instance(instance) => format!("{} {{…}}", instance.class()),
        code => {
            let number = code.to_plain_text();
            match mapped.and_then(|mapped| mapped.name(code)) {
                Some(name) => format!("{number} ({name})"),
                None => number,
            }
        }
    }
}

/// The reference without the key that says its class once more; read back, it is completed (see `cim::name`).
fn without_class_key(schema: &Schema, epr: &Epr) -> Epr {
    let is_class_key = |selector: &Selector| {
        let repeats = matches!(selector.value(), SelectorValue::Text(text) if text.as_str() == epr.class());
        selector.name() == "CreationClassName" && repeats
    };
    let is_known = schema.class(epr.class()).is_some() && epr.selectors().len() > 1;
    if !is_known || !epr.selectors().iter().any(is_class_key) {
        return epr.clone();
    }
    let bare = Epr::from_uri(epr.resource_uri());
    let rest = epr.selectors().iter().filter(|selector| !is_class_key(selector));
    let rest = rest.into_iter().try_fold(bare, |bare, selector| match selector.value() {
        SelectorValue::Text(text) => bare.with(selector.name(), text.as_str()),
        SelectorValue::Reference(nested) => bare.with_reference(selector.name(), (**nested).clone()),
    });
    rest.unwrap_or_else(|_| epr.clone())
}

/// The path within the namespace, which is the same for all rows.
fn relative_path(schema: &Schema, epr: &Epr) -> String {
    let path = epr.to_path_with(schema).to_string();
    match path.split_once(':') {
        Some((_, relative)) if epr.namespace().is_some() => relative.to_owned(),
        _ => path,
    }
}
