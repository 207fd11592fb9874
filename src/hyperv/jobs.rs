//! The jobs of a host: list, find, what they affect, cancel.

use super::{
    HyperV, Job, JobState, Started, is_not_found, shell,
    started::Ending,
    task::{Findings, Task},
};
use crate::{
    cim::{Epr, Instance, Value},
    client::Client,
    error::{Error, ErrorKind, Evidence, Result},
    wsman::{Fault, FaultCode},
};

/// The job classes that are looked through for an id, the common one first. A job is of the class
/// that its method's reference names.
const CLASSES: [&str; 6] = [
    "Msvm_ConcreteJob",
    "Msvm_StorageJob",
    "Msvm_MigrationJob",
    "Msvm_CollectionReferencePointExportJob",
    "Msvm_VirtualSystemReferencePointExportJob",
    "Msvm_CopyFileToGuestJob",
];

/// The jobs of a host.
///
/// ```
/// # #[cfg(feature = "sim")]
/// # #[tokio::main(flavor = "current_thread", start_paused = true)]
/// # async fn main() -> hyperv_wsman::Result<()> {
/// use hyperv_wsman::hyperv::CreateSettings;
/// # use hyperv_wsman::{Client, hyperv::HyperV, sim};
/// # let host = sim::Host::new(sim::Settings::default());
/// # let url = "https://hv01.example.test:5986/wsman".parse().unwrap();
/// # let hyperv = HyperV::new(Client::with_transport(url, host.transport()));
/// # let group = hyperv.group("web-tier").await?;
///
/// let started = hyperv.collection_snapshots().create(&group, &CreateSettings::recovery()).await?;
/// let id = started.job_id().unwrap_or_default();
///
/// // Later, perhaps in another process:
/// let job = hyperv.jobs().find(id).await?;
/// let finished = hyperv.jobs().resume(&job).wait().await?;
/// assert!(finished.is_success());
/// # Ok(())
/// # }
/// # #[cfg(not(feature = "sim"))]
/// # fn main() {}
/// ```
#[derive(Debug, Clone)]
pub struct Jobs {
    hyperv: HyperV,
}

/// A row of `Msvm_AffectedJobElement`.
#[derive(Debug)]
pub(super) struct Affected {
    pub(super) job: Epr,
    pub(super) element: Epr,
    pub(super) effects: Vec<u16>,
}

impl Jobs {
    pub(super) fn new(hyperv: HyperV) -> Self {
        Self { hyperv }
    }

