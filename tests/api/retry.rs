//! What is sent again after a failure, row by row of the table in ARCHITECTURE.md.

use crate::support::{Reply, Script, http, soap};
use hyperv_wsman::{
    Client, Error, ErrorKind,
    cim::{Epr, Instance, Value},
    transport::{Phase, TransportErrorKind},
    wsman::{FaultCode, Output},
};
use std::time::Duration;

const V2: &str = "root/virtualization/v2";
const SERVICE: &str = "Msvm_CollectionSnapshotService";

async fn get(client: &Client) -> Result<Instance, Error> {
    client.get(&Epr::class_of("Msvm_ConcreteJob", V2).with("InstanceID", "J1").unwrap()).await
}

async fn destroy(client: &Client) -> Result<Output, Error> {
    let service = Epr::class_of(SERVICE, V2).with("CreationClassName", SERVICE).unwrap();
    client.invoke(&service, "DestroySnapshot").await
}

fn job() -> Reply {
    soap::got(&soap::job("J1", 4, 198))
}

fn web_page(status: u16) -> Reply {
    Reply::Http {
        status,
        content_type: Some("text/html"),
        body: "<html>Sign in</html>".into(),
        verified_tls: true,
    }
}

/// Failures after which everything is sent again: the request did not run.
fn proofs() -> Vec<Reply> {
    vec![Reply::NotSent, soap::fault(soap::QUOTA, "w:QuotaLimit"), http(503)]
}

/// Failures after which nothing is known.
fn doubts() -> Vec<Reply> {
    let whole = soap::output_of("{id}", SERVICE, "DestroySnapshot", &[("ReturnValue", Some("0"))]);
    let half = whole.split_at(whole.len() / 2).0.to_owned();
    let other = soap::output_of("uuid:1", SERVICE, "DestroySnapshot", &[("ReturnValue", Some("0"))]);
    vec![
        Reply::Cut,
        soap::fault(soap::TIMED_OUT, "w:TimedOut"),
        Reply::Soap(half),
        Reply::Soap(other),
        Reply::Soap("<not><closed></not>".into()),
        http(500),
        http(200),
    ]
}

#[tokio::test(start_paused = true)]
async fn a_read_is_repeated_whatever_happened_to_it() {
    for failure in proofs().into_iter().chain(doubts()) {
        let script = Script::new([("Get", failure), ("Get", job())]);
        assert_eq!(get(&script.client()).await.unwrap().str("InstanceID"), Some("J1"));
        script.assert_done();
    }
}

#[tokio::test(start_paused = true)]
async fn a_change_is_repeated_when_it_certainly_did_not_run() {
    for failure in proofs() {
        let script = Script::new([
            ("DestroySnapshot", failure),
            ("DestroySnapshot", soap::returned("DestroySnapshot", 0)),
        ]);
        assert_eq!(destroy(&script.client()).await.unwrap().return_value(), 0);
        assert!(script.sent().iter().all(|sent| sent.changes_host));
        script.assert_done();
    }
}

#[tokio::test(start_paused = true)]
async fn a_change_is_never_repeated_in_doubt() {
    let only_doubts = [
        soap::output(SERVICE, "DestroySnapshot", &[("Job", None)]),
        soap::fault(soap::UNREPORTABLE, "w:EncodingLimit"),
        soap::fault(soap::ENCODING_LIMIT, "w:EncodingLimit"),
        soap::fault(soap::PROVIDER, "w:InternalError"),
        soap::fault(4_000_000_000, "w:AccessDenied"),
        Reply::Fault(
            soap::fault_text("uuid:1", soap::QUOTA, "w:QuotaLimit").replace("a:RelatesTo", "a:From"),
        ),
        web_page(200),
        http(403),
        http(404),
        Reply::Http { status: 503, content_type: None, body: String::new(), verified_tls: false },
        Reply::Http { status: 401, content_type: None, body: String::new(), verified_tls: false },
        Reply::Fails(TransportErrorKind::Timeout, Phase::MaybeSent),
        Reply::Fails(TransportErrorKind::Protocol, Phase::MaybeSent),
        Reply::Silence,
    ];
    for failure in doubts().into_iter().chain(only_doubts) {
        let script = Script::new([("DestroySnapshot", failure.clone())]);
        let error = destroy(&script.client()).await.unwrap_err();
        assert!(error.is_outcome_unknown(), "{failure:?} gave {error}");
        assert!(std::error::Error::source(&error).is_some(), "{failure:?} is not told");
        assert_eq!(error.unknown_outcome().unwrap().operation, "DestroySnapshot");
    }
}

