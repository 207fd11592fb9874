//! Jobs: what runs, how far it is, how it ends, and what it leaves.

use super::{MachineEntry, World, key_reference, same, text, timestamp};
use crate::{
    cim::{Epr, Instance, Interval, Value},
    sim::{ids::Kind, inventory::SnapshotKind},
};
use std::time::Duration;

/// `JobState` of `Msvm_ConcreteJob`; 32768 is known from "Common utilities (V2)".
pub(super) mod state {
    pub(in crate::sim::world) const NEW: u16 = 2;
    pub(in crate::sim::world) const RUNNING: u16 = 4;
    pub(in crate::sim::world) const COMPLETED: u16 = 7;
    pub(in crate::sim::world) const TERMINATED: u16 = 8;
    pub(in crate::sim::world) const KILLED: u16 = 9;
    pub(in crate::sim::world) const EXCEPTION: u16 = 10;
    pub(in crate::sim::world) const COMPLETED_WITH_WARNINGS: u16 = 32768;
}

/// How a rule wants a job to be.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(in crate::sim) struct Plan {
    pub(in crate::sim) ending: Ending,
    /// No rows of `Msvm_AffectedJobElement`.
    pub(in crate::sim) no_affected: bool,
    /// Done at once, without a job.
    pub(in crate::sim) sync: bool,
    /// 4096 with a null job.
    pub(in crate::sim) no_job: bool,
    /// This code instead of the method.
    pub(in crate::sim) return_code: Option<u32>,
}

/// How a job ends.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(in crate::sim) enum Ending {
    #[default]
    Complete,
    Warn,
    Fail(u16),
    Hang,
    /// Forgotten half way, as after a restart of the service; the work is done, or is not.
    Vanish {
        done: bool,
    },
}

/// What a job does.
#[derive(Debug, Clone)]
pub(super) enum Task {
    Create { group: String, kind: SnapshotKind },
    Export { directory: String },
    Apply,
    Destroy { snapshot: String },
}

/// A job.
#[derive(Debug)]
pub(super) struct Job {
    id: String,
    task: Task,
    owner: String,
    begun: Duration,
    length: Duration,
    ending: Ending,
    end: Option<End>,
    /// Ids of the machines it works on.
    machines: Vec<String>,
    /// Objects and `ElementEffects`.
    affected: Vec<(Epr, u16)>,
    shows_affected: bool,
}

/// How a job has ended.
#[derive(Debug)]
struct End {
    at: Duration,
    state: u16,
    error_code: u16,
    description: &'static str,
}

impl Task {
    /// `JobType`: 198 "Snapshot Collection" is documented; for the others of a group no number
    /// is, so those of one machine stand in (chosen): 62, 71, 72.
    fn job_type(&self) -> u16 {
        match self {
            Self::Create { .. } => 198,
            Self::Export { .. } => 62,
            Self::Apply => 71,
            Self::Destroy { .. } => 72,
        }
    }

    /// Which jobs can be cancelled is not documented: chosen.
    fn is_cancellable(&self) -> bool {
        matches!(self, Self::Create { .. } | Self::Export { .. })
    }

    /// `OperationalStatus` of a machine that a job works on.
    fn machine_status(&self) -> u16 {
        match self {
            Self::Create { .. } => 32768,
            Self::Apply => 32769,
            Self::Destroy { .. } => 32770,
            Self::Export { .. } => 32773,
        }
    }
}

impl Job {
    /// When something happens to it next.
    fn due(&self, retention: Duration) -> Option<Duration> {
        match (&self.end, self.ending) {
            (Some(end), _) => Some(end.at.saturating_add(retention)),
            (None, Ending::Hang) => None,
            (None, Ending::Vanish { .. }) => Some(self.begun.saturating_add(self.length / 2)),
            (None, _) => Some(self.begun.saturating_add(self.length)),
        }
    }

    fn percent(&self, now: Duration) -> u16 {
        let elapsed = now.saturating_sub(self.begun).as_millis();
        let percent = elapsed.saturating_mul(100) / self.length.as_millis().max(1);
        // A hanging job stays at 50 (chosen).
        let highest = if self.ending == Ending::Hang { 50 } else { 99 };
        u16::try_from(percent).unwrap_or(highest).min(highest)
    }

    fn state(&self, now: Duration) -> u16 {
        match &self.end {
            Some(end) => end.state,
            // How long a job stays new is not documented: chosen.
            None if self.percent(now) < 5 => state::NEW,
            None => state::RUNNING,
        }
    }
}

