//! What a snapshot and an export are made with.

use crate::{
    cim::{Instance, ObjectPath, Text, Value},
    error::{Error, ErrorKind, Result},
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
    /// The number sent as `SnapshotType`.
    #[must_use]
    pub fn type_number(&self) -> u16 {
        match self.snapshot_type {
            SnapshotType::Standard => 1,
            SnapshotType::Recovery => 2,
        }
    }
    /// The text sent as `SnapshotSettings`: the raw text, else the instance as CIM-XML, else nothing.
    ///
    /// # Errors
    /// `Config`.
    pub fn to_parameter(&self) -> Result<Text> {
        match (&self.raw, self.to_instance()) {
            (Some(raw), _) => Ok(raw.clone()),
            (None, Some(instance)) => Ok(instance.to_cim_xml()?),
            (None, None) => Ok(Text::default()),
        }
    }
    /// The instance sent, when it is one: neither for a standard snapshot nor for raw text.
    #[must_use]
    pub fn to_instance(&self) -> Option<Instance> {
        if self.snapshot_type == SnapshotType::Standard || self.raw.is_some() {
            return None;
        }
        let consistency = match self.consistency {
            Consistency::Application => 1,
            Consistency::Crash => 2,
        };
        let guest_backup = match self.guest_backup {
            GuestBackup::Full => 1,
            GuestBackup::Copy => 2,
        };
        Some(
            Instance::new("Msvm_VirtualSystemSnapshotSettingData")
                .with("ConsistencyLevel", Value::Uint8(consistency))
                .with("GuestBackupType", Value::Uint8(guest_backup))
                .with("IgnoreNonSnapshottableDisks", Value::Boolean(self.ignore_unsnapshottable_disks)),
        )
    }
}

/// What an export does with the virtual disks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Storage {
    /// `CopyVmStorage` true.
    Copy,
    /// `CopyVmStorage` false: configuration alone. Disk merging then stays off for the machines until
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
    /// The instance sent. A base path with a character that XML cannot carry is left out here, and
    /// refused by [`CollectionSnapshots::export`](super::CollectionSnapshots::export).
    #[must_use]
    pub fn to_instance(&self) -> Instance {
        let mut instance = Instance::new("Msvm_CollectionSnapshotExportSettingData")
            .with("CopyVmStorage", Value::Boolean(self.storage == Storage::Copy));
        if let Some(intent) = self.backup_intent {
            let intent = match intent {
                BackupIntent::PreserveChain => 1,
                BackupIntent::Merge => 2,
            };
            instance.set("BackupIntent", Value::Uint16(intent));
        }
        if let Some(Ok(base)) = self.base.as_ref().map(|base| Value::string(base.to_string())) {
            instance.set("DifferentialBackupBase", base);
        }
        instance
    }
    /// The text sent as `ExportSettingData`.
    ///
    /// # Errors
    /// `Config` for a base path with a character that XML cannot carry.
    pub fn to_parameter(&self) -> Result<Text> {
        if let Some(base) = &self.base {
            Text::new(base.to_string())?;
        }
        Ok(self.to_instance().to_cim_xml()?)
    }
}

/// An absolute path as the host sees it: `D:\Exports` or `\\server\share\…`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct HostPath(Text);

impl HostPath {
    /// Checks a path: not empty, absolute (drive or UNC), no character that Windows forbids, no `.`
    /// or `..` in it. Device paths (`\\?\`, `\\.\`) are refused.
    ///
    /// # Errors
    /// `Config`, saying what was expected.
    pub fn new(path: &str) -> Result<Self> {
        let text = Text::new(path).map_err(|source| {
            Error::new(
                ErrorKind::Config,
                "failed to use a path of the host: it has a character that cannot be sent",
            )
            .with_source(source)
        })?;
        match check_path(path) {
            Ok(()) => Ok(Self(text)),
            Err(reason) => Err(Error::new(
                ErrorKind::Config,
                format!("failed to use path `{}`: {reason}", shown(path)),
            )
            .with_hint(
                r"give an absolute path as the host sees it: `D:\Exports` or `\\server\share\exports`",
            )),
        }
    }
    /// The path.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
    pub(super) fn text(&self) -> &Text {
        &self.0
    }
}

/// A path without control characters, for messages.
fn shown(path: &str) -> String {
    path.chars().map(|c| if c.is_control() { char::REPLACEMENT_CHARACTER } else { c }).collect()
}

