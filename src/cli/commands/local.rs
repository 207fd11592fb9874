//! Commands that need no host: `explain` and `fixture lint`.

use crate::{
    cli::{
        config,
        failure::{Failure, fault_json},
        output::Output,
        text,
    },
    error::{Error, ErrorKind},
    transport,
    wsman::explain::{Explanation, explain as read_message},
};
use serde_json::{Value, json};
use std::{
    io::{self, Read},
    path::Path,
};

/// `hvctl explain`.
pub(super) fn explain(output: &Output, file: &Path) -> Result<(), Failure> {
    let message = if file == Path::new("-") {
        let mut message = Vec::new();
        io::stdin()
            .lock()
            .take(LARGEST)
            .read_to_end(&mut message)
            .map_err(|error| Failure::io("failed to read standard input", error))?;
        message
    } else {
        config::read(file)?
    };
    let explanation = read_message(&message).map_err(|error| {
        Failure::from(
            Error::new(ErrorKind::Config, format!("failed to explain `{}`", file.display()))
                .with_source(error)
                .with_hint("expected one whole SOAP message of WS-Management"),
        )
    })?;
    output.document(&explanation_json(&explanation), || explanation_text(&explanation))
}

/// One byte more than the reader accepts.
const LARGEST: u64 = 64 * 1024 * 1024 + 1;

fn explanation_json(explanation: &Explanation) -> Value {
    let lines: Vec<_> = explanation
        .lines
        .iter()
        .map(|(indent, label, value)| json!({ "indent": indent, "label": label, "value": value }))
        .collect();
    json!({
        "summary": explanation.summary,
        "lines": lines,
        "fault": explanation.fault.as_ref().map(fault_json),
    })
}

fn explanation_text(explanation: &Explanation) -> String {
    let mut shown = text::line(&explanation.summary) + "\n";
    for (indent, label, value) in &explanation.lines {
        let indent = "  ".repeat(usize::from(*indent) + 1);
        shown.push_str(format!("{indent}{}: {}", text::line(label), text::line(value)).trim_end());
        shown.push('\n');
    }
    shown
}

/// `hvctl fixture lint`.
pub(super) fn lint(output: &Output, directory: &Path) -> Result<(), Failure> {
    let findings = transport::lint(directory)?;
    let documents: Vec<_> = findings
        .iter()
        .map(|finding| {
            json!({
                "file": finding.file.display().to_string(),
                "line": finding.line,
                "kind": finding.kind,
                "excerpt": finding.excerpt,
            })
        })
        .collect();
    output.document(&documents, || {
        findings.iter().fold(String::new(), |shown, finding| {
            let file = text::line(&finding.file.display().to_string());
            shown + &format!("{file}:{}: {}: {}\n", finding.line, finding.kind, text::line(&finding.excerpt))
        })
    })?;
    match findings.len() {
        0 => {
            output.note(&format!("no findings in `{}`", directory.display()));
            Ok(())
        }
        count => Err(Failure::from(
            Error::new(
                ErrorKind::Cassette,
                format!("failed to accept the fixtures of `{}`: {count} findings", directory.display()),
            )
            .with_hint("record again, or replace what leaks by a name under .test or .example"),
        )),
    }
}