#[tokio::test(start_paused = true)]
async fn a_change_after_a_lost_connection_and_then_a_cut_is_in_doubt() {
    let script = Script::new([("DestroySnapshot", Reply::NotSent), ("DestroySnapshot", Reply::Cut)]);
    assert!(destroy(&script.client()).await.unwrap_err().is_outcome_unknown());
}

#[tokio::test(start_paused = true)]
async fn what_fails_the_same_way_again_is_not_repeated() {
    let failures = [
        (soap::fault(5, "w:AccessDenied"), ErrorKind::AccessDenied),
        (soap::fault(soap::UNEXPECTED_SELECTORS, "w:InvalidSelectors"), ErrorKind::Fault),
        (http(401), ErrorKind::Auth),
        (http(413), ErrorKind::Protocol),
        (Reply::Fails(TransportErrorKind::Trust, Phase::NotSent), ErrorKind::Trust),
        (Reply::Fails(TransportErrorKind::Auth, Phase::NotSent), ErrorKind::Auth),
        (Reply::Fails(TransportErrorKind::Cassette, Phase::NotSent), ErrorKind::Cassette),
    ];
    for (failure, kind) in failures {
        let script = Script::new([("Get", failure.clone())]);
        assert_eq!(get(&script.client()).await.unwrap_err().kind(), kind);
        let script = Script::new([("DestroySnapshot", failure)]);
        assert_eq!(destroy(&script.client()).await.unwrap_err().kind(), kind);
    }
    let script = Script::new([("Get", web_page(200))]);
    assert_eq!(get(&script.client()).await.unwrap_err().kind(), ErrorKind::Protocol);
}

#[tokio::test(start_paused = true)]
async fn attempts_are_limited_and_further_apart_each_time() {
    let script = Script::new([
        ("Get", Reply::NotSent),
        ("Get", Reply::Cut),
        ("Get", Reply::NotSent),
        ("Get", Reply::NotSent),
    ]);
    let client = script.client();
    assert_eq!(get(&client).await.unwrap_err().kind(), ErrorKind::Transport);
    let times: Vec<_> = script.sent().iter().map(|sent| sent.at).collect();
    let pauses: Vec<u128> = times.windows(2).map(|pair| (pair[1] - pair[0]).as_millis()).collect();
    assert_eq!(pauses.len(), 3);
    for (pause, longest) in pauses.into_iter().zip([100, 200, 400]) {
        assert!((longest / 2..=longest + 1).contains(&pause), "{pause} ms, not about {longest}");
    }
    assert_eq!(client.requests(), 1, "only one of them may have left");

    let script = Script::new([("Get", Reply::NotSent)]);
    get(&script.client_with(|options| options.attempts = 1)).await.unwrap_err();
}

/// A quota is free again when somebody else's work is done.
#[tokio::test(start_paused = true)]
async fn a_busy_host_is_waited_for_by_reads_and_changes_alike() {
    let busy = |name| (name, soap::fault(soap::QUOTA, "w:QuotaLimit"));
    let script =
        Script::new([busy("Get"), busy("Get"), busy("Get"), busy("Get"), busy("Get"), ("Get", job())]);
    let start = tokio::time::Instant::now();
    get(&script.client()).await.unwrap();
    assert!((7..=16).contains(&start.elapsed().as_secs()), "{:?}", start.elapsed());
    script.assert_done();

    let done = ("DestroySnapshot", soap::returned("DestroySnapshot", 0));
    let script = Script::new([busy("DestroySnapshot"), busy("DestroySnapshot"), done]);
    assert_eq!(destroy(&script.client()).await.unwrap().return_value(), 0);
    script.assert_done();
}

