//! Snapshots of groups (`Msvm_CollectionSnapshotService`).

use super::{
    CreateSettings, ExportSettings, Group, HostPath, HyperV, Job, Started,
    create::Creation,
    is_not_found, optional, required, shell,
    started::Ending,
    task::{Begun, Findings, Task},
    without_braces,
};
use crate::{
    cim::{DateTime, Epr, Instance, Text, Value, wql},
    error::{Error, ErrorKind, Result},
};

/// The service of all methods here.
pub(super) const SERVICE: &str = "Msvm_CollectionSnapshotService";
/// The class of a group's snapshot.
pub(super) const SNAPSHOT: &str = "Msvm_SnapshotCollection";

/// A snapshot of a group (`Msvm_SnapshotCollection`).
///
/// The class has no time: `CreationTime` belongs to each machine's snapshot ([`CollectionSnapshots::members`]), and which
/// of these are in which collection is told by an association alone. So no single query gives the times of several.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct SnapshotCollection {
    /// CollectionID.
    pub id: String,
    /// ElementName.
    pub name: String,
    /// The reference to it.
    pub epr: Epr,
}

impl SnapshotCollection {
    pub(super) fn from_instance(instance: &Instance, namespace: &str) -> Result<Self> {
        let id = required(instance, "CollectionID")?;
        let name = instance.str("ElementName").unwrap_or_default().to_owned();
        let epr = Epr::class_of(SNAPSHOT, namespace).with("CollectionID", &id)?;
        Ok(Self { id, name, epr })
    }
}

/// One machine's snapshot in a collection (`Msvm_VirtualSystemSettingData`).
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct SnapshotMember {
    /// InstanceID of the snapshot.
    pub id: String,
    /// ElementName of the snapshot.
    pub name: String,
    /// `VirtualSystemIdentifier`: the machine's GUID.
    pub machine_id: String,
    /// `CreationTime`, RFC 3339, when told.
    pub created: Option<String>,
    /// `VirtualSystemType` (`Microsoft:Hyper-V:Snapshot:Recovery`).
    pub snapshot_type: Option<String>,
    /// The reference to it.
    pub epr: Epr,
}

impl SnapshotMember {
    fn from_instance(instance: &Instance, namespace: &str) -> Result<Self> {
        let id = required(instance, "InstanceID")?;
        let epr = Epr::class_of("Msvm_VirtualSystemSettingData", namespace).with("InstanceID", &id)?;
        let created = instance.get("CreationTime").and_then(Value::as_datetime);
        Ok(Self {
            id,
            name: instance.str("ElementName").unwrap_or_default().to_owned(),
            machine_id: instance.str("VirtualSystemIdentifier").unwrap_or_default().to_owned(),
            created: created.filter(|time| !time.is_never()).map(DateTime::to_iso),
            snapshot_type: optional(instance, "VirtualSystemType"),
            epr,
        })
    }
}

/// What a finished export tells.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Exported {
    /// Where it is, as the host sees it.
    pub directory: HostPath,
    /// The finished job; `None` when the method completed at once.
    pub job: Option<Job>,
}

/// The snapshot service.
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
///
/// let group = hyperv.group("web-tier").await?;
/// let snapshots = hyperv.collection_snapshots();
/// let snapshot = snapshots.create(&group, &CreateSettings::standard()).await?.wait().await?;
/// assert_eq!(snapshots.list(&group).await?, [snapshot.clone()]);
/// snapshots.destroy(&snapshot).await?.wait().await?;
/// assert!(snapshots.list(&group).await?.is_empty());
/// # Ok(())
/// # }
/// # #[cfg(not(feature = "sim"))]
/// # fn main() {}
/// ```
#[derive(Debug, Clone)]
pub struct CollectionSnapshots {
    pub(super) hyperv: HyperV,
}

impl CollectionSnapshots {
    pub(super) fn new(hyperv: HyperV) -> Self {
        Self { hyperv }
    }

