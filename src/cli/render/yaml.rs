//! YAML, in block style. What is written reads the same by the rules of YAML 1.1 and of 1.2: texts that could be
//! anything else are in double quotes, escaped as in JSON.
//!
//! The crates that write YAML either stand on an abandoned translation of libyaml or want a newer compiler than
//! this crate; what is needed here is small.

use super::{Renderer, Row, Selection, Shape, misleads};
use crate::cli::failure::Failure;
use serde_json::{Number, Value};
use std::fmt::Write as _;

/// One item of a sequence after the other.
#[derive(Debug)]
pub(super) struct Yaml {
    pub(super) selection: Selection,
    pub(super) shape: Shape,
    pub(super) rows: u64,
}

impl Renderer for Yaml {
    fn row(&mut self, row: &Row, out: &mut String) -> Result<(), Failure> {
        self.selection.check_first(row, self.rows)?;
        self.rows += 1;
        let value = self.selection.document(row);
        match self.shape {
            Shape::One => block(&value, 0, out),
            Shape::List => item(&value, 0, out),
        }
        Ok(())
    }

    fn end(&mut self, out: &mut String) -> Result<(), Failure> {
        if self.shape == Shape::List && self.rows == 0 {
            out.push_str("[]\n");
        }
        Ok(())
    }
}

/// A whole document.
pub(crate) fn document(value: &Value) -> String {
    let mut out = String::new();
    block(value, 0, &mut out);
    out
}

/// A value that begins on a line of its own.
fn block(value: &Value, depth: usize, out: &mut String) {
    match value {
        Value::Object(fields) if !fields.is_empty() => {
            for (index, (name, value)) in fields.iter().enumerate() {
                // The first stands behind the dash of an item, or at the beginning.
                if index > 0 {
                    indent(depth, out);
                }
                out.push_str(&text(name));
                out.push(':');
                under(value, depth, out);
            }
        }
        Value::Array(items) if !items.is_empty() => {
            for (index, value) in items.iter().enumerate() {
                if index > 0 {
                    indent(depth, out);
                }
                item(value, depth, out);
            }
        }
        scalar => {
            push_scalar(scalar, out);
            out.push('\n');
        }
    }
}

/// The value of a field: on its line, or below it.
fn under(value: &Value, depth: usize, out: &mut String) {
    if is_nested(value) {
        out.push('\n');
        indent(depth + 1, out);
        block(value, depth + 1, out);
    } else {
        out.push(' ');
        block(value, depth, out);
    }
}

fn item(value: &Value, depth: usize, out: &mut String) {
    out.push_str("- ");
    block(value, depth + 1, out);
}

fn is_nested(value: &Value) -> bool {
    match value {
        Value::Object(fields) => !fields.is_empty(),
        Value::Array(items) => !items.is_empty(),
        _ => false,
    }
}

fn indent(depth: usize, out: &mut String) {
    out.extend(std::iter::repeat_n("  ", depth));
}

fn push_scalar(value: &Value, out: &mut String) {
    match value {
        Value::String(string) => out.push_str(&text(string)),
        Value::Number(number) => out.push_str(&decimal(number)),
        // Null, booleans, `{}` and `[]` are written as in JSON.
        other => out.push_str(&other.to_string()),
    }
}

/// YAML 1.1 takes a number with an exponent for one only if it has a point, and a sign after the `e`.
fn decimal(number: &Number) -> String {
    let written = number.to_string();
    let Some((digits, exponent)) = written.split_once('e') else { return written };
    let point = if digits.contains('.') { "" } else { ".0" };
    let sign = if exponent.starts_with(['-', '+']) { "" } else { "+" };
    format!("{digits}{point}e{sign}{exponent}")
}

fn text(string: &str) -> String {
    if is_plain(string) { string.to_owned() } else { quoted(string) }
}

/// Whether a text is one without quotes, and to every reader.
fn is_plain(string: &str) -> bool {
    let begins = |character: char| character.is_ascii_alphabetic() || character == '_';
    let goes_on = |character: char| character.is_ascii_alphanumeric() || "_ ./\\()-".contains(character);
    string.starts_with(begins)
        && string.chars().all(goes_on)
        && !string.ends_with(' ')
        && !WORDS.iter().any(|word| string.eq_ignore_ascii_case(word))
}

/// Words that YAML 1.1 reads as something else than text.
const WORDS: [&str; 9] = ["null", "true", "false", "yes", "no", "on", "off", "y", "n"];

fn quoted(string: &str) -> String {
    let mut out = String::with_capacity(string.len() + 2);
    out.push('"');
    for character in string.chars() {
        // Writing to a string cannot fail.
        let _ = match character {
            '"' => write!(out, "\\\""),
            '\\' => write!(out, "\\\\"),
            '\n' => write!(out, "\\n"),
            '\r' => write!(out, "\\r"),
            '\t' => write!(out, "\\t"),
            _ if character.is_control() || misleads(character) => {
                write!(out, "\\U{:08X}", u32::from(character))
            }
            _ => write!(out, "{character}"),
        };
    }
    out.push('"');
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    #[test]
    fn nested_values_are_indented_under_their_names() {
        let value = json!({
            "id": 18_446_744_073_709_551_615_u64,
            "empty": [], "none": null,
            "list": [{"a": 1, "b": {"c": [true]}}, "no", [1, [2]]],
        });
        insta::assert_snapshot!(document(&value), @r#"
            id: 18446744073709551615
            empty: []
            none: null
            list:
              - a: 1
                b:
                  c:
                    - true
              - "no"
              - - 1
                - - 2
        "#);
    }

    #[test]
    fn texts_that_could_be_something_else_are_quoted() {
        for plain in ["web-01", "Msvm_ComputerSystem", "D:".trim_end_matches(':'), "a b", "not"] {
            assert_eq!(text(plain), plain);
        }
        for (string, written) in [
            ("", "\"\""),
            ("No", "\"No\""),
            ("12", "\"12\""),
            ("1e3", "\"1e3\""),
            ("a: b", "\"a: b\""),
            ("- x", "\"- x\""),
            ("end ", "\"end \""),
            ("\u{9b}\n", "\"\\U0000009B\\n\""),
            ("~", "\"~\""),
        ] {
            assert_eq!(text(string), written);
        }
    }

    #[test]
    fn numbers_with_exponents_are_numbers_to_readers_of_either_version() {
        for (number, written) in [(1e300, "1.0e+300"), (1.5e-9, "1.5e-9"), (0.5, "0.5")] {
            assert_eq!(decimal(&Number::from_f64(number).unwrap()), written);
        }
    }

    fn any_value() -> impl Strategy<Value = Value> {
        let scalar = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<u64>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<String>().prop_map(Value::from),
            "[a-z0-9:# -]{0,6}".prop_map(Value::from),
        ];
        scalar.prop_recursive(4, 24, 4, |inner| {
            prop_oneof![
                proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                proptest::collection::vec(("[a-zA-Z0-9_:~ ]{0,5}", inner), 0..4)
                    .prop_map(|fields| Value::Object(fields.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn another_reader_reads_back_the_same(value in any_value()) {
            let written = document(&value);
            let read: Value = serde_yaml_ng::from_str(&written).unwrap_or_else(|error| panic!("{error}\n{written}"));
            prop_assert_eq!(read, value);
        }
    }
}
