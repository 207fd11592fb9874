//! One JSON document: an object, or an array that is written as its elements come.

use super::{Renderer, Row, Selection, Shape};
use crate::cli::{failure::Failure, text};

/// An array that the stream of instances leaves early is left open: who reads it must not take it for all of them.
#[derive(Debug)]
pub(super) struct Json {
    pub(super) selection: Selection,
    pub(super) shape: Shape,
    pub(super) rows: u64,
}

impl Renderer for Json {
    fn row(&mut self, row: &Row, out: &mut String) -> Result<(), Failure> {
        self.selection.check_first(row, self.rows)?;
        // A tree of values is always JSON.
        let document = serde_json::to_string_pretty(&self.selection.document(row)).unwrap_or_default();
        let document = text::json(&document);
        match self.shape {
            Shape::One => {
                out.push_str(&document);
                out.push('\n');
            }
            Shape::List => {
                out.push_str(if self.rows == 0 { "[\n  " } else { ",\n  " });
                // Line feeds within texts are escaped, so that these are the ones of the layout.
                out.push_str(&document.replace('\n', "\n  "));
            }
        }
        self.rows += 1;
        Ok(())
    }

    fn end(&mut self, out: &mut String) -> Result<(), Failure> {
        if self.shape == Shape::List {
            out.push_str(if self.rows == 0 { "[]\n" } else { "\n]\n" });
        }
        Ok(())
    }

    fn give_up(&mut self, out: &mut String) -> Result<(), Failure> {
        if self.rows > 0 {
            out.push('\n');
        }
        Ok(())
    }
}