    /// Snapshots of one group.
    ///
    /// # Errors
    /// As [`Client::query`](crate::Client::query).
    pub async fn list(&self, group: &Group) -> Result<Vec<SnapshotCollection>> {
        self.collections(wql::associators_of(&group.epr, "Msvm_SnapshotOfVirtualSystemCollection", SNAPSHOT)?)
            .await
    }
    /// Snapshots of all groups.
    ///
    /// # Errors
    /// As [`Client::query`](crate::Client::query).
    pub async fn list_all(&self) -> Result<Vec<SnapshotCollection>> {
        self.collections(Text::new(format!("SELECT * FROM {SNAPSHOT}"))?).await
    }
    /// One snapshot by id.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn find(&self, id: &str) -> Result<SnapshotCollection> {
        let epr = self.hyperv.class(SNAPSHOT).with("CollectionID", without_braces(id))?;
        self.read(&epr).await.map_err(|error| {
            if is_not_found(&error) {
                Error::new(
                    ErrorKind::NotFound,
                    format!("failed to find snapshot `{id}`: no snapshot of a group has that id"),
                )
                .with_hint("`hvctl snapshot list` shows the snapshots of the host")
                .with_source(error)
            } else {
                error
            }
        })
    }
    /// Its members, one snapshot for each machine.
    ///
    /// # Errors
    /// As [`Client::query`](crate::Client::query).
    pub async fn members(&self, snapshot: &SnapshotCollection) -> Result<Vec<SnapshotMember>> {
        let query =
            wql::associators_of(&snapshot.epr, "Msvm_CollectedSnapshots", "Msvm_VirtualSystemSettingData")?;
        let instances = self.hyperv.query(query).await?;
        let namespace = &self.hyperv.namespace;
        instances.iter().map(|instance| SnapshotMember::from_instance(instance, namespace)).collect()
    }
    /// The group it was taken of, where the host tells.
    ///
    /// # Errors
    /// As [`Client::query`](crate::Client::query).
    pub async fn group_of(&self, snapshot: &SnapshotCollection) -> Result<Option<Group>> {
        let query = wql::associators_of(
            &snapshot.epr,
            "Msvm_SnapshotOfVirtualSystemCollection",
            "Msvm_VirtualSystemCollection",
        )?;
        let instances = self.hyperv.query(query).await?;
        instances.first().map(|instance| Group::from_instance(instance, &self.hyperv.namespace)).transpose()
    }
    /// Takes a snapshot of all members of a group at once (CreateSnapshot). Reads the group's
    /// members and its snapshots first, so that the result can be told afterwards.
    ///
    /// # Errors
    /// `Config` for a group without members; `Method`; `OutcomeUnknown`.
    pub async fn create(
        &self,
        group: &Group,
        settings: &CreateSettings,
    ) -> Result<Started<SnapshotCollection>> {
        Creation::prepare(self.clone(), group).await?.start(settings).await
    }
    /// Exports a snapshot to a directory of the host (ExportSnapshot).
    ///
    /// # Errors
    /// `Method`, `OutcomeUnknown`.
    pub async fn export(
        &self,
        snapshot: &SnapshotCollection,
        directory: &HostPath,
        settings: &ExportSettings,
    ) -> Result<Started<Exported>> {
        let task = Task {
            method: "ExportSnapshot".into(),
            action: format!("export snapshot `{}` to `{}`", snapshot.id, directory.as_str()),
            object: format!("snapshot {}", snapshot.id),
            look: "hvctl job list".into(),
        };
        let arguments = [
            ("SnapshotCollection", Value::from(&snapshot.epr)),
            ("ExportDirectory", Value::String(directory.text().clone())),
            ("ExportSettingData", Value::String(settings.to_parameter()?)),
        ];
        let directory = directory.clone();
        self.start(task, snapshot, &arguments, |ending, _, task| async move {
            match ending {
                Ending::AtOnce => Ok(Exported { directory, job: None }),
                Ending::Finished(job) => Ok(Exported { directory, job: Some(*job) }),
                Ending::Vanished => Err(task.unknown(ending.cause(), Findings::default())),
            }
        })
        .await
    }
    /// Puts the group's machines back to a snapshot (ApplySnapshot).
    ///
    /// # Errors
    /// `Method`, `OutcomeUnknown`.
    pub async fn apply(&self, snapshot: &SnapshotCollection) -> Result<Started<()>> {
        let task = Task {
            method: "ApplySnapshot".into(),
            action: format!("apply snapshot `{}`", snapshot.id),
            object: format!("snapshot {}", snapshot.id),
            look: "hvctl job list".into(),
        };
        let arguments = [("SnapshotCollection", Value::from(&snapshot.epr))];
        self.start(task, snapshot, &arguments, |ending, _, task| async move {
            match ending {
                Ending::AtOnce | Ending::Finished(_) => Ok(()),
                Ending::Vanished => Err(task.unknown(ending.cause(), Findings::default())),
            }
        })
        .await
    }
    /// Destroys a snapshot (DestroySnapshot); the host may destroy snapshots that depend on it too.
    ///
    /// # Errors
    /// `Method`, `OutcomeUnknown`.
    pub async fn destroy(&self, snapshot: &SnapshotCollection) -> Result<Started<()>> {
        let task = Task {
            method: "DestroySnapshot".into(),
            action: format!("destroy snapshot `{}`", snapshot.id),
            object: format!("snapshot {}", snapshot.id),
            look: format!("hvctl snapshot show {}", shell::word(&snapshot.id)),
        };
        let arguments = [("AffectedSnapshotCollection", Value::from(&snapshot.epr))];
        let epr = snapshot.epr.clone();
        self.start(task, snapshot, &arguments, |ending, snapshots, task| async move {
            match ending {
                Ending::AtOnce | Ending::Finished(_) => Ok(()),
                // The job was accepted, and what it was to destroy is gone.
                Ending::Vanished => match snapshots.read(&epr).await {
                    Err(error) if is_not_found(&error) => Ok(()),
                    Err(error) => Err(task.unknown(Some(error), Findings::default())),
                    Ok(_) => Err(task.unknown(ending.cause(), Findings::default())),
                },
            }
        })
        .await
    }

    /// Calls a method that works on a snapshot. Once its outcome is unknown, running jobs are looked
    /// for and told; none is taken for it, and nothing is started again.
    async fn start<T, F>(
        &self,
        task: Task,
        snapshot: &SnapshotCollection,
        arguments: &[(&str, Value)],
        finish: impl FnOnce(Ending, Self, Task) -> F + Send + 'static,
    ) -> Result<Started<T>>
    where
        T: Send + 'static,
        F: Future<Output = Result<T>> + Send + 'static,
    {
        let outcome = self.hyperv.invoke_service(SERVICE, &task.method, arguments).await;
        let (begun, _) = task.begun(outcome)?;
        let jobs = self.hyperv.jobs();
        let (snapshots, own) = (self.clone(), task.clone());
        let finish = move |ending| finish(ending, snapshots, own);
        match begun {
            Begun::AtOnce => Ok(Started::over(jobs, task, finish)),
            Begun::Job(epr) => Ok(Started::follow(jobs, epr, task, finish)),
            Begun::Lost(cause) => {
                let jobs = self.running_on(snapshot).await;
                Err(task.unknown(Some(cause), Findings { jobs, ..Findings::default() }))
            }
        }
    }

    /// Ids of the running jobs that may work on this snapshot, as far as the host tells.
    async fn running_on(&self, snapshot: &SnapshotCollection) -> Vec<String> {
        let jobs = self.hyperv.jobs();
        let look = async {
            let running = jobs.running(None).await?;
            if running.is_empty() {
                return Ok(Vec::new());
            }
            let machines = self.members(snapshot).await?;
            let elements: Vec<&str> = std::iter::once(snapshot.id.as_str())
                .chain(machines.iter().flat_map(|member| [member.id.as_str(), member.machine_id.as_str()]))
                .collect();
            Ok(jobs.concerning(running, &elements).await)
        };
        let found: Result<Vec<Job>> = look.await;
        match found {
            Ok(running) => running.into_iter().map(|job| job.id).collect(),
            Err(error) => {
                tracing::debug!(%error, "running jobs cannot be looked for");
                Vec::new()
            }
        }
    }

    async fn collections(&self, query: Text) -> Result<Vec<SnapshotCollection>> {
        let instances = self.hyperv.query(query).await?;
        let namespace = &self.hyperv.namespace;
        instances.iter().map(|instance| SnapshotCollection::from_instance(instance, namespace)).collect()
    }

    /// Reads one snapshot, with the host's own fault when there is none.
    pub(super) async fn read(&self, epr: &Epr) -> Result<SnapshotCollection> {
        let instance = self.hyperv.client.get(epr).await?;
        SnapshotCollection::from_instance(&instance, &self.hyperv.namespace)
    }
}
