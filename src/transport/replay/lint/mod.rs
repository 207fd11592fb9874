//! The fixture lint: what must not be in a fixture, and fixtures that do not say where they are
//! from.
//!
//! It knows nothing of what a recorder had learned; it goes by form alone, and so it also finds
//! what was written or changed by hand.

mod leaks;
mod logins;
mod origins;

use crate::transport::{Phase, TransportError, TransportErrorKind};
use std::{
    collections::BTreeSet,
    fs, io,
    path::{Path, PathBuf},
};

/// One finding of the fixture lint.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Finding {
    /// File, or the folder that lacks one.
    pub file: PathBuf,
    /// 1-based.
    pub line: usize,
    /// Kind of leak, in words.
    pub kind: &'static str,
    /// What was found, shortened; never a whole secret.
    pub excerpt: String,
}

/// Looks through a folder of fixtures for leaks and wrong origins.
///
/// Leaks are host names outside `.test` and `.example`, addresses outside the documentation ranges,
/// GUIDs that are not counted, users of domains and of profile folders, mail and MAC addresses,
/// security identifiers, values named like secrets, `Authorization` headers, and tokens of NTLM and Kerberos: in plain
/// text, hex, base64 and UTF-16. Each folder with messages needs an origin, in its own
/// `cassette.json` or `origin.json` or in that of a folder above, and the messages must not
/// contradict it.
///
/// ```
/// # let temp = tempfile::tempdir()?;
/// # let folder = temp.path();
/// std::fs::write(folder.join("origin.json"), r#"{"kind": "written", "from": "DSP0226 8.2"}"#)?;
/// std::fs::write(folder.join("pull.xml"), r"<Owner>CORP\bob</Owner>")?;
/// let findings = hyperv_wsman::transport::lint(folder)?;
/// assert_eq!(findings[0].kind, "user of a domain");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// Kind `Io`.
pub fn lint(directory: &Path) -> Result<Vec<Finding>, TransportError> {
    let failed = |source: io::Error| TransportError {
        kind: TransportErrorKind::Io,
        phase: Phase::NotSent,
        message: format!("failed to read fixtures `{}`", directory.display()),
        hint: None,
        source: Some(Box::new(source)),
    };
    let files = files_below(directory).map_err(failed)?;
    let mut findings = origins::check(directory, &files).map_err(failed)?;
    for file in &files {
        let bytes = fs::read(file).map_err(failed)?;
        findings.extend(check_file(file, &bytes));
    }
    findings.sort_by(|a, b| (&a.file, a.line, a.kind).cmp(&(&b.file, b.line, b.kind)));
    Ok(findings)
}

fn files_below(directory: &Path) -> io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        // Links are left alone: what they point to is not in the folder, or is looked at anyway.
        let kind = entry.file_type()?;
        if kind.is_dir() {
            files.extend(files_below(&entry.path())?);
        } else if kind.is_file() {
            files.push(entry.path());
        }
    }
    files.sort();
    Ok(files)
}

fn check_file(file: &Path, bytes: &[u8]) -> Vec<Finding> {
    let text = decoded(bytes);
    let is_json = file.extension().is_some_and(|extension| extension == "json");
    let strings = if is_json { json_strings(&text) } else { None };
    let mut found = BTreeSet::new();
    if let Some(strings) = strings {
        for string in strings {
            let line = line_of(&text, &string.literal);
            found.extend(leaks::of_text(&string.value).into_iter().map(|leak| (line, leak)));
        }
    } else {
        for (index, line) in text.lines().enumerate() {
            found.extend(leaks::of_text(line).into_iter().map(|leak| (index + 1, leak)));
        }
        found.extend(leaks::of_document(&text).into_iter().map(|leak| (line_of(&text, &leak.found), leak)));
    }
    found.extend(logins::of_bytes(bytes));
    let finding = |(line, leak): (usize, Leak)| Finding {
        file: file.to_owned(),
        line,
        kind: leak.kind,
        excerpt: leak.excerpt(),
    };
    found.into_iter().map(finding).collect()
}

/// What is wrong in a text.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Leak {
    kind: &'static str,
    found: String,
}

impl Leak {
    fn new(kind: &'static str, found: impl Into<String>) -> Self {
        Self { kind, found: found.into() }
    }

    /// Enough to find it; of a secret too little to use it.
    fn excerpt(&self) -> String {
        let secret = [logins::HEADER, logins::NTLM, logins::KERBEROS, leaks::SECRET].contains(&self.kind);
        let shown = if secret { 8 } else { 40 };
        if self.found.chars().count() <= shown && !secret {
            return self.found.clone();
        }
        let start: String = self.found.chars().take(shown.min(self.found.chars().count() / 2)).collect();
        format!("{start}…")
    }
}

/// The text of a file whatever its encoding; bytes that are none are taken one by one.
fn decoded(bytes: &[u8]) -> String {
    let units = |from: fn([u8; 2]) -> u16| -> Vec<u16> {
        bytes.as_chunks::<2>().0.iter().skip(1).map(|pair| from(*pair)).collect()
    };
    match bytes {
        [0xff, 0xfe, ..] => String::from_utf16_lossy(&units(u16::from_le_bytes)),
        [0xfe, 0xff, ..] => String::from_utf16_lossy(&units(u16::from_be_bytes)),
        _ => String::from_utf8(bytes.to_vec())
            .unwrap_or_else(|_| bytes.iter().copied().map(char::from).collect()),
    }
}

/// A string of a JSON document, as it is and as it is written.
struct JsonString {
    value: String,
    literal: String,
}

fn json_strings(text: &str) -> Option<Vec<JsonString>> {
    let mut pending = vec![serde_json::from_str::<serde_json::Value>(text).ok()?];
    let mut strings = Vec::new();
    while let Some(value) = pending.pop() {
        match value {
            serde_json::Value::String(value) => {
                let literal = serde_json::Value::String(value.clone()).to_string();
                strings.push(JsonString { value, literal });
            }
            serde_json::Value::Array(values) => pending.extend(values),
            serde_json::Value::Object(members) => {
                for (name, value) in members {
                    pending.push(serde_json::Value::String(name));
                    pending.push(value);
                }
            }
            _ => {}
        }
    }
    Some(strings)
}

fn line_of(text: &str, wanted: &str) -> usize {
    let before = text.find(wanted).and_then(|at| text.get(..at)).unwrap_or_default();
    before.matches('\n').count() + 1
}
