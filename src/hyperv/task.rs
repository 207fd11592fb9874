//! What is being done, and the errors that say so.

use crate::{
    cim::{Epr, Value, schema},
    error::{Error, ErrorKind, Evidence, MethodFailure, Result, UnknownOutcome},
    wsman::Output,
};

/// What is being done, in words.
#[derive(Debug, Clone)]
pub(super) struct Task {
    /// `CreateSnapshot`.
    pub(super) method: String,
    /// In the infinitive: ``export snapshot `…` ``.
    pub(super) action: String,
    /// `snapshot …`.
    pub(super) object: String,
    /// The command that looks again.
    pub(super) look: String,
}

/// What a look at the host found about an outcome.
#[derive(Debug, Clone, Default)]
pub(super) struct Findings {
    pub(super) baseline: Vec<String>,
    pub(super) candidates: Vec<String>,
    pub(super) jobs: Vec<String>,
}

/// How a method that may start a job began.
#[derive(Debug)]
pub(super) enum Begun {
    /// It is done.
    AtOnce,
    /// It goes on in this job.
    Job(Epr),
    /// Nothing usable was answered: it may run, or have run.
    Lost(Error),
}

impl Task {
    /// Reads the outcome of the method's call.
    ///
    /// # Errors
    /// What proves that the method did nothing: refused by the host, or not sent.
    pub(super) fn begun(&self, outcome: Result<Output>) -> Result<(Begun, Option<Output>)> {
        let output = match outcome {
            Ok(output) => output,
            Err(error) if error.is_outcome_unknown() => return Ok((Begun::Lost(error), None)),
            Err(error) => return Err(error),
        };
        let begun = match output.return_value() {
            0 => Begun::AtOnce,
            4096 => match output.get("Job").and_then(Value::as_epr) {
                Some(job) => Begun::Job(job.clone()),
                None => Begun::Lost(Error::new(
                    ErrorKind::Protocol,
                    format!("failed to follow `{}`: it returned 4096 (job started), but no job", self.method),
                )),
            },
            _ => return Err(self.refused(&output)),
        };
        Ok((begun, Some(output)))
    }

    /// The method returned a failure code.
    pub(super) fn refused(&self, output: &Output) -> Error {
        let code = output.return_value();
        let name = output.return_name().or_else(|| vendor_code(code)).map(str::to_owned);
        let words = name.as_ref().map_or_else(String::new, |name| format!(" ({name})"));
        let message = format!("failed to {}: `{}` returned {code}{words}", self.action, self.method);
        let error =
            Error::new(ErrorKind::Method, message).with_evidence(Evidence::Method(Box::new(MethodFailure {
                class: output.class.clone(),
                method: output.method.clone(),
                code,
                name,
            })));
        match code {
            // Invalid state, of the CIM and of the vendor family.
            5 | 32775 if self.method != "RequestStateChange" => {
                error.with_hint("another job may be at work on a machine of the group: see `hvctl job list`")
            }
            32769 => error.with_hint("the user needs to be in Administrators or Hyper-V Administrators"),
            _ => error,
        }
    }

    /// The caller asks for what cannot be; nothing was sent.
    pub(super) fn impossible(&self, reason: &str) -> Error {
        Error::new(ErrorKind::Config, format!("failed to {}: {reason}", self.action))
    }

    /// It may or may not have happened.
    pub(super) fn unknown(&self, cause: Option<Error>, findings: Findings) -> Error {
        let found = match (findings.candidates.len(), findings.jobs.len()) {
            (0, 0) => String::new(),
            (0, jobs) => format!("; running jobs that could be it: {jobs}"),
            (candidates, 0) => format!("; possible results: {candidates}"),
            (candidates, jobs) => {
                format!("; possible results: {candidates}, running jobs that could be it: {jobs}")
            }
        };
        let message = format!(
            "failed to {}: the outcome is unknown, it may or may not have happened{found}",
            self.action
        );
        let outcome = UnknownOutcome {
            operation: self.method.clone(),
            object: self.object.clone(),
            baseline: findings.baseline,
            candidates: findings.candidates,
            jobs: findings.jobs,
            look: Some(self.look.clone()),
        };
        let error = Error::new(ErrorKind::OutcomeUnknown, message)
            .with_evidence(Evidence::Outcome(Box::new(outcome)))
            .with_hint(format!("nothing was repeated; look at the host before you do: {}", self.look));
        match cause {
            Some(cause) if cause.is_outcome_unknown() => error.with_source_of(cause),
            Some(cause) => error.with_source(cause),
            None => error,
        }
    }
}

/// Name of a code of the vendor family (32768…), which any service of Hyper-V may return. The table
/// is that of a method which documents the whole family.
pub(super) fn vendor_code(code: u32) -> Option<&'static str> {
    if code < 32768 {
        return None;
    }
    schema::class("Msvm_CollectionManagementService")?.method("AddMember")?.return_name(code)
}
