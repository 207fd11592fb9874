//! What stands behind a snapshot or a job: the machines of today, and the objects that a job affects.

use super::{
    failure::Failure,
    output::Output,
    session::Session,
    shell, text,
    view::{JobView, MachineView, MemberView, SnapshotView, to_seconds},
};
use crate::{
    cim::{Epr, schema},
    hyperv::{Job, SnapshotCollection},
};
use serde::Serialize;

/// A snapshot, and its machines as they are now.
#[derive(Debug, Serialize)]
pub(crate) struct SnapshotDetail {
    #[serde(flatten)]
    pub(crate) view: SnapshotView,
    pub(crate) members: Vec<MemberDetail>,
    /// Machines of the group that the snapshot does not hold.
    pub(crate) not_in_snapshot: Vec<MachineView>,
}

/// One machine's snapshot, and the machine.
#[derive(Debug, Serialize)]
pub(crate) struct MemberDetail {
    #[serde(flatten)]
    pub(crate) member: MemberView,
    /// As it is now; `None` when it is no longer in the group.
    pub(crate) machine: Option<MachineView>,
}

impl SnapshotDetail {
    /// Reads a snapshot by id, with everything that applying or destroying it is about.
    ///
    /// # Errors
    /// `NotFound`, and what the requests fail with.
    pub(crate) async fn read(session: &Session, id: &str) -> Result<(SnapshotCollection, Self), Failure> {
        let snapshots = session.hyperv.collection_snapshots();
        let snapshot = snapshots.find(id).await?;
        let group = snapshots.group_of(&snapshot).await?;
        let mut machines: Vec<MachineView> = match &group {
            Some(group) => session.hyperv.members(group).await?.iter().map(Into::into).collect(),
            None => Vec::new(),
        };
        let members = snapshots
            .members(&snapshot)
            .await?
            .iter()
            .map(|member| {
                let own = machines.iter().position(|one| one.id.eq_ignore_ascii_case(&member.machine_id));
                MemberDetail { member: member.into(), machine: own.map(|at| machines.remove(at)) }
            })
            .collect();
        let view = SnapshotView::new(&snapshot, group.as_ref());
        Ok((snapshot, Self { view, members, not_in_snapshot: machines }))
    }

    /// The snapshot and its machines.
    pub(crate) fn to_text(&self) -> String {
        let rows = self.members.iter().map(|MemberDetail { member, machine }| {
            let (name, state) = match machine {
                Some(machine) => (machine.name.clone(), machine.state_name.clone()),
                None => (member.machine_id.clone(), "not in the group".to_owned()),
            };
            let kind = member.snapshot_type.as_deref().map(|kind| kind.rsplit(':').next().unwrap_or(kind));
            [
                name,
                state,
                text::or_dash(member.created.as_deref().map(to_seconds).as_deref()),
                text::or_dash(kind),
                member.id.clone(),
            ]
        });
        let mut shown = text::fields([
            ("snapshot", self.view.snapshot.id.clone()),
            ("name", self.view.snapshot.name.clone()),
            ("group", text::or_dash(self.view.group.as_deref())),
        ]) + "\n"
            + &text::table(["machine", "state now", "created", "type", "id"], rows);
        if !self.not_in_snapshot.is_empty() {
            let names = names(&self.not_in_snapshot);
            shown = shown + "\nin the group, but not in this snapshot: " + &names + "\n";
        }
        shown
    }

    /// What applying it means, for the one who is about to say yes. Hosts document neither which states of a
    /// machine they accept nor a way back.
    pub(crate) fn if_applied(&self, session: &Session) -> String {
        let meaning = "this will put the machines of the snapshot back to the time it was created; what they wrote \
                       since is lost.";
        let Some(group) = &self.view.group_id else { return meaning.to_owned() };
        let create =
            session.command(&format!("snapshot create --group {} --type standard", shell::word(group)));
        format!("{meaning}\nTo be able to come back to the present, first: {create}")
    }

    /// What has to be known of the machines before it is applied; empty when nothing.
    pub(crate) fn before_applied(&self) -> String {
        let running = self.members.iter().filter_map(|member| member.machine.as_ref());
        let running: Vec<_> =
            running.filter(|machine| machine.state != OFF && machine.state != SAVED).collect();
        if running.is_empty() {
            return String::new();
        }
        format!(
            "\n\nneither off nor saved: {}. Whether a host applies a snapshot to such machines is not documented; it \
             may refuse, or stop them.",
            names(running)
        )
    }
}

