//! Following jobs: pace, patience, limits, progress.

use crate::support::{Reply, Script, http, soap};
use hyperv_wsman::{
    Error, ErrorKind,
    hyperv::{Job, Started},
};
use std::{sync::Arc, time::Duration};
use tokio::time::Instant;

fn job(state: u16) -> Reply {
    soap::got(&soap::job("J1", state, 198))
}

fn gone() -> Reply {
    soap::fault(soap::NOT_FOUND, "a:DestinationUnreachable")
}

/// A wait for J1 that meets these replies.
async fn resume(replies: impl IntoIterator<Item = Reply>) -> (Arc<Script>, Started<Job>) {
    let replies = replies.into_iter().map(|reply| ("Get", reply));
    let script = Script::new([("Get", job(4))].into_iter().chain(replies));
    let jobs = script.hyperv().jobs();
    let job = jobs.find("J1").await.unwrap();
    (script, jobs.resume(&job))
}

async fn next<S: futures_core::Stream + Unpin>(stream: &mut S) -> Option<S::Item> {
    std::future::poll_fn(|context| std::pin::Pin::new(&mut *stream).poll_next(context)).await
}

#[tokio::test(start_paused = true)]
async fn looks_begin_at_once_and_grow_rarer_up_to_two_seconds() {
    let (script, started) = resume((0..8).map(|_| job(4)).chain([job(7)])).await;
    let start = Instant::now();
    assert!(started.wait().await.unwrap().is_success());
    let looks: Vec<u128> = script.sent().iter().skip(1).map(|sent| (sent.at - start).as_millis()).collect();
    assert_eq!(looks, [0, 100, 300, 700, 1500, 3100, 5100, 7100, 9100]);
}

#[tokio::test(start_paused = true)]
async fn there_is_no_time_limit_unless_asked() {
    let (_, started) = resume((0..2_000).map(|_| job(4)).chain([job(32768)])).await;
    let start = Instant::now();
    assert!(started.wait().await.unwrap().is_success());
    assert!(start.elapsed() > Duration::from_secs(3600));
}

