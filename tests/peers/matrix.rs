//! Every login over every way to every peer that is not ours, one line printed for each.

use crate::{
    cells::{self, Binding, Cell, Expected, Login, Peer, Proof, Way},
    rig::{Counts, Rig},
    way::{ALICE, PRINCIPAL, RIGHT, WRONG, send, settings, text, transport, with_login},
};
use hyperv_wsman::transport::{
    Answer, AuthMechanism, HttpSettings, HttpTransport, Phase, TransportError, TransportErrorKind,
};
use sha2::{Digest as _, Sha256};
use std::fmt::Write as _;

const MESSAGE: &str = "<message/>";

#[tokio::test]
async fn every_login_over_every_way_ends_as_it_should() {
    let Some(rig) = Rig::find() else { return };
    let mut table = String::from(
        "\npeer        | login             | way          | binding | credentials        | outcome\n",
    );
    let (mut passed, mut impossible, mut failed) = (0, 0, 0);
    for cell in cells::all() {
        let outcome = match cell.impossible() {
            Some(reason) => {
                impossible += 1;
                format!("cannot exist: {reason}")
            }
            None => match run(&rig, cell, None).await {
                Ok(outcome) => {
                    passed += 1;
                    outcome.to_owned()
                }
                Err(what) => {
                    failed += 1;
                    format!("FAILED: {what}")
                }
            },
        };
        writeln!(table, "{cell} | {outcome}").unwrap();
    }
    writeln!(table, "{passed} as they should, {failed} failed, {impossible} cannot exist").unwrap();
    rig.print("logins", &table);
    assert_eq!((passed, failed, impossible), (PASSED, 0, IMPOSSIBLE));
}

/// Of 342 cells.
const PASSED: i32 = 209;
const IMPOSSIBLE: i32 = 133;

/// What becomes of a login and a message, straight or through a proxy of this name and URL.
pub(crate) async fn run(rig: &Rig, cell: Cell, proxy: Option<(&str, &str)>) -> Result<&'static str, String> {
    let target = match proxy {
        Some((name, _)) => cell.target().replace("case=", &format!("case={name}-")),
        None => cell.target(),
    };
    let mut settings = cell_settings(rig, cell, &target);
    settings.proxy = proxy.map(|(_, url)| url.parse().unwrap());
    let transport = transport(settings);
    let answer = send(&transport, MESSAGE).await;
    let counts = rig.counts(&target.replace("/kerberos/", "/"));
    match (cell.expected(), answer) {
        (Expected::LetIn, Ok(answer)) => let_in(cell, &transport, &answer, counts).await,
        (Expected::Refused, Err(error)) => refused(cell, &error, counts),
        (Expected::Disbelieved, Err(error)) => disbelieved(&error, counts),
        (expected, Ok(answer)) => Err(format!("expected {expected:?}: {}", text(&answer))),
        (expected, Err(error)) => Err(format!("expected {expected:?}: {error} {:?}", error.source)),
    }
}

fn cell_settings(rig: &Rig, cell: Cell, target: &str) -> HttpSettings {
    let mut settings = settings(rig, &cell.listener(), target);
    settings.always_seal = cell.way == Way::HttpsSealed;
    let (mechanism, user) = match cell.login {
        Login::NtlmRaw | Login::NtlmInNegotiate => (AuthMechanism::Ntlm, ALICE),
        Login::Kerberos => (AuthMechanism::Kerberos, PRINCIPAL),
        Login::Spnego => (AuthMechanism::Negotiate, PRINCIPAL),
    };
    if cell.proof == Proof::WrongTicket {
        settings.kerberos.host = Some("rekeyed.test.local".to_owned());
    }
    with_login(settings, mechanism, user, if cell.proof == Proof::WrongPassword { WRONG } else { RIGHT })
}

/// The peer knows who came and how, got what was sent, and goes on without another login.
async fn let_in(
    cell: Cell,
    transport: &HttpTransport,
    answer: &Answer,
    counts: Counts,
) -> Result<&'static str, String> {
    let said = text(answer);
    let is_sealed = cell.way != Way::HttpsPlain;
    let mut expected = vec![format!("user={}", if cell.is_kerberos() { PRINCIPAL } else { ALICE })];
    if cell.peer == Peer::Apache {
        expected.push(format!("scheme={} length={}", cell.scheme(), MESSAGE.len()));
    } else {
        let binding = if cell.binding == Binding::None { "-" } else { "right" };
        let sealed = if is_sealed { "True" } else { "False" };
        expected.push(format!("scheme={} binding={binding} sealed={sealed}", cell.scheme()));
        // Of the digest, half: enough, and a number.
        let digest = Sha256::digest(MESSAGE);
        expected.push(format!("sha256={:032x}", u128::from_be_bytes(*digest.first_chunk().unwrap())));
    }
    if let Some(missing) = expected.iter().find(|part| !said.contains(*part)) {
        return Err(format!("expected `{missing}`: {said}"));
    }
    let mechanism = if cell.is_kerberos() { "kerberos" } else { "ntlm" };
    let peer = &answer.peer;
    if (peer.mechanism.as_str(), peer.sealed, peer.handshakes) != (mechanism, is_sealed, 1) {
        return Err(format!("{peer:?}"));
    }
    // Apache keeps the logins from the backend, which is who counts.
    let (kerberos, ntlm) = match (cell.peer, cell.is_kerberos()) {
        (Peer::Apache, _) => (0, 0),
        (_, true) => (1, 0),
        (_, false) => (0, 1),
    };
    if (counts.kerberos, counts.ntlm, counts.messages) != (kerberos, ntlm, 1) {
        return Err(format!("{counts:?}"));
    }
    match send(transport, MESSAGE).await {
        Ok(second) if second.peer.handshakes == 1 && text(&second) == said => Ok("let in"),
        other => Err(format!("the second message: {other:?}")),
    }
}

/// By the KDC, who saw the wrong password first, or by the peer; nobody got a message.
fn refused(cell: Cell, error: &TransportError, counts: Counts) -> Result<&'static str, String> {
    if (error.kind, error.phase) != (TransportErrorKind::Auth, Phase::NotSent) {
        return Err(format!("{error} {:?}", error.source));
    }
    let by_kdc = cell.is_kerberos() && cell.proof == Proof::WrongPassword;
    let proofs = usize::from(!by_kdc && cell.peer != Peer::Apache);
    if (counts.kerberos + counts.ntlm, counts.messages) != (proofs, 0) {
        return Err(format!("{counts:?}"));
    }
    Ok(if by_kdc { "refused by the KDC" } else { "refused" })
}

fn disbelieved(error: &TransportError, counts: Counts) -> Result<&'static str, String> {
    let is_it = (error.kind, error.phase) == (TransportErrorKind::Protocol, Phase::MaybeSent)
        && error.message.contains("expected it sealed by ")
        && error.message.ends_with(", got HTTP 200 unsealed");
    if !is_it || counts.messages != 1 {
        return Err(format!("{error} {:?} {counts:?}", error.source));
    }
    Ok("let in, its unsealed answer not believed")
}