impl World {
    /// Starts a job.
    pub(super) fn start(&mut self, task: Task, machines: Vec<String>, owner: &str, plan: Plan) -> Epr {
        let id = self.ids.next(Kind::Job);
        let epr = key_reference("Msvm_ConcreteJob", "InstanceID", &id);
        let length = match &task {
            Task::Create { .. } => self.times.snapshot,
            Task::Export { .. } => self.times.export,
            Task::Apply => self.times.apply,
            Task::Destroy { .. } => self.times.delete,
        };
        // While it runs a job affects the machines, with effect 0 (capture).
        let affected = self
            .machines
            .iter()
            .filter(|machine| machines.contains(&machine.id))
            .map(|machine| (machine_reference(machine), 0))
            .collect();
        self.jobs.push(Job {
            id,
            task,
            owner: owner.to_owned(),
            begun: self.now,
            length: Duration::try_from_secs_f64(length.as_secs_f64() * self.time_scale).unwrap_or(length),
            ending: plan.ending,
            end: None,
            machines,
            affected,
            shows_affected: !plan.no_affected,
        });
        self.settle_jobs();
        epr
    }

    /// The job that works on one of these machines.
    pub(super) fn is_busy(&self, machines: &[String]) -> bool {
        self.active().any(|job| job.machines.iter().any(|machine| machines.contains(machine)))
    }

    /// `OperationalStatus` of a machine while a job works on it.
    pub(super) fn machine_status(&self, machine: &str) -> Option<u16> {
        self.active().find(|job| job.machines.iter().any(|id| id == machine)).map(|j| j.task.machine_status())
    }

    fn active(&self) -> impl Iterator<Item = &Job> {
        self.jobs.iter().filter(|job| job.end.is_none())
    }

    /// When the next thing happens to a job, not after `limit`.
    pub(super) fn next_due(&self, limit: Duration) -> Option<Duration> {
        self.jobs.iter().filter_map(|job| job.due(self.times.retention)).filter(|due| *due <= limit).min()
    }

    /// Ends and forgets the jobs whose time has come.
    pub(super) fn settle_jobs(&mut self) {
        let retention = self.times.retention;
        let mut jobs = std::mem::take(&mut self.jobs);
        jobs.retain_mut(|job| {
            if job.due(retention).is_none_or(|due| due > self.now) {
                return true;
            }
            if job.end.is_some() {
                return false;
            }
            match job.ending {
                Ending::Vanish { done } => {
                    if done {
                        let _ = self.perform(&job.task);
                    }
                    return false;
                }
                Ending::Fail(code) => job.end = Some(self.failed(code, self.texts.job_failed)),
                Ending::Complete | Ending::Warn | Ending::Hang => self.complete(job),
            }
            true
        });
        self.jobs = jobs;
    }

    fn complete(&mut self, job: &mut Job) {
        match self.perform(&job.task) {
            Ok(created) => {
                // After completion the new object is affected with effect 5, Create (capture).
                job.affected.extend(created.map(|epr| (epr, 5)));
                let warned = job.ending == Ending::Warn;
                job.end = Some(End {
                    at: self.now,
                    state: if warned { state::COMPLETED_WITH_WARNINGS } else { state::COMPLETED },
                    error_code: 0,
                    description: "",
                });
            }
            Err(description) => job.end = Some(self.failed(32768, description)),
        }
    }

    fn failed(&self, error_code: u16, description: &'static str) -> End {
        End { at: self.now, state: state::EXCEPTION, error_code, description }
    }

