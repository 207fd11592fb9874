//! `hvctl snapshot`.

use super::Context;
use crate::{
    cim::{ObjectPath, Text},
    cli::{
        args::{
            SnapshotCommand,
            snapshot::{
                BackupIntentArg, ChangeArgs, ConsistencyArg, CreateArgs, ExportArgs, GuestBackupArg, TypeArg,
            },
        },
        config,
        detail::SnapshotDetail,
        failure::Failure,
        session::Session,
        shell, text,
        view::{
            JobView, MadeSnapshot, MemberView, SnapshotName, SnapshotView, StartedJob, members_text,
            snapshots_text,
        },
        wait,
    },
    error::{Error, ErrorKind},
    hyperv::{
        BackupIntent, Consistency, CreateSettings, ExportSettings, GuestBackup, HostPath, SnapshotCollection,
        Started, Storage,
    },
};
use serde::Serialize;
use serde_json::json;
use std::path::Path;

pub(super) async fn run(context: &Context, command: SnapshotCommand) -> Result<(), Failure> {
    match command {
        SnapshotCommand::Create(args) => {
            let settings = create_settings(&args)?;
            context.with_session(async |session| create(context, session, &args, &settings).await).await
        }
        SnapshotCommand::List { group } => {
            context.with_session(async |session| list(context, session, group.as_deref()).await).await
        }
        SnapshotCommand::Show { id } => {
            context.with_session(async |session| show(context, session, &id).await).await
        }
        SnapshotCommand::Export(args) => {
            let directory = HostPath::new(&args.to)?;
            let settings = export_settings(&args)?;
            context
                .with_session(async |session| export(context, session, &args, &directory, &settings).await)
                .await
        }
        SnapshotCommand::Delete(args) => change(context, &args, Change::Delete).await,
        SnapshotCommand::Apply(args) => change(context, &args, Change::Apply).await,
    }
}

/// What `create` sends, from what was typed.
fn create_settings(args: &CreateArgs) -> Result<CreateSettings, Failure> {
    let mut settings = match args.snapshot_type {
        TypeArg::Recovery => CreateSettings::recovery(),
        TypeArg::Standard => {
            let recovery_only = [
                ("--consistency", args.consistency.is_some()),
                ("--guest-backup", args.guest_backup.is_some()),
                ("--ignore-unsnapshottable-disks", args.ignore_unsnapshottable_disks),
            ];
            if let Some((option, _)) = recovery_only.into_iter().find(|(_, given)| *given) {
                return Err(Failure::usage(
                    format!("{option} is for --type recovery; a standard snapshot has no settings"),
                    "leave it out, or take a recovery snapshot",
                ));
            }
            CreateSettings::standard()
        }
    };
    match args.consistency {
        Some(ConsistencyArg::Application) => settings.consistency = Consistency::Application,
        Some(ConsistencyArg::Crash) => settings.consistency = Consistency::Crash,
        None => {}
    }
    match args.guest_backup {
        Some(GuestBackupArg::Copy) => settings.guest_backup = GuestBackup::Copy,
        Some(GuestBackupArg::Full) => settings.guest_backup = GuestBackup::Full,
        None => {}
    }
    settings.ignore_unsnapshottable_disks = args.ignore_unsnapshottable_disks;
    if let Some(path) = &args.settings_xml {
        settings.raw = Some(read_text(path)?);
    }
    Ok(settings)
}

/// A local file as a text that can be sent.
fn read_text(path: &Path) -> Result<Text, Failure> {
    let refuse = |error: Box<dyn std::error::Error + Send + Sync>| {
        let message = format!("failed to use `{}` as settings", path.display());
        Failure::from(Error::new(ErrorKind::Config, message).with_source(error))
    };
    let text = String::from_utf8(config::read(path)?).map_err(|error| refuse(error.utf8_error().into()))?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    Text::new(text).map_err(|error| refuse(error.into()))
}

/// What `export` sends, from what was typed.
fn export_settings(args: &ExportArgs) -> Result<ExportSettings, Failure> {
    let storage = if args.storage.copy_storage { Storage::Copy } else { Storage::ConfigurationOnly };
    let mut settings = ExportSettings::new(storage);
    settings.backup_intent = args.backup_intent.map(|intent| match intent {
        BackupIntentArg::PreserveChain => BackupIntent::PreserveChain,
        BackupIntentArg::Merge => BackupIntent::Merge,
    });
    if let Some(base) = &args.base {
        let refused = |error: Error| {
            error.with_hint(
                "give the object path of a reference point or snapshot, such as \
                 `Msvm_SnapshotCollection.CollectionID=\"…\"`",
            )
        };
        let path = ObjectPath::parse(base).map_err(|error| {
            refused(Error::new(ErrorKind::Config, "failed to read --base").with_source(error))
        })?;
        if path.keys().next().is_none() && path.unnamed_key().is_none() {
            let message =
                format!("failed to read --base: `{base}` names a class, expected one instance of it");
            return Err(refused(Error::new(ErrorKind::Config, message)).into());
        }
        settings.base = Some(path);
    }
    Ok(settings)
}

