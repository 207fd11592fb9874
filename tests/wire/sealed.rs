//! Plain HTTP: what leaves is sealed, and of what comes only what is sealed is believed.

use crate::{
    client::message,
    middle::{Hands, Middle, Passed, Raw},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use hyperv_wsman::{
    Client, ErrorKind,
    hyperv::{CreateSettings, HyperV},
    sim::{Host, PlainServer, Settings},
    transport::{
        Answer, AuthMechanism, BoxFuture, Clock, Credentials, Exchange, Fingerprint, HttpSettings,
        HttpTransport, Phase, Secret, Transport, TransportError, TransportErrorKind, Trust,
    },
};
use insta::assert_snapshot;
use rustls::pki_types::{CertificateDer, pem::PemObject as _};
use std::{
    sync::{Arc, Mutex},
    time::Duration,
};
use url::Url;

const IDENTIFY: &str = "<s:Envelope xmlns:s=\"http://www.w3.org/2003/05/soap-envelope\"><s:Body>\
    <i:Identify xmlns:i=\"http://schemas.dmtf.org/wbem/wsman/identity/1/wsmanidentity.xsd\"/></s:Body></s:Envelope>";
const SOAP: &str = "Content-Type: application/soap+xml;charset=UTF-8\r\n";

fn host() -> Host {
    let mut settings = Settings::default();
    settings.time_scale = Some(0.0);
    Host::new(settings)
}

async fn serve(host: &Host) -> PlainServer {
    host.serve_plain("127.0.0.1:0".parse().unwrap()).await.unwrap()
}

fn settings(server: &PlainServer, url: Url) -> HttpSettings {
    let mut settings = HttpSettings::new(url);
    let password = Secret::new(server.password().to_owned());
    settings.credentials = Some(Credentials::new(server.user(), password).unwrap());
    settings
}

fn transport(server: &PlainServer, url: Url) -> HttpTransport {
    HttpTransport::new(settings(server, url)).unwrap()
}

async fn send(transport: &HttpTransport, body: &'static str) -> Result<Answer, TransportError> {
    transport.exchange(message(body)).await
}

/// A message that may be sent twice.
async fn read(transport: &HttpTransport, body: &'static str) -> Result<Answer, TransportError> {
    transport.exchange(Exchange { changes_host: false, ..message(body) }).await
}

fn cause(error: &TransportError) -> String {
    std::error::Error::source(error).map(ToString::to_string).unwrap_or_default()
}

/// Waits for nothing but the network.
#[derive(Debug)]
struct Unhurried {
    inner: HttpTransport,
    clock: Arc<NoWait>,
}

/// Goes on by what is waited.
#[derive(Debug, Default)]
struct NoWait(Mutex<Duration>);

impl Transport for Unhurried {
    fn exchange(&self, exchange: Exchange) -> BoxFuture<'_, Result<Answer, TransportError>> {
        self.inner.exchange(exchange)
    }

    fn clock(&self) -> Arc<dyn Clock> {
        Arc::<NoWait>::clone(&self.clock)
    }
}

impl Clock for NoWait {
    fn sleep(&self, duration: Duration) -> BoxFuture<'_, ()> {
        *self.0.lock().unwrap() += duration;
        Box::pin(async {})
    }

    fn elapsed(&self) -> Duration {
        *self.0.lock().unwrap()
    }
}

/// A message of ours through somebody who answers in this way (logins aside), and what came of it.
async fn answered_by(
    answer: impl Fn(&Passed, &[Passed]) -> Raw + Send + Sync + 'static,
) -> (Result<Answer, TransportError>, Middle) {
    let server = serve(&host()).await;
    let answer = move |passed: &Passed, before: &[Passed]| {
        if passed.request.body.is_empty() { passed.answer.clone() } else { answer(passed, before) }
    };
    let middle = Middle::start(&server.url(), Hands { answer: Box::new(answer), ..Hands::default() }).await;
    let answer = send(&transport(&server, middle.url()), IDENTIFY).await;
    (answer, middle)
}

