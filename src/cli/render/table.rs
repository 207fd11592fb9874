//! For people: instances as a table of a few of their properties.

use super::{Renderer, Row, Selection, cell::cell, selection};
use crate::{
    cim::{
        Instance, Value,
        schema::{Class, Schema},
    },
    cli::{failure::Failure, text},
};
use unicode_width::UnicodeWidthStr as _;

/// How many rows are held back to see how wide columns are. Wider cells of later rows push what follows.
const HELD: usize = 100;

/// A table whose first rows decide columns and widths.
#[derive(Debug)]
pub(super) struct Rows {
    selection: Selection,
    /// The class asked for.
    class: Option<String>,
    held: Vec<Row>,
    /// Name and width of each, once they are decided.
    columns: Option<Vec<(String, usize)>>,
}

impl Rows {
    pub(super) fn new(selection: Selection, class: Option<&str>) -> Self {
        let class = class.map(str::to_owned);
        Self { selection, class, held: Vec::new(), columns: None }
    }

    /// Decides the columns and prints what was held back.
    fn begin(&mut self, out: &mut String) -> Result<(), Failure> {
        let held = std::mem::take(&mut self.held);
        if let Some(first) = held.first() {
            self.selection.check_first(first, 0)?;
        }
        let names = if self.selection.fields.is_empty() {
            columns(&held, &self.selection.schema, self.class.as_deref())
        } else {
            self.selection.fields.clone()
        };
        let table: Vec<Vec<String>> = held.iter().map(|row| self.cells(row, &names)).collect();
        let columns: Vec<_> = names
            .into_iter()
            .enumerate()
            .map(|(index, name)| {
                let cells = table.iter().filter_map(|cells| cells.get(index)).map(|cell| cell.width());
                let width = cells.max().unwrap_or(0).max(name.width());
                (name, width)
            })
            .collect();
        let header: Vec<String> = columns.iter().map(|(name, _)| heading(name)).collect();
        if !header.is_empty() {
            push_line(&header, &columns, out);
        }
        for cells in &table {
            push_line(cells, &columns, out);
        }
        self.columns = Some(columns);
        Ok(())
    }

    fn cells(&self, row: &Row, names: &[String]) -> Vec<String> {
        let shown = |name: &String| {
            let cell = cell(row, name, &self.selection);
            text::line(&if self.is_whole(row, name) { cell } else { short(cell) })
        };
        names.iter().map(shown).collect()
    }

    /// What was asked for by name is shown as it is, and so is what names an instance: it is there to be copied.
    fn is_whole(&self, row: &Row, name: &str) -> bool {
        let value = row.instance.as_ref().and_then(|instance| instance.get(name));
        let schema = &self.selection.schema;
        let class = self.class.as_deref().or_else(|| row.class()).and_then(|class| schema.class(class));
        let is_key = |class: Class<'_>| class.keys().any(|key| key.eq_ignore_ascii_case(name));
        !self.selection.fields.is_empty()
            || name == selection::PATH
            || value.is_some_and(is_reference)
            || class.is_some_and(is_key)
    }
}

impl Renderer for Rows {
    fn row(&mut self, row: &Row, out: &mut String) -> Result<(), Failure> {
        if let Some(columns) = &self.columns {
            let names: Vec<String> = columns.iter().map(|(name, _)| name.clone()).collect();
            push_line(&self.cells(row, &names), columns, out);
            return Ok(());
        }
        self.held.push(row.clone());
        if self.held.len() >= HELD { self.begin(out) } else { Ok(()) }
    }

    fn end(&mut self, out: &mut String) -> Result<(), Failure> {
        if self.columns.is_none() { self.begin(out) } else { Ok(()) }
    }

    fn give_up(&mut self, out: &mut String) -> Result<(), Failure> {
        if self.held.is_empty() { Ok(()) } else { self.end(out) }
    }
}

/// What was not asked for is cut where it would fill the line.
fn short(cell: String) -> String {
    match cell.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", cell.split_at(end).0),
        None => cell,
    }
}

fn is_reference(value: &Value) -> bool {
    matches!(value, Value::Reference(_))
        || value.as_slice().iter().any(|one| matches!(one, Value::Reference(_)))
}

/// Longest cell of a column that was not asked for.
const LONGEST: usize = 80;
/// Columns beside the keys.
const FURTHER: usize = 4;

/// Properties that tell what an instance is and how it is, of any class that has them.
const TELLING: [&str; 14] = [
    "EnabledState",
    "JobState",
    "PercentComplete",
    "State",
    "Status",
    "HealthState",
    "VirtualSystemType",
    "CreationTime",
    "ResourceSubType",
    "HostResource",
    "StartMode",
    "Version",
    "Size",
    "ErrorCode",
];

/// What an instance is called, the first of them that there is.
const CALLED: [&str; 3] = ["ElementName", "DisplayName", "Caption"];

/// The columns of instances whose properties nobody has chosen: their keys, and a few that tell much.
fn columns(rows: &[Row], schema: &Schema, class: Option<&str>) -> Vec<String> {
    let class = class.and_then(|class| schema.class(class));
    let instances: Vec<&Instance> = rows.iter().filter_map(|row| row.instance.as_ref()).collect();
    let Some(first) = instances.first() else {
        if rows.is_empty() {
            return class.map(keys).unwrap_or_default();
        }
        return vec![selection::PATH.to_owned()];
    };
    let mut columns = Vec::new();
    if instances.iter().any(|instance| !instance.class().eq_ignore_ascii_case(first.class())) {
        columns.push(selection::CLASS.to_owned());
    }
    columns.extend(class.or_else(|| schema.class(first.class())).map(keys).unwrap_or_default());
    let is_set = |name: &str| {
        instances.iter().any(|instance| instance.get(name).is_some_and(|value| !value.is_null()))
    };
    let further = columns.len() + FURTHER;
    columns.extend(CALLED.into_iter().find(|name| is_set(name)).map(str::to_owned));
    columns.extend(TELLING.into_iter().filter(|name| is_set(name)).map(str::to_owned));
    if columns.is_empty() {
        let set = first.properties().map(|(name, _)| name).filter(|name| is_set(name));
        columns.extend(set.map(str::to_owned));
    }
    columns.truncate(further);
    columns
}

/// The keys that tell instances of a class apart; not those that say what class it is, and where.
fn keys(class: Class<'_>) -> Vec<String> {
    let all: Vec<&str> = class.keys().collect();
    let own: Vec<&str> = all
        .iter()
        .copied()
        .filter(|key| !key.ends_with("CreationClassName") && *key != "SystemName")
        .collect();
    let telling = if own.is_empty() { all } else { own };
    telling.into_iter().map(str::to_owned).collect()
}

fn heading(column: &str) -> String {
    column.trim_start_matches("__").to_uppercase()
}

fn push_line(cells: &[String], columns: &[(String, usize)], out: &mut String) {
    let mut line = String::new();
    for (cell, (_, width)) in cells.iter().zip(columns) {
        line.push_str(cell);
        line.extend(std::iter::repeat_n(' ', width.saturating_sub(cell.width()) + 2));
    }
    out.push_str(line.trim_end());
    out.push('\n');
}
