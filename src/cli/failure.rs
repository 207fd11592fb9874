//! How a command ends when it does not end well: exit code, text for people, JSON.

use crate::{
    cli::text,
    error::{Error, ErrorKind, Evidence},
    transport::TransportError,
};
use serde_json::{Map, Value, json};
use std::{error::Error as _, fmt::Write as _, io};

/// Why a command ended early.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The command line asks for something that makes no sense.
    Usage {
        /// What is wrong.
        message: String,
        /// What to do.
        hint: Option<String>,
    },
    /// Something failed.
    Error(Error),
    /// The reader of standard output went away: nothing to say, and nobody to say it to.
    ReaderGone,
}

impl Failure {
    /// A wrong command line.
    pub(crate) fn usage(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::Usage { message: message.into(), hint: Some(hint.into()) }
    }

    /// A local file that cannot be read or written.
    pub(crate) fn io(message: impl Into<String>, source: io::Error) -> Self {
        Self::Error(Error::new(ErrorKind::Io, message).with_source(source))
    }

    /// A failed write to standard output.
    pub(crate) fn output(error: io::Error) -> Self {
        if error.kind() == io::ErrorKind::BrokenPipe {
            Self::ReaderGone
        } else {
            Self::io("failed to write to standard output", error)
        }
    }

    /// The same, where the host had done its work before: `done` says what must not get lost, as it was not printed.
    pub(crate) fn after(self, done: &str) -> Self {
        match self {
            Self::Error(error) => {
                Self::Error(error.with_hint(format!("the host has done its work, do not repeat it: {done}")))
            }
            other => other,
        }
    }

    /// The exit code; DESIGN's table, here alone.
    pub(crate) fn exit_code(&self) -> u8 {
        match self {
            Self::ReaderGone => 0,
            Self::Usage { .. } => USAGE,
            Self::Error(error) => exit_code(error.kind()),
        }
    }

    /// The lines for people: `error:`, `caused by:`, `hint:`.
    pub(crate) fn to_text(&self) -> String {
        let mut shown = String::new();
        match self {
            Self::ReaderGone => {}
            Self::Usage { message, hint } => {
                push_line(&mut shown, "error", message);
                if let Some(hint) = hint {
                    push_line(&mut shown, "hint", hint);
                }
            }
            Self::Error(error) => {
                // What does not match a recording is shown as a comparison, line by line.
                let push = if error.kind() == ErrorKind::Cassette { push_lines } else { push_line };
                push(&mut shown, "error", &error.to_string());
                for cause in causes(error) {
                    push(&mut shown, "caused by", &cause);
                }
                for (label, value) in evidence_lines(error) {
                    push_line(&mut shown, label, &value);
                }
                if let Some(hint) = error.hint() {
                    push_line(&mut shown, "hint", hint);
                }
            }
        }
        shown
    }

    /// The document for programs.
    pub(crate) fn to_json(&self) -> Value {
        let code = self.exit_code();
        match self {
            Self::ReaderGone => Value::Null,
            Self::Usage { message, hint } => usage_json(message, hint.as_deref()),
            Self::Error(error) => json!({ "error": {
                "kind": kind_name(error.kind()),
                "code": code,
                "message": error.to_string(),
                "causes": causes(error),
                "hint": error.hint(),
                "evidence": error.evidence().map(evidence_json),
            }}),
        }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Error(error)
    }
}

impl From<TransportError> for Failure {
    fn from(error: TransportError) -> Self {
        Self::Error(error.into())
    }
}

/// The document for a command line that cannot be read.
pub(crate) fn usage_json(message: &str, hint: Option<&str>) -> Value {
    json!({ "error": {
        "kind": "usage",
        "code": USAGE,
        "message": message,
        "causes": [],
        "hint": hint,
        "evidence": null,
    }})
}

/// Exit code of a wrong command line.
pub(crate) const USAGE: u8 = 2;

