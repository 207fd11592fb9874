//! What fuzzers feed with files of cassettes and with messages to be recorded.

use super::{
    Redactor,
    cassette::{as_file, of_file, parse_index},
};
use std::path::Path;

/// The index of a cassette.
pub(crate) fn cassette_index(data: &[u8]) {
    if let Ok(text) = std::str::from_utf8(data) {
        let _ = parse_index(Path::new("cassette"), text);
    }
}

/// A message: the file that holds it gives it back, and redaction takes it whatever it is. Only a message
/// that came with line breaks exactly as cassettes have them comes back without.
pub(crate) fn cassette_message(data: &[u8]) {
    let (extension, content) = as_file(data);
    let again = of_file(extension, content).unwrap_or_default();
    let laid_out = || of_file("xml", data.to_vec()).is_ok_and(|compact| again == compact);
    assert!(again == data || laid_out(), "another message than the one that was recorded");
    if let Ok(text) = std::str::from_utf8(data) {
        let _ = Redactor::new(&[], false).redact(text);
    }
}