#[tokio::test(start_paused = true)]
async fn a_host_that_stays_busy_is_given_up_in_time() {
    let busy = || ("Get", soap::fault(soap::QUOTA, "w:QuotaLimit"));
    let script = Script::new([busy(), busy(), busy(), busy(), busy(), busy(), busy()]);
    let start = tokio::time::Instant::now();
    let error = get(&script.client()).await.unwrap_err();
    assert_eq!(error.fault().unwrap().code(), Some(FaultCode(soap::QUOTA)));
    assert!((11..=30).contains(&start.elapsed().as_secs()), "{:?}", start.elapsed());
    script.assert_done();

    // By an option, by the time for one answer, by the time for the call; and not at all.
    let script = Script::new([busy(), busy()]);
    get(&script.client_with(|options| options.busy_time = Duration::from_millis(600))).await.unwrap_err();
    script.assert_done();
    let script = Script::new([busy(), busy()]);
    let client = script.client_with(|options| options.request_timeout = Some(Duration::from_secs(1)));
    get(&client).await.unwrap_err();
    script.assert_done();
    let script = Script::new([busy(), busy()]);
    let epr = Epr::class_of("Msvm_ConcreteJob", V2).with("InstanceID", "J1").unwrap();
    script.client().get(&epr).timeout(Duration::from_secs(1)).await.unwrap_err();
    script.assert_done();
    let script = Script::new([busy()]);
    get(&script.client_with(|options| options.attempts = 1)).await.unwrap_err();
}

#[tokio::test(start_paused = true)]
async fn a_fault_that_is_worth_one_more_attempt_gets_one() {
    let fault = || soap::fault(soap::PROVIDER, "w:InternalError");
    let script = Script::new([("Get", fault()), ("Get", fault())]);
    let error = get(&script.client()).await.unwrap_err();
    assert_eq!(error.fault().unwrap().code(), Some(FaultCode(soap::PROVIDER)));
    script.assert_done();
}

#[tokio::test(start_paused = true)]
async fn a_silent_host_is_given_up_after_the_request_timeout() {
    let script = Script::new([("Get", Reply::Silence)]);
    let start = tokio::time::Instant::now();
    let client = script.client_with(|options| options.request_timeout = Some(Duration::from_secs(7)));
    assert_eq!(get(&client).await.unwrap_err().kind(), ErrorKind::Timeout);
    assert!((7..=9).contains(&start.elapsed().as_secs()), "{:?}", start.elapsed());
}

#[tokio::test(start_paused = true)]
async fn the_timeout_of_a_call_ends_its_repetitions() {
    let script = Script::new([("Get", Reply::NotSent), ("Get", Reply::NotSent)]);
    let epr = Epr::class_of("Msvm_ConcreteJob", V2).with("InstanceID", "J1").unwrap();
    let call = script.client().get(&epr).timeout(Duration::from_millis(250));
    assert_eq!(call.await.unwrap_err().kind(), ErrorKind::Transport);
    script.assert_done();
}

#[tokio::test(start_paused = true)]
async fn lanes_ids_and_anonymity_reach_the_transport() {
    let script = Script::new([("Get", job()), ("Get", job()), ("Identify", http(401))]);
    let client = script.client();
    get(&client).await.unwrap();
    get(&client.lane()).await.unwrap();
    client.identify().anonymous().await.unwrap_err();
    let sent = script.sent();
    assert_eq!((sent[0].lane, sent[1].lane), (0, 1));
    assert_eq!((sent[1].anonymous, sent[2].anonymous), (false, true));
    let ids: Vec<_> = sent.iter().filter_map(|sent| soap::message_id(&sent.body)).collect();
    assert_eq!(ids.len(), 2);
    assert_ne!(ids[0], ids[1]);
    assert_eq!(ids[0].trim_start_matches("uuid:"), ids[0].trim_start_matches("uuid:").to_uppercase());
}

#[tokio::test]
async fn arguments_go_in_the_order_of_the_declaration() {
    let script = Script::new([("CreateSnapshot", soap::returned("CreateSnapshot", 0))]);
    let service = Epr::class_of(SERVICE, V2).with("CreationClassName", SERVICE).unwrap();
    let client = script.client();
    let call = client.invoke(&service, "CreateSnapshot").argument("SnapshotType", Value::Uint16(1));
    call.argument("SnapshotSettings", Value::string("").unwrap())
        .argument("Collection", Epr::class_of("Msvm_VirtualSystemCollection", V2))
        .await
        .unwrap();
    let body = &script.sent()[0].body;
    let place = |name: &str| body.find(&format!(":{name}>")).unwrap_or_else(|| panic!("no {name} in {body}"));
    assert!(place("Collection") < place("SnapshotSettings"));
    assert!(place("SnapshotSettings") < place("SnapshotType"));
}