fn exit_code(kind: ErrorKind) -> u8 {
    match kind {
        ErrorKind::Internal => 1,
        ErrorKind::Config => 3,
        ErrorKind::NotFound | ErrorKind::Ambiguous => 4,
        ErrorKind::Transport => 5,
        ErrorKind::Trust => 6,
        ErrorKind::Auth => 7,
        ErrorKind::Timeout => 8,
        ErrorKind::Protocol => 9,
        ErrorKind::Fault => 10,
        ErrorKind::AccessDenied => 11,
        ErrorKind::Method => 12,
        ErrorKind::Job => 13,
        ErrorKind::OutcomeUnknown => 14,
        ErrorKind::Cassette => 15,
        ErrorKind::Decode => 16,
        ErrorKind::Io => 17,
        ErrorKind::Interrupted => 130,
    }
}

fn kind_name(kind: ErrorKind) -> &'static str {
    match kind {
        ErrorKind::Internal => "internal",
        ErrorKind::Config => "config",
        ErrorKind::NotFound => "not_found",
        ErrorKind::Ambiguous => "ambiguous",
        ErrorKind::Transport => "transport",
        ErrorKind::Trust => "trust",
        ErrorKind::Auth => "auth",
        ErrorKind::Timeout => "timeout",
        ErrorKind::Protocol => "protocol",
        ErrorKind::Fault => "fault",
        ErrorKind::AccessDenied => "access_denied",
        ErrorKind::Method => "method",
        ErrorKind::Job => "job",
        ErrorKind::OutcomeUnknown => "outcome_unknown",
        ErrorKind::Cassette => "cassette",
        ErrorKind::Decode => "decode",
        ErrorKind::Io => "io",
        ErrorKind::Interrupted => "interrupted",
    }
}

/// The texts of the sources, outermost first.
fn causes(error: &Error) -> Vec<String> {
    let mut causes = Vec::new();
    let mut next = error.source();
    while let Some(cause) = next {
        causes.push(cause.to_string());
        next = cause.source();
    }
    causes
}

/// What people need beside message and causes: the decoded errors of a job, what is known of an unknown outcome.
fn evidence_lines(error: &Error) -> Vec<(&'static str, String)> {
    let mut shown = Vec::new();
    match error.evidence() {
        Some(Evidence::Job(job)) => {
            let causes = causes(error);
            for message in job.errors.iter().filter_map(|instance| instance.str("Message")) {
                if !causes.iter().any(|cause| cause.contains(message)) {
                    shown.push(("host says", message.to_owned()));
                }
            }
        }
        Some(Evidence::Outcome(outcome)) => {
            for (label, ids) in [
                ("was there before", &outcome.baseline),
                ("could be the result", &outcome.candidates),
                ("job that could be it", &outcome.jobs),
            ] {
                if !ids.is_empty() {
                    shown.push((label, ids.join(", ")));
                }
            }
        }
        Some(Evidence::Body(body)) if !error.to_string().contains(body.as_str()) => {
            shown.push(("body", body.clone()));
        }
        _ => {}
    }
    shown
}

fn evidence_json(evidence: &Evidence) -> Value {
    match evidence {
        Evidence::Fault(fault) => json!({ "fault": fault_json(fault) }),
        Evidence::Method(method) => json!({ "method": {
            "class": method.class,
            "method": method.method,
            "code": method.code,
            "name": method.name,
        }}),
        Evidence::Job(job) => json!({ "job": {
            "class": job.class,
            "id": job.id,
            "state": job.state,
            "state_name": job.state_name,
            "error_code": job.error_code,
            "error_name": job.error_name,
            "description": job.description,
            "summary": job.summary,
            "errors": job.errors.iter().map(|instance| {
                instance.properties().filter(|(_, value)| !value.is_null())
                    .map(|(name, value)| (name.to_owned(), Value::String(value.to_plain_text())))
                    .collect::<Map<_, _>>()
            }).collect::<Vec<_>>(),
        }}),
        Evidence::Outcome(outcome) => json!({ "outcome": {
            "operation": outcome.operation,
            "object": outcome.object,
            "baseline": outcome.baseline,
            "candidates": outcome.candidates,
            "jobs": outcome.jobs,
            "look": outcome.look,
        }}),
        Evidence::Body(body) => json!({ "body": body }),
        Evidence::File(path) => json!({ "file": path.display().to_string() }),
    }
}

