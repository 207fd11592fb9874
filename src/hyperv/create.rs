//! Taking a snapshot of a group, and finding what came of it.
//!
//! Hosts do not give the result of CreateSnapshot when it goes on in a job. It is told, in this
//! order, by the out parameter, by the rows of `Msvm_AffectedJobElement` (`ElementEffects` 5, Create),
//! and by the difference to the group's snapshots before the call.

use super::{
    CollectionSnapshots, CreateSettings, Group, Job, SnapshotCollection, Started, VirtualMachine,
    jobs::same_job,
    shell,
    snapshots::{SERVICE, SNAPSHOT},
    started::Ending,
    task::{Begun, Findings, Task},
};
use crate::{
    cim::{Epr, Value},
    error::{Error, Result},
};
use std::{collections::BTreeSet, time::Duration};

/// `JobType` of a group's snapshot (value map of `Msvm_ConcreteJob`).
const SNAPSHOT_COLLECTION_JOB: u16 = 198;
/// `ElementEffects`: Create.
const CREATE: u16 = 5;
/// Pauses before each look for a request whose outcome is unknown: the host may still be at it.
const LOOKS: [Duration; 3] = [Duration::ZERO, Duration::from_secs(1), Duration::from_secs(2)];

/// A snapshot about to be taken: the group as it was before.
#[derive(Debug, Clone)]
pub(super) struct Creation {
    snapshots: CollectionSnapshots,
    group: Group,
    machines: Vec<VirtualMachine>,
    baseline: Vec<SnapshotCollection>,
    task: Task,
}

/// What a look at the host shows.
#[derive(Debug)]
struct Sight {
    /// Snapshots of the group that were not there before.
    new: Vec<SnapshotCollection>,
    /// Running jobs of this kind that may be about this group.
    jobs: Vec<Job>,
}

impl Creation {
    /// Reads the members and the snapshots of the group.
    pub(super) async fn prepare(snapshots: CollectionSnapshots, group: &Group) -> Result<Self> {
        let task = Task {
            method: "CreateSnapshot".into(),
            action: format!("create a snapshot of group `{}`", group.name),
            object: format!("group {} ({})", group.name, group.id),
            // By id: names need not be unique.
            look: format!("hvctl snapshot list --group {}", shell::word(&group.id)),
        };
        let machines = snapshots.hyperv.members(group).await?;
        if machines.is_empty() {
            return Err(task
                .impossible("the group has no members")
                .with_hint("`Add-VMGroupMember` on the host adds machines to a group"));
        }
        let baseline = snapshots.list(group).await?;
        Ok(Self { snapshots, group: group.clone(), machines, baseline, task })
    }

    /// Calls CreateSnapshot.
    pub(super) async fn start(self, settings: &CreateSettings) -> Result<Started<SnapshotCollection>> {
        // ResultingSnapshotCollection is in and out; callers in the field leave it out.
        let arguments = [
            ("Collection", Value::from(&self.group.epr)),
            ("SnapshotSettings", Value::String(settings.to_parameter()?)),
            ("SnapshotType", Value::Uint16(settings.type_number())),
        ];
        let outcome = self.snapshots.hyperv.invoke_service(SERVICE, &self.task.method, &arguments).await;
        let (begun, output) = self.task.begun(outcome)?;
        let told = output.and_then(|output| output.get("ResultingSnapshotCollection")?.as_epr().cloned());
        let (jobs, task) = (self.snapshots.hyperv.jobs(), self.task.clone());
        match begun {
            Begun::AtOnce => Ok(Started::over(jobs, task, |ending| self.finish(ending, told, None))),
            Begun::Job(epr) => {
                let own = Some(epr.clone());
                Ok(Started::follow(jobs, epr, task, |ending| self.finish(ending, told, own)))
            }
            Begun::Lost(cause) => self.look_for_it(cause).await,
        }
    }

    /// The result of an operation that did not fail.
    async fn finish(self, ending: Ending, told: Option<Epr>, own: Option<Epr>) -> Result<SnapshotCollection> {
        if let Ending::AtOnce | Ending::Finished(_) = ending {
            if let Some(epr) = told {
                return self.describe(&epr).await;
            }
            if let Ending::Finished(job) = &ending
                && let Some(epr) = self.created_by(job).await
            {
                return self.describe(&epr).await;
            }
        }
        self.settle(own, ending.cause()).await
    }

    /// The result as far as a look at the host tells it; `cause` is why nothing better is at hand.
    async fn settle(self, own: Option<Epr>, cause: Option<Error>) -> Result<SnapshotCollection> {
        let sight = match self.look(own.as_ref()).await {
            Ok(sight) => sight,
            Err(error) => return Err(self.unknown(cause.or(Some(error)), None)),
        };
        match self.adopt(&sight).await {
            Ok(Some(snapshot)) => Ok(snapshot),
            Ok(None) => Err(self.unknown(cause, Some(sight))),
            Err(error) => Err(self.unknown(cause.or(Some(error)), Some(sight))),
        }
    }