/// `EnabledState` of a machine that is off.
const OFF: u16 = 3;
/// `EnabledState` of a saved machine.
const SAVED: u16 = 6;

fn names<'a>(machines: impl IntoIterator<Item = &'a MachineView>) -> String {
    let names: Vec<_> = machines.into_iter().map(|machine| text::line(&machine.name)).collect();
    names.join(", ")
}

/// A look at a job, and what it affects.
#[derive(Debug, Serialize)]
pub(crate) struct JobDetail {
    #[serde(flatten)]
    pub(crate) job: JobView,
    pub(crate) affected: Vec<AffectedView>,
}

/// An object that a job affects or has created.
#[derive(Debug, Serialize)]
pub(crate) struct AffectedView {
    pub(crate) class: String,
    pub(crate) id: String,
    pub(crate) effects: Vec<u16>,
    pub(crate) effect_names: Vec<String>,
}

impl JobDetail {
    /// Adds what the host tells about the effects of a job. That it tells nothing is no error.
    pub(crate) async fn read(session: &Session, output: &Output, job: &Job) -> Self {
        let affected = session.hyperv.jobs().affected(job).await.unwrap_or_else(|error| {
            output.warning(&format!("what job `{}` affects cannot be read: {error}", job.id));
            Vec::new()
        });
        let affected = affected.into_iter().map(|(effects, element)| AffectedView::new(effects, &element));
        Self { job: job.into(), affected: affected.collect() }
    }

    pub(crate) fn to_text(&self) -> String {
        let rows = self.affected.iter().map(|affected| {
            [affected.effect_names.join(", ").to_lowercase(), affected.class.clone(), affected.id.clone()]
        });
        let mut shown = self.job.to_text();
        if !self.affected.is_empty() {
            shown.push('\n');
            shown.push_str(&text::table(["effect", "class", "id"], rows));
        }
        shown
    }
}

impl AffectedView {
    fn new(effects: Vec<u16>, element: &Epr) -> Self {
        let effect_names = effects.iter().map(|effect| effect_name(*effect)).collect();
        let id = ["CollectionID", "InstanceID", "Name"].into_iter().find_map(|key| element.selector(key));
        Self {
            class: element.class().to_owned(),
            id: id.unwrap_or_default().to_owned(),
            effects,
            effect_names,
        }
    }
}

fn effect_name(effect: u16) -> String {
    schema::class("Msvm_AffectedJobElement")
        .and_then(|class| class.property("ElementEffects"))
        .and_then(|property| property.value_name(effect.into()))
        .map_or_else(|| format!("effect {effect}"), str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::view::SnapshotName;

    fn machine(name: &str, state: u16, state_name: &str) -> MachineView {
        MachineView { id: format!("id of {name}"), name: name.into(), state, state_name: state_name.into() }
    }

    fn member(machine: Option<MachineView>) -> MemberDetail {
        let member = MemberView {
            id: "Microsoft:1".into(),
            name: "snapshot".into(),
            machine_id: "machine 9".into(),
            created: Some("2026-01-02T03:04:05.678Z".into()),
            snapshot_type: Some("Microsoft:Hyper-V:Snapshot:Recovery".into()),
        };
        MemberDetail { member, machine }
    }

    #[test]
    fn machines_are_shown_as_they_are_now_with_those_that_left_or_joined() {
        let detail = SnapshotDetail {
            view: SnapshotView {
                snapshot: SnapshotName { id: "7".into(), name: "before".into() },
                group: Some("web-tier".into()),
                group_id: None,
            },
            members: vec![
                member(Some(machine("サーバー", 2, "running"))),
                member(Some(machine("web-02", 3, "off"))),
                member(None),
            ],
            not_in_snapshot: vec![machine("web-04", 2, "running")],
        };
        insta::assert_snapshot!(detail.to_text() + &detail.before_applied(), @r"
        snapshot  7
        name      before
        group     web-tier

        MACHINE    STATE NOW         CREATED               TYPE      ID
        サーバー   running           2026-01-02T03:04:05Z  Recovery  Microsoft:1
        web-02     off               2026-01-02T03:04:05Z  Recovery  Microsoft:1
        machine 9  not in the group  2026-01-02T03:04:05Z  Recovery  Microsoft:1

        in the group, but not in this snapshot: web-04


        neither off nor saved: サーバー. Whether a host applies a snapshot to such machines is not documented; it may refuse, or stop them.
        ");
    }
}
