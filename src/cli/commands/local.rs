//! Commands that need no host: `explain` and `fixture lint`.

use crate::{
    cim::schema::Schema,
    cli::{
        config,
        failure::{Failure, fault_json},
        interruption::aside,
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
    path::{Path, PathBuf},
};

/// `hvctl explain`.
pub(super) async fn explain(output: &Output, file: PathBuf, schema: &Schema) -> Result<(), Failure> {
    let name = file.display().to_string();
    let message =
        aside(move || if file == Path::new("-") { standard_input() } else { config::read(&file) }).await?;
    let explanation = read_message(&message, schema).map_err(|error| {
        Failure::from(
            Error::new(ErrorKind::Config, format!("failed to explain `{name}`"))
                .with_source(error)
                .with_hint("expected one whole SOAP message of WS-Management"),
        )
    })?;
    output.document(&explanation_json(&explanation), || explanation_text(&explanation))
}

fn standard_input() -> Result<Vec<u8>, Failure> {
    let mut message = Vec::new();
    io::stdin()
        .lock()
        .take(LARGEST)
        .read_to_end(&mut message)
        .map_err(|error| Failure::io("failed to read standard input", error))?;
    Ok(message)
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
pub(super) async fn lint(output: &Output, directory: PathBuf) -> Result<(), Failure> {
    let name = directory.display().to_string();
    let findings = aside(move || Ok(transport::lint(&directory)?)).await?;
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
            output.note(&format!("no findings in `{name}`"));
            Ok(())
        }
        count => Err(Failure::from(
            Error::new(
                ErrorKind::Cassette,
                format!("failed to accept the fixtures of `{name}`: {count} findings"),
            )
            .with_hint("record again, or replace what leaks by a name under .test or .example"),
        )),
    }
}
