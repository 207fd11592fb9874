//! Comma-separated values (RFC 4180). The first instance decides the columns, unless they were named; of what later ones
//! have besides, a warning tells.
//!
//! Null is an empty cell, and so is an empty text. An array is JSON in one cell, an embedded instance too; a
//! reference is an object path.

use super::{Renderer, Row, Selection, selection};
use crate::{
    cim::{Instance, Value},
    cli::failure::Failure,
};
use serde_json::Value as Json;
use std::{collections::BTreeSet, io};

#[derive(Debug)]
pub(super) struct Csv {
    selection: Selection,
    /// Names of the columns, once the first row has come.
    columns: Option<Vec<String>>,
    /// Properties of later rows that have no column.
    dropped: BTreeSet<String>,
}

impl Csv {
    pub(super) fn new(selection: Selection) -> Self {
        Self { selection, columns: None, dropped: BTreeSet::new() }
    }

    fn columns(&self, row: &Row) -> Vec<String> {
        match self.selection.document(row) {
            // A reference alone.
            _ if row.instance.is_none() => vec![selection::PATH.to_owned()],
            Json::Object(fields) => fields.into_iter().map(|(name, _)| name).collect(),
            _ => Vec::new(),
        }
    }
}

impl Renderer for Csv {
    fn row(&mut self, row: &Row, out: &mut String) -> Result<(), Failure> {
        if self.columns.is_none() {
            self.selection.check_first(row, 0)?;
            let columns = self.columns(row);
            out.push_str(&record(columns.iter().map(String::as_str))?);
            self.columns = Some(columns);
        }
        let columns = self.columns.as_deref().unwrap_or_default();
        let document = self.selection.document(row);
        let cells = columns.iter().map(|column| match &row.instance {
            None => row.epr.as_ref().map(ToString::to_string).unwrap_or_default(),
            Some(instance) => match instance.get(column) {
                Some(Value::Reference(epr)) => epr.to_string(),
                _ => cell(document.get(column).unwrap_or(&Json::Null)),
            },
        });
        out.push_str(&record(cells)?);
        if self.selection.fields.is_empty() {
            let properties = row.instance.iter().flat_map(Instance::properties).map(|(name, _)| name);
            let dropped = properties.filter(|name| !columns.iter().any(|column| column == name));
            self.dropped.extend(dropped.map(str::to_owned));
        }
        Ok(())
    }

    /// Without rows, the columns that were named are still known.
    fn end(&mut self, out: &mut String) -> Result<(), Failure> {
        if self.columns.is_none() && !self.selection.fields.is_empty() {
            out.push_str(&record(&self.selection.fields)?);
        }
        Ok(())
    }

    fn left_out(&self) -> Option<String> {
        if self.dropped.is_empty() {
            return None;
        }
        let names: Vec<&str> = self.dropped.iter().map(String::as_str).collect();
        Some(format!(
            "the first instance decides the columns; later ones have properties that it does not have, which were left out: \
             {}; --fields names columns, and other formats have no such limit",
            names.join(", ")
        ))
    }
}

fn cell(value: &Json) -> String {
    match value {
        Json::Null => String::new(),
        Json::String(text) => text.clone(),
        other => other.to_string(),
    }
}

fn record<T: AsRef<[u8]>>(cells: impl IntoIterator<Item = T>) -> Result<String, Failure> {
    let failed = |error: io::Error| Failure::io("failed to write CSV", error);
    let mut writer = csv::WriterBuilder::new().from_writer(Vec::new());
    writer.write_record(cells).map_err(|error| failed(error.into()))?;
    let bytes = writer.into_inner().map_err(|error| failed(error.into_error()))?;
    String::from_utf8(bytes).map_err(|error| failed(io::Error::other(error)))
}