/// A fault with everything it said.
pub(crate) fn fault_json(fault: &crate::wsman::Fault) -> Value {
    let code = fault.code();
    json!({
        "code": code.map(|code| code.0),
        "code_hex": code.map(|code| format!("0x{:08X}", code.0)),
        "name": code.and_then(crate::wsman::FaultCode::name),
        "subcode": fault.subcode(),
        "text": fault.text(),
        "provider_text": fault.provider_text.as_deref(),
        "machine": fault.machine.as_deref(),
        "meaning": fault.meaning(),
        "hint": fault.hint(),
    })
}

fn push_line(shown: &mut String, label: &str, message: &str) {
    // Writing to a String cannot fail.
    let _ = writeln!(shown, "{label}: {}", text::line(message));
}

/// As [`push_line`], with the lines that the message has; those after the first are indented, so that none looks like one
/// of these.
fn push_lines(shown: &mut String, label: &str, message: &str) {
    let message = text::lines(message.trim_end()).replace('\n', "\n  ");
    // Writing to a String cannot fail.
    let _ = writeln!(shown, "{label}: {message}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_has_its_exit_code() {
        let codes = [
            (ErrorKind::Internal, 1),
            (ErrorKind::Config, 3),
            (ErrorKind::NotFound, 4),
            (ErrorKind::Ambiguous, 4),
            (ErrorKind::Transport, 5),
            (ErrorKind::Trust, 6),
            (ErrorKind::Auth, 7),
            (ErrorKind::Timeout, 8),
            (ErrorKind::Protocol, 9),
            (ErrorKind::Fault, 10),
            (ErrorKind::AccessDenied, 11),
            (ErrorKind::Method, 12),
            (ErrorKind::Job, 13),
            (ErrorKind::OutcomeUnknown, 14),
            (ErrorKind::Cassette, 15),
            (ErrorKind::Decode, 16),
            (ErrorKind::Io, 17),
            (ErrorKind::Interrupted, 130),
        ];
        for (kind, code) in codes {
            assert_eq!(Failure::from(Error::new(kind, "failed")).exit_code(), code, "{kind:?}");
        }
    }

    #[test]
    fn a_closed_pipe_is_no_failure_and_a_full_disk_is_one() {
        assert_eq!(Failure::output(io::ErrorKind::BrokenPipe.into()).exit_code(), 0);
        assert_eq!(Failure::output(io::ErrorKind::StorageFull.into()).exit_code(), 17);
    }

    #[test]
    fn text_names_error_causes_and_hint_without_control_characters() {
        let failure = Failure::from(
            Error::new(ErrorKind::Transport, "failed to send `Get`")
                .with_source(io::Error::other("reset\u{1b}[2J\r\nby peer"))
                .with_hint("look at the host"),
        );
        insta::assert_snapshot!(failure.to_text(), @r"
        error: failed to send `Get`
        caused by: reset\u{1b}[2J by peer
        hint: look at the host
        ");
    }

    #[test]
    fn the_lines_of_a_comparison_stay_lines() {
        let error = Error::new(ErrorKind::Cassette, "failed to replay\n- a\n+ b\u{1b}[2J\nhint: none");
        insta::assert_snapshot!(Failure::from(error).to_text(), @r"
        error: failed to replay
          - a
          + b\u{1b}[2J
          hint: none
        ");
    }

    #[test]
    fn json_carries_kind_code_hint_and_evidence() {
        let outcome = crate::error::UnknownOutcome {
            operation: "CreateSnapshot".to_owned(),
            look: Some("hvctl snapshot list".to_owned()),
            ..Default::default()
        };
        let failure = Failure::from(
            Error::new(ErrorKind::OutcomeUnknown, "failed to learn")
                .with_evidence(Evidence::Outcome(Box::new(outcome))),
        );
        insta::assert_snapshot!(failure.to_json(), @r#"{"error":{"kind":"outcome_unknown","code":14,"message":"failed to learn","causes":[],"hint":null,"evidence":{"outcome":{"operation":"CreateSnapshot","object":"","baseline":[],"candidates":[],"jobs":[],"look":"hvctl snapshot list"}}}}"#);
    }
}
