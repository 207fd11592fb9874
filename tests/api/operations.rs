//! Export, apply, destroy; listing and finding snapshots.

use crate::support::{Reply, Script, soap, web_tier};
use hyperv_wsman::{
    Error, ErrorKind,
    cim::ObjectPath,
    hyperv::{BackupIntent, CollectionSnapshots, ExportSettings, HostPath, SnapshotCollection, Storage},
};
use std::sync::Arc;

async fn snapshot() -> SnapshotCollection {
    let script = Script::new([("Get", soap::got(&soap::snapshot("S1")))]);
    script.hyperv().collection_snapshots().find("{S1}").await.unwrap()
}

fn service(script: &Arc<Script>) -> CollectionSnapshots {
    script.hyperv().collection_snapshots()
}

fn directory() -> HostPath {
    HostPath::new(r"D:\Exports & more").unwrap()
}

fn job(state: u16) -> Reply {
    soap::got(&soap::job("J1", state, 62))
}

fn gone() -> Reply {
    soap::fault(soap::NOT_FOUND, "a:DestinationUnreachable")
}

/// Runs one of the three operations to its end.
async fn run(method: &str, script: &Arc<Script>) -> Result<(), Error> {
    let (snapshots, snapshot) = (service(script), snapshot().await);
    match method {
        "ExportSnapshot" => {
            let settings = ExportSettings::new(Storage::Copy);
            let exported = snapshots.export(&snapshot, &directory(), &settings).await?.wait().await?;
            assert_eq!(exported.directory, directory());
            Ok(())
        }
        "ApplySnapshot" => snapshots.apply(&snapshot).await?.wait().await,
        _ => snapshots.destroy(&snapshot).await?.wait().await,
    }
}

const METHODS: [&str; 3] = ["ExportSnapshot", "ApplySnapshot", "DestroySnapshot"];

#[tokio::test(start_paused = true)]
async fn operations_end_with_their_job_or_at_once() {
    for method in METHODS {
        let script = Script::new([(method, soap::started(method, "J1")), ("Get", job(4)), ("Get", job(7))]);
        run(method, &script).await.unwrap();
        let script = Script::new([(method, soap::returned(method, 0))]);
        run(method, &script).await.unwrap();
    }
}

#[tokio::test]
async fn an_export_sends_directory_and_settings() {
    let script = Script::new([("ExportSnapshot", soap::returned("ExportSnapshot", 0))]);
    let mut settings = ExportSettings::new(Storage::ConfigurationOnly);
    settings.backup_intent = Some(BackupIntent::PreserveChain);
    settings.base = Some(
        ObjectPath::parse(r#"root\virtualization\v2:Msvm_SnapshotCollection.CollectionID="B""#).unwrap(),
    );
    let started = service(&script).export(&snapshot().await, &directory(), &settings).await.unwrap();
    assert_eq!(started.job_id(), None);
    assert!(started.wait().await.unwrap().job.is_none());
    let body = &script.sent()[0].body;
    assert!(body.contains(r"ExportDirectory>D:\Exports &amp; more</"), "{body}");
    assert!(body.contains("CopyVmStorage") && body.contains("BackupIntent"), "{body}");
    assert!(body.contains("DifferentialBackupBase"), "{body}");
}

#[tokio::test(start_paused = true)]
async fn an_operation_in_doubt_is_not_repeated_and_running_jobs_are_told() {
    for method in METHODS {
        for doubt in [Reply::Cut, soap::returned(method, 4096), soap::fault(soap::TIMED_OUT, "w:TimedOut")] {
            let script = Script::new([
                (method, doubt),
                (
                    "Enumerate",
                    soap::last_page(&[
                        soap::job("J1", 4, 62),
                        soap::job("J2", 4, 62),
                        soap::job("J3", 7, 62),
                    ]),
                ),
                ("Enumerate", soap::last_page(&[soap::member("VM1")])),
                (
                    "Enumerate",
                    soap::last_page(&[
                        soap::affected("J1", 0, "Msvm_SnapshotCollection", "CollectionID", "S1"),
                        soap::affected("J2", 0, "Msvm_SnapshotCollection", "CollectionID", "S2"),
                    ]),
                ),
            ]);
            let error = run(method, &script).await.unwrap_err();
            assert!(error.is_outcome_unknown());
            let outcome = error.unknown_outcome().unwrap();
            assert_eq!(
                (outcome.operation.as_str(), outcome.jobs.as_slice()),
                (method, &["J1".to_owned()][..])
            );
            assert!(outcome.look.as_deref().unwrap().starts_with("hvctl "));
            script.assert_done();
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_vanished_job_of_a_destruction_is_judged_by_the_snapshot() {
    let start = || [("DestroySnapshot", soap::started("DestroySnapshot", "J1")), ("Get", gone())];
    let script = Script::new(start().into_iter().chain([("Get", gone())]));
    run("DestroySnapshot", &script).await.unwrap();
    let still_there = [("Get", soap::got(&soap::snapshot("S1")))];
    let script = Script::new(start().into_iter().chain(still_there));
    assert!(run("DestroySnapshot", &script).await.unwrap_err().is_outcome_unknown());
}

#[tokio::test(start_paused = true)]
async fn a_vanished_job_of_an_export_or_application_proves_nothing() {
    for method in ["ExportSnapshot", "ApplySnapshot"] {
        let script = Script::new([(method, soap::started(method, "J1")), ("Get", job(4)), ("Get", gone())]);
        assert!(run(method, &script).await.unwrap_err().is_outcome_unknown());
    }
}

#[tokio::test]
async fn what_never_left_is_not_in_doubt() {
    let script = Script::new((0..4).map(|_| ("ApplySnapshot", Reply::NotSent)));
    assert_eq!(run("ApplySnapshot", &script).await.unwrap_err().kind(), ErrorKind::Transport);
}

#[tokio::test]
async fn snapshots_are_listed_found_and_described() {
    let script = Script::new([
        ("Enumerate", soap::last_page(&[soap::snapshot("S1")])),
        ("Enumerate", soap::last_page(&[soap::snapshot("S1"), soap::snapshot("S2")])),
        ("Enumerate", soap::last_page(&[soap::member("VM1")])),
        ("Enumerate", soap::last_page(&[soap::group("G1", "web-tier")])),
        ("Get", gone()),
    ]);
    let snapshots = service(&script);
    assert_eq!(snapshots.list(&web_tier().await).await.unwrap(), [snapshot().await]);
    assert_eq!(snapshots.list_all().await.unwrap().len(), 2);
    let members = snapshots.members(&snapshot().await).await.unwrap();
    assert_eq!((members[0].machine_id.as_str(), members[0].id.as_str()), ("VM1", "Microsoft:VM1-SNAP"));
    assert!(members[0].created.as_deref().unwrap().starts_with("2026-01-02T03:04:05"));
    assert_eq!(snapshots.group_of(&snapshot().await).await.unwrap(), Some(web_tier().await));
    let error = snapshots.find("S9").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    insta::assert_snapshot!(error, @"failed to find snapshot `S9`: no snapshot of a group has that id");
}
