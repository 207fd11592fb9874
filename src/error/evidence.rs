//! What a peer gave as evidence of a failure.

use crate::{cim::Instance, wsman::Fault};
use std::path::PathBuf;

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
    /// `ErrorCode`.
    pub error_code: u16,
    /// Name of the error code.
    pub error_name: Option<String>,
    /// `ErrorDescription`.
    pub description: Option<String>,
    /// `ErrorSummaryDescription`.
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