#[tokio::test]
async fn the_main_job_runs_and_nobody_on_the_way_can_read_it() {
    let host = host();
    let server = serve(&host).await;
    let middle = Middle::start(&server.url(), Hands::default()).await;
    let transport = Arc::new(transport(&server, middle.url()));
    let hyperv = HyperV::new(Client::with_transport(middle.url(), transport));
    let group = hyperv.group("web-tier").await.unwrap();
    let create = hyperv.collection_snapshots();
    create.create(&group, &CreateSettings::recovery()).await.unwrap().wait().await.unwrap();
    assert_eq!(host.invocations("CreateSnapshot"), 1);

    let passed = middle.passed();
    assert!(passed.len() > 5);
    for Passed { connection, index, request, answer } in passed {
        assert_eq!(connection, 1);
        let body = [&request.body[..], &answer.body].concat();
        for readable in [&b"Envelope"[..], b"web-tier", b"CreateSnapshot"] {
            assert!(!body.windows(readable.len()).any(|window| window == readable), "{index}");
        }
        // Two legs of a login without a body, then messages without a login.
        let is_leg = index < 2;
        assert_eq!(request.head.contains("authorization: Negotiate "), is_leg, "{}", request.head);
        assert_eq!((request.body.is_empty(), request.is_sealed()), (is_leg, !is_leg));
        assert_eq!(answer.is_sealed(), !is_leg);
    }
}

#[tokio::test]
async fn an_answer_says_that_it_was_sealed_and_not_over_tls() {
    let server = serve(&host()).await;
    let transport = transport(&server, server.url());
    for _ in 0..3 {
        let answer = send(&transport, IDENTIFY).await.unwrap();
        assert_eq!(answer.status, 200);
        assert_eq!(answer.content_type.as_deref(), Some("application/soap+xml;charset=UTF-8"));
        assert!(answer.body.starts_with(b"<") && answer.body.ends_with(b">"));
        assert!(answer.peer.sealed && !answer.peer.verified_tls);
        assert_eq!((answer.peer.mechanism.as_str(), answer.peer.fingerprint), ("ntlm", None));
        assert_eq!((answer.peer.connection, answer.peer.handshakes), (1, 1));
    }
}

#[tokio::test]
async fn faults_are_unsealed_whatever_the_status() {
    for status in ["500", "200", "403"] {
        let (answer, _) = answered_by(move |passed, _| {
            passed.answer.clone().with_head(|head| head.replacen("200", status, 1))
        })
        .await;
        let answer = answer.unwrap();
        assert_eq!(answer.status.to_string(), status);
        assert!(answer.peer.sealed && String::from_utf8_lossy(&answer.body).contains("IdentifyResponse"));
    }
    let server = serve(&host()).await;
    let fault = send(&transport(&server, server.url()), "<no envelope/>").await.unwrap();
    assert_eq!(fault.status, 500);
    assert!(fault.peer.sealed && String::from_utf8_lossy(&fault.body).contains("Fault"));
}

#[tokio::test]
async fn long_messages_are_sealed_in_one_piece() {
    let server = serve(&host()).await;
    let transport = transport(&server, server.url());
    let long = Exchange { body: "x".repeat(200_000).into(), ..message("") };
    assert_eq!(transport.exchange(long).await.unwrap().status, 500);
    assert_eq!(send(&transport, IDENTIFY).await.unwrap().peer.connection, 1);
}

#[tokio::test]
async fn unsealed_answers_prove_nothing() {
    let fault = "<s:Envelope xmlns:s=\"http://www.w3.org/2003/05/soap-envelope\"><s:Body><s:Fault/></s:Body></s:Envelope>";
    for (status, headers, body) in [
        (200, SOAP, IDENTIFY),
        (200, "", ""),
        (302, "Location: http://127.0.0.1:1/\r\n", ""),
        (500, SOAP, fault),
        (500, "", ""),
        (502, "Content-Type: text/html\r\n", "<html>"),
    ] {
        let (answer, middle) = answered_by(move |_, _| Raw::new(status, headers, body)).await;
        let error = answer.unwrap_err();
        assert_eq!((error.kind, error.phase), (TransportErrorKind::Protocol, Phase::MaybeSent), "{status}");
        let expected = format!("expected it sealed, got HTTP {status} unsealed");
        assert!(error.message.ends_with(&expected), "{error}");
        assert_eq!(middle.messages(), 1);
    }
}

