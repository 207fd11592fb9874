//! A look at a job (`Msvm_ConcreteJob` and its kin).

use super::{number, optional, task::vendor_code};
use crate::{
    cim::{DateTime, Epr, Instance, Value, schema},
    error::{Error, ErrorKind, JobFailure, Result},
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
        match self {
            // Hosts have these two, the documentation of the class has not.
            Self::QUERY_PENDING => "Query Pending".into(),
            Self::COMPLETED_WITH_WARNINGS => "Completed with Warnings".into(),
            Self(other) => value_name("JobState", other).unwrap_or_else(|| format!("state {other}")),
        }
    }
    /// Whether a job in this state goes no further.
    #[must_use]
    pub fn is_finished(self) -> bool {
        matches!(
            self,
            Self::COMPLETED
                | Self::TERMINATED
                | Self::KILLED
                | Self::EXCEPTION
                | Self::COMPLETED_WITH_WARNINGS
        )
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
    /// `JobType`, when given.
    pub job_type: Option<u16>,
    /// Name of the `JobType`.
    pub job_type_name: Option<String>,
    /// `PercentComplete`.
    pub percent: Option<u16>,
    /// `JobStatus`, localised.
    pub status: Option<String>,
    /// `ErrorCode`; 0 when null.
    pub error_code: u16,
    /// `ErrorDescription`.
    pub error_description: Option<String>,
    /// `ErrorSummaryDescription`.
    pub error_summary: Option<String>,
    /// Cancellable; true when not told.
    pub cancellable: bool,
    /// `ElapsedTime` as the host tells it.
    pub elapsed: Option<Duration>,
    /// `StartTime`, RFC 3339, as the host tells it.
    pub start_time: Option<String>,
    /// The whole instance.
    pub instance: Instance,
}

impl Job {
    pub(super) fn new(epr: Epr, instance: Instance) -> Result<Self> {
        let state = number(&instance, "JobState").ok_or_else(|| {
            Error::new(
                ErrorKind::Protocol,
                format!("failed to read `{}`: expected a value of `JobState`, got none", instance.class()),
            )
        })?;
        let id = optional(&instance, "InstanceID")
            .or_else(|| epr.selector("InstanceID").map(str::to_owned))
            .unwrap_or_default();
        let job_type = number(&instance, "JobType");
        let datetime = |property| instance.get(property).and_then(Value::as_datetime);
        Ok(Self {
            class: instance.class().to_owned(),
            id,
            caption: optional(&instance, "Caption")
                .or_else(|| optional(&instance, "ElementName"))
                .unwrap_or_default(),
            state: JobState(state),
            job_type,
            job_type_name: job_type.and_then(|code| value_name("JobType", code)),
            percent: number(&instance, "PercentComplete"),
            status: optional(&instance, "JobStatus"),
            error_code: number(&instance, "ErrorCode").unwrap_or_default(),
            error_description: optional(&instance, "ErrorDescription"),
            error_summary: optional(&instance, "ErrorSummaryDescription"),
            cancellable: instance.get("Cancellable").and_then(Value::as_bool).unwrap_or(true),
            elapsed: match datetime("ElapsedTime") {
                Some(DateTime::Interval(interval)) => Some(interval.as_duration()),
                _ => None,
            },
            start_time: datetime("StartTime").filter(|time| !time.is_never()).map(DateTime::to_iso),
            epr,
            instance,
        })
    }

    /// Finished in state 7 or 32768 with `ErrorCode` 0.
    #[must_use]
    pub fn is_success(&self) -> bool {
        matches!(self.state, JobState::COMPLETED | JobState::COMPLETED_WITH_WARNINGS) && self.error_code == 0
    }
    /// Finished otherwise.
    #[must_use]
    pub fn is_failure(&self) -> bool {
        self.state.is_finished() && !self.is_success()
    }
    /// The evidence of a failure, without `GetErrorEx`.
    #[must_use]
    pub fn failure(&self) -> JobFailure {
        JobFailure {
            class: self.class.clone(),
            id: self.id.clone(),
            state: self.state.0,
            state_name: self.state.name(),
            error_code: self.error_code,
            error_name: vendor_code(self.error_code.into()).map(str::to_owned),
            description: self.error_description.clone(),
            summary: self.error_summary.clone(),
            errors: Vec::new(),
        }
    }
}

/// Name of a value by the value map of `Msvm_ConcreteJob`, which other job classes share.
fn value_name(property: &str, code: u16) -> Option<String> {
    schema::class("Msvm_ConcreteJob")?.property(property)?.value_name(code.into()).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cim::Text;

    fn job(state: u16, error_code: u16) -> Job {
        let instance = Instance::new("Msvm_StorageJob")
            .with("InstanceID", Value::String(Text::new("7F3C").unwrap()))
            .with("JobState", Value::Uint16(state))
            .with("ErrorCode", Value::Uint16(error_code));
        Job::new(Epr::class_of("Msvm_StorageJob", "root/virtualization/v2"), instance).unwrap()
    }

    #[test]
    fn completed_and_completed_with_warnings_are_success_unless_there_is_an_error_code() {
        for state in [7, 32768] {
            assert!(job(state, 0).is_success());
            assert!(job(state, 32775).is_failure());
        }
        for state in [8, 9, 10] {
            assert!(job(state, 0).is_failure());
        }
    }

    #[test]
    fn jobs_in_other_and_unknown_states_go_on() {
        for state in [2, 3, 4, 5, 6, 11, 12, 999] {
            assert!(!job(state, 0).state.is_finished());
            assert!(!job(state, 1).is_failure());
        }
    }

    #[test]
    fn states_have_names() {
        let names: Vec<String> = [4, 7, 12, 32768, 999].map(|state| JobState(state).name()).into();
        assert_eq!(names, ["Running", "Completed", "Query Pending", "Completed with Warnings", "state 999"]);
    }

    #[test]
    fn a_failure_names_its_code_by_the_vendor_family() {
        let failure = job(10, 32775).failure();
        assert_eq!(failure.state_name, "Exception");
        assert_eq!(failure.error_name.as_deref(), Some("Invalid state for this operation"));
        assert_eq!((failure.id.as_str(), failure.class.as_str()), ("7F3C", "Msvm_StorageJob"));
    }

    #[test]
    fn an_instance_without_a_state_is_no_job() {
        let epr = Epr::class_of("Msvm_ConcreteJob", "root/virtualization/v2");
        let error = Job::new(epr, Instance::new("Msvm_ConcreteJob")).unwrap_err();
        insta::assert_snapshot!(error, @"failed to read `Msvm_ConcreteJob`: expected a value of `JobState`, got none");
    }
}
