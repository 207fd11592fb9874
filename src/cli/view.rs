//! The documents that commands print: stable field names for JSON, and texts for people.

use super::text;
use crate::hyperv::{Group, Job, SnapshotCollection, SnapshotMember, VirtualMachine};
use serde::Serialize;

/// A group.
#[derive(Debug, Serialize)]
pub(crate) struct GroupView {
    pub(crate) id: String,
    pub(crate) name: String,
}

impl From<&Group> for GroupView {
    fn from(group: &Group) -> Self {
        Self { id: group.id.clone(), name: group.name.clone() }
    }
}

/// A virtual machine.
#[derive(Debug, Serialize)]
pub(crate) struct MachineView {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) state: u16,
    pub(crate) state_name: String,
}

impl From<&VirtualMachine> for MachineView {
    fn from(machine: &VirtualMachine) -> Self {
        Self {
            id: machine.id.clone(),
            name: machine.name.clone(),
            state: machine.state,
            state_name: machine.state_name(),
        }
    }
}

/// A group with its members.
#[derive(Debug, Serialize)]
pub(crate) struct GroupDetail {
    #[serde(flatten)]
    pub(crate) group: GroupView,
    pub(crate) members: Vec<MachineView>,
}

impl GroupDetail {
    pub(crate) fn to_text(&self) -> String {
        text::fields([("group", self.group.name.clone()), ("id", self.group.id.clone())])
            + "\n"
            + &text::table(
                ["machine", "state", "id"],
                self.members
                    .iter()
                    .map(|machine| [machine.name.clone(), machine.state_name.clone(), machine.id.clone()]),
            )
    }
}

/// The groups of a host.
pub(crate) fn groups_text(groups: &[GroupView]) -> String {
    text::table(["name", "id"], groups.iter().map(|group| [group.name.clone(), group.id.clone()]))
}

/// A snapshot of a group, by name.
#[derive(Debug, Serialize)]
pub(crate) struct SnapshotName {
    pub(crate) id: String,
    pub(crate) name: String,
}

impl From<&SnapshotCollection> for SnapshotName {
    fn from(snapshot: &SnapshotCollection) -> Self {
        Self { id: snapshot.id.clone(), name: snapshot.name.clone() }
    }
}

/// A snapshot and its group, where the host tells it.
#[derive(Debug, Serialize)]
pub(crate) struct SnapshotView {
    #[serde(flatten)]
    pub(crate) snapshot: SnapshotName,
    pub(crate) group: Option<String>,
    pub(crate) group_id: Option<String>,
}

impl SnapshotView {
    pub(crate) fn new(snapshot: &SnapshotCollection, group: Option<&Group>) -> Self {
        Self {
            snapshot: snapshot.into(),
            group: group.map(|group| group.name.clone()),
            group_id: group.map(|group| group.id.clone()),
        }
    }
}

/// Snapshots.
pub(crate) fn snapshots_text(snapshots: &[SnapshotView]) -> String {
    text::table(
        ["id", "name", "group"],
        snapshots.iter().map(|view| {
            [view.snapshot.id.clone(), view.snapshot.name.clone(), text::or_dash(view.group.as_deref())]
        }),
    )
}

/// One machine's snapshot in a snapshot of a group.
#[derive(Debug, Serialize)]
pub(crate) struct MemberView {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) machine_id: String,
    pub(crate) created: Option<String>,
    pub(crate) snapshot_type: Option<String>,
}

impl From<&SnapshotMember> for MemberView {
    fn from(member: &SnapshotMember) -> Self {
        Self {
            id: member.id.clone(),
            name: member.name.clone(),
            machine_id: member.machine_id.clone(),
            created: member.created.clone(),
            snapshot_type: member.snapshot_type.clone(),
        }
    }
}

/// The members of a snapshot.
pub(crate) fn members_text(members: &[MemberView]) -> String {
    text::table(
        ["member", "machine", "created", "id"],
        members.iter().map(|member| {
            [
                member.name.clone(),
                member.machine_id.clone(),
                text::or_dash(member.created.as_deref().map(to_seconds).as_deref()),
                member.id.clone(),
            ]
        }),
    )
}

