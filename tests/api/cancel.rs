//! Cancelling jobs.

use crate::support::{Reply, Script, soap};
use hyperv_wsman::{
    Error, ErrorKind,
    hyperv::{Job, JobState},
};
use std::sync::Arc;

fn job(state: u16) -> Reply {
    soap::got(&soap::job("J1", state, 198))
}

fn answered(value: u32) -> Reply {
    soap::output("Msvm_ConcreteJob", "RequestStateChange", &[("ReturnValue", Some(&value.to_string()))])
}

async fn cancel(script: &Arc<Script>, kill: bool) -> Result<Job, Error> {
    let jobs = script.hyperv().jobs();
    let job = jobs.find("J1").await.unwrap();
    jobs.cancel(&job, kill).await
}

#[tokio::test]
async fn a_job_is_terminated_or_killed() {
    for (kill, state, value) in [(false, 4, 0), (true, 5, 4096)] {
        let script = Script::new([("Get", job(4)), ("RequestStateChange", answered(value)), ("Get", job(8))]);
        assert_eq!(cancel(&script, kill).await.unwrap().state, JobState::TERMINATED);
        let body = &script.bodies("RequestStateChange")[0];
        assert!(body.contains(&format!("RequestedState>{state}</")), "{body}");
        assert!(!body.contains("TimeoutPeriod"), "{body}");
    }
}

#[tokio::test]
async fn what_cannot_be_cancelled_is_refused_before_anything_is_sent() {
    let not_cancellable = soap::job("J1", 4, 198).replace("Cancellable>true", "Cancellable>false");
    for reply in [job(7), soap::got(&not_cancellable)] {
        let script = Script::new([("Get", reply)]);
        assert_eq!(cancel(&script, false).await.unwrap_err().kind(), ErrorKind::Config);
    }
}

#[tokio::test]
async fn a_refusal_is_named_by_the_methods_own_table() {
    let script = Script::new([("Get", job(4)), ("RequestStateChange", answered(5))]);
    let error = cancel(&script, false).await.unwrap_err();
    insta::assert_snapshot!(error, @"failed to cancel job `J1`: `RequestStateChange` returned 5 (Invalid Parameter)");
    assert_eq!(error.kind(), ErrorKind::Method);
}

#[tokio::test]
async fn in_doubt_a_job_on_its_way_out_counts_as_cancelled_and_nothing_is_sent_again() {
    for (state, known) in [(6, true), (8, true), (9, true), (4, false), (7, false)] {
        let script = Script::new([("Get", job(4)), ("RequestStateChange", Reply::Cut), ("Get", job(state))]);
        let outcome = cancel(&script, false).await;
        match outcome {
            Ok(job) => assert!(known, "state {} tells nothing", job.state.0),
            Err(error) => {
                assert!(!known && error.is_outcome_unknown());
                assert_eq!(error.unknown_outcome().unwrap().jobs, ["J1"]);
            }
        }
        script.assert_done();
    }
}

#[tokio::test]
async fn a_started_operation_can_be_cancelled_while_it_has_a_job() {
    let script =
        Script::new([("Get", job(4)), ("Get", job(4)), ("RequestStateChange", answered(0)), ("Get", job(8))]);
    let jobs = script.hyperv().jobs();
    let started = jobs.resume(&jobs.find("J1").await.unwrap());
    assert_eq!(started.cancel().await.unwrap().state, JobState::TERMINATED);
}