    /// The jobs of class `Msvm_ConcreteJob` that the host still knows (it forgets them about five
    /// minutes after their end). Jobs of the rarer classes are found by their id.
    ///
    /// # Errors
    /// As [`Client::enumerate`](crate::Client::enumerate).
    pub async fn list(&self) -> Result<Vec<Job>> {
        let class = self.hyperv.class("Msvm_ConcreteJob");
        let instances = self.hyperv.client.enumerate(&class).instances().await?;
        instances
            .into_iter()
            .map(|instance| {
                let id = instance.str("InstanceID").unwrap_or_default();
                let epr = self.hyperv.class(instance.class()).with("InstanceID", id)?;
                Job::new(epr, instance)
            })
            .collect()
    }
    /// One job by InstanceID (any job class).
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn find(&self, id: &str) -> Result<Job> {
        for class in CLASSES {
            let epr = self.hyperv.class(class).with("InstanceID", id)?;
            match self.read(&epr).await {
                Ok(job) => return Ok(job),
                Err(error) if is_not_found(&error) || is_unknown_class(&error) => {}
                Err(error) => return Err(error),
            }
        }
        Err(not_found(id))
    }
    /// One job by reference.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn get(&self, epr: &Epr) -> Result<Job> {
        self.read(epr).await.map_err(|error| {
            if is_not_found(&error) {
                not_found(epr.selector("InstanceID").unwrap_or_default()).with_source(error)
            } else {
                error
            }
        })
    }
    /// What the job affects or created, `(ElementEffects, reference)`.
    ///
    /// ```
    /// # #[cfg(feature = "sim")]
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)]
    /// # async fn main() -> hyperv_wsman::Result<()> {
    /// # use hyperv_wsman::{Client, hyperv::{CreateSettings, HyperV}, sim};
    /// # let host = sim::Host::new(sim::Settings::default());
    /// # let url = "https://hv01.example.test:5986/wsman".parse().unwrap();
    /// # let client = Client::with_transport(url, host.transport());
    /// # let hyperv = HyperV::new(client);
    /// # let group = hyperv.group("web-tier").await?;
    /// # hyperv.collection_snapshots().create(&group, &CreateSettings::recovery()).await?.wait().await?;
    /// for job in hyperv.jobs().list().await? {
    ///     for (effects, element) in hyperv.jobs().affected(&job).await? {
    ///         println!("{} {effects:?} {element}", job.id);
    ///     }
    /// }
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "sim"))]
    /// # fn main() {}
    /// ```
    ///
    /// # Errors
    /// As [`Client::query`](crate::Client::query).
    pub async fn affected(&self, job: &Job) -> Result<Vec<(Vec<u16>, Epr)>> {
        let rows = self.all_affected().await?;
        Ok(rows
            .into_iter()
            .filter(|row| same_job(&row.job, &job.epr))
            .map(|row| (row.effects, row.element))
            .collect())
    }
    /// Takes up the wait for a job that is already known.
    #[must_use = "nothing is waited for until `wait`"]
    pub fn resume(&self, job: &Job) -> Started<Job> {
        let task = Task {
            method: job.job_type_name.clone().unwrap_or_else(|| job.class.clone()),
            action: format!("finish job `{}`", job.id),
            object: format!("job {}", job.id),
            look: "hvctl job list".into(),
        };
        let lost = task.clone();
        Started::follow(self.clone(), job.epr.clone(), task, move |ending| async move {
            match ending {
                Ending::Finished(job) => Ok(*job),
                Ending::Vanished | Ending::AtOnce => Err(lost.unknown(ending.cause(), Findings::default())),
            }
        })
    }
    /// Asks a job to end (`RequestStateChange` 4; 5 with `kill`).
    ///
    /// # Errors
    /// `Method` when refused, `Config` when it has ended or is not cancellable, `OutcomeUnknown`.
    pub async fn cancel(&self, job: &Job, kill: bool) -> Result<Job> {
        let task = Task {
            method: "RequestStateChange".into(),
            action: format!("cancel job `{}`", job.id),
            object: format!("job {}", job.id),
            look: format!("hvctl job show {}", shell::word(&job.id)),
        };
        if job.state.is_finished() {
            let reason = format!("it has already ended in state {} ({})", job.state.0, job.state.name());
            return Err(task.impossible(&reason));
        }
        if !job.cancellable {
            return Err(task.impossible("the host says that it cannot be cancelled"));
        }
        let requested = Value::Uint16(if kill { 5 } else { 4 });
        match self.hyperv.invoke(&job.epr, "RequestStateChange", &[("RequestedState", requested)]).await {
            Ok(output) if matches!(output.return_value(), 0 | 4096) => {}
            Ok(output) => return Err(task.refused(&output)),
            Err(error) if error.is_outcome_unknown() => {
                // A job that is on its way out is what was asked for, whoever asked.
                return match self.get(&job.epr).await {
                    Ok(now)
                        if matches!(
                            now.state,
                            JobState::SHUTTING_DOWN | JobState::TERMINATED | JobState::KILLED
                        ) =>
                    {
                        Ok(now)
                    }
                    _ => {
                        let findings = Findings { jobs: vec![job.id.clone()], ..Findings::default() };
                        Err(task.unknown(Some(error), findings))
                    }
                };
            }
            Err(error) => return Err(error),
        }
        // The request was taken; that the job can no longer be read does not undo it.
        Ok(self.get(&job.epr).await.unwrap_or_else(|_| job.clone()))
    }

    pub(super) fn client(&self) -> &Client {
        &self.hyperv.client
    }

    /// A look at a job, the host's own fault when there is none.
    pub(super) async fn read(&self, epr: &Epr) -> Result<Job> {
        Job::new(epr.clone(), self.hyperv.client.get(epr).await?)
    }

    /// All rows of `Msvm_AffectedJobElement`. Its keys are references, so that it cannot be read
    /// by them; the whole class is enumerated, as is proven on hosts, and it is short: rows live
    /// about five minutes.
    pub(super) async fn all_affected(&self) -> Result<Vec<Affected>> {
        let class = self.hyperv.class("Msvm_AffectedJobElement");
        let instances = self.hyperv.client.enumerate(&class).instances().await?;
        Ok(instances.iter().filter_map(Affected::from_instance).collect())
    }

    /// Jobs that have not ended and that are, or for all the host tells may be, of this type.
    pub(super) async fn running(&self, job_type: Option<u16>) -> Result<Vec<Job>> {
        let may_be = |job: &Job| job_type.is_none() || job.job_type.is_none() || job.job_type == job_type;
        let mut jobs = self.list().await?;
        jobs.retain(|job| !job.state.is_finished() && may_be(job));
        Ok(jobs)
    }

    /// Those of these jobs that may be about one of the elements (ids): a job is left out only when the
    /// host tells what it affects, and none of it is among them.
    pub(super) async fn concerning(&self, jobs: Vec<Job>, elements: &[&str]) -> Vec<Job> {
        if jobs.is_empty() {
            return jobs;
        }
        let rows = self.all_affected().await.unwrap_or_else(|error| {
            tracing::debug!(%error, "what the jobs affect cannot be read");
            Vec::new()
        });
        let is_among = |element: &Epr| {
            element
                .keys()
                .filter_map(|selector| element.selector(selector.name()))
                .any(|value| elements.iter().any(|id| value.eq_ignore_ascii_case(id)))
        };
        jobs.into_iter()
            .filter(|job| {
                let mut own = rows.iter().filter(|row| same_job(&row.job, &job.epr)).peekable();
                own.peek().is_none() || own.any(|row| is_among(&row.element))
            })
            .collect()
    }

    /// The error of a job that ended badly, with what `GetErrorEx` tells, as far as it does.
    pub(super) async fn failed(&self, job: &Job, task: &Task) -> Error {
        let mut failure = job.failure();
        failure.errors = self.errors(job).await.unwrap_or_else(|error| {
            tracing::debug!(%error, "GetErrorEx told nothing");
            Vec::new()
        });
        let code = match (failure.error_code, &failure.error_name) {
            (0, _) => String::new(),
            (code, Some(name)) => format!(" with error {code} ({name})"),
            (code, None) => format!(" with error {code}"),
        };
        let message = format!(
            "failed to {}: job `{}` ended in state {} ({}){code}",
            task.action, failure.id, failure.state, failure.state_name
        );
        let words = failure
            .errors
            .iter()
            .find_map(|error| error.str("Message"))
            .or(failure.description.as_deref())
            .or(failure.summary.as_deref())
            .map(|text| text.trim().to_owned())
            .filter(|text| !text.is_empty());
        let mut error = Error::new(ErrorKind::Job, message)
            .with_hint("the host's event log may say more: Hyper-V-VMMS, under Microsoft, Windows");
        if let Some(words) = words {
            error = error.with_host_words(words);
        }
        error.with_evidence(Evidence::Job(Box::new(failure)))
    }

    async fn errors(&self, job: &Job) -> Result<Vec<Instance>> {
        let output = self.hyperv.invoke(&job.epr, "GetErrorEx", &[]).await?;
        let texts = output.get("Errors").map(Value::as_slice).unwrap_or_default();
        Ok(texts.iter().filter_map(|text| Instance::from_cim_xml(text.as_str()?).ok()).collect())
    }
}

