//! Hyper-V: groups of virtual machines, their snapshots, jobs. No XML, no HTTP.

pub(crate) mod group;
pub(crate) mod job;
pub(crate) mod settings;
pub(crate) mod snapshots;
pub(crate) mod started;

pub use group::{Group, VirtualMachine};
pub use job::{Job, JobState, Jobs};
pub use settings::{
    BackupIntent, Consistency, CreateSettings, ExportSettings, GuestBackup, HostPath, SnapshotType, Storage,
};
pub use snapshots::{CollectionSnapshots, SnapshotCollection, SnapshotMember};
pub use started::Started;

use crate::{client::Client, error::Result};

/// The Hyper-V side of a host.
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
        self.namespace = namespace.trim_matches(['/', '\\']).replace('\\', "/");
        self
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
        todo!("{}", self.namespace)
    }
    /// One group by name (any case, exact) or id.
    ///
    /// # Errors
    /// `NotFound` with the nearest names, `Ambiguous` with the ids.
    pub async fn group(&self, name_or_id: &str) -> Result<Group> {
        todo!("{name_or_id}")
    }
    /// The members of a group.
    ///
    /// # Errors
    /// As [`Client::query`].
    pub async fn members(&self, group: &Group) -> Result<Vec<VirtualMachine>> {
        todo!("{group:?}")
    }
    /// Snapshots of groups.
    #[must_use]
    pub fn collection_snapshots(&self) -> CollectionSnapshots {
        todo!()
    }
    /// Jobs.
    #[must_use]
    pub fn jobs(&self) -> Jobs {
        todo!()
    }
}
