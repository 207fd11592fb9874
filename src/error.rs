//! The one public error: what kind it is, what is known about it, what a caller can do.

use crate::{
    cim::{CimError, Instance},
    transport::TransportError,
    wsman::Fault,
};
use std::{fmt, path::PathBuf};

/// Result with [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What went wrong, by guilty side; one exit code of `hvctl` each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// A defect of this crate.
    Internal,
    /// The caller's configuration or input.
    Config,
    /// Nothing of that name or id.
    NotFound,
    /// Several of that name.
    Ambiguous,
    /// The way to the host.
    Transport,
    /// TLS trust.
    Trust,
    /// Authentication.
    Auth,
    /// A deadline passed, nothing was changed (or it is only a wait that ended).
    Timeout,
    /// A peer that breaks the protocol.
    Protocol,
    /// A peer that refuses with a fault.
    Fault,
    /// Authenticated, not authorised.
    AccessDenied,
    /// A method returned a failure code.
    Method,
    /// A job failed.
    Job,
    /// A change may or may not have happened.
    OutcomeUnknown,
    /// Record and replay.
    Cassette,
    /// A value that does not fit the type asked for.
    Decode,
    /// Local files and pipes.
    Io,
    /// Ended by the user while waiting.
    Interrupted,
}

/// The error of every fallible call of this crate.
pub struct Error {
    inner: Box<Inner>,
}

struct Inner {
    kind: ErrorKind,
    message: String,
    hint: Option<String>,
    evidence: Option<Evidence>,
    source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

/// What the peer gave as evidence.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Evidence {
    /// A SOAP fault.
    Fault(Box<Fault>),
    /// A method's return code.
    Method(Box<MethodFailure>),
    /// A job that ended badly.
    Job(Box<JobFailure>),
    /// A change whose outcome is not known.
    Outcome(Box<UnknownOutcome>),
    /// A body that could not be read, shortened.
    Body(String),
    /// A file.
    File(PathBuf),
}

/// A method that returned a failure code.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct MethodFailure {
    /// Class of the method.
    pub class: String,
    /// Method.
    pub method: String,
    /// Return value.
    pub code: u32,
    /// Its name by the method's own table, else by the vendor family's.
    pub name: Option<String>,
}

/// A job that failed, was killed or terminated.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct JobFailure {
    /// Class of the job.
    pub class: String,
    /// InstanceID of the job.
    pub id: String,
    /// JobState, number.
    pub state: u16,
    /// Name of the state.
    pub state_name: String,
    /// ErrorCode.
    pub error_code: u16,
    /// Name of the error code.
    pub error_name: Option<String>,
    /// ErrorDescription.
    pub description: Option<String>,
    /// ErrorSummaryDescription.
    pub summary: Option<String>,
    /// Decoded `Msvm_Error` instances of `GetErrorEx`.
    pub errors: Vec<Instance>,
}

/// A change that may or may not have happened.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct UnknownOutcome {
    /// `CreateSnapshot`, `ExportSnapshot`, …
    pub operation: String,
    /// What it was about, in words.
    pub object: String,
    /// What was there before (ids of snapshot collections).
    pub baseline: Vec<String>,
    /// What is new and could be the result (ids).
    pub candidates: Vec<String>,
    /// Running jobs that could be it (ids).
    pub jobs: Vec<String>,
    /// The command that looks again.
    pub look: Option<String>,
}

impl Error {
    pub(crate) fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self {
            inner: Box::new(Inner {
                kind,
                message: message.into(),
                hint: None,
                evidence: None,
                source: None,
            }),
        }
    }
    pub(crate) fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.inner.hint = Some(hint.into());
        self
    }
    pub(crate) fn with_evidence(mut self, evidence: Evidence) -> Self {
        self.inner.evidence = Some(evidence);
        self
    }
    pub(crate) fn with_source(mut self, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        self.inner.source = Some(source.into());
        self
    }

    /// What kind of error this is.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.inner.kind
    }
    /// What a user can do about it.
    #[must_use]
    pub fn hint(&self) -> Option<&str> {
        self.inner.hint.as_deref()
    }
    /// What the peer gave as evidence.
    #[must_use]
    pub fn evidence(&self) -> Option<&Evidence> {
        self.inner.evidence.as_ref()
    }
    /// The fault, here or in a cause.
    #[must_use]
    pub fn fault(&self) -> Option<&Fault> {
        todo!()
    }
    /// The job failure.
    #[must_use]
    pub fn job(&self) -> Option<&JobFailure> {
        todo!()
    }
    /// The return code of a method.
    #[must_use]
    pub fn return_code(&self) -> Option<u32> {
        todo!()
    }
    /// What is known of an unknown outcome.
    #[must_use]
    pub fn unknown_outcome(&self) -> Option<&UnknownOutcome> {
        todo!()
    }
    /// Whether the change may have happened.
    #[must_use]
    pub fn is_outcome_unknown(&self) -> bool {
        self.kind() == ErrorKind::OutcomeUnknown
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.inner.message)
    }
}
impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Error")
            .field("kind", &self.inner.kind)
            .field("message", &self.inner.message)
            .field("source", &self.inner.source)
            .finish_non_exhaustive()
    }
}
impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.inner.source.as_deref().map(|s| s as _)
    }
}
impl From<CimError> for Error {
    fn from(error: CimError) -> Self {
        Self::new(ErrorKind::Config, "failed to make a value").with_source(error)
    }
}
impl From<TransportError> for Error {
    fn from(error: TransportError) -> Self {
        todo!("{error:?}")
    }
}
