//! Streams: what is asked for and when, and what becomes of those that are left early.

use crate::{
    enumerate::{call, ids, jobs},
    support::{Reply, Script, soap},
};
use hyperv_wsman::{Client, EnumerateCall, ErrorKind, OnExpiry, cim::Epr, sim};
use std::time::Duration;

/// The next item of a stream.
async fn next<S: futures_core::Stream + Unpin>(stream: &mut S) -> Option<S::Item> {
    std::future::poll_fn(|context| std::pin::Pin::new(&mut *stream).poll_next(context)).await
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap()
}

fn host_client(host: &sim::Host) -> Client {
    Client::with_transport("https://hv01.example.test:5986/wsman".parse().unwrap(), host.transport())
}

/// More than one, one on a page.
fn machines(client: &Client) -> EnumerateCall {
    client.enumerate(&Epr::class_of("Msvm_ComputerSystem", "root/virtualization/v2")).max_elements(1)
}

#[tokio::test]
async fn a_stream_ends_with_its_sequence_and_leaves_nothing_open() {
    let script = Script::new([
        ("Enumerate", soap::first_page(&jobs(&["A"]), "C1")),
        ("Pull", soap::pulled_last(&jobs(&["B"]))),
    ]);
    let client = script.client();
    let mut stream = call(&client).stream();
    let mut count = 0;
    while let Some(item) = next(&mut stream).await {
        assert!(item.unwrap().instance.is_some());
        count += 1;
    }
    assert_eq!(count, 2);
    assert!(next(&mut stream).await.is_none());
    client.close(Duration::from_secs(1)).await.unwrap();
}

#[tokio::test]
async fn a_stream_that_is_left_early_is_released_by_close() {
    let script = Script::new([
        ("Enumerate", soap::first_page(&jobs(&["A", "B"]), "C1")),
        ("Release", soap::released()),
    ]);
    let client = script.client();
    let mut stream = call(&client).stream();
    next(&mut stream).await.unwrap().unwrap();
    drop(stream);
    client.close(Duration::from_secs(1)).await.unwrap();
    assert!(script.bodies("Release")[0].contains("uuid:C1"));
    client.close(Duration::from_secs(1)).await.unwrap();
    script.assert_done();
}

#[tokio::test]
async fn a_stream_that_is_left_early_is_released_without_being_waited_for() {
    let script = Script::new([
        ("Enumerate", soap::first_page(&jobs(&["A", "B"]), "C1")),
        ("Release", soap::released()),
        ("Enumerate", soap::last_page(&[])),
    ]);
    let client = script.client();
    let mut stream = call(&client).stream();
    next(&mut stream).await.unwrap().unwrap();
    drop(stream);
    tokio::task::yield_now().await;
    assert!(ids(&client).await.unwrap().is_empty());
    script.assert_done();
}

#[test]
fn a_stream_that_is_left_where_no_runtime_runs_is_released_once_one_does() {
    let script = Script::new([
        ("Enumerate", soap::first_page(&jobs(&["A", "B"]), "C1")),
        ("Enumerate", soap::last_page(&[])),
        ("Release", soap::released()),
    ]);
    let client = script.client();
    let mut stream = call(&client).stream();
    runtime().block_on(next(&mut stream)).unwrap().unwrap();
    drop(stream);
    let later = runtime();
    assert!(later.block_on(ids(&client)).unwrap().is_empty());
    later.block_on(client.close(Duration::from_secs(1))).unwrap();
    script.assert_done();
}

#[test]
fn a_release_that_is_cut_short_by_the_end_of_its_runtime_is_made_up_for() {
    let script = Script::new([
        ("Enumerate", soap::first_page(&jobs(&["A", "B"]), "C1")),
        ("Release", Reply::Silence),
        ("Release", soap::released()),
    ]);
    let client = script.client();
    let first = runtime();
    first.block_on(async {
        let mut stream = call(&client).stream();
        next(&mut stream).await.unwrap().unwrap();
        drop(stream);
        tokio::task::yield_now().await;
    });
    assert_eq!(script.bodies("Release").len(), 1);
    drop(first);
    runtime().block_on(client.close(Duration::from_secs(1))).unwrap();
    assert!(script.bodies("Release").iter().all(|body| body.contains("uuid:C1")));
    script.assert_done();
}

