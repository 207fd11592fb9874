//! Rules, in process.

use crate::soap::{
    Message, WEB_TIER, between, done, element, exchange, fault, host, job, send, start, state,
};
use hyperv_wsman::transport::{Phase, TransportErrorKind};
use std::time::Duration;
use tokio::time::{Instant, advance};

fn create() -> Message {
    Message::create_snapshot(WEB_TIER)
}

#[tokio::test]
async fn a_fault_rule_refuses_before_the_method_runs() {
    let host = host("", &["fault:0x803381E8@CreateSnapshot#1", "fault:5:w:AccessDenied@CreateSnapshot#2"]);
    assert_eq!(fault(&host, &create()).await, (2_150_859_240, "w:QuotaLimit".to_owned()));
    assert_eq!(fault(&host, &create()).await, (5, "w:AccessDenied".to_owned()));
    assert_eq!(host.invocations("CreateSnapshot"), 0);
    done(&host, &create()).await;
    assert_eq!(host.requests(), 3);
}

#[tokio::test]
async fn a_cut_may_come_before_or_after_the_method_and_neither_can_be_told() {
    for (rule, ran) in
        [("cut:before@CreateSnapshot", 0), ("cut:after@CreateSnapshot", 1), ("cut:100@CreateSnapshot", 1)]
    {
        let host = host("", &[rule]);
        let error = exchange(&host, &create().to_xml(), false).await.unwrap_err();
        assert_eq!((error.kind, error.phase), (TransportErrorKind::Connection, Phase::MaybeSent), "{rule}");
        assert_eq!(host.invocations("CreateSnapshot"), ran, "{rule}");
    }
    let whole = host("", &["cut:100000@CreateSnapshot"]);
    done(&whole, &create()).await;
}

#[tokio::test]
async fn answers_are_damaged_after_the_method_ran() {
    for (rule, status, length) in [
        ("html@CreateSnapshot", 200, None),
        ("garbage@CreateSnapshot", 200, None),
        ("truncate:50@CreateSnapshot", 200, Some(50)),
        ("empty-500@CreateSnapshot", 500, Some(0)),
    ] {
        let host = host("", &[rule]);
        let answer = exchange(&host, &create().to_xml(), false).await.unwrap();
        assert_eq!(answer.status, status, "{rule}");
        assert!(length.is_none_or(|length| answer.body.len() == length), "{rule}");
        assert_eq!(host.invocations("CreateSnapshot"), 1, "{rule}");
    }
    for (rule, status) in [("status:503@CreateSnapshot", 503), ("redirect@CreateSnapshot", 307)] {
        let host = host("", &[rule]);
        let answer = exchange(&host, &create().to_xml(), false).await.unwrap();
        assert_eq!((answer.status, answer.body.len()), (status, 0), "{rule}");
        assert_eq!(host.invocations("CreateSnapshot"), 0, "{rule}");
    }
}

#[tokio::test]
async fn parts_of_an_answer_can_be_wrong_or_missing() {
    let related = host("", &["wrong-relatesto@CreateSnapshot"]);
    let xml = done(&related, &create()).await;
    assert_ne!(element(&xml, "a:RelatesTo"), Some("uuid:11111111-0000-4000-8000-000000000001"));
    let silent = host("", &["no-returnvalue@CreateSnapshot"]);
    assert!(!done(&silent, &create()).await.contains("ReturnValue"));
    let jobless = host("", &["no-job@CreateSnapshot"]);
    let xml = done(&jobless, &create()).await;
    assert!(xml.contains("<p:Job xsi:nil=\"true\"/><p:ReturnValue>4096</p:ReturnValue>"), "{xml}");
    let refused = host("", &["return:5@CreateSnapshot"]);
    assert_eq!(element(&done(&refused, &create()).await, "p:ReturnValue"), Some("5"));
    assert!(refused.snapshots().is_empty());
}

#[tokio::test]
async fn sync_finishes_at_once_with_the_result() {
    let host = host("", &["sync@CreateSnapshot"]);
    let xml = done(&host, &create()).await;
    let result =
        between(&xml, "<p:ResultingSnapshotCollection>", "</p:ResultingSnapshotCollection>").unwrap();
    assert_eq!(between(result, "Name=\"CollectionID\">", "<"), host.snapshots().first().map(String::as_str));
    assert!(xml.contains("<p:Job xsi:nil=\"true\"/><p:ReturnValue>0</p:ReturnValue>"), "{xml}");
}

#[tokio::test(start_paused = true)]
async fn a_delay_holds_back_the_answer_not_the_work() {
    let host = host("", &["delay:7s@CreateSnapshot"]);
    let before = Instant::now();
    let xml = done(&host, &create()).await;
    assert_eq!(before.elapsed(), Duration::from_secs(7));
    let id = between(&xml, "<w:Selector Name=\"InstanceID\">", "<").unwrap();
    assert_eq!(state(&host, id).await, 7, "the job went on meanwhile");
}

#[tokio::test(start_paused = true)]
async fn requests_in_work_count_against_the_quota() {
    let host = host("[limits]\noperations_per_user = 1", &["delay:5s@Get#1"]);
    let get = Message::get(
        "Msvm_ComputerSystem",
        &[("CreationClassName", "Msvm_ComputerSystem"), ("Name", "HV01")],
    );
    let (slow, quick) = tokio::join!(send(&host, &get), send(&host, &get));
    assert_eq!((slow.0, quick.0), (200, 500));
    assert_eq!(between(&quick.1, " Code=\"", "\""), Some("2150859240"));
    assert_eq!(send(&host, &get).await.0, 200);
}

#[tokio::test(start_paused = true)]
async fn jobs_end_as_rules_say() {
    let warned = host("", &["job-warn@CreateSnapshot"]);
    let id = start(&warned, &create()).await;
    advance(Duration::from_secs(2)).await;
    assert_eq!(state(&warned, &id).await, 32768);
    assert_eq!(warned.snapshots().len(), 1);

    let hanging = host("", &["job-hang@CreateSnapshot"]);
    let id = start(&hanging, &create()).await;
    advance(Duration::from_secs(3600)).await;
    let xml = done(&hanging, &job(&id)).await;
    assert_eq!((element(&xml, "p:JobState"), element(&xml, "p:PercentComplete")), (Some("4"), Some("50")));

    for (rule, snapshots) in [("job-vanish@CreateSnapshot", 1), ("job-lost@CreateSnapshot", 0)] {
        let vanishing = host("", &[rule]);
        let id = start(&vanishing, &create()).await;
        assert_eq!(state(&vanishing, &id).await, 2);
        advance(Duration::from_secs(1)).await;
        assert_eq!(fault(&vanishing, &job(&id)).await.0, 2_150_858_752, "{rule}");
        assert_eq!(vanishing.snapshots().len(), snapshots, "{rule}");
    }

    let silent = host("", &["no-affected@CreateSnapshot"]);
    start(&silent, &create()).await;
    advance(Duration::from_secs(2)).await;
    let rows = done(&silent, &Message::wql("SELECT * FROM Msvm_AffectedJobElement")).await;
    assert!(rows.contains("<w:Items></w:Items>"), "{rows}");
    assert_eq!(silent.snapshots().len(), 1);
}

#[tokio::test]
async fn a_rule_can_be_added_while_the_host_is_at_work() {
    let host = host("", &[]);
    done(&host, &create()).await;
    host.add_rule("fault:5@*#1".parse().unwrap());
    assert_eq!(fault(&host, &create()).await.0, 5);
}