fn check_path(path: &str) -> Result<(), String> {
    if path.trim().is_empty() {
        return Err("it is empty".into());
    }
    if path.starts_with(r"\\?\") || path.starts_with(r"\\.\") {
        return Err("device paths are not supported".into());
    }
    let rest = if let Some(unc) = path.strip_prefix(r"\\") {
        let mut parts = unc.split('\\');
        if ![parts.next(), parts.next()].iter().all(|part| part.is_some_and(|part| !part.is_empty())) {
            return Err(r"expected a server and a share after `\\`".into());
        }
        unc
    } else {
        let mut characters = path.chars();
        let drive = characters.next().is_some_and(|letter| letter.is_ascii_alphabetic());
        if !drive || characters.next() != Some(':') || characters.next() != Some('\\') {
            return Err("expected an absolute Windows path".into());
        }
        characters.as_str()
    };
    let forbidden = |c: char| c.is_control() || matches!(c, '<' | '>' | '"' | '|' | '?' | '*' | ':' | '/');
    if let Some(character) = rest.chars().find(|c| forbidden(*c)) {
        return Err(format!("Windows forbids the character `{}` in it", character.escape_debug()));
    }
    let mut parts = rest.strip_suffix('\\').unwrap_or(rest).split('\\');
    if !rest.is_empty() && parts.clone().any(str::is_empty) {
        return Err("it has an empty part".into());
    }
    match parts.find(|part| part.ends_with(['.', ' '])) {
        Some(part) => Err(format!("its part `{part}` ends with a dot or a space")),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn absolute_paths_of_the_host_are_taken_as_they_are() {
        for path in
            [r"D:\Exports", r"d:\", r"C:\Back up\Größe & Co\", r"\\nas\share", r"\\nas.example.test\d$\x"]
        {
            assert_eq!(HostPath::new(path).unwrap().as_str(), path);
        }
    }

    #[test]
    fn other_paths_are_refused_with_a_reason() {
        let reasons: Vec<String> = [
            "",
            " ",
            "Exports",
            r"Exports\x",
            "D:",
            "D:Exports",
            "D:/Exports",
            "/exports",
            r"\exports",
            r"\\",
            r"\\nas",
            r"\\nas\",
            r"\\?\D:\x",
            r"\\.\pipe\x",
            r"D:\a\..\b",
            r"D:\a\\b",
            r"D:\a. ",
            "D:\\a\tb",
            r"D:\a:b",
            r"D:\a|b",
            r"D:\a*",
            r"D:\a/b",
        ]
        .into_iter()
        .map(|path| HostPath::new(path).unwrap_err().to_string())
        .collect();
        insta::assert_snapshot!(reasons.join("\n"), @r"
        failed to use path ``: it is empty
        failed to use path ` `: it is empty
        failed to use path `Exports`: expected an absolute Windows path
        failed to use path `Exports\x`: expected an absolute Windows path
        failed to use path `D:`: expected an absolute Windows path
        failed to use path `D:Exports`: expected an absolute Windows path
        failed to use path `D:/Exports`: expected an absolute Windows path
        failed to use path `/exports`: expected an absolute Windows path
        failed to use path `\exports`: expected an absolute Windows path
        failed to use path `\\`: expected a server and a share after `\\`
        failed to use path `\\nas`: expected a server and a share after `\\`
        failed to use path `\\nas\`: expected a server and a share after `\\`
        failed to use path `\\?\D:\x`: device paths are not supported
        failed to use path `\\.\pipe\x`: device paths are not supported
        failed to use path `D:\a\..\b`: its part `..` ends with a dot or a space
        failed to use path `D:\a\\b`: it has an empty part
        failed to use path `D:\a. `: its part `a. ` ends with a dot or a space
        failed to use path `D:\a�b`: Windows forbids the character `\t` in it
        failed to use path `D:\a:b`: Windows forbids the character `:` in it
        failed to use path `D:\a|b`: Windows forbids the character `|` in it
        failed to use path `D:\a*`: Windows forbids the character `*` in it
        failed to use path `D:\a/b`: Windows forbids the character `/` in it
        ");
    }

    #[test]
    fn what_xml_cannot_carry_is_refused() {
        assert_eq!(HostPath::new("D:\\a\u{1}b").unwrap_err().kind(), ErrorKind::Config);
    }

    #[test]
    fn a_standard_snapshot_sends_empty_settings() {
        let settings = CreateSettings::standard();
        assert_eq!((settings.type_number(), settings.to_parameter().unwrap()), (1, Text::default()));
    }

    #[test]
    fn a_recovery_snapshot_is_by_default_harmless_to_the_guests() {
        let settings = CreateSettings::recovery();
        let instance = settings.to_instance().unwrap();
        assert_eq!(settings.type_number(), 2);
        assert_eq!(instance.get("ConsistencyLevel"), Some(&Value::Uint8(1)));
        assert_eq!(instance.get("GuestBackupType"), Some(&Value::Uint8(2)));
        assert_eq!(instance.get("IgnoreNonSnapshottableDisks"), Some(&Value::Boolean(false)));
    }

    #[test]
    fn raw_settings_replace_the_instance() {
        let raw = Text::new("<INSTANCE CLASSNAME=\"X\"/>").unwrap();
        let settings = CreateSettings { raw: Some(raw.clone()), ..CreateSettings::recovery() };
        assert_eq!((settings.to_instance(), settings.to_parameter().unwrap()), (None, raw));
    }

    #[test]
    fn export_numbers_are_those_of_collections() {
        let mut settings = ExportSettings::new(Storage::ConfigurationOnly);
        assert_eq!(settings.to_instance().properties().count(), 1);
        settings.backup_intent = Some(BackupIntent::Merge);
        let instance = settings.to_instance();
        assert_eq!(instance.get("CopyVmStorage"), Some(&Value::Boolean(false)));
        assert_eq!(instance.get("BackupIntent"), Some(&Value::Uint16(2)));
    }
}
