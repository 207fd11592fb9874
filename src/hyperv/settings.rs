//! What a snapshot and an export are made with.
use crate::{
    cim::{Instance, ObjectPath, Text},
    error::Result,
};

/// Type of a group's snapshot. The numbers are those of `Msvm_CollectionSnapshotService`, not those
/// of a single machine's service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SnapshotType {
    /// 1: a checkpoint to go back to.
    Standard,
    /// 2: for backup.
    Recovery,
}

/// Consistency of a recovery snapshot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Consistency {
    /// 1: applications in the guest are quiesced (VSS).
    #[default]
    Application,
    /// 2: as after a power cut.
    Crash,
}

/// Kind of backup in the guest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum GuestBackup {
    /// 2: logs in the guest are not truncated.
    #[default]
    Copy,
    /// 1: applications may truncate their logs.
    Full,
}

/// Settings of CreateSnapshot. Not proven on a live host: the class of the settings is inferred
/// (see README, Not proven).
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct CreateSettings {
    /// Type.
    pub snapshot_type: SnapshotType,
    /// Only for recovery.
    pub consistency: Consistency,
    /// Only for recovery.
    pub guest_backup: GuestBackup,
    /// Only for recovery; default off.
    pub ignore_unsnapshottable_disks: bool,
    /// Raw CIM-XML text that replaces what the other fields would send.
    pub raw: Option<Text>,
}

impl CreateSettings {
    /// A standard snapshot; sends empty settings.
    #[must_use]
    pub fn standard() -> Self {
        Self::of(SnapshotType::Standard)
    }
    /// A recovery snapshot: application-consistent, copy backup in the guest, no disk left out.
    #[must_use]
    pub fn recovery() -> Self {
        Self::of(SnapshotType::Recovery)
    }
    fn of(snapshot_type: SnapshotType) -> Self {
        Self {
            snapshot_type,
            consistency: Consistency::default(),
            guest_backup: GuestBackup::default(),
            ignore_unsnapshottable_disks: false,
            raw: None,
        }
    }
    /// The number sent as SnapshotType.
    #[must_use]
    pub fn type_number(&self) -> u16 {
        todo!()
    }
    /// The text sent as SnapshotSettings.
    ///
    /// # Errors
    /// `Config`.
    pub fn to_parameter(&self) -> Result<Text> {
        todo!()
    }
    /// The instance sent, when it is one.
    #[must_use]
    pub fn to_instance(&self) -> Option<Instance> {
        todo!()
    }
}

/// What an export does with the virtual disks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Storage {
    /// CopyVmStorage true.
    Copy,
    /// CopyVmStorage false: configuration alone. Disk merging then stays off for the machines until
    /// `ModifyDiskMergeSettings` switches it on again.
    ConfigurationOnly,
}

/// What the backup will do with the chain of disks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum BackupIntent {
    /// 1.
    PreserveChain,
    /// 2.
    Merge,
}

/// Settings of ExportSnapshot.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct ExportSettings {
    /// Disks.
    pub storage: Storage,
    /// Sent only when set.
    pub backup_intent: Option<BackupIntent>,
    /// Base of a differential export: path of a reference point or snapshot collection.
    pub base: Option<ObjectPath>,
}

impl ExportSettings {
    /// With this storage and nothing else.
    #[must_use]
    pub fn new(storage: Storage) -> Self {
        Self { storage, backup_intent: None, base: None }
    }
    /// The instance sent.
    #[must_use]
    pub fn to_instance(&self) -> Instance {
        todo!()
    }
}

/// An absolute path as the host sees it: `D:\Exports` or `\\server\share\…`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct HostPath(Text);

impl HostPath {
    /// Checks a path: not empty, absolute (drive or UNC), no character that Windows forbids.
    ///
    /// # Errors
    /// `Config`, saying what was expected.
    pub fn new(path: &str) -> Result<Self> {
        todo!("{path}")
    }
    /// The path.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}