#[derive(Debug, Serialize)]
struct Created {
    snapshot: MadeSnapshot,
    group: String,
    group_id: String,
    job: Option<JobView>,
    sent: serde_json::Value,
}

async fn create(
    context: &Context,
    session: &Session,
    args: &CreateArgs,
    settings: &CreateSettings,
) -> Result<(), Failure> {
    let output = &context.output;
    let group = session.hyperv.group(&args.group).await?;
    let snapshots = session.hyperv.collection_snapshots();
    let sent = json!({
        "SnapshotType": settings.type_number(),
        "SnapshotSettings": settings.to_parameter()?.as_str(),
    });
    let look = format!("snapshot list --group {}", shell::word(&group.id));
    session.changing("CreateSnapshot", &format!("group `{}`", group.name), &look);
    let started = snapshots.create(&group, settings).await?;
    if args.no_wait
        && let Some(job) = started_job(&started)
    {
        wait::warn_of_presumption(output, &started);
        let more = json!({ "group": group.name, "group_id": group.id, "sent": sent });
        return print_started(context, session, &job, more);
    }
    let (snapshot, job) = wait::follow(session, output, started).await?;
    // The snapshot is there: its id must be told, whatever reading on says.
    let members = members(session, &snapshot).await.unwrap_or_else(|failure| {
        output.warning(&format!("the snapshot was taken, but its members cannot be read: {failure}"));
        Vec::new()
    });
    let created = Created {
        snapshot: MadeSnapshot { name: (&snapshot).into(), members },
        group: group.name,
        group_id: group.id,
        job: job.as_ref().map(Into::into),
        sent,
    };
    let done = format!("snapshot `{}` was created", created.snapshot.name.id);
    output.document(&created, || created.to_text()).map_err(|failure| failure.after(&done))
}

impl Created {
    fn to_text(&self) -> String {
        let mut rows = vec![
            ("snapshot", self.snapshot.name.id.clone()),
            ("name", self.snapshot.name.name.clone()),
            ("group", self.group.clone()),
        ];
        rows.extend(self.job.as_ref().map(|job| ("job", job.in_short())));
        text::fields(rows) + "\n" + &members_text(&self.snapshot.members)
    }
}

async fn members(session: &Session, snapshot: &SnapshotCollection) -> Result<Vec<MemberView>, Error> {
    let members = session.hyperv.collection_snapshots().members(snapshot).await?;
    Ok(members.iter().map(Into::into).collect())
}

async fn list(context: &Context, session: &Session, group: Option<&str>) -> Result<(), Failure> {
    let snapshots = session.hyperv.collection_snapshots();
    let mut views = Vec::new();
    if let Some(group) = group {
        let group = session.hyperv.group(group).await?;
        for snapshot in snapshots.list(&group).await? {
            views.push(SnapshotView::new(&snapshot, Some(&group)));
        }
    } else {
        for snapshot in snapshots.list_all().await? {
            let group = snapshots.group_of(&snapshot).await?;
            views.push(SnapshotView::new(&snapshot, group.as_ref()));
        }
    }
    context.output.document(&views, || snapshots_text(&views))
}

async fn show(context: &Context, session: &Session, id: &str) -> Result<(), Failure> {
    let detail = SnapshotDetail::read(session, id).await?.1;
    context.output.document(&detail, || detail.to_text())?;
    let apply = session.command(&format!("snapshot apply {}", shell::word(&detail.view.snapshot.id)));
    context.output.note(&format!(
        "\n`{apply}` puts these machines back to that time; what they wrote since is then lost."
    ));
    Ok(())
}

#[derive(Debug, Serialize)]
struct Exported {
    snapshot: SnapshotName,
    directory: String,
    job: Option<JobView>,
}