#[tokio::test(start_paused = true)]
async fn a_page_that_is_on_its_way_when_a_stream_is_left_comes_first() {
    for operation in ["Enumerate", "Pull"] {
        let mut settings = sim::Settings::default();
        settings.rules.push(format!("delay:1s@{operation}").parse().unwrap());
        let host = sim::Host::new(settings);
        let client = host_client(&host);
        let mut stream = machines(&client).stream();
        if operation == "Pull" {
            next(&mut stream).await.unwrap().unwrap();
        }
        let waiting = tokio::time::timeout(Duration::from_millis(500), next(&mut stream));
        assert!(waiting.await.is_err(), "{operation}");
        assert_eq!(host.open_contexts(), 1, "{operation}");
        drop(stream);
        client.close(Duration::from_secs(2)).await.unwrap();
        assert_eq!(host.open_contexts(), 0, "{operation}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_list_whose_wait_is_given_up_is_released_too() {
    let mut settings = sim::Settings::default();
    settings.rules.push("delay:1s@Pull".parse().unwrap());
    let host = sim::Host::new(settings);
    let client = host_client(&host);
    let given_up = tokio::time::timeout(Duration::from_millis(500), machines(&client).instances());
    assert!(given_up.await.is_err());
    assert_eq!(host.open_contexts(), 1);
    client.close(Duration::from_secs(2)).await.unwrap();
    assert_eq!(host.open_contexts(), 0);
}

#[tokio::test(start_paused = true)]
async fn close_waits_no_longer_than_it_is_told() {
    let script =
        Script::new([("Enumerate", soap::first_page(&jobs(&["A"]), "C1")), ("Release", Reply::Silence)]);
    let client = script.client();
    let mut stream = call(&client).stream();
    next(&mut stream).await.unwrap().unwrap();
    drop(stream);
    let begun = tokio::time::Instant::now();
    let error = client.close(Duration::from_secs(2)).await.unwrap_err();
    assert_eq!(begun.elapsed(), Duration::from_secs(2));
    assert_eq!(error.kind(), ErrorKind::Timeout);
    insta::assert_snapshot!(error, @"failed to release what is open on the host within 2 s");
}

#[tokio::test]
async fn the_next_page_is_asked_for_when_the_last_item_of_a_page_has_been_taken() {
    let script = Script::new([
        ("Enumerate", soap::first_page(&jobs(&["A", "B"]), "C1")),
        ("Pull", soap::pulled_last(&jobs(&["C"]))),
    ]);
    let mut stream = call(&script.client()).stream();
    for (taken, sent) in [("A", 1), ("B", 1), ("C", 2)] {
        let item = next(&mut stream).await.unwrap().unwrap();
        assert_eq!(item.instance.unwrap().str("InstanceID"), Some(taken));
        assert_eq!(script.sent().len(), sent, "{taken}");
    }
    assert!(next(&mut stream).await.is_none());
}

#[tokio::test(start_paused = true)]
async fn streams_of_one_client_run_side_by_side() {
    let host = sim::Host::new(sim::Settings::default());
    let client = host_client(&host);
    let all = machines(&client).instances().await.unwrap().len();
    let mut streams: Vec<_> = (0..4).map(|_| machines(&client).stream()).collect();
    for _ in 0..all {
        for stream in &mut streams {
            next(stream).await.unwrap().unwrap();
        }
    }
    for stream in &mut streams {
        assert!(next(stream).await.is_none());
    }
    assert_eq!(host.open_contexts(), 0);
}

#[tokio::test]
async fn close_tells_what_could_not_be_released_but_not_what_is_gone() {
    for (reply, fails) in [
        (soap::fault(soap::INVALID_CONTEXT, "n:InvalidEnumerationContext"), false),
        (soap::fault(5, "w:AccessDenied"), true),
    ] {
        let script = Script::new([("Enumerate", soap::first_page(&jobs(&["A"]), "C1")), ("Release", reply)]);
        let client = script.client();
        let mut stream = call(&client).stream();
        next(&mut stream).await.unwrap().unwrap();
        drop(stream);
        assert_eq!(client.close(Duration::from_secs(1)).await.is_err(), fails);
    }
}

#[tokio::test]
async fn a_stream_does_not_begin_anew_once_it_has_yielded() {
    let script = Script::new([
        ("Enumerate", soap::first_page(&jobs(&["A"]), "C1")),
        ("Pull", soap::fault(soap::INVALID_CONTEXT, "n:InvalidEnumerationContext")),
    ]);
    let mut stream = call(&script.client()).stream();
    next(&mut stream).await.unwrap().unwrap();
    assert_eq!(next(&mut stream).await.unwrap().unwrap_err().kind(), ErrorKind::Fault);
    assert!(next(&mut stream).await.is_none());
}

#[tokio::test]
async fn an_enumeration_that_is_told_to_fails_where_it_would_begin_anew() {
    for (failure, still_open) in
        [(soap::fault(soap::INVALID_CONTEXT, "n:InvalidEnumerationContext"), false), (Reply::Cut, true)]
    {
        let mut steps = vec![("Enumerate", soap::first_page(&jobs(&["A"]), "C1")), ("Pull", failure)];
        if still_open {
            steps.push(("Release", soap::released()));
        }
        let script = Script::new(steps);
        let client = script.client();
        call(&client).on_expiry(OnExpiry::Fail).await.unwrap_err();
        client.close(Duration::from_secs(1)).await.unwrap();
        script.assert_done();
    }
}

fn expired() -> Reply {
    soap::fault(soap::INVALID_CONTEXT, "n:InvalidEnumerationContext")
}

fn too_large() -> Reply {
    soap::fault(soap::ENCODING_LIMIT, "w:EncodingLimit")
}

/// What a stream yields, by id, and the error that it ends with.
async fn taken(call: EnumerateCall) -> (Vec<String>, Option<hyperv_wsman::Error>) {
    let mut stream = call.stream();
    let mut ids = Vec::new();
    while let Some(item) = next(&mut stream).await {
        let item = match item {
            Ok(item) => item,
            Err(error) => return (ids, Some(error)),
        };
        let id = match (&item.epr, &item.instance) {
            (Some(epr), _) => epr.selector("InstanceID").or_else(|| epr.selector("Name")),
            (None, Some(job)) => job.str("InstanceID").or_else(|| job.str("Name")),
            (None, None) => None,
        };
        ids.push(id.unwrap().to_owned());
    }
    (ids, None)
}

#[tokio::test]
async fn a_stream_that_is_to_resume_passes_over_what_it_has_handed_out_in_whatever_order_that_comes_again() {
    for (failure, elements) in [(expired(), 8), (too_large(), 4), (Reply::Cut, 8)] {
        let releases = usize::from(matches!(failure, Reply::Cut) || elements == 4);
        let mut steps = vec![
            ("Enumerate", soap::first_page(&jobs(&["A", "B"]), "C1")),
            ("Pull", failure),
            ("Enumerate", soap::first_page(&jobs(&["D", "B"]), "C2")),
            ("Pull", soap::pulled_last(&jobs(&["A", "C"]))),
        ];
        steps.extend((0..releases).map(|_| ("Release", soap::released())));
        let script = Script::new(steps);
        let client = script.client_with(|options| options.max_elements = 8);
        let (ids, error) = taken(call(&client).on_expiry(OnExpiry::Resume)).await;
        assert!(error.is_none(), "{error:?}");
        assert_eq!(ids, ["A", "B", "D", "C"]);
        client.close(Duration::from_secs(1)).await.unwrap();
        let again = &script.bodies("Enumerate")[1];
        assert!(again.contains(&format!("MaxElements>{elements}<")), "{again}");
        script.assert_done();
    }
}

#[tokio::test]
async fn a_stream_whose_items_nothing_tells_apart_is_not_resumed() {
    let script = Script::new([
        ("Enumerate", soap::first_page(&[soap::instance("Msvm_ConcreteJob", &[("Name", Some("J"))])], "C1")),
        ("Pull", expired()),
    ]);
    let (ids, error) = taken(call(&script.client()).on_expiry(OnExpiry::Resume)).await;
    assert_eq!(ids, ["J"]);
    let error = error.unwrap();
    assert_eq!(error.kind(), ErrorKind::Fault);
    insta::assert_snapshot!(error, @"failed to enumerate `Msvm_ConcreteJob`: it cannot be resumed, as nothing tells instances of `Msvm_ConcreteJob` apart");
    insta::assert_snapshot!(error.hint().unwrap(), @"ask for references too (mode `ObjectAndEpr`, `--mode both`), which tell them apart");
    script.assert_done();
}

#[tokio::test]
async fn a_later_page_that_does_not_fit_ends_a_stream_with_what_helps() {
    for on_expiry in [OnExpiry::Restart, OnExpiry::Fail] {
        let script = Script::new([
            ("Enumerate", soap::first_page(&jobs(&["A"]), "C1")),
            ("Pull", too_large()),
            ("Release", soap::released()),
        ]);
        let client = script.client();
        let (ids, error) = taken(call(&client).on_expiry(on_expiry)).await;
        assert_eq!(ids, ["A"]);
        insta::allow_duplicates! { insta::assert_snapshot!(error.unwrap().hint().unwrap(), @"items were handed out before: ask for fewer on each page from the start (`max_elements`), allow larger answers (`max_envelope_size`), or let it resume (`OnExpiry::Resume`)"); }
        client.close(Duration::from_secs(1)).await.unwrap();
        script.assert_done();
    }
}

/// A client of a host that forgets an enumeration after a minute, and is asked after two.
async fn after_two_minutes(on_expiry: OnExpiry) -> (usize, Option<hyperv_wsman::Error>, sim::Host) {
    let mut settings = sim::Settings::default();
    settings.inventory = sim::Inventory::from_toml(
        "[[group]]\nname='a'\n[[group]]\nname='b'\n[[group]]\nname='c'\n\
         [limits]\ncontext_timeout='60s'",
    )
    .unwrap();
    let host = sim::Host::new(settings);
    let client = host_client(&host);
    let groups = Epr::class_of("Msvm_VirtualSystemCollection", "root/virtualization/v2");
    let mut stream = client.enumerate(&groups).max_elements(1).on_expiry(on_expiry).stream();
    let mut names = std::collections::BTreeSet::new();
    let mut error = None;
    while let Some(item) = next(&mut stream).await {
        match item {
            Ok(item) => assert!(names.insert(item.instance.unwrap().str("ElementName").unwrap().to_owned())),
            Err(failure) => error = Some(failure),
        }
        if names.len() == 2 {
            tokio::time::advance(Duration::from_secs(120)).await;
        }
    }
    (names.len(), error, host)
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_waits_until_its_host_has_forgotten_it_fails_or_resumes_as_it_is_told() {
    for on_expiry in [OnExpiry::Restart, OnExpiry::Fail] {
        let (count, error, host) = after_two_minutes(on_expiry).await;
        assert_eq!((count, error.unwrap().kind(), host.open_contexts()), (2, ErrorKind::Fault, 0));
    }
    let (count, error, host) = after_two_minutes(OnExpiry::Resume).await;
    assert_eq!((count, error.is_none(), host.open_contexts()), (3, true, 0));
}