#[tokio::test]
async fn of_an_unsealed_refusal_only_the_status_is_passed_on() {
    for status in [400, 403, 404, 413, 503] {
        let (answer, middle) = answered_by(move |_, _| Raw::new(status, SOAP, IDENTIFY)).await;
        let answer = answer.unwrap();
        assert_eq!((answer.status, answer.body.len(), answer.content_type), (status, 0, None));
        assert!(!answer.peer.sealed && !answer.peer.verified_tls);
        assert_eq!(middle.messages(), 1);
    }
}

#[tokio::test]
async fn a_forged_refusal_leaves_the_outcome_of_a_change_unknown() {
    let host = host();
    let server = serve(&host).await;
    // Each message runs on the host; then somebody says that it did not.
    for (status, headers) in [(401, "WWW-Authenticate: Negotiate\r\n"), (413, ""), (503, "")] {
        let before = host.invocations("CreateSnapshot");
        let watched = host.clone();
        let answer = move |passed: &Passed, _: &[Passed]| {
            let has_run = watched.invocations("CreateSnapshot") > before;
            if has_run && passed.answer.is_sealed() {
                Raw::new(status, headers, "")
            } else {
                passed.answer.clone()
            }
        };
        let middle =
            Middle::start(&server.url(), Hands { answer: Box::new(answer), ..Hands::default() }).await;
        let transport = Unhurried { inner: transport(&server, middle.url()), clock: Arc::default() };
        let hyperv = HyperV::new(Client::with_transport(middle.url(), Arc::new(transport)));
        let group = hyperv.group("web-tier").await.unwrap();
        let create = hyperv.collection_snapshots();
        let error = create.create(&group, &CreateSettings::recovery()).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::OutcomeUnknown, "{status}: {error}");
        assert_eq!(host.invocations("CreateSnapshot"), before + 1, "{status}");
    }
}

#[tokio::test]
async fn a_401_to_a_message_that_changes_nothing_is_a_lost_login() {
    let answer = |passed: &Passed, _: &[Passed]| match (passed.connection, passed.index) {
        (1, 3) => Raw::new(401, "WWW-Authenticate: Negotiate\r\n", ""),
        _ => passed.answer.clone(),
    };
    let server = serve(&host()).await;
    let middle = Middle::start(&server.url(), Hands { answer: Box::new(answer), ..Hands::default() }).await;
    let transport = transport(&server, middle.url());
    read(&transport, IDENTIFY).await.unwrap();
    let answer = read(&transport, IDENTIFY).await.unwrap();
    assert_eq!((answer.peer.connection, answer.peer.handshakes), (2, 2));
}

#[tokio::test]
async fn a_401_to_a_message_that_changes_something_is_not_believed() {
    let (answer, middle) = answered_by(|_, _| Raw::new(401, "WWW-Authenticate: Negotiate\r\n", "")).await;
    let error = answer.unwrap_err();
    assert_eq!((error.kind, error.phase), (TransportErrorKind::Auth, Phase::MaybeSent), "{error}");
    assert_eq!(middle.messages(), 1);
}

#[tokio::test]
async fn answers_that_were_changed_on_the_way_are_not_believed() {
    type Change = fn(Vec<u8>) -> Vec<u8>;
    let changes: [(&str, Change); 7] = [
        ("a bit of the message", |mut body| {
            let at = body.len() - 40;
            body[at] ^= 1;
            body
        }),
        ("a bit of the signature", |mut body| {
            let at = body.windows(4).position(|window| window == [16, 0, 0, 0]).unwrap();
            body[at + 9] ^= 1;
            body
        }),
        ("the length", |body| replaced(&body, ";Length=", ";Length=1")),
        ("the boundary", |body| replaced(&body, "--Encrypted Boundary\r\n", "--Other Boundary\r\n")),
        ("cut before the last boundary", |mut body| {
            body.truncate(body.len() - 26);
            body
        }),
        ("cut within the message", |mut body| {
            body.truncate(body.len() / 2);
            body
        }),
        ("nothing left", |_| Vec::new()),
    ];
    for (what, change) in changes {
        let (answer, middle) = answered_by(move |passed, _| {
            let body = change(passed.answer.body.clone());
            passed.answer.clone().with_body(body)
        })
        .await;
        let error = answer.expect_err(what);
        assert_eq!((error.kind, error.phase), (TransportErrorKind::Protocol, Phase::MaybeSent), "{what}");
        assert!(error.message.starts_with("failed to unseal the answer of"), "{what}: {error}");
        assert!(!cause(&error).is_empty(), "{what}");
        assert_eq!(middle.messages(), 1, "{what}");
    }
}