#[tokio::test(start_paused = true)]
async fn a_limit_ends_the_wait_and_says_how_to_go_on() {
    for slow in [Reply::Silence, job(4)] {
        let (_, started) = resume((0..9).map(|_| slow.clone())).await;
        let start = Instant::now();
        let error = started.timeout(Duration::from_secs(5)).wait().await.unwrap_err();
        assert_eq!((error.kind(), start.elapsed().as_secs()), (ErrorKind::Timeout, 5));
        insta::allow_duplicates! {
            insta::assert_snapshot!(error, @"failed to wait for job `J1`: it has not ended within 5 s");
            insta::assert_snapshot!(error.hint().unwrap(), @"the job may go on; wait for it again with: hvctl job wait J1");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn an_id_cannot_become_a_command_of_its_own() {
    let evil = || soap::got(&soap::job("J1; rm -rf $HOME", 4, 198));
    let script = Script::new((0..9).map(|_| ("Get", evil())));
    let jobs = script.hyperv().jobs();
    let job = jobs.find("J1; rm -rf $HOME").await.unwrap();
    let error = jobs.resume(&job).timeout(Duration::from_secs(5)).wait().await.unwrap_err();
    let (_, command) = error.hint().unwrap().split_once("with: ").unwrap();
    assert_eq!(command, "hvctl job wait 'J1; rm -rf $HOME'");
}

#[tokio::test(start_paused = true)]
async fn transient_failures_are_survived() {
    let mut replies = Vec::new();
    for failure in [
        Reply::NotSent,
        Reply::Cut,
        http(503),
        soap::fault(soap::QUOTA, "w:QuotaLimit"),
        soap::fault(soap::TIMED_OUT, "w:TimedOut"),
        soap::fault(4_000_000_000, "w:InternalError"),
    ] {
        // Each look is itself repeated, except after the fault that nobody knows.
        let repeats = if format!("{failure:?}").contains("4000000000") { 1 } else { 4 };
        replies.extend((0..repeats).map(|_| failure.clone()));
    }
    replies.push(job(7));
    let (script, started) = resume(replies).await;
    assert!(started.wait().await.unwrap().is_success());
    script.assert_done();
}

#[tokio::test(start_paused = true)]
async fn nothing_but_failures_ends_the_wait_when_patience_does() {
    let (_, started) = resume((0..1000).map(|_| Reply::NotSent)).await;
    let start = Instant::now();
    let error = started.patience(Duration::from_secs(60)).wait().await.unwrap_err();
    assert!((60..70).contains(&start.elapsed().as_secs()), "{:?}", start.elapsed());
    assert_eq!(error.kind(), ErrorKind::Transport);
    assert!(error.to_string().starts_with("failed to follow job `J1`: nothing but errors for 6"), "{error}");
    assert!(error.hint().unwrap().contains("hvctl job wait J1"));
}

#[tokio::test(start_paused = true)]
async fn failures_that_stay_end_the_wait_at_once() {
    for (reply, kind) in [
        (http(401), ErrorKind::Auth),
        (soap::fault(5, "w:AccessDenied"), ErrorKind::AccessDenied),
        (soap::fault(soap::UNEXPECTED_SELECTORS, "w:InvalidSelectors"), ErrorKind::Fault),
    ] {
        let (_, started) = resume([reply]).await;
        let error = started.wait().await.unwrap_err();
        assert_eq!(error.kind(), kind);
        assert!(error.hint().unwrap().contains("may go on"));
    }
}

#[tokio::test(start_paused = true)]
async fn progress_shows_each_look_and_leaves_the_result_to_wait() {
    let (script, mut started) = resume([job(3), job(4), job(7)]).await;
    assert_eq!(started.job_id(), Some("J1"));
    let mut states = Vec::new();
    let mut progress = started.progress();
    while let Some(job) = next(&mut progress).await {
        states.push(job.unwrap().state.0);
    }
    drop(progress);
    assert_eq!(states, [3, 4, 7]);
    assert!(started.wait().await.unwrap().is_success());
    script.assert_done();
}

#[tokio::test(start_paused = true)]
async fn progress_that_is_dropped_half_way_leaves_the_handle_usable() {
    let (script, mut started) = resume([job(4), job(7)]).await;
    {
        let mut progress = started.progress();
        next(&mut progress).await.unwrap().unwrap();
        let half = tokio::time::timeout(Duration::from_millis(10), next(&mut progress)).await;
        assert!(half.is_err());
    }
    assert!(started.wait().await.unwrap().is_success());
    script.assert_done();
}

#[tokio::test(start_paused = true)]
async fn a_job_that_vanished_ends_progress_and_its_outcome_is_unknown() {
    let (_, mut started) = resume([job(4), gone()]).await;
    let mut progress = started.progress();
    next(&mut progress).await.unwrap().unwrap();
    assert!(next(&mut progress).await.is_none());
    drop(progress);
    assert!(started.wait().await.unwrap_err().is_outcome_unknown());
}

#[tokio::test(start_paused = true)]
async fn jobs_that_ended_badly_fail_the_wait() {
    let told =
        || soap::output("Msvm_ConcreteJob", "GetErrorEx", &[("Errors", None), ("ReturnValue", Some("0"))]);
    for (state, error_code) in [(8, 0), (9, 0), (10, 32768), (7, 32773), (32768, 1)] {
        let script = Script::new([
            ("Get", job(4)),
            ("Get", soap::got(&soap::job_with("J1", state, 198, error_code))),
            ("GetErrorEx", told()),
        ]);
        let jobs = script.hyperv().jobs();
        let started = jobs.resume(&jobs.find("J1").await.unwrap());
        let error: Error = started.wait().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Job);
        let failure = error.job().unwrap();
        assert_eq!((failure.state, failure.error_code, failure.id.as_str()), (state, error_code, "J1"));
    }
}

#[tokio::test]
async fn a_job_is_found_whatever_its_class() {
    let storage = soap::job("J1", 4, 50).replace("Msvm_ConcreteJob", "Msvm_StorageJob");
    let script = Script::new([("Get", gone()), ("Get", soap::got(&storage))]);
    let job = script.hyperv().jobs().find("J1").await.unwrap();
    assert_eq!((job.class.as_str(), job.epr.class()), ("Msvm_StorageJob", "Msvm_StorageJob"));

    // An older host does not have the rarer classes.
    let no_such_class = || soap::fault(0x8004_1010, "a:DestinationUnreachable");
    let script = Script::new((0..6).map(|class| ("Get", if class < 3 { gone() } else { no_such_class() })));
    let error = script.hyperv().jobs().find("J9").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    insta::assert_snapshot!(error, @"failed to find job `J9`: the host knows no job of that id");
}