/// A point in time without the parts of a second.
pub(crate) fn to_seconds(time: &str) -> String {
    match time.split_once('.') {
        Some((seconds, parts)) => seconds.to_owned() + parts.trim_start_matches(|c: char| c.is_ascii_digit()),
        None => time.to_owned(),
    }
}

/// A snapshot that was just made, with its members.
#[derive(Debug, Serialize)]
pub(crate) struct MadeSnapshot {
    #[serde(flatten)]
    pub(crate) name: SnapshotName,
    pub(crate) members: Vec<MemberView>,
}

/// A job that was only started.
#[derive(Debug, Serialize)]
pub(crate) struct StartedJob {
    pub(crate) id: String,
    pub(crate) class: String,
}

/// A look at a job.
#[derive(Debug, Serialize)]
pub(crate) struct JobView {
    pub(crate) id: String,
    pub(crate) class: String,
    pub(crate) caption: String,
    pub(crate) state: u16,
    pub(crate) state_name: String,
    pub(crate) percent: Option<u16>,
    pub(crate) job_type: Option<u16>,
    pub(crate) job_type_name: Option<String>,
    pub(crate) status: Option<String>,
    pub(crate) error_code: u16,
    pub(crate) error_description: Option<String>,
    pub(crate) error_summary: Option<String>,
    pub(crate) cancellable: bool,
    pub(crate) elapsed_seconds: Option<f64>,
    pub(crate) start_time: Option<String>,
}

impl From<&Job> for JobView {
    fn from(job: &Job) -> Self {
        Self {
            id: job.id.clone(),
            class: job.class.clone(),
            caption: job.caption.clone(),
            state: job.state.0,
            state_name: job.state.name(),
            percent: job.percent,
            job_type: job.job_type,
            job_type_name: job.job_type_name.clone(),
            status: job.status.clone(),
            error_code: job.error_code,
            error_description: job.error_description.clone(),
            error_summary: job.error_summary.clone(),
            cancellable: job.cancellable,
            elapsed_seconds: job.elapsed.map(|elapsed| elapsed.as_secs_f64()),
            start_time: job.start_time.clone(),
        }
    }
}

impl JobView {
    /// `ID, completed`.
    pub(crate) fn in_short(&self) -> String {
        format!("{}, {}", self.id, self.state_name)
    }

    fn percent_text(&self) -> String {
        self.percent.map_or_else(|| "-".to_owned(), |percent| format!("{percent}%"))
    }

    pub(crate) fn to_text(&self) -> String {
        let mut rows = vec![
            ("job", self.id.clone()),
            ("class", self.class.clone()),
            ("caption", text::or_dash(Some(&self.caption))),
            ("state", format!("{} ({})", self.state_name, self.state)),
            ("percent", self.percent_text()),
        ];
        let told = [
            ("type", self.job_type_name.clone()),
            ("status", self.status.clone()),
            ("error", (self.error_code != 0).then(|| self.error_code.to_string())),
            ("description", self.error_description.clone()),
            ("summary", self.error_summary.clone()),
            ("started", self.start_time.as_deref().map(to_seconds)),
            ("elapsed", self.elapsed_seconds.map(|seconds| format!("{seconds:.1} s"))),
        ];
        rows.extend(told.into_iter().filter_map(|(label, value)| Some((label, value?))));
        rows.push(("cancellable", if self.cancellable { "yes" } else { "no" }.to_owned()));
        text::fields(rows)
    }
}

/// Jobs.
pub(crate) fn jobs_text(jobs: &[JobView]) -> String {
    text::table(
        ["id", "state", "percent", "caption"],
        jobs.iter().map(|job| {
            [job.id.clone(), job.state_name.clone(), job.percent_text(), text::or_dash(Some(&job.caption))]
        }),
    )
}
