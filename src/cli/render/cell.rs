//! Values as text for people.

use super::{Row, Selection, selection};
use crate::{
    cim::{Epr, Selector, SelectorValue, Value, schema::Schema},
    cli::{
        cim::names::{Mapped, Names},
        text,
    },
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
    View::of(row, selection).shown(value, selection.names().property(instance.class(), name))
}

/// Where values are looked up that are shown.
#[derive(Debug, Clone, Copy)]
pub(crate) struct View<'a> {
    pub(crate) schema: &'a Schema,
    pub(crate) names: Names<'a>,
    /// Paths within this namespace are told without it.
    pub(crate) namespace: Option<&'a str>,
}

impl<'a> View<'a> {
    /// Of a row whose path is not known the namespace is not either, and none is told.
    pub(super) fn of(row: &'a Row, selection: &'a Selection) -> Self {
        let namespace = row.epr.as_ref().and_then(Epr::namespace);
        Self { schema: &selection.schema, names: selection.names(), namespace }
    }

    /// A value, with its name behind it. Of an instance it is the class.
    pub(super) fn shown(self, value: &Value, mapped: Option<Mapped<'_>>) -> String {
        match value {
            Value::Null => "-".to_owned(),
            Value::Array(elements) => {
                elements.iter().map(|element| self.shown(element, mapped)).collect::<Vec<_>>().join(", ")
            }
            Value::Reference(epr) => self.path(&without_class_key(self.schema, epr)),
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

    fn path(self, epr: &Epr) -> String {
        let is_here =
            |namespace: &str| self.namespace.is_none_or(|here| here.eq_ignore_ascii_case(namespace));
        if epr.namespace().is_some_and(is_here) {
            relative_path(self.schema, epr)
        } else {
            epr.to_path_with(self.schema).to_string()
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
