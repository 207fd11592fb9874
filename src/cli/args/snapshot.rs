//! Commands about snapshots.

use super::{help, values};
use clap::{Args as ClapArgs, Subcommand, ValueEnum};
use std::path::PathBuf;

/// Commands about snapshots.
#[derive(Debug, Subcommand)]
pub(crate) enum SnapshotCommand {
    /// Take one snapshot of all members of a group at once
    #[command(after_help = help::SNAPSHOT_CREATE)]
    Create(CreateArgs),
    /// List snapshots, of all groups or of one
    #[command(after_help = help::SNAPSHOT_LIST)]
    List {
        /// Only those of this group (name or id)
        #[arg(long, value_name = "NAME|ID", value_parser = values::text)]
        group: Option<String>,
    },
    /// Show one snapshot and its members
    #[command(after_help = help::SNAPSHOT_SHOW)]
    Show {
        /// Id of the snapshot (CollectionID)
        #[arg(value_name = "ID", value_parser = values::text)]
        id: String,
    },
    /// Export a snapshot to a directory of the host
    #[command(after_help = help::SNAPSHOT_EXPORT)]
    Export(ExportArgs),
    /// Destroy a snapshot; the host may destroy others that depend on it
    #[command(after_help = help::SNAPSHOT_DELETE)]
    Delete(ChangeArgs),
    /// Put the machines of the group back to a snapshot; what they wrote since is lost
    #[command(after_help = help::SNAPSHOT_APPLY)]
    Apply(ChangeArgs),
}

/// Arguments of `snapshot create`.
#[derive(Debug, ClapArgs)]
pub(crate) struct CreateArgs {
    /// Group: name, or id where the name is not unique
    #[arg(long, value_name = "NAME|ID", value_parser = values::text)]
    pub(crate) group: String,
    /// Type of the snapshot
    #[arg(long = "type", value_enum, value_name = "TYPE")]
    pub(crate) snapshot_type: TypeArg,
    /// Consistency of a recovery snapshot [default: application]; there is no silent fallback
    #[arg(long, value_enum, value_name = "LEVEL")]
    pub(crate) consistency: Option<ConsistencyArg>,
    /// Kind of backup that applications in the guest see, for recovery [default: copy]
    #[arg(long, value_enum, value_name = "KIND")]
    pub(crate) guest_backup: Option<GuestBackupArg>,
    /// Leave out disks that cannot be part of a recovery snapshot, instead of failing
    #[arg(long)]
    pub(crate) ignore_unsnapshottable_disks: bool,
    /// Send the text of this file as the settings, as it is
    #[arg(
        long,
        value_name = "FILE",
        conflicts_with_all = ["consistency", "guest_backup", "ignore_unsnapshottable_disks"]
    )]
    pub(crate) settings_xml: Option<PathBuf>,
    /// Start the job, print it, and end
    #[arg(long)]
    pub(crate) no_wait: bool,
}

/// Arguments of `snapshot export`.
#[derive(Debug, ClapArgs)]
pub(crate) struct ExportArgs {
    /// Id of the snapshot (CollectionID)
    #[arg(value_name = "ID", value_parser = values::text)]
    pub(crate) id: String,
    /// Directory as the host sees it: absolute, on a drive or a share
    #[arg(long, value_name = "DIR", value_parser = values::printable)]
    pub(crate) to: String,
    #[command(flatten)]
    pub(crate) storage: StorageArgs,
    /// What the backup will do with the chain of disks
    #[arg(long, value_enum, value_name = "INTENT")]
    pub(crate) backup_intent: Option<BackupIntentArg>,
    /// Base of a differential export: object path of a reference point or an earlier snapshot
    #[arg(long, value_name = "PATH", value_parser = values::printable)]
    pub(crate) base: Option<String>,
    /// Start the job, print it, and end
    #[arg(long)]
    pub(crate) no_wait: bool,
}

/// What to do with the virtual disks: one of the two has to be said.
#[derive(Debug, ClapArgs)]
#[group(required = true, multiple = false)]
pub(crate) struct StorageArgs {
    /// Copy the virtual disks too
    #[arg(long)]
    pub(crate) copy_storage: bool,
    /// Export the configuration alone; disk merging then stays off until it is switched on again
    #[arg(long)]
    pub(crate) config_only: bool,
}

/// Arguments of `snapshot delete` and `snapshot apply`.
#[derive(Debug, ClapArgs)]
pub(crate) struct ChangeArgs {
    /// Id of the snapshot (CollectionID)
    #[arg(value_name = "ID", value_parser = values::text)]
    pub(crate) id: String,
    /// Do not ask
    #[arg(long, short)]
    pub(crate) yes: bool,
    /// Start the job, print it, and end
    #[arg(long)]
    pub(crate) no_wait: bool,
}

/// Type of a snapshot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum TypeArg {
    /// To go back to
    Standard,
    /// For backup
    Recovery,
}

/// Consistency of a recovery snapshot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ConsistencyArg {
    /// Applications in the guest are made ready (VSS)
    Application,
    /// As after a power cut
    Crash,
}

/// Kind of backup in the guest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum GuestBackupArg {
    /// Applications keep their logs
    Copy,
    /// Applications may truncate their logs
    Full,
}

/// What the backup will do with the chain of disks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum BackupIntentArg {
    /// Keep it for later differential exports
    PreserveChain,
    /// Merge it
    Merge,
}

#[cfg(test)]
mod tests {
    use crate::cli::args::Args;
    use clap::{Parser, error::ErrorKind};

    fn refusal(line: &[&str]) -> ErrorKind {
        Args::try_parse_from([&["hvctl", "snapshot"], line].concat()).unwrap_err().kind()
    }

    #[test]
    fn an_export_says_whether_storage_is_copied() {
        let neither = refusal(&["export", "ID", "--to", "D:\\E"]);
        assert_eq!(neither, ErrorKind::MissingRequiredArgument);
        let both = refusal(&["export", "ID", "--to", "D:\\E", "--copy-storage", "--config-only"]);
        assert_eq!(both, ErrorKind::ArgumentConflict);
    }

    #[test]
    fn raw_settings_replace_the_others() {
        let line =
            ["create", "--group", "g", "--type", "recovery", "--settings-xml", "f", "--consistency", "crash"];
        assert_eq!(refusal(&line), ErrorKind::ArgumentConflict);
    }
}