    /// Does what a task does; gives the new object, or why it failed.
    pub(super) fn perform(&mut self, task: &Task) -> Result<Option<Epr>, &'static str> {
        match task {
            Task::Create { group, kind } => Ok(self.add_snapshot(group, *kind)),
            Task::Export { directory } => {
                // What happens to a directory in use is not documented: chosen.
                if self.exports.iter().any(|used| same(used, directory)) {
                    return Err(self.texts.directory_in_use);
                }
                self.exports.push(directory.clone());
                Ok(None)
            }
            Task::Apply => Ok(None),
            Task::Destroy { snapshot } => {
                self.snapshots.retain(|known| known.id != *snapshot);
                Ok(None)
            }
        }
    }

    /// `RequestStateChange` of a job: codes of its own table (0, 1, 5, 4097, 4098).
    pub(super) fn request_job_state(&mut self, id: &str, requested: Option<u64>, has_timeout: bool) -> u32 {
        let (now, cancelled) = (self.now, self.texts.job_cancelled);
        let Some(job) = self.jobs.iter_mut().find(|job| same(&job.id, id)) else { return 4 };
        let state = match requested {
            Some(4) => state::TERMINATED,
            Some(5) => state::KILLED,
            Some(2 | 3 | 6) => return 1,
            _ => return 5,
        };
        if has_timeout {
            return 4098;
        }
        if job.end.is_some() {
            return 4097;
        }
        if !job.task.is_cancellable() {
            return 1;
        }
        // The error code of a cancelled job is not documented: chosen, 32768 Failed.
        job.end = Some(End { at: now, state, error_code: 32768, description: cancelled });
        0
    }

    /// `GetErrorEx` of a job: nothing while it is well.
    pub(super) fn job_error(&self, id: &str) -> Option<Instance> {
        let end = self.jobs.iter().find(|job| same(&job.id, id))?.end.as_ref()?;
        if end.error_code == 0 {
            return None;
        }
        Some(
            Instance::new("Msvm_Error")
                .with("CIMStatusCode", Value::Uint32(1))
                .with("ErrorSource", text(self.host.name.as_str()))
                .with("ErrorType", Value::Uint16(4))
                .with("Message", text(end.description))
                .with("MessageID", text(end.error_code.to_string()))
                .with("OwningEntity", text("hyperv-wsman simulator"))
                .with("PerceivedSeverity", Value::Uint16(4))
                .with("ProbableCause", Value::Uint16(0)),
        )
    }

    /// The jobs as instances; the set of properties is that of a captured job.
    pub(super) fn jobs(&self) -> Vec<Instance> {
        self.jobs.iter().map(|job| self.job(job)).collect()
    }

    fn job(&self, job: &Job) -> Instance {
        let state = job.state(self.now);
        let texts = self.texts;
        let name = match job.task {
            Task::Create { .. } => texts.create_snapshot,
            Task::Export { .. } => texts.export_snapshot,
            Task::Apply => texts.apply_snapshot,
            Task::Destroy { .. } => texts.destroy_snapshot,
        };
        let (status, operational): (_, &[u16]) = match state {
            state::COMPLETED => (texts.job_completed, &[17, 2]),
            state::COMPLETED_WITH_WARNINGS => (texts.job_completed_with_warnings, &[17, 3]),
            state::EXCEPTION => (texts.job_failed, &[6]),
            state::TERMINATED | state::KILLED => (texts.job_cancelled, &[10]),
            _ => (texts.job_running, &[2]),
        };
        let until = job.end.as_ref().map_or(self.now, |end| end.at);
        let is_done = matches!(state, state::COMPLETED | state::COMPLETED_WITH_WARNINGS);
        let percent = if is_done { 100 } else { job.percent(until) };
        let error = job.end.as_ref().map_or("", |end| end.description);
        Instance::new("Msvm_ConcreteJob")
            .with("InstanceID", text(job.id.as_str()))
            .with("Name", text(name))
            .with("Caption", text(name))
            .with("Description", text(name))
            .with("ElementName", text(name))
            .with("Cancellable", Value::Boolean(job.end.is_none() && job.task.is_cancellable()))
            .with("DeleteOnCompletion", Value::Boolean(false))
            .with("ElapsedTime", interval(until.saturating_sub(job.begun)))
            .with("ErrorCode", Value::Uint16(job.end.as_ref().map_or(0, |end| end.error_code)))
            .with("ErrorDescription", text(error))
            .with("ErrorSummaryDescription", text(error))
            .with("HealthState", Value::Uint16(5))
            .with("JobRunTimes", Value::Uint32(1))
            .with("JobState", Value::Uint16(state))
            .with("JobStatus", text(status))
            .with("JobType", Value::Uint16(job.task.job_type()))
            .with("LocalOrUtcTime", Value::Uint16(2))
            .with("Notify", text(""))
            .with("OperationalStatus", Value::Array(operational.iter().copied().map(Value::Uint16).collect()))
            .with("OtherRecoveryAction", text(""))
            .with("Owner", text(job.owner.as_str()))
            .with("PercentComplete", Value::Uint16(percent))
            .with("Priority", Value::Uint32(0))
            .with("RecoveryAction", Value::Uint16(2))
            .with("ScheduledStartTime", timestamp(job.begun))
            .with("StartTime", timestamp(job.begun))
            .with("Status", text("OK"))
            .with("StatusDescriptions", Value::Array(operational.iter().map(|_| text(status)).collect()))
            .with("TimeBeforeRemoval", interval(self.times.retention))
            .with("TimeOfLastStateChange", timestamp(until))
            .with("TimeSubmitted", timestamp(job.begun))
    }

    /// `Msvm_AffectedJobElement`.
    pub(super) fn affected_elements(&self) -> Vec<Instance> {
        let mut rows = Vec::new();
        for job in self.jobs.iter().filter(|job| job.shows_affected) {
            let affecting = key_reference("Msvm_ConcreteJob", "InstanceID", &job.id);
            for (element, effect) in &job.affected {
                rows.push(
                    Instance::new("Msvm_AffectedJobElement")
                        .with("AffectedElement", Value::Reference(Box::new(element.clone())))
                        .with("AffectingElement", Value::Reference(Box::new(affecting.clone())))
                        .with("ElementEffects", Value::Array(vec![Value::Uint16(*effect)])),
                );
            }
        }
        rows
    }
}

/// The reference to a machine.
pub(super) fn machine_reference(machine: &MachineEntry) -> Epr {
    let epr = key_reference("Msvm_ComputerSystem", "CreationClassName", "Msvm_ComputerSystem");
    super::with_key(epr, "Name", &machine.id)
}

fn interval(length: Duration) -> Value {
    u64::try_from(length.as_micros())
        .ok()
        .and_then(|micros| Interval::from_micros(micros).ok())
        .map_or(Value::Null, |interval| Value::DateTime(interval.into()))
}