impl Affected {
    fn from_instance(instance: &Instance) -> Option<Self> {
        let reference = |name| instance.get(name).and_then(Value::as_epr).cloned();
        let effects = instance.get("ElementEffects").map(Value::as_slice).unwrap_or_default();
        Some(Self {
            job: reference("AffectingElement")?,
            element: reference("AffectedElement")?,
            effects: effects.iter().filter_map(|effect| u16::try_from(effect.as_u64()?).ok()).collect(),
        })
    }
}

/// Whether two references name the same job. Rows are known to name a job by its base class.
pub(super) fn same_job(one: &Epr, two: &Epr) -> bool {
    match (one.selector("InstanceID"), two.selector("InstanceID")) {
        (Some(one), Some(two)) => one.eq_ignore_ascii_case(two),
        _ => one == two,
    }
}

/// Whether the host has no such class (`WBEM_E_INVALID_CLASS`): older ones lack the rarer job classes.
fn is_unknown_class(error: &Error) -> bool {
    error.fault().and_then(Fault::code) == Some(FaultCode(0x8004_1010))
}

fn not_found(id: &str) -> Error {
    Error::new(ErrorKind::NotFound, format!("failed to find job `{id}`: the host knows no job of that id"))
        .with_hint("a host forgets a job about five minutes after its end")
}
