//! For people: one instance, or what a method has answered, a line for each value.

use super::{
    Renderer, Row, Selection,
    cell::{self, View},
    selection,
};
use crate::{
    cim::{Instance, Value},
    cli::{cim::names::Mapped, failure::Failure, text},
};

/// All properties of one instance.
#[derive(Debug)]
pub(super) struct Properties {
    pub(super) selection: Selection,
}

impl Renderer for Properties {
    fn row(&mut self, row: &Row, out: &mut String) -> Result<(), Failure> {
        let Self { selection } = self;
        selection.check_first(row, 0)?;
        let (own, properties): (&[&str], Vec<&str>) = if selection.fields.is_empty() {
            let properties = row.instance.iter().flat_map(Instance::properties).map(|(name, _)| name);
            (&[selection::CLASS, selection::PATH], properties.collect())
        } else {
            (&[], selection.fields.iter().map(String::as_str).collect())
        };
        let mut lines = Lines::new(View::of(row, selection));
        for name in own.iter().copied().chain(properties) {
            match row.instance.as_ref().and_then(|instance| Some((instance.class(), instance.get(name)?))) {
                Some((class, value)) => lines.add(name, value, selection.names().property(class, name)),
                None => lines.push(name, cell::cell(row, name, selection)),
            }
        }
        out.push_str(&lines.finish());
        Ok(())
    }

    fn end(&mut self, _: &mut String) -> Result<(), Failure> {
        Ok(())
    }
}

/// Lines of names and values. An instance within another has a line for its class, and one for each of its properties:
/// `Error.Message`, `SummaryInformation[0].Name`.
#[derive(Debug)]
pub(crate) struct Lines<'s> {
    view: View<'s>,
    shown: Vec<(String, String)>,
}

impl<'s> Lines<'s> {
    pub(crate) fn new(view: View<'s>) -> Self {
        Self { view, shown: Vec::new() }
    }

    /// A line as it is.
    pub(crate) fn push(&mut self, name: &str, text: String) {
        self.shown.push((name.to_owned(), text));
    }

    pub(crate) fn add(&mut self, name: &str, value: &Value, mapped: Option<Mapped<'_>>) {
        match value {
            Value::Instance(instance) => {
                self.push(name, instance.class().to_owned());
                for (property, value) in instance.properties() {
                    let mapped = self.view.names.property(instance.class(), property);
                    self.add(&format!("{name}.{property}"), value, mapped);
                }
            }
            Value::Array(elements)
                if elements.iter().any(|element| matches!(element, Value::Instance(_))) =>
            {
                for (index, element) in elements.iter().enumerate() {
                    self.add(&format!("{name}[{index}]"), element, mapped);
                }
            }
            other => self.push(name, self.view.shown(other, mapped)),
        }
    }

    pub(crate) fn finish(&self) -> String {
        text::fields(self.shown.iter().map(|(name, value)| (name.as_str(), value.clone())))
    }
}
