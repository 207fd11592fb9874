//! Hyper-V: groups of virtual machines, their snapshots, jobs. No XML, no HTTP.
//!
//! A method that may start a job gives a [`Started`] handle. Associations are read with WQL
//! (`ASSOCIATORS OF`), references are made of the keys that the schema documents.
//!
//! ```
//! # #[cfg(feature = "sim")]
//! # #[tokio::main(flavor = "current_thread", start_paused = true)]
//! # async fn main() -> hyperv_wsman::Result<()> {
//! use hyperv_wsman::{Client, hyperv::{CreateSettings, ExportSettings, HostPath, HyperV, Storage}, sim};
//!
//! // A simulated host; a real one is reached with `Client::builder`.
//! let host = sim::Host::new(sim::Settings::default());
//! let url = "https://hv01.example.test:5986/wsman".parse().unwrap();
//! let hyperv = HyperV::new(Client::with_transport(url, host.transport()));
//!
//! let group = hyperv.group("web-tier").await?;
//! let snapshots = hyperv.collection_snapshots();
//! let snapshot = snapshots.create(&group, &CreateSettings::recovery()).await?.wait().await?;
//! assert_eq!(snapshots.members(&snapshot).await?.len(), 3);
//!
//! let directory = HostPath::new(r"D:\Exports")?;
//! let export = snapshots.export(&snapshot, &directory, &ExportSettings::new(Storage::Copy)).await?;
//! let exported = export.wait().await?;
//! assert!(exported.job.is_some_and(|job| job.is_success()));
//! # Ok(())
//! # }
//! # #[cfg(not(feature = "sim"))]
//! # fn main() {}
//! ```

mod create;
mod group;
mod job;
mod jobs;
mod settings;
pub(crate) mod shell;
mod snapshots;
mod started;
mod support;
mod task;

pub use group::{Group, VirtualMachine};
pub use job::{Job, JobState};
pub use jobs::Jobs;
pub use settings::{
    BackupIntent, Consistency, CreateSettings, ExportSettings, GuestBackup, HostPath, SnapshotType, Storage,
};
pub use snapshots::{CollectionSnapshots, Exported, SnapshotCollection, SnapshotMember};
pub use started::Started;
pub use support::{Presence, Support};

use crate::{
    cim::{Epr, Instance, Text, Value, wql},
    client::Client,
    error::{Error, Result},
    wsman::{EnumerationMode, Fault, FaultCode, Output},
};

/// The Hyper-V side of a host.
///
/// ```
/// # #[cfg(feature = "sim")]
/// # #[tokio::main(flavor = "current_thread", start_paused = true)]
/// # async fn main() -> hyperv_wsman::Result<()> {
/// use hyperv_wsman::{Client, hyperv::HyperV, sim};
///
/// let host = sim::Host::new(sim::Settings::default());
/// let url = "https://hv01.example.test:5986/wsman".parse().unwrap();
/// let hyperv = HyperV::new(Client::with_transport(url, host.transport()));
/// let names: Vec<String> = hyperv.groups().await?.into_iter().map(|group| group.name).collect();
/// assert!(names.contains(&"web-tier".to_owned()));
/// # Ok(())
/// # }
/// # #[cfg(not(feature = "sim"))]
/// # fn main() {}
/// ```
#[derive(Debug, Clone)]
pub struct HyperV {
    client: Client,
    namespace: String,
}

