//! Sealed messages to and from pyspnego, over plain HTTP and over HTTPS.

use crate::rig::Rig;
use hyperv_wsman::transport::{
    Answer, Credentials, Exchange, Fingerprint, HttpSettings, HttpTransport, Phase, Secret, Transport as _,
    TransportError, TransportErrorKind, Trust, endpoint,
};
use rustls_pki_types::{CertificateDer, pem::PemObject as _};
use sha2::{Digest as _, Sha256};
use tokio::time::{Duration, Instant};

const RIGHT: &str = "Passw0rd!";
const WRONG: &str = "passw0rd!";

/// Where messages go to, and that they are sealed there.
fn settings(rig: &Rig, listener: &str, password: &str) -> HttpSettings {
    let scheme = if listener == "PLAIN" { "http" } else { "https" };
    let url = endpoint(&format!("{scheme}://localhost:{}", rig.port(listener))).unwrap();
    let mut settings = HttpSettings::new(url);
    settings.credentials = Some(Credentials::new(r"TEST\alice", Secret::new(password.to_owned())).unwrap());
    if scheme == "https" {
        let certificate = CertificateDer::from_pem_slice(&rig.read("rsa-sha256.crt")).unwrap();
        settings.trust = Trust::pinned(Fingerprint::of(&certificate));
        settings.always_seal = true;
    }
    settings
}

fn transport(rig: &Rig, listener: &str, password: &str) -> HttpTransport {
    HttpTransport::new(settings(rig, listener, password)).unwrap()
}

async fn send(transport: &HttpTransport, body: &str) -> Result<Answer, TransportError> {
    let exchange = Exchange {
        body: body.to_owned().into(),
        name: "Identify".into(),
        changes_host: true,
        anonymous: false,
        lane: 0,
        deadline: Some(Instant::now() + Duration::from_secs(30)),
    };
    transport.exchange(exchange).await
}

/// Sends a message and checks that the peer got it as it was, sealed.
async fn exchange(transport: &HttpTransport, body: &str) -> Answer {
    let answer = send(transport, body).await.unwrap_or_else(|error| panic!("{error} {:?}", error.source));
    let text = String::from_utf8_lossy(&answer.body);
    // Of the digest, half: enough, and a number.
    let digest = Sha256::digest(body);
    let digest = format!("{:032x}", u128::from_be_bytes(*digest.first_chunk().unwrap()));
    for expected in [r"user=TEST\alice", "sealed=True", &format!("length={}", body.len()), &digest] {
        assert!(text.contains(expected), "expected {expected}: {text}");
    }
    assert!(answer.peer.sealed && text.ends_with("</answer>"));
    answer
}

#[tokio::test]
async fn an_independent_acceptor_reads_what_we_seal_and_we_what_it_does() {
    let Some(rig) = Rig::find() else { return };
    for (listener, binding) in [
        ("PLAIN", "binding=-"),
        ("DIRECT_NONE", "binding=-"),
        ("DIRECT_RELAXED", "binding=right"),
        ("DIRECT_STRICT", "binding=right"),
    ] {
        let transport = transport(&rig, listener, RIGHT);
        for _ in 0..3 {
            let answer = exchange(&transport, "<message/>").await;
            assert!(String::from_utf8_lossy(&answer.body).contains(binding), "{listener}");
            assert_eq!((answer.status, answer.peer.handshakes), (200, 1), "{listener}");
            assert_eq!(answer.peer.verified_tls, listener != "PLAIN");
        }
    }
}

#[tokio::test]
async fn long_messages_pass_both_ways() {
    let Some(rig) = Rig::find() else { return };
    for listener in ["PLAIN", "DIRECT_STRICT"] {
        let transport = transport(&rig, listener, RIGHT);
        for (request, answer) in [(50_000, 40_000), (1, 1_000_000), (400_000, 1)] {
            let body = format!("PAD={answer} {}", "x".repeat(request));
            assert!(exchange(&transport, &body).await.body.len() > answer, "{listener}");
        }
    }
}

#[tokio::test]
async fn faults_come_sealed_with_status_500() {
    let Some(rig) = Rig::find() else { return };
    let transport = transport(&rig, "PLAIN", RIGHT);
    for _ in 0..2 {
        assert_eq!(exchange(&transport, "FAULT").await.status, 500);
    }
}

#[tokio::test]
async fn answers_are_read_as_other_servers_write_them() {
    let Some(rig) = Rig::find() else { return };
    let transport = transport(&rig, "PLAIN", RIGHT);
    for body in ["SPACED", "BARE", "SPACED BARE"] {
        assert_eq!(exchange(&transport, body).await.status, 200, "{body}");
    }
}

#[tokio::test]
async fn who_should_not_be_let_in_is_not() {
    let Some(rig) = Rig::find() else { return };
    for (listener, password) in [
        ("PLAIN", WRONG),
        ("DIRECT_NONE", WRONG),
        ("DIRECT_STRICT", WRONG),
        ("INTERCEPTED_RELAXED", RIGHT),
        ("INTERCEPTED_STRICT", RIGHT),
    ] {
        let error = send(&transport(&rig, listener, password), "<message/>").await.unwrap_err();
        assert_eq!((error.kind, error.phase), (TransportErrorKind::Auth, Phase::NotSent), "{listener}");
    }
}
