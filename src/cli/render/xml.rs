//! What came over the wire, indented: an instance as it was, instances within the `w:Items` that held them.

use super::{Renderer, Row, Shape};
use crate::{
    cli::failure::Failure,
    error::{Error, ErrorKind},
};
use std::fmt::Write as _;

#[derive(Debug)]
pub(super) struct Xml {
    pub(super) shape: Shape,
    pub(super) rows: u64,
}

impl Renderer for Xml {
    fn row(&mut self, row: &Row, out: &mut String) -> Result<(), Failure> {
        let wire = row.wire.as_deref().ok_or_else(|| {
            Error::new(ErrorKind::Internal, "failed to print XML: the message of an instance was not kept")
        })?;
        if self.shape == Shape::List && self.rows == 0 {
            out.push_str(OPEN);
        }
        // Not indented further: a text may have lines of its own.
        out.push_str(&visible(wire));
        self.rows += 1;
        Ok(())
    }

    fn end(&mut self, out: &mut String) -> Result<(), Failure> {
        if self.shape == Shape::List {
            if self.rows == 0 {
                out.push_str(OPEN);
            }
            out.push_str("</w:Items>\n");
        }
        Ok(())
    }
}

const OPEN: &str = "<w:Items xmlns:w=\"http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd\">\n";

/// Characters that a terminal obeys become references, which mean the same.
fn visible(xml: &str) -> String {
    let mut shown = String::with_capacity(xml.len());
    for character in xml.chars() {
        if super::misleads(character) || matches!(character, '\u{7f}'..='\u{9f}') {
            // Writing to a string cannot fail.
            let _ = write!(shown, "&#x{:X};", u32::from(character));
        } else {
            shown.push(character);
        }
    }
    shown
}
