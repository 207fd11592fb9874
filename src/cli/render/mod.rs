//! Instances as output: one renderer for each format, fed with instances as they arrive.

mod cell;
mod csv;
mod json;
mod list;
pub(crate) mod ndjson;
mod row;
mod selection;
mod table;
mod xml;
pub(crate) mod yaml;

pub(crate) use cell::View;
pub(crate) use list::Lines;
pub(crate) use row::Row;
pub(crate) use selection::Selection;

use super::{args::Format, failure::Failure, text::misleads};
use std::fmt;

/// Writes rows in one format. What is appended to `out` may be less than was given, until `end`.
pub(crate) trait Renderer: fmt::Debug {
    /// One more row.
    ///
    /// # Errors
    /// `Config` for a property that was asked for and does not exist, at the first row.
    fn row(&mut self, row: &Row, out: &mut String) -> Result<(), Failure>;
    /// No more rows.
    ///
    /// # Errors
    /// As `row`, where the first ones were held back.
    fn end(&mut self, out: &mut String) -> Result<(), Failure>;
    /// No more rows, though there are more: what is held back is printed, and what is open stays so.
    ///
    /// # Errors
    /// As `end`.
    fn give_up(&mut self, _out: &mut String) -> Result<(), Failure> {
        Ok(())
    }
    /// What the format could not hold, once all rows are printed.
    fn left_out(&self) -> Option<String> {
        None
    }
}

/// Whether there is one instance, or any number of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shape {
    One,
    List,
}

/// The renderer of a format. `class` is the one asked for, where that is known.
pub(crate) fn renderer(
    format: Format,
    shape: Shape,
    selection: Selection,
    class: Option<&str>,
) -> Box<dyn Renderer> {
    let rows = 0;
    match (format, shape) {
        (Format::Table, Shape::One) => Box::new(list::Properties { selection }),
        (Format::Table, Shape::List) => Box::new(table::Rows::new(selection, class)),
        (Format::Json, _) => Box::new(json::Json { selection, shape, rows }),
        (Format::Ndjson, _) => Box::new(ndjson::Ndjson { selection, rows }),
        (Format::Yaml, _) => Box::new(yaml::Yaml { selection, shape, rows }),
        (Format::Csv, _) => Box::new(csv::Csv::new(selection)),
        (Format::Xml, _) => Box::new(xml::Xml { shape, rows }),
    }
}

#[cfg(test)]
mod tests;