fn replaced(body: &[u8], from: &str, to: &str) -> Vec<u8> {
    let at = body.windows(from.len()).position(|window| window == from.as_bytes()).unwrap();
    [&body[..at], to.as_bytes(), &body[at + from.len()..]].concat()
}

#[tokio::test]
async fn an_answer_is_not_believed_twice_nor_one_of_our_own() {
    let server = serve(&host()).await;
    let answer = |passed: &Passed, before: &[Passed]| match passed.index {
        3 => before.last().unwrap().answer.clone(),
        _ => passed.answer.clone(),
    };
    let middle = Middle::start(&server.url(), Hands { answer: Box::new(answer), ..Hands::default() }).await;
    let transport = transport(&server, middle.url());
    send(&transport, IDENTIFY).await.unwrap();
    let error = send(&transport, IDENTIFY).await.unwrap_err();
    assert_snapshot!(cause(&error), @"the signature is wrong: the message was changed, or is not the next one of its login");
    // Connection and context are given up: the next message has new ones.
    assert_eq!(send(&transport, IDENTIFY).await.unwrap().peer.connection, 2);

    let (answer, _) =
        answered_by(|passed, _| passed.answer.clone().with_body(passed.request.body.clone())).await;
    assert_eq!(answer.unwrap_err().phase, Phase::MaybeSent);
}

/// `NTLMSSP_NEGOTIATE_SEAL`, `…_KEY_EXCH`, `…_128`, `…_EXTENDED_SESSIONSECURITY` (MS-NLMP 2.2.2.5).
#[tokio::test]
async fn a_login_without_all_that_sealing_needs_goes_no_further() {
    for (flag, name) in [
        (0x20_u32, "sealing"),
        (0x4000_0000, "key exchange"),
        (0x2000_0000, "128-bit keys"),
        (0x0008_0000, "extended session security"),
    ] {
        let answer = move |passed: &Passed, _: &[Passed]| {
            let without = |head: String| {
                let token = head.lines().find_map(|line| line.strip_prefix("www-authenticate: Negotiate "));
                let mut challenge = STANDARD.decode(token.unwrap()).unwrap();
                let flags = u32::from_le_bytes(challenge[20..24].try_into().unwrap());
                challenge[20..24].copy_from_slice(&(flags & !flag).to_le_bytes());
                let weakened = STANDARD.encode(challenge);
                head.replace(token.unwrap(), &weakened)
            };
            passed.answer.clone().with_head(without)
        };
        let server = serve(&host()).await;
        let hands = Hands { answer: Box::new(answer), ..Hands::default() };
        let middle = Middle::start(&server.url(), hands).await;
        let error = send(&transport(&server, middle.url()), IDENTIFY).await.unwrap_err();
        assert_eq!((error.kind, error.phase), (TransportErrorKind::Auth, Phase::NotSent));
        assert_eq!(cause(&error), format!("the peer does not offer {name}: refusing a weaker login"));
        // Neither the proof of the password nor a message has left.
        assert_eq!(middle.passed().len(), 1);
    }
}

#[tokio::test]
async fn a_wrong_password_is_told_and_tried_once() {
    let server = serve(&host()).await;
    let middle = Middle::start(&server.url(), Hands::default()).await;
    let mut settings = settings(&server, middle.url());
    settings.credentials = Some(Credentials::new(server.user(), Secret::new("wrong".into())).unwrap());
    let transport = HttpTransport::new(settings).unwrap();
    for _ in 0..2 {
        let error = send(&transport, IDENTIFY).await.unwrap_err();
        assert_eq!((error.kind, error.phase), (TransportErrorKind::Auth, Phase::NotSent));
    }
    assert_eq!((middle.passed().len(), middle.messages()), (2, 0));
}

