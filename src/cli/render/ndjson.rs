//! One JSON document on each line.

use super::{Renderer, Row, Selection};
use crate::cli::{failure::Failure, text};
use serde_json::Value;

#[derive(Debug)]
pub(super) struct Ndjson {
    pub(super) selection: Selection,
    pub(super) rows: u64,
}

impl Renderer for Ndjson {
    fn row(&mut self, row: &Row, out: &mut String) -> Result<(), Failure> {
        self.selection.check_first(row, self.rows)?;
        self.rows += 1;
        push_line(&self.selection.document(row), out);
        Ok(())
    }

    fn end(&mut self, _: &mut String) -> Result<(), Failure> {
        Ok(())
    }
}

/// The elements of an array each on a line; anything else on one.
pub(crate) fn document(value: &Value) -> String {
    let mut out = String::new();
    match value {
        Value::Array(items) => items.iter().for_each(|item| push_line(item, &mut out)),
        other => push_line(other, &mut out),
    }
    out
}

fn push_line(value: &Value, out: &mut String) {
    out.push_str(&text::json(&value.to_string()));
    out.push('\n');
}