async fn export(
    context: &Context,
    session: &Session,
    args: &ExportArgs,
    directory: &HostPath,
    settings: &ExportSettings,
) -> Result<(), Failure> {
    let output = &context.output;
    let snapshots = session.hyperv.collection_snapshots();
    let snapshot = snapshots.find(&args.id).await?;
    if settings.storage == Storage::ConfigurationOnly {
        output.warning(MERGING);
    }
    let object = format!("snapshot `{}` to `{}`", snapshot.id, directory.as_str());
    session.changing("ExportSnapshot", &object, "job list");
    let started = snapshots.export(&snapshot, directory, settings).await?;
    if args.no_wait
        && let Some(job) = started_job(&started)
    {
        let more = json!({ "snapshot": SnapshotName::from(&snapshot), "directory": directory.as_str() });
        return print_started(context, session, &job, more);
    }
    let (exported, job) = wait::follow(session, output, started).await?;
    let view = Exported {
        snapshot: (&snapshot).into(),
        directory: exported.directory.as_str().to_owned(),
        job: exported.job.as_ref().or(job.as_ref()).map(Into::into),
    };
    output
        .document(&view, || {
            let mut rows =
                vec![("snapshot", view.snapshot.id.clone()), ("directory", view.directory.clone())];
            rows.extend(view.job.as_ref().map(|job| ("job", job.in_short())));
            text::fields(rows)
        })
        .map_err(|failure| failure.after(&format!("the snapshot was exported to `{}`", view.directory)))
}

/// What an export without storage leaves behind (HYPERV.md, from the field).
const MERGING: &str = "an export without storage leaves disk merging switched off for the machines of the group: \
                       their chains of differencing disks grow until ModifyDiskMergeSettings is called for each \
                       machine with an Msvm_DiskMergeSettingData whose EnabledState is 1";

/// A change to a snapshot that is asked for before it is made.
#[derive(Debug, Clone, Copy)]
enum Change {
    Delete,
    Apply,
}

impl Change {
    fn method(self) -> &'static str {
        match self {
            Self::Delete => "DestroySnapshot",
            Self::Apply => "ApplySnapshot",
        }
    }
    /// What will happen to what.
    fn announcement(self, session: &Session, detail: &SnapshotDetail) -> String {
        let listing = detail.to_text();
        match self {
            Self::Delete => format!(
                "this will destroy the snapshot for good (the host may destroy others that depend on it):\n{}",
                listing.trim_end()
            ),
            Self::Apply => {
                format!("{}\n{}{}", detail.if_applied(session), listing.trim_end(), detail.before_applied())
            }
        }
    }
    fn question(self) -> &'static str {
        match self {
            Self::Delete => "destroy the snapshot?",
            Self::Apply => "apply the snapshot?",
        }
    }
    fn done(self) -> &'static str {
        match self {
            Self::Delete => "destroyed",
            Self::Apply => "applied",
        }
    }
}

#[derive(Debug, Serialize)]
struct Changed {
    snapshot: SnapshotName,
    job: Option<JobView>,
}

async fn change(context: &Context, args: &ChangeArgs, change: Change) -> Result<(), Failure> {
    Context::can_ask(args.yes)?;
    let output = &context.output;
    context
        .with_session(async |session| {
            let (snapshot, detail) = SnapshotDetail::read(session, &args.id).await?;
            output.note(&change.announcement(session, &detail));
            context.confirm(args.yes, change.question()).await?;
            let look = format!("snapshot show {}", shell::word(&snapshot.id));
            session.changing(change.method(), &format!("snapshot `{}`", snapshot.id), &look);
            let snapshots = session.hyperv.collection_snapshots();
            let started = match change {
                Change::Delete => snapshots.destroy(&snapshot).await?,
                Change::Apply => snapshots.apply(&snapshot).await?,
            };
            if args.no_wait
                && let Some(job) = started_job(&started)
            {
                let more = json!({ "snapshot": SnapshotName::from(&snapshot) });
                return print_started(context, session, &job, more);
            }
            let ((), job) = wait::follow(session, output, started).await?;
            let view = Changed { snapshot: (&snapshot).into(), job: job.as_ref().map(Into::into) };
            output
                .document(&view, || {
                    let mut rows = vec![(change.done(), view.snapshot.id.clone())];
                    rows.extend(view.job.as_ref().map(|job| ("job", job.in_short())));
                    text::fields(rows)
                })
                .map_err(|failure| failure.after(&format!("the snapshot was {}", change.done())))
        })
        .await
}

fn started_job<T: Send + 'static>(started: &Started<T>) -> Option<StartedJob> {
    Some(StartedJob { id: started.job_id()?.to_owned(), class: started.job()?.class().to_owned() })
}

/// Prints a job that nobody waits for, and the command that would.
fn print_started(
    context: &Context,
    session: &Session,
    job: &StartedJob,
    more: serde_json::Value,
) -> Result<(), Failure> {
    session.done();
    let wait = session.wait_command(&job.id);
    let mut document = json!({ "job": job, "wait": wait });
    if let (Some(document), serde_json::Value::Object(more)) = (document.as_object_mut(), more) {
        document.extend(more);
    }
    let goes_on = format!("job `{}` goes on", job.id);
    context
        .output
        .document(&document, || {
            text::fields([("job", job.id.clone()), ("class", job.class.clone()), ("wait", wait)])
        })
        .map_err(|failure| failure.after(&goes_on))
}
