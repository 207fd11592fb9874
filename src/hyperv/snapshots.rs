//! Snapshots of groups (`Msvm_CollectionSnapshotService`).
use super::{CreateSettings, ExportSettings, Group, HostPath, Job, Started};
use crate::{cim::Epr, error::Result};

/// A snapshot of a group (`Msvm_SnapshotCollection`).
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct SnapshotCollection {
    /// CollectionID.
    pub id: String,
    /// ElementName.
    pub name: String,
    /// The host's own reference to it.
    pub epr: Epr,
}

/// One machine's snapshot in a collection (`Msvm_VirtualSystemSettingData`).
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct SnapshotMember {
    /// InstanceID of the snapshot.
    pub id: String,
    /// ElementName of the snapshot.
    pub name: String,
    /// VirtualSystemIdentifier: the machine's GUID.
    pub machine_id: String,
    /// CreationTime, RFC 3339, when told.
    pub created: Option<String>,
    /// VirtualSystemType (`Microsoft:Hyper-V:Snapshot:Recovery`).
    pub snapshot_type: Option<String>,
    /// The host's own reference to it.
    pub epr: Epr,
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
#[derive(Debug, Clone)]
pub struct CollectionSnapshots {
    _p: (),
}

impl CollectionSnapshots {
    /// Snapshots of one group.
    ///
    /// # Errors
    /// As [`Client::query`](crate::Client::query).
    pub async fn list(&self, group: &Group) -> Result<Vec<SnapshotCollection>> {
        todo!("{group:?}")
    }
    /// Snapshots of all groups.
    ///
    /// # Errors
    /// As [`Client::query`](crate::Client::query).
    pub async fn list_all(&self) -> Result<Vec<SnapshotCollection>> {
        todo!()
    }
    /// One snapshot by id.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn find(&self, id: &str) -> Result<SnapshotCollection> {
        todo!("{id}")
    }
    /// Its members, one snapshot for each machine.
    ///
    /// # Errors
    /// As [`Client::query`](crate::Client::query).
    pub async fn members(&self, snapshot: &SnapshotCollection) -> Result<Vec<SnapshotMember>> {
        todo!("{snapshot:?}")
    }
    /// The group it was taken of, where the host tells.
    ///
    /// # Errors
    /// As [`Client::query`](crate::Client::query).
    pub async fn group_of(&self, snapshot: &SnapshotCollection) -> Result<Option<Group>> {
        todo!("{snapshot:?}")
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
        todo!("{group:?} {settings:?}")
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
        todo!("{snapshot:?} {directory:?} {settings:?}")
    }
    /// Puts the group's machines back to a snapshot (ApplySnapshot).
    ///
    /// # Errors
    /// `Method`, `OutcomeUnknown`.
    pub async fn apply(&self, snapshot: &SnapshotCollection) -> Result<Started<()>> {
        todo!("{snapshot:?}")
    }
    /// Destroys a snapshot (DestroySnapshot); the host may destroy snapshots that depend on it too.
    ///
    /// # Errors
    /// `Method`, `OutcomeUnknown`.
    pub async fn destroy(&self, snapshot: &SnapshotCollection) -> Result<Started<()>> {
        todo!("{snapshot:?}")
    }
}