#[tokio::test]
async fn only_an_anonymous_identify_goes_unsealed() {
    let server = serve(&host()).await;
    let middle = Middle::start(&server.url(), Hands::default()).await;
    let transport = HttpTransport::new(HttpSettings::new(middle.url())).unwrap();
    let anonymous = Exchange { anonymous: true, changes_host: false, ..message(IDENTIFY) };
    let answer = transport.exchange(anonymous).await.unwrap();
    assert_eq!((answer.status, answer.peer.sealed, answer.peer.verified_tls), (200, false, false));
    assert_eq!(answer.peer.mechanism, "none");
    assert_eq!(middle.passed()[0].request.body, IDENTIFY.as_bytes());

    let error = send(&transport, IDENTIFY).await.unwrap_err();
    assert_eq!(error.kind, TransportErrorKind::Config);
    assert_eq!(middle.passed().len(), 1);
}

#[tokio::test]
async fn settings_that_would_leave_messages_open_are_refused() {
    let server = serve(&host()).await;
    let mut with_basic = settings(&server, server.url());
    with_basic.mechanism = AuthMechanism::Basic;
    let mut with_pin = settings(&server, server.url());
    with_pin.trust = Trust::pinned(Fingerprint::of(b""));
    let shown: Vec<String> = [with_basic, with_pin]
        .into_iter()
        .map(|settings| {
            let error = HttpTransport::new(settings).unwrap_err();
            assert_eq!((error.kind, error.phase), (TransportErrorKind::Config, Phase::NotSent));
            error.to_string()
        })
        .collect();
    assert_snapshot!(shown.join("\n"), @"
    failed to use Basic: messages have to be sealed, for which it has no keys
    failed to use an `http://` URL: there is no certificate that could be the trusted one
    ");
}

#[tokio::test]
async fn messages_are_sealed_over_tls_too_where_that_is_asked_for() {
    let server = host().serve("127.0.0.1:0".parse().unwrap()).await.unwrap();
    let certificate = CertificateDer::from_pem_slice(server.certificate_pem().as_bytes()).unwrap();
    let mut settings = HttpSettings::new(server.url());
    let password = Secret::new(server.password().to_owned());
    settings.credentials = Some(Credentials::new(server.user(), password).unwrap());
    settings.trust = Trust::pinned(Fingerprint::of(&certificate));
    settings.always_seal = true;
    let answer = send(&HttpTransport::new(settings).unwrap(), IDENTIFY).await.unwrap();
    assert!(answer.peer.sealed && answer.peer.verified_tls && answer.status == 200);
}

#[tokio::test]
async fn the_simulated_host_takes_no_unsealed_message() {
    let host = host();
    let server = serve(&host).await;
    let request = |raw: Raw| {
        if !raw.is_sealed() {
            return raw;
        }
        let unsealed = |head: String| {
            let others = head.trim_end().lines().filter(|line| !line.starts_with("content-type"));
            others.chain([SOAP.trim_end(), "", ""]).collect::<Vec<_>>().join("\r\n")
        };
        raw.with_head(unsealed).with_body(IDENTIFY)
    };
    let middle = Middle::start(&server.url(), Hands { request: Box::new(request), ..Hands::default() }).await;
    let error = send(&transport(&server, middle.url()), IDENTIFY).await.unwrap_err();
    assert!(error.message.ends_with("got HTTP 500 unsealed"), "{error}");
    assert_eq!(host.requests(), 0);
}

#[tokio::test]
async fn the_simulated_host_takes_no_changed_message() {
    let host = host();
    let server = serve(&host).await;
    let request = |mut raw: Raw| {
        if raw.is_sealed() {
            let at = raw.body.len() - 40;
            raw.body[at] ^= 1;
        }
        raw
    };
    let middle = Middle::start(&server.url(), Hands { request: Box::new(request), ..Hands::default() }).await;
    let answer = send(&transport(&server, middle.url()), IDENTIFY).await.unwrap();
    assert_eq!((answer.status, host.requests()), (400, 0));
}

#[tokio::test]
async fn a_port_with_tls_is_recognised() {
    let server = host().serve("127.0.0.1:0".parse().unwrap()).await.unwrap();
    let url: Url = format!("http://127.0.0.1:{}/wsman", server.url().port().unwrap()).parse().unwrap();
    let mut settings = HttpSettings::new(url);
    settings.credentials = Some(Credentials::new("user", Secret::new("password".into())).unwrap());
    let error = send(&HttpTransport::new(settings).unwrap(), IDENTIFY).await.unwrap_err();
    assert_eq!(error.phase, Phase::NotSent);
    assert!(error.hint.unwrap_or_default().contains("5986"), "{}", error.message);
}
