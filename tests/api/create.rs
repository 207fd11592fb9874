//! CreateSnapshot: what is sent, where the result comes from, what is told when nobody knows.

use crate::support::{Reply, Script, soap, web_tier};
use hyperv_wsman::{
    Error, ErrorKind,
    hyperv::{CreateSettings, SnapshotCollection},
};
use std::sync::Arc;

const SNAPSHOT_JOB: u16 = 198;

/// Members VM1 and VM2, one snapshot (OLD) already there.
fn before() -> Vec<(&'static str, Reply)> {
    vec![
        ("Enumerate", soap::last_page(&[soap::machine("VM1", "web01"), soap::machine("VM2", "web02")])),
        ("Enumerate", soap::last_page(&[soap::snapshot("OLD")])),
    ]
}

fn script(steps: impl IntoIterator<Item = (&'static str, Reply)>) -> Arc<Script> {
    Script::new(before().into_iter().chain(steps))
}

async fn create(script: &Arc<Script>) -> Result<SnapshotCollection, Error> {
    let snapshots = script.hyperv().collection_snapshots();
    snapshots.create(&web_tier().await, &CreateSettings::recovery()).await?.wait().await
}

fn snapshots(ids: &[&str]) -> Reply {
    soap::last_page(&ids.iter().map(|id| soap::snapshot(id)).collect::<Vec<_>>())
}

fn jobs(jobs: &[(&str, u16)]) -> Reply {
    soap::last_page(&jobs.iter().map(|(id, state)| soap::job(id, *state, SNAPSHOT_JOB)).collect::<Vec<_>>())
}

fn done(id: &str) -> Reply {
    soap::got(&soap::job(id, 7, SNAPSHOT_JOB))
}

fn members(machines: &[&str]) -> Reply {
    soap::last_page(&machines.iter().map(|id| soap::member(id)).collect::<Vec<_>>())
}

#[tokio::test(start_paused = true)]
async fn the_result_comes_from_what_the_job_created() {
    let script = script([
        ("CreateSnapshot", soap::started("CreateSnapshot", "J1")),
        ("Get", soap::got(&soap::job("J1", 4, SNAPSHOT_JOB))),
        ("Get", done("J1")),
        (
            "Enumerate",
            soap::last_page(&[
                soap::affected("J0", 5, "Msvm_SnapshotCollection", "CollectionID", "OTHER"),
                soap::affected("J1", 0, "Msvm_VirtualSystemCollection", "CollectionID", "G1"),
                soap::affected("J1", 5, "Msvm_VirtualSystemSettingData", "InstanceID", "MEMBER"),
                soap::affected("j1", 5, "Msvm_SnapshotCollection", "CollectionID", "NEW"),
            ]),
        ),
        ("Get", soap::got(&soap::snapshot("NEW"))),
    ]);
    let snapshot = create(&script).await.unwrap();
    assert_eq!((snapshot.id.as_str(), snapshot.name.as_str()), ("NEW", "web-tier - now"));
    script.assert_done();
}

#[tokio::test(start_paused = true)]
async fn the_job_is_followed_and_asked_by_the_reference_that_came_whatever_its_class() {
    let storage_job = |answer: Reply| match answer {
        Reply::Soap(text) => Reply::Soap(text.replace("Msvm_ConcreteJob", "Msvm_StorageJob")),
        other => other,
    };
    let errors = soap::output("Msvm_ConcreteJob", "GetErrorEx", &[("ReturnValue", Some("0"))]);
    let script = script([
        ("CreateSnapshot", storage_job(soap::started("CreateSnapshot", "J1"))),
        ("Get", storage_job(soap::got(&soap::job("J1", 4, SNAPSHOT_JOB)))),
        ("Get", storage_job(soap::got(&soap::job_with("J1", 10, SNAPSHOT_JOB, 32768)))),
        ("GetErrorEx", storage_job(errors)),
    ]);
    assert_eq!(create(&script).await.unwrap_err().job().unwrap().class, "Msvm_StorageJob");
    for body in script.bodies("Get").iter().chain(&script.bodies("GetErrorEx")) {
        assert!(body.contains("/Msvm_StorageJob</w:ResourceURI>"), "{body}");
        assert!(body.contains("Name=\"InstanceID\">J1</"), "{body}");
    }
    script.assert_done();
}

#[tokio::test]
async fn a_result_without_a_key_that_cannot_be_read_is_an_unknown_outcome() {
    let nameless = soap::reference("Msvm_SnapshotCollection", "InstanceID", "NEW");
    let answer = soap::output(
        "Msvm_CollectionSnapshotService",
        "CreateSnapshot",
        &[("ResultingSnapshotCollection", Some(&nameless)), ("ReturnValue", Some("0"))],
    );
    let script = script([
        ("CreateSnapshot", answer),
        ("Get", soap::fault(soap::NOT_FOUND, "a:DestinationUnreachable")),
    ]);
    assert!(create(&script).await.unwrap_err().is_outcome_unknown());
}

#[tokio::test]
async fn the_request_says_what_to_snapshot_and_how() {
    let script = script([("CreateSnapshot", soap::returned("CreateSnapshot", 5))]);
    create(&script).await.unwrap_err();
    let body = &script.bodies("CreateSnapshot")[0];
    assert!(body.contains("Name=\"CreationClassName\">Msvm_CollectionSnapshotService</"), "{body}");
    assert!(body.contains("Name=\"CollectionID\">G1</"), "{body}");
    assert!(body.contains("SnapshotType>2</"), "{body}");
    assert!(body.contains("Msvm_VirtualSystemSnapshotSettingData"), "{body}");
    assert!(!body.contains("ResultingSnapshotCollection"), "{body}");
}

#[tokio::test]
async fn an_out_parameter_that_is_filled_is_the_result() {
    let result = soap::reference("Msvm_SnapshotCollection", "CollectionID", "NEW");
    let answer = soap::output(
        "Msvm_CollectionSnapshotService",
        "CreateSnapshot",
        &[("ResultingSnapshotCollection", Some(&result)), ("Job", None), ("ReturnValue", Some("0"))],
    );
    let script = script([("CreateSnapshot", answer), ("Get", soap::got(&soap::snapshot("NEW")))]);
    assert_eq!(create(&script).await.unwrap().id, "NEW");
    script.assert_done();
}

#[tokio::test(start_paused = true)]
async fn without_rows_the_one_new_snapshot_with_the_groups_members_is_the_result() {
    let script = script([
        ("CreateSnapshot", soap::started("CreateSnapshot", "J1")),
        ("Get", done("J1")),
        ("Enumerate", soap::last_page(&[])),
        ("Enumerate", snapshots(&["old", "NEW"])),
        ("Enumerate", jobs(&[("J1", 4), ("J0", 7)])),
        ("Enumerate", members(&["vm2", "vm1"])),
    ]);
    assert_eq!(create(&script).await.unwrap().id, "NEW");
    script.assert_done();
}

#[tokio::test(start_paused = true)]
async fn a_snapshot_is_not_adopted_in_doubt() {
    type Steps = Vec<(&'static str, Reply)>;
    let cases: [(&str, Steps, usize, usize); 4] = [
        ("two are new", vec![("Enumerate", snapshots(&["OLD", "A", "B"])), ("Enumerate", jobs(&[]))], 2, 0),
        ("none is new", vec![("Enumerate", snapshots(&["OLD"])), ("Enumerate", jobs(&[]))], 0, 0),
        (
            "another job of this kind runs",
            vec![
                ("Enumerate", snapshots(&["OLD", "A"])),
                ("Enumerate", jobs(&[("J2", 4)])),
                ("Enumerate", soap::last_page(&[])),
            ],
            1,
            1,
        ),
        (
            "its members are not the group's",
            vec![
                ("Enumerate", snapshots(&["OLD", "A"])),
                ("Enumerate", jobs(&[])),
                ("Enumerate", members(&["VM1"])),
            ],
            1,
            0,
        ),
    ];
    for (case, look, candidates, running) in cases {
        let start = [
            ("CreateSnapshot", soap::started("CreateSnapshot", "J1")),
            ("Get", done("J1")),
            ("Enumerate", soap::last_page(&[])),
        ];
        let script = script(start.into_iter().chain(look));
        let error = create(&script).await.unwrap_err();
        assert!(error.is_outcome_unknown(), "{case}: {error}");
        let outcome = error.unknown_outcome().unwrap();
        assert_eq!(outcome.baseline, ["OLD"], "{case}");
        assert_eq!((outcome.candidates.len(), outcome.jobs.len()), (candidates, running), "{case}");
        assert_eq!(outcome.look.as_deref(), Some("hvctl snapshot list --group G1"));
        script.assert_done();
    }
}

#[tokio::test(start_paused = true)]
async fn a_job_that_is_known_to_be_about_other_things_does_not_stand_in_the_way() {
    let script = script([
        ("CreateSnapshot", soap::started("CreateSnapshot", "J1")),
        ("Get", done("J1")),
        ("Enumerate", soap::last_page(&[])),
        ("Enumerate", snapshots(&["OLD", "NEW"])),
        ("Enumerate", jobs(&[("J2", 4)])),
        (
            "Enumerate",
            soap::last_page(&[soap::affected("J2", 0, "Msvm_VirtualSystemCollection", "CollectionID", "G9")]),
        ),
        ("Enumerate", members(&["VM1", "VM2"])),
    ]);
    assert_eq!(create(&script).await.unwrap().id, "NEW");
}

#[tokio::test(start_paused = true)]
async fn a_job_that_vanished_is_judged_by_what_is_new() {
    for looks in [0, 1] {
        let mut steps = vec![("CreateSnapshot", soap::started("CreateSnapshot", "J1"))];
        steps.extend((0..looks).map(|_| ("Get", soap::got(&soap::job("J1", 4, SNAPSHOT_JOB)))));
        steps.extend([
            ("Get", soap::fault(soap::NOT_FOUND, "a:DestinationUnreachable")),
            ("Enumerate", snapshots(&["OLD", "NEW"])),
            ("Enumerate", jobs(&[])),
            ("Enumerate", members(&["VM1", "VM2"])),
        ]);
        assert_eq!(create(&script(steps)).await.unwrap().id, "NEW");
    }
}

#[tokio::test(start_paused = true)]
async fn after_a_cut_the_one_new_snapshot_is_adopted_and_nothing_is_sent_again() {
    let script = script([
        ("CreateSnapshot", Reply::Cut),
        ("Enumerate", snapshots(&["OLD"])),
        ("Enumerate", jobs(&[])),
        ("Enumerate", snapshots(&["OLD", "NEW"])),
        ("Enumerate", jobs(&[])),
        ("Enumerate", members(&["VM1", "VM2"])),
    ]);
    assert_eq!(create(&script).await.unwrap().id, "NEW");
    assert_eq!(script.bodies("CreateSnapshot").len(), 1);
    script.assert_done();
}

#[tokio::test(start_paused = true)]
async fn after_a_cut_the_one_running_job_is_followed() {
    let script = script([
        ("CreateSnapshot", Reply::Cut),
        ("Enumerate", snapshots(&["OLD"])),
        ("Enumerate", jobs(&[("J1", 4)])),
        ("Enumerate", soap::last_page(&[soap::affected("J1", 0, "Msvm_ComputerSystem", "Name", "vm1")])),
        ("Get", done("J1")),
        ("Enumerate", snapshots(&["OLD", "NEW"])),
        ("Enumerate", jobs(&[("J1", 7)])),
        ("Enumerate", members(&["VM1", "VM2"])),
    ]);
    let snapshots = script.hyperv().collection_snapshots();
    let started = snapshots.create(&web_tier().await, &CreateSettings::recovery()).await.unwrap();
    assert!(started.is_presumed());
    assert_eq!(started.wait().await.unwrap().id, "NEW");
    script.assert_done();
}

#[tokio::test(start_paused = true)]
async fn after_a_cut_the_end_of_another_groups_job_is_no_answer() {
    // While a job runs the host may not tell yet what it is about.
    let start = || {
        vec![
            ("CreateSnapshot", Reply::Cut),
            ("Enumerate", snapshots(&["OLD"])),
            ("Enumerate", jobs(&[("J9", 4)])),
            ("Enumerate", soap::last_page(&[])),
        ]
    };
    let nothing_new = || [("Enumerate", snapshots(&["OLD"])), ("Enumerate", jobs(&[]))];

    let succeeded = script(start().into_iter().chain([("Get", done("J9"))]).chain(nothing_new()));
    let error = create(&succeeded).await.unwrap_err();
    assert!(error.is_outcome_unknown(), "the snapshot of another group is taken for ours: {error}");
    assert_eq!(error.unknown_outcome().unwrap().baseline, ["OLD"]);
    succeeded.assert_done();

    let failure = [
        ("Get", soap::got(&soap::job_with("J9", 10, SNAPSHOT_JOB, 32775))),
        ("GetErrorEx", soap::output("Msvm_ConcreteJob", "GetErrorEx", &[("ReturnValue", Some("0"))])),
    ];
    let failed = script(start().into_iter().chain(failure).chain(nothing_new()));
    let error = create(&failed).await.unwrap_err();
    assert!(error.is_outcome_unknown(), "the failure of another group's job is taken for ours: {error}");
    assert_eq!(error.job().unwrap().id, "J9", "what the job said is told");
    failed.assert_done();
}

#[tokio::test(start_paused = true)]
async fn a_running_job_of_a_type_that_is_not_told_may_be_a_second_one() {
    let untold = soap::job("J2", 4, 0).replace("<p:JobType>0</p:JobType>", "");
    let script = script([
        ("CreateSnapshot", soap::started("CreateSnapshot", "J1")),
        ("Get", done("J1")),
        ("Enumerate", soap::last_page(&[])),
        ("Enumerate", snapshots(&["OLD", "NEW"])),
        ("Enumerate", soap::last_page(&[untold])),
        ("Enumerate", soap::last_page(&[])),
    ]);
    let error = create(&script).await.unwrap_err();
    assert_eq!(error.unknown_outcome().unwrap().jobs, ["J2"]);
    script.assert_done();
}

#[tokio::test(start_paused = true)]
async fn after_a_cut_absence_proves_nothing() {
    for first in
        [Reply::Cut, soap::output("Msvm_CollectionSnapshotService", "CreateSnapshot", &[("Job", None)])]
    {
        let mut steps = vec![("CreateSnapshot", first)];
        for _ in 0..3 {
            steps.extend([("Enumerate", snapshots(&["OLD"])), ("Enumerate", jobs(&[]))]);
        }
        let script = script(steps);
        let error = create(&script).await.unwrap_err();
        assert!(error.is_outcome_unknown());
        assert!(std::error::Error::source(&error).is_some());
        assert_eq!(error.unknown_outcome().unwrap().baseline, ["OLD"]);
        script.assert_done();
    }
}

#[tokio::test(start_paused = true)]
async fn a_host_that_is_away_after_a_cut_leaves_the_outcome_unknown() {
    let mut steps = vec![("CreateSnapshot", Reply::Cut)];
    steps.extend((0..12).map(|_| ("Enumerate", Reply::NotSent)));
    let script = script(steps);
    assert!(create(&script).await.unwrap_err().is_outcome_unknown());
    script.assert_done();
}

#[tokio::test(start_paused = true)]
async fn a_started_job_without_a_reference_is_looked_for() {
    let script = script([
        ("CreateSnapshot", soap::returned("CreateSnapshot", 4096)),
        ("Enumerate", snapshots(&["OLD", "NEW"])),
        ("Enumerate", jobs(&[])),
        ("Enumerate", members(&["VM1", "VM2"])),
    ]);
    assert_eq!(create(&script).await.unwrap().id, "NEW");
}

#[tokio::test]
async fn a_service_that_wants_other_selectors_is_addressed_by_its_own_reference() {
    let own = format!(
        "<a:EndpointReference>{}</a:EndpointReference>",
        soap::reference("Msvm_CollectionSnapshotService", "Name", "its-own-name")
    );
    let script = script([
        ("CreateSnapshot", soap::fault(soap::UNEXPECTED_SELECTORS, "w:InvalidSelectors")),
        ("Enumerate", soap::last_page(&[own])),
        ("CreateSnapshot", soap::returned("CreateSnapshot", 5)),
    ]);
    assert_eq!(create(&script).await.unwrap_err().return_code(), Some(5));
    assert!(script.bodies("CreateSnapshot")[1].contains("Name=\"Name\">its-own-name</"));
    assert!(script.bodies("Enumerate")[2].contains("EnumerateEPR"));
    script.assert_done();
}

#[tokio::test(start_paused = true)]
async fn a_fault_about_selectors_that_proves_nothing_is_no_reason_to_send_it_again() {
    let of_nothing = soap::fault_text("uuid:1", soap::UNEXPECTED_SELECTORS, "w:InvalidSelectors");
    for doubt in [
        Reply::Fault(of_nothing.replace("a:RelatesTo", "a:From")),
        // `WBEM_E_INVALID_METHOD_PARAMETERS`: a provider can answer it after it began.
        soap::fault(0x8004_102F, "w:InternalError"),
    ] {
        let mut steps = vec![("CreateSnapshot", doubt)];
        for _ in 0..3 {
            steps.extend([("Enumerate", snapshots(&["OLD"])), ("Enumerate", jobs(&[]))]);
        }
        let script = script(steps);
        assert!(create(&script).await.unwrap_err().is_outcome_unknown());
        script.assert_done();
    }
}

#[tokio::test]
async fn a_method_that_refuses_says_so_by_its_own_table() {
    let script = script([("CreateSnapshot", soap::returned("CreateSnapshot", 5))]);
    let error = create(&script).await.unwrap_err();
    assert_eq!((error.kind(), error.return_code()), (ErrorKind::Method, Some(5)));
    insta::assert_snapshot!(error, @"failed to create a snapshot of group `web-tier`: `CreateSnapshot` returned 5 (Invalid State)");
    insta::assert_snapshot!(error.hint().unwrap(), @"another job may be at work on a machine of the group: see `hvctl job list`");
}

#[tokio::test(start_paused = true)]
async fn a_failed_job_brings_its_error_and_the_hosts_words() {
    let one = "&lt;INSTANCE CLASSNAME=\"Msvm_Error\"&gt;&lt;PROPERTY NAME=\"Message\" TYPE=\"string\"&gt;\
               &lt;VALUE&gt;web01 ist beschäftigt.&lt;/VALUE&gt;&lt;/PROPERTY&gt;&lt;/INSTANCE&gt;";
    let errors =
        soap::output("Msvm_ConcreteJob", "GetErrorEx", &[("Errors", Some(one)), ("ReturnValue", Some("0"))]);
    for (reply, words) in [(errors, "web01 ist beschäftigt."), (Reply::Cut, "Der Computer ist beschäftigt.")]
    {
        let attempts = if matches!(reply, Reply::Cut) { 4 } else { 1 };
        let mut steps = vec![
            ("CreateSnapshot", soap::started("CreateSnapshot", "J1")),
            ("Get", soap::got(&soap::job_with("J1", 10, SNAPSHOT_JOB, 32775))),
        ];
        steps.extend((0..attempts).map(|_| ("GetErrorEx", reply.clone())));
        let script = script(steps);
        let error = create(&script).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Job);
        insta::allow_duplicates! {
            insta::assert_snapshot!(error, @"failed to create a snapshot of group `web-tier`: job `J1` ended in state 10 (Exception) with error 32775 (Invalid state for this operation)");
        }
        assert_eq!(std::error::Error::source(&error).unwrap().to_string(), format!("the host says: {words}"));
        assert_eq!(error.job().unwrap().errors.len(), usize::from(attempts == 1));
        script.assert_done();
    }
}
