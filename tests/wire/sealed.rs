//! Plain HTTP: what leaves is sealed, and of what comes only what is sealed is believed.

use crate::{
    client::{carried, message},
    middle::{Hands, Middle, Passed, Raw},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use hyperv_wsman::{
    Client,
    hyperv::{CreateSettings, HyperV},
    sim::{Host, PlainServer, Settings},
    transport::{
        Answer, AuthMechanism, Credentials, Exchange, Fingerprint, HttpSettings, HttpTransport, Phase,
        Secret, Transport as _, TransportError, TransportErrorKind, Trust,
    },
};
use insta::assert_snapshot;
use rustls::pki_types::{CertificateDer, pem::PemObject as _};
use std::sync::Arc;
use url::Url;

pub(crate) const IDENTIFY: &str = "<s:Envelope xmlns:s=\"http://www.w3.org/2003/05/soap-envelope\"><s:Body>\
    <i:Identify xmlns:i=\"http://schemas.dmtf.org/wbem/wsman/identity/1/wsmanidentity.xsd\"/></s:Body></s:Envelope>";
pub(crate) const SOAP: &str = "Content-Type: application/soap+xml;charset=UTF-8\r\n";

pub(crate) fn host() -> Host {
    let mut settings = Settings::default();
    settings.time_scale = Some(0.0);
    Host::new(settings)
}

pub(crate) async fn serve(host: &Host) -> PlainServer {
    host.serve_plain("127.0.0.1:0".parse().unwrap()).await.unwrap()
}

fn settings(server: &PlainServer, url: Url) -> HttpSettings {
    let mut settings = HttpSettings::new(url);
    let password = Secret::new(server.password().to_owned());
    settings.credentials = Some(Credentials::new(server.user(), password).unwrap());
    carried(settings)
}

pub(crate) fn transport(server: &PlainServer, url: Url) -> HttpTransport {
    HttpTransport::new(settings(server, url)).unwrap()
}

pub(crate) fn through(server: &PlainServer, proxy: &str) -> HttpTransport {
    let mut settings = settings(server, server.url());
    settings.proxy = Some(proxy.parse().unwrap());
    #[cfg(feature = "reqwest")]
    {
        settings.carrier = hyperv_wsman::transport::HttpCarrier::Hyper;
    }
    HttpTransport::new(settings).unwrap()
}

pub(crate) async fn send(transport: &HttpTransport, body: &'static str) -> Result<Answer, TransportError> {
    transport.exchange(message(body)).await
}

pub(crate) fn cause(error: &TransportError) -> String {
    std::error::Error::source(error).map(ToString::to_string).unwrap_or_default()
}

/// A message of ours through somebody who answers in this way (logins aside), and what came of it.
pub(crate) async fn answered_by(
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
async fn a_hundred_messages_one_after_the_other_take_one_login() {
    let host = host();
    let server = serve(&host).await;
    let middle = Middle::start(&server.url(), Hands::default()).await;
    let transport = transport(&server, middle.url());
    for _ in 0..100 {
        let answer = send(&transport, IDENTIFY).await.unwrap();
        assert!(answer.peer.sealed);
        assert_eq!((answer.status, answer.peer.connection, answer.peer.handshakes), (200, 1, 1));
    }
    // Two legs, then messages alone: nobody logged in again.
    let passed = middle.passed();
    assert_eq!((passed.len(), host.requests()), (102, 100));
    assert_eq!(passed.iter().filter(|passed| passed.request.head.contains("authorization: ")).count(), 2);
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
    let transport = HttpTransport::new(carried(HttpSettings::new(middle.url()))).unwrap();
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
    let answer = send(&HttpTransport::new(carried(settings)).unwrap(), IDENTIFY).await.unwrap();
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
    let error = send(&HttpTransport::new(carried(settings)).unwrap(), IDENTIFY).await.unwrap_err();
    assert_eq!(error.phase, Phase::NotSent);
    assert!(error.hint.unwrap_or_default().contains("5986"), "{}", error.message);
}
