//! Jobs (`Msvm_ConcreteJob` and its kin).
use super::Started;
use crate::{
    cim::{Epr, Instance},
    error::{JobFailure, Result},
};
use std::time::Duration;

/// JobState. Unknown values survive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct JobState(pub u16);

#[allow(missing_docs, reason = "the names are the value map's")]
impl JobState {
    pub const NEW: Self = Self(2);
    pub const STARTING: Self = Self(3);
    pub const RUNNING: Self = Self(4);
    pub const SUSPENDED: Self = Self(5);
    pub const SHUTTING_DOWN: Self = Self(6);
    pub const COMPLETED: Self = Self(7);
    pub const TERMINATED: Self = Self(8);
    pub const KILLED: Self = Self(9);
    pub const EXCEPTION: Self = Self(10);
    pub const SERVICE: Self = Self(11);
    pub const QUERY_PENDING: Self = Self(12);
    pub const COMPLETED_WITH_WARNINGS: Self = Self(32768);
    /// Name, or `state N`.
    #[must_use]
    pub fn name(self) -> String {
        todo!()
    }
    /// Whether a job in this state goes no further.
    #[must_use]
    pub fn is_finished(self) -> bool {
        todo!()
    }
}

/// A look at a job.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Job {
    /// The reference it was read by.
    pub epr: Epr,
    /// Class.
    pub class: String,
    /// InstanceID.
    pub id: String,
    /// Caption or ElementName.
    pub caption: String,
    /// JobState.
    pub state: JobState,
    /// JobType, when given.
    pub job_type: Option<u16>,
    /// Name of the JobType.
    pub job_type_name: Option<String>,
    /// PercentComplete.
    pub percent: Option<u16>,
    /// JobStatus, localised.
    pub status: Option<String>,
    /// ErrorCode; 0 when null.
    pub error_code: u16,
    /// ErrorDescription.
    pub error_description: Option<String>,
    /// ErrorSummaryDescription.
    pub error_summary: Option<String>,
    /// Cancellable; true when not told.
    pub cancellable: bool,
    /// ElapsedTime as the host tells it.
    pub elapsed: Option<Duration>,
    /// StartTime, RFC 3339, as the host tells it.
    pub start_time: Option<String>,
    /// The whole instance.
    pub instance: Instance,
}

impl Job {
    /// Finished in state 7 or 32768 with ErrorCode 0.
    #[must_use]
    pub fn is_success(&self) -> bool {
        todo!()
    }
    /// Finished otherwise.
    #[must_use]
    pub fn is_failure(&self) -> bool {
        todo!()
    }
    /// The evidence of a failure, without `GetErrorEx`.
    #[must_use]
    pub fn failure(&self) -> JobFailure {
        todo!()
    }
}

/// The jobs of a host.
#[derive(Debug, Clone)]
pub struct Jobs {
    _p: (),
}

impl Jobs {
    /// All jobs that the host still knows (it forgets them about five minutes after their end).
    ///
    /// # Errors
    /// As [`Client::enumerate`](crate::Client::enumerate).
    pub async fn list(&self) -> Result<Vec<Job>> {
        todo!()
    }
    /// One job by InstanceID (any job class).
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn find(&self, id: &str) -> Result<Job> {
        todo!("{id}")
    }
    /// One job by reference.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn get(&self, epr: &Epr) -> Result<Job> {
        todo!("{epr:?}")
    }
    /// What the job affects or created, `(ElementEffects, reference)`.
    ///
    /// # Errors
    /// As [`Client::query`](crate::Client::query).
    pub async fn affected(&self, job: &Job) -> Result<Vec<(Vec<u16>, Epr)>> {
        todo!("{job:?}")
    }
    /// Takes up the wait for a job that is already known.
    #[must_use = "nothing is waited for until `wait`"]
    pub fn resume(&self, job: &Job) -> Started<Job> {
        todo!("{job:?}")
    }
    /// Asks a job to end (RequestStateChange 4; 5 with `kill`).
    ///
    /// # Errors
    /// `Method` when refused, `Config` when not cancellable, `OutcomeUnknown`.
    pub async fn cancel(&self, job: &Job, kill: bool) -> Result<Job> {
        todo!("{job:?} {kill}")
    }
}
