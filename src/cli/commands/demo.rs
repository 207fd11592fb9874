//! `hvctl demo`: the whole main job against a simulated host, through the normal client.

use super::Context;
use crate::{
    cli::{
        failure::Failure,
        observe::Observe,
        output::Output,
        session::Session,
        text,
        view::{JobView, MadeSnapshot, SnapshotView, members_text, snapshots_text},
        wait,
    },
    client::Client,
    error::{Error, ErrorKind},
    hyperv::{CreateSettings, ExportSettings, HostPath, HyperV, Storage},
    sim::{Host, Server, Settings},
    transport::{Credentials, HttpSettings, HttpTransport, Secret},
};
use serde::Serialize;
use std::{net::Ipv4Addr, sync::Arc};

/// The document of `hvctl demo --output json`.
#[derive(Debug, Serialize)]
struct Demonstration {
    group: String,
    group_id: String,
    machines: Vec<String>,
    snapshot: MadeSnapshot,
    export: ExportView,
    snapshots: Vec<SnapshotView>,
    /// SOAP requests of the whole job.
    requests: u64,
}

#[derive(Debug, Serialize)]
struct ExportView {
    directory: String,
    job: Option<JobView>,
}

pub(super) async fn run(context: &Context) -> Result<(), Failure> {
    let output = &context.output;
    let settings = Settings { time_scale: Some(TIME_SCALE), ..Settings::default() };
    let server =
        Host::new(settings).serve((Ipv4Addr::LOCALHOST, 0).into()).await.map_err(super::simulate::failure)?;
    output.note(&format!(
        "A simulated Hyper-V host serves HTTPS with NTLM at {}.\nNothing of what follows touches a real machine.",
        server.url()
    ));
    let session = connect(&server, output, context.settings.global.verbose)?;
    session.run(context, async |session| job(session, output).await).await
}

/// How fast the simulated jobs go.
const TIME_SCALE: f64 = 0.2;

fn connect(server: &Server, output: &Output, verbose: u8) -> Result<Session, Failure> {
    let credentials =
        Credentials::new(server.user(), Secret::new(server.password().to_owned())).map_err(|error| {
            Error::new(ErrorKind::Internal, "failed to use the simulated host's credentials")
                .with_source(error)
        })?;
    let mut settings = HttpSettings::new(server.url());
    settings.credentials = Some(credentials);
    settings.trust.fingerprint = Some(server.fingerprint().parse()?);
    let http = Arc::new(HttpTransport::new(settings)?);
    let observed = Arc::new(Observe::new(http, verbose, output.clone(), &[]));
    let client = Client::with_transport(server.url(), Arc::<Observe>::clone(&observed));
    let hyperv = HyperV::new(client.clone());
    Ok(Session::new(client, hyperv, &observed, None, None, None, "hvctl".to_owned()))
}

async fn job(session: &Session, output: &Output) -> Result<(), Failure> {
    let step = |number: u8, what: &str| output.note(&format!("\n{number}. {what}"));
    let hyperv = &session.hyperv;

    step(1, "hvctl group show web-tier");
    let group = hyperv.group(GROUP).await?;
    let machines: Vec<String> =
        hyperv.members(&group).await?.into_iter().map(|machine| machine.name).collect();
    output.note(&format!("group {} ({}) has {}", group.name, group.id, machines.join(", ")));

    step(2, "hvctl snapshot create --group web-tier --type recovery");
    let snapshots = hyperv.collection_snapshots();
    session.changing("CreateSnapshot", "the demonstration's group", "demo");
    let started = snapshots.create(&group, &CreateSettings::recovery()).await?;
    let (snapshot, _) = wait::follow(session, output, started).await?;
    let members: Vec<_> = snapshots.members(&snapshot).await?.iter().map(Into::into).collect();
    output.note(&format!(
        "snapshot {} ({}) has\n{}",
        snapshot.id,
        snapshot.name,
        members_text(&members).trim_end()
    ));

    step(3, &format!("hvctl snapshot export {} --to '{DIRECTORY}' --copy-storage", snapshot.id));
    let directory = HostPath::new(DIRECTORY)?;
    session.changing("ExportSnapshot", "the demonstration's snapshot", "demo");
    let started = snapshots.export(&snapshot, &directory, &ExportSettings::new(Storage::Copy)).await?;
    let (exported, export_job) = wait::follow(session, output, started).await?;

    step(4, "hvctl snapshot list --group web-tier");
    let listed: Vec<_> = snapshots
        .list(&group)
        .await?
        .iter()
        .map(|snapshot| SnapshotView::new(snapshot, Some(&group)))
        .collect();
    output.note(snapshots_text(&listed).trim_end());
    output.note("");

    let demonstration = Demonstration {
        group: group.name,
        group_id: group.id,
        machines,
        snapshot: MadeSnapshot { name: (&snapshot).into(), members },
        export: ExportView {
            directory: exported.directory.as_str().to_owned(),
            job: exported.job.as_ref().or(export_job.as_ref()).map(Into::into),
        },
        snapshots: listed,
        requests: session.client.requests(),
    };
    output.document(&demonstration, || demonstration.to_text())
}

const GROUP: &str = "web-tier";
const DIRECTORY: &str = "D:\\Exports";

impl Demonstration {
    fn to_text(&self) -> String {
        let job = self.export.job.as_ref().map(JobView::in_short);
        text::fields([
            ("group", self.group.clone()),
            ("snapshot", self.snapshot.name.id.clone()),
            ("members", self.snapshot.members.len().to_string()),
            ("export", self.export.directory.clone()),
            ("export job", text::or_dash(job.as_deref())),
            ("requests", self.requests.to_string()),
        ])
    }
}