impl HyperV {
    /// Hyper-V in `root/virtualization/v2` of the host that `client` talks to.
    #[must_use]
    pub fn new(client: Client) -> Self {
        Self { client, namespace: "root/virtualization/v2".into() }
    }
    /// Another namespace (`root/HyperVCluster/v2`).
    #[must_use]
    pub fn with_namespace(mut self, namespace: &str) -> Self {
        self.namespace = Self::normalised(namespace);
        self
    }
    /// The namespace, with `/`.
    #[must_use]
    pub fn namespace(&self) -> &str {
        &self.namespace
    }
    /// A namespace as this crate writes it.
    pub(crate) fn normalised(namespace: &str) -> String {
        namespace.trim_matches(['/', '\\']).replace('\\', "/")
    }
    /// The client.
    #[must_use]
    pub fn client(&self) -> &Client {
        &self.client
    }
    /// All groups of virtual machines.
    ///
    /// # Errors
    /// As [`Client::query`].
    pub async fn groups(&self) -> Result<Vec<Group>> {
        let instances = self.query(Text::new("SELECT * FROM Msvm_VirtualSystemCollection")?).await?;
        instances.iter().map(|instance| Group::from_instance(instance, &self.namespace)).collect()
    }
    /// One group by name (any case, exact) or id.
    ///
    /// # Errors
    /// `NotFound` with the nearest names, `Ambiguous` with the ids, `Config` for a text that no group
    /// can have as its name.
    pub async fn group(&self, name_or_id: &str) -> Result<Group> {
        Text::new(name_or_id)?;
        group::choose(&self.groups().await?, name_or_id)
    }
    /// The members of a group.
    ///
    /// # Errors
    /// As [`Client::query`].
    pub async fn members(&self, group: &Group) -> Result<Vec<VirtualMachine>> {
        let query = wql::associators_of(&group.epr, "Msvm_CollectedVirtualSystems", "Msvm_ComputerSystem")?;
        let instances = self.query(query).await?;
        instances.iter().map(|instance| VirtualMachine::from_instance(instance, &self.namespace)).collect()
    }
    /// Snapshots of groups.
    #[must_use]
    pub fn collection_snapshots(&self) -> CollectionSnapshots {
        CollectionSnapshots::new(self.clone())
    }
    /// Jobs.
    #[must_use]
    pub fn jobs(&self) -> Jobs {
        Jobs::new(self.clone())
    }

    fn class(&self, class: &str) -> Epr {
        Epr::class_of(class, &self.namespace)
    }

    async fn query(&self, wql: Text) -> Result<Vec<Instance>> {
        self.client.query(&self.namespace, wql).instances().await
    }

    /// Calls a method of a service, of which a host has one instance. It is addressed by
    /// `CreationClassName` alone; a host that wants more refuses before it dispatches, and is then
    /// asked for its own reference.
    async fn invoke_service(&self, class: &str, method: &str, arguments: &[(&str, Value)]) -> Result<Output> {
        let by_class = self.class(class).with("CreationClassName", class)?;
        match self.invoke(&by_class, method, arguments).await {
            Err(error) if wants_other_selectors(&error) => {
                tracing::debug!(class, "the service wants other selectors");
                let call = self.client.enumerate(&self.class(class)).mode(EnumerationMode::Epr);
                match call.await?.into_iter().find_map(|item| item.epr) {
                    Some(own) => self.invoke(&own, method, arguments).await,
                    None => Err(error),
                }
            }
            outcome => outcome,
        }
    }

    async fn invoke(&self, epr: &Epr, method: &str, arguments: &[(&str, Value)]) -> Result<Output> {
        let call = self.client.invoke(epr, method);
        // The class of a job is whatever the host says.
        let is_known = self.client.schema().class(epr.class()).is_some();
        let call = if is_known { call } else { call.unchecked() };
        arguments.iter().fold(call, |call, (name, value)| call.argument(name, value.clone())).await
    }
}

/// Whether the host refused the selectors of a request, so that it certainly did not run. A fault that
/// proves nothing (one that does not name the request) comes as an unknown outcome.
fn wants_other_selectors(error: &Error) -> bool {
    /// Invalid, missing, unexpected, badly valued, ambiguous and duplicate selectors. Not
    /// `WBEM_E_INVALID_METHOD_PARAMETERS`, which a provider can answer too.
    const CODES: [u32; 6] =
        [2_150_858_813, 2_150_858_842, 2_150_858_843, 2_150_858_845, 2_150_858_846, 2_150_858_847];
    !error.is_outcome_unknown()
        && error.fault().and_then(Fault::code).is_some_and(|FaultCode(code)| CODES.contains(&code))
}

/// Whether the host says that there is no such instance.
pub(crate) fn is_not_found(error: &Error) -> bool {
    error.fault().is_some_and(Fault::is_not_found)
}

/// A GUID without its braces; other text as it is.
fn without_braces(id: &str) -> &str {
    id.strip_prefix('{').and_then(|id| id.strip_suffix('}')).unwrap_or(id)
}

/// A required string property.
fn required(instance: &Instance, property: &str) -> Result<String> {
    instance.str(property).map(str::to_owned).ok_or_else(|| {
        Error::new(
            crate::error::ErrorKind::Protocol,
            format!("failed to read `{}`: expected a value of `{property}`, got none", instance.class()),
        )
    })
}

/// An optional string property; empty counts as none.
fn optional(instance: &Instance, property: &str) -> Option<String> {
    instance.str(property).filter(|text| !text.is_empty()).map(str::to_owned)
}

/// An optional `uint16` property.
fn number(instance: &Instance, property: &str) -> Option<u16> {
    instance.u64(property).and_then(|value| u16::try_from(value).ok())
}