    /// The one snapshot of a group that the job created by its own account.
    async fn created_by(&self, job: &Job) -> Option<Epr> {
        let rows = match self.snapshots.hyperv.jobs().affected(job).await {
            Ok(rows) => rows,
            Err(error) => {
                tracing::debug!(%error, "what the job created cannot be read");
                return None;
            }
        };
        let mut created = rows
            .into_iter()
            .filter(|(effects, element)| {
                effects.contains(&CREATE) && element.class().eq_ignore_ascii_case(SNAPSHOT)
            })
            .map(|(_, element)| element);
        match (created.next(), created.next()) {
            (Some(epr), None) => Some(epr),
            _ => None,
        }
    }

    /// The snapshot that the host names. It exists, whatever reading it says.
    async fn describe(&self, epr: &Epr) -> Result<SnapshotCollection> {
        let read = self.snapshots.read(epr).await;
        match (read, epr.selector("CollectionID")) {
            (Ok(snapshot), _) => Ok(snapshot),
            (Err(error), Some(id)) => {
                tracing::debug!(%error, "the new snapshot cannot be read");
                Ok(SnapshotCollection { id: id.to_owned(), name: String::new(), epr: epr.clone() })
            }
            (Err(error), None) => Err(self.unknown(Some(error), None)),
        }
    }

    /// After a request whose outcome is unknown: a running job is waited for, a result adopted, where
    /// it can be no other. The job may be another's, even another group's, as rows may come late: what
    /// it created or why it failed is no answer, only what is new in the group afterwards.
    async fn look_for_it(self, cause: Error) -> Result<Started<SnapshotCollection>> {
        let clock = self.snapshots.hyperv.client.clock();
        let mut last = None;
        for pause in LOOKS {
            if !pause.is_zero() {
                clock.sleep(pause).await;
            }
            let sight = match self.look(None).await {
                Ok(sight) => sight,
                Err(error) => {
                    tracing::debug!(%error, "the group cannot be looked at");
                    continue;
                }
            };
            let (jobs, task) = (self.snapshots.hyperv.jobs(), self.task.clone());
            match (sight.new.as_slice(), sight.jobs.as_slice()) {
                ([] | [_], [job]) => {
                    let epr = job.epr.clone();
                    let own = Some(epr.clone());
                    return Ok(Started::presume(jobs, epr, task, |ending| async move {
                        let cause = match ending {
                            Ending::Finished(job) if job.is_failure() => {
                                self.snapshots.hyperv.jobs().failed(&job, &self.task).await
                            }
                            _ => cause,
                        };
                        self.settle(own, Some(cause)).await
                    }));
                }
                ([_], []) => {
                    return match self.adopt(&sight).await {
                        Ok(Some(snapshot)) => Ok(Started::found(jobs, task, cause.to_string(), snapshot)),
                        Ok(None) | Err(_) => Err(self.unknown(Some(cause), Some(sight))),
                    };
                }
                ([], []) => last = Some(sight),
                _ => return Err(self.unknown(Some(cause), Some(sight))),
            }
        }
        Err(self.unknown(Some(cause), last))
    }

    /// What is new in the group, and which jobs of this kind run, except `own`.
    async fn look(&self, own: Option<&Epr>) -> Result<Sight> {
        let new = self.snapshots.list(&self.group).await?;
        let new = new
            .into_iter()
            .filter(|now| !self.baseline.iter().any(|before| before.id.eq_ignore_ascii_case(&now.id)))
            .collect();
        let jobs = self.snapshots.hyperv.jobs();
        let mut running = jobs.running(Some(SNAPSHOT_COLLECTION_JOB)).await?;
        running.retain(|job| !own.is_some_and(|own| same_job(own, &job.epr)));
        let elements: Vec<&str> = std::iter::once(self.group.id.as_str())
            .chain(self.machines.iter().map(|machine| machine.id.as_str()))
            .collect();
        Ok(Sight { new, jobs: jobs.concerning(running, &elements).await })
    }

    /// The one new snapshot of the group, if its members are the group's and no other job of this
    /// kind runs.
    async fn adopt(&self, sight: &Sight) -> Result<Option<SnapshotCollection>> {
        let ([snapshot], []) = (sight.new.as_slice(), sight.jobs.as_slice()) else { return Ok(None) };
        let members = self.snapshots.members(snapshot).await?;
        let ids = |ids: &mut dyn Iterator<Item = &str>| -> BTreeSet<String> {
            ids.map(str::to_ascii_lowercase).collect()
        };
        let of_snapshot = ids(&mut members.iter().map(|member| member.machine_id.as_str()));
        let of_group = ids(&mut self.machines.iter().map(|machine| machine.id.as_str()));
        Ok((of_snapshot == of_group).then(|| snapshot.clone()))
    }

    fn unknown(&self, cause: Option<Error>, sight: Option<Sight>) -> Error {
        let ids = |snapshots: &[SnapshotCollection]| snapshots.iter().map(|one| one.id.clone()).collect();
        let sight = sight.unwrap_or(Sight { new: Vec::new(), jobs: Vec::new() });
        let findings = Findings {
            baseline: ids(&self.baseline),
            candidates: ids(&sight.new),
            jobs: sight.jobs.into_iter().map(|job| job.id).collect(),
        };
        self.task.unknown(cause, findings)
    }
}
