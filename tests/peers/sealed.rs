//! What sealed messages look like in both directions: long ones, faults, and as other servers write them.
//! Who can send them at all, the matrix tells.

use crate::{
    rig::Rig,
    way::{ALICE, PRINCIPAL, RIGHT, chain, send, settings, text, transport, with_login},
};
use hyperv_wsman::transport::{Answer, AuthMechanism, HttpTransport, Phase, TransportErrorKind};
use sha2::{Digest as _, Sha256};

/// Every pair of a scheme and a library that unseals.
const PEERS: [(&str, &str, AuthMechanism); 7] = [
    ("NTLM", "pyspnego", AuthMechanism::Ntlm),
    ("Negotiate", "pyspnego", AuthMechanism::Ntlm),
    ("Kerberos", "pyspnego", AuthMechanism::Kerberos),
    ("Negotiate", "pyspnego", AuthMechanism::Kerberos),
    ("Negotiate", "gss-ntlmssp", AuthMechanism::Ntlm),
    ("Kerberos", "mit", AuthMechanism::Kerberos),
    ("Negotiate", "mit", AuthMechanism::Kerberos),
];

/// A transport that seals, for each of them.
fn sealing(rig: &Rig, listener: &str) -> Vec<(String, HttpTransport)> {
    let one = |(scheme, by, mechanism): (&str, &str, AuthMechanism)| {
        let mut settings = settings(rig, listener, &format!("/wsman?offer={scheme}&by={by}"));
        settings.always_seal = true;
        let user = if mechanism == AuthMechanism::Ntlm { ALICE } else { PRINCIPAL };
        (format!("{scheme} by {by} at {listener}"), transport(with_login(settings, mechanism, user, RIGHT)))
    };
    PEERS.into_iter().map(one).collect()
}

/// Sends a message and checks that the peer got it as it was, sealed.
async fn exchange(name: &str, transport: &HttpTransport, body: &str) -> Answer {
    let answer = send(transport, body).await;
    let answer = answer.unwrap_or_else(|error| panic!("{name}: {error} {:?}", error.source));
    let said = text(&answer);
    // Of the digest, half: enough, and a number.
    let digest = Sha256::digest(body);
    let digest = format!("{:032x}", u128::from_be_bytes(*digest.first_chunk().unwrap()));
    for expected in ["sealed=True", &format!("length={}", body.len()), &digest] {
        assert!(said.contains(expected), "{name}: expected {expected}: {}", &said[..said.len().min(400)]);
    }
    assert!(answer.peer.sealed && said.ends_with("</answer>"), "{name}");
    answer
}

#[tokio::test]
async fn long_messages_pass_both_ways() {
    let Some(rig) = Rig::find() else { return };
    for listener in ["PLAIN", "DIRECT_STRICT"] {
        for (name, transport) in sealing(&rig, listener) {
            for (request, answer) in [(50_000, 40_000), (1, 1_000_000), (400_000, 1), (1_000_000, 400_000)] {
                let body = format!("PAD={answer} {}", "x".repeat(request));
                assert!(exchange(&name, &transport, &body).await.body.len() > answer, "{name}");
            }
        }
    }
}

#[tokio::test]
async fn many_messages_pass_over_one_login() {
    let Some(rig) = Rig::find() else { return };
    for (name, transport) in sealing(&rig, "PLAIN") {
        for _ in 0..20 {
            assert_eq!(exchange(&name, &transport, "<message/>").await.peer.handshakes, 1, "{name}");
        }
    }
}

#[tokio::test]
async fn faults_come_sealed_with_status_500() {
    let Some(rig) = Rig::find() else { return };
    for (name, transport) in sealing(&rig, "PLAIN") {
        for _ in 0..2 {
            assert_eq!(exchange(&name, &transport, "FAULT").await.status, 500, "{name}");
        }
    }
}

#[tokio::test]
async fn answers_are_read_as_other_servers_write_them() {
    let Some(rig) = Rig::find() else { return };
    for (name, transport) in sealing(&rig, "PLAIN") {
        // MIT's library does not rotate: of such a token nothing tells where it ends but the boundary, so
        // that there can be no line end between the two.
        let bodies =
            if name.contains("by mit") { &["SPACED"][..] } else { &["SPACED", "BARE", "SPACED BARE"] };
        for body in bodies {
            assert_eq!(exchange(&name, &transport, body).await.status, 200, "{name}: {body}");
        }
    }
}

#[tokio::test]
async fn answers_that_are_not_what_was_sealed_are_refused_and_end_the_login() {
    let Some(rig) = Rig::find() else { return };
    for body in ["FLIPPED", "SHORT", "MISCOUNTED", "UNENDED", "REPEATED", "UNSEALED"] {
        for (name, transport) in sealing(&rig, "PLAIN") {
            exchange(&name, &transport, "<first/>").await;
            let error = send(&transport, body).await.unwrap_err();
            let told = chain(&error);
            assert_eq!(
                (error.kind, error.phase),
                (TransportErrorKind::Protocol, Phase::MaybeSent),
                "{name}: {told}"
            );
            let expected = if body == "UNSEALED" { "expected it sealed by " } else { "failed to unseal" };
            assert!(told.contains(expected), "{name}, {body}: {told}");
            // Nothing more goes over that connection.
            assert_eq!(exchange(&name, &transport, "<second/>").await.peer.handshakes, 2, "{name}, {body}");
        }
    }
}
