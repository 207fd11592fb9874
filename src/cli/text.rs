//! Texts made safe to show: what a host says must not reach the terminal as commands.

use comfy_table::{Cell, ContentArrangement, Table, presets};
use std::{borrow::Cow, fmt::Write as _};

/// One line: line breaks and tabs become spaces, other control characters and the ones that reorder text
/// become visible escapes.
pub(crate) fn line(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut gap = false;
    for character in text.trim().chars() {
        match character {
            '\r' | '\n' | '\t' => gap = true,
            _ => {
                if gap {
                    shown.push(' ');
                    gap = false;
                }
                push(&mut shown, character);
            }
        }
    }
    shown
}

/// Several lines: as [`line()`], but line feeds stay.
pub(crate) fn lines(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '\n' => shown.push('\n'),
            '\r' => {}
            '\t' => shown.push_str("    "),
            _ => push(&mut shown, character),
        }
    }
    shown
}

/// JSON text without the control characters that JSON leaves as they are (DEL and C1).
pub(crate) fn json(text: &str) -> Cow<'_, str> {
    if text.is_ascii() && !text.contains('\u{7f}') {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len());
    for character in text.chars() {
        if matches!(character, '\u{7f}'..='\u{9f}') || misleads(character) {
            for unit in character.encode_utf16(&mut [0; 2]) {
                // Writing to a String cannot fail.
                let _ = write!(shown, "\\u{unit:04x}");
            }
        } else {
            shown.push(character);
        }
    }
    Cow::Owned(shown)
}

/// A table without lines: a header in capitals, columns two spaces apart.
pub(crate) fn table<const COLUMNS: usize>(
    header: [&str; COLUMNS],
    rows: impl IntoIterator<Item = [String; COLUMNS]>,
) -> String {
    let mut table = plain_table();
    table.set_header(header.map(|name| Cell::new(name.to_uppercase())));
    for row in rows {
        table.add_row(row.map(|cell| Cell::new(line(&cell))));
    }
    finished(&mut table)
}

/// Labels and values, one a line.
pub(crate) fn fields<'a>(rows: impl IntoIterator<Item = (&'a str, String)>) -> String {
    let mut table = plain_table();
    for (label, value) in rows {
        table.add_row([Cell::new(label), Cell::new(line(&value))]);
    }
    finished(&mut table)
}

/// `value`, or `-` where there is none.
pub(crate) fn or_dash(value: Option<&str>) -> String {
    value.filter(|value| !value.is_empty()).unwrap_or("-").to_owned()
}

fn push(shown: &mut String, character: char) {
    if character.is_control() || misleads(character) {
        shown.extend(character.escape_unicode());
    } else {
        shown.push(character);
    }
}

/// Whether a character changes the order in which others are shown, or the lines, or is not seen at
/// all, so that two names look the same. The joiners (U+200C, U+200D) stay: words need them.
pub(crate) fn misleads(character: char) -> bool {
    matches!(
        character,
        '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}'
    )
}

fn plain_table() -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Disabled);
    table
}

fn finished(table: &mut Table) -> String {
    for column in table.column_iter_mut() {
        column.set_padding((0, 2));
    }
    table.trim_fmt() + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_of_the_host_become_visible() {
        assert_eq!(line("a\u{1b}[31mb\r\nc\u{9b}d\u{202e}e"), "a\\u{1b}[31mb c\\u{9b}d\\u{202e}e");
        assert_eq!(lines("a\r\nb\u{7}"), "a\nb\\u{7}");
        assert_eq!(line("web\u{200b}\u{feff}\u{e0041}-tier"), "web\\u{200b}\\u{feff}\\u{e0041}-tier");
        assert_eq!(line("می\u{200c}خواهم"), "می\u{200c}خواهم");
        let document = serde_json::to_string("a\u{1b}\u{9b}\u{7f}").unwrap();
        assert_eq!(json(&document), r#""a\u001b\u009b\u007f""#);
        let hidden = "\u{202e}\u{e0041}";
        let document = serde_json::to_string(hidden).unwrap();
        let shown = json(&document);
        assert_eq!(shown, r#""\u202e\udb40\udc41""#);
        assert_eq!(serde_json::from_str::<String>(&shown).unwrap(), hidden);
    }

    #[test]
    fn tables_have_no_lines_and_no_trailing_space() {
        let rows = [["1".to_owned(), "web\ntier".to_owned()], ["22".to_owned(), "x".to_owned()]];
        assert_eq!(table(["id", "name"], rows), "ID  NAME\n1   web tier\n22  x\n");
        assert_eq!(fields([("id", "1".to_owned()), ("name", "x".to_owned())]), "id    1\nname  x\n");
    }
}
