//! The crate's NTLM against pyspnego (Python) and against gss-ntlmssp (C, behind Apache), over HTTPS.

use crate::rig::Rig;
use hyperv_wsman::transport::{
    AuthMechanism, Credentials, Exchange, Fingerprint, HttpSettings, HttpTransport, Phase, Secret,
    Transport as _, TransportError, TransportErrorKind, Trust, endpoint,
};
use rustls_pki_types::{CertificateDer, pem::PemObject as _};
use tokio::time::{Duration, Instant};

const RIGHT: &str = "Passw0rd!";
const WRONG: &str = "passw0rd!";

/// A cell of the matrix of what peers can be asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Cell {
    peer: &'static str,
    binding: &'static str,
    /// Whether something between us and the peer shows a certificate of its own.
    intercepted: bool,
    password: &'static str,
}

/// What no rig can have: Apache's `mod_auth_gssapi` gives `gss-ntlmssp` no channel bindings to check,
/// so it has neither a policy for them nor anything to notice an interception by.
fn cannot_exist(cell: Cell) -> bool {
    cell.peer == "gss-ntlmssp" && (cell.binding != "none" || cell.intercepted)
}

/// Who must be let in: with the right password, unless the binding is looked at and is that of another
/// certificate.
fn accepted(cell: Cell) -> bool {
    cell.password == RIGHT && !(cell.intercepted && cell.binding != "none")
}

fn cells() -> Vec<Cell> {
    let mut cells = Vec::new();
    for peer in ["pyspnego", "gss-ntlmssp"] {
        for binding in ["none", "relaxed", "strict"] {
            for intercepted in [false, true] {
                for password in [RIGHT, WRONG] {
                    cells.push(Cell { peer, binding, intercepted, password });
                }
            }
        }
    }
    cells
}

fn transport(
    port: u16,
    certificate: &[u8],
    mechanism: AuthMechanism,
    user: &str,
    password: &str,
) -> HttpTransport {
    let certificate = CertificateDer::from_pem_slice(certificate).unwrap();
    let mut settings = HttpSettings::new(endpoint(&format!("localhost:{port}")).unwrap());
    settings.credentials = Some(Credentials::new(user, Secret::new(password.to_owned())).unwrap());
    settings.mechanism = mechanism;
    settings.trust = Trust::pinned(Fingerprint::of(&certificate));
    HttpTransport::new(settings).unwrap()
}

/// Body of the answer to a message of 11 bytes.
async fn ask(transport: &HttpTransport) -> Result<String, TransportError> {
    let exchange = Exchange {
        body: "<message/>\n".into(),
        name: "Identify".into(),
        changes_host: false,
        anonymous: false,
        lane: 0,
        deadline: Some(Instant::now() + Duration::from_secs(30)),
    };
    let answer = transport.exchange(exchange).await?;
    assert_eq!(answer.status, 200);
    Ok(String::from_utf8(answer.body.to_vec()).unwrap())
}

fn assert_refused(answer: Result<String, TransportError>, what: &str) {
    let error = answer.expect_err(what);
    assert_eq!((error.kind, error.phase), (TransportErrorKind::Auth, Phase::NotSent), "{what}: {error}");
}

#[tokio::test]
async fn independent_acceptors_let_in_whom_they_should_and_nobody_else() {
    let Some(rig) = Rig::find() else { return };
    let (possible, impossible): (Vec<_>, Vec<_>) = cells().into_iter().partition(|cell| !cannot_exist(*cell));
    assert_eq!((possible.len(), impossible.len()), (14, 10));
    let certificate = rig.read("rsa-sha256.crt");
    for cell in possible {
        let listener = match (cell.peer, cell.intercepted) {
            ("pyspnego", false) => format!("DIRECT_{}", cell.binding.to_uppercase()),
            ("pyspnego", true) => format!("INTERCEPTED_{}", cell.binding.to_uppercase()),
            _ => "APACHE".to_owned(),
        };
        let transport =
            transport(rig.port(&listener), &certificate, AuthMechanism::Ntlm, r"TEST\alice", cell.password);
        let answer = ask(&transport).await;
        if !accepted(cell) {
            assert_refused(answer, &format!("{cell:?}"));
            continue;
        }
        let answer = answer.unwrap_or_else(|error| panic!("{cell:?}: {error} {:?}", error.source));
        assert!(answer.contains(r"user=TEST\alice"), "{cell:?}: {answer}");
        assert!(answer.contains("length=11"), "{cell:?}: {answer}");
        if cell.peer == "pyspnego" && cell.binding != "none" {
            assert!(answer.contains("binding=right"), "{cell:?}: {answer}");
        }
        // The login holds for what follows on the connection.
        assert_eq!(ask(&transport).await.unwrap(), answer);
    }
}

#[tokio::test]
async fn the_binding_is_right_for_every_kind_of_certificate() {
    let Some(rig) = Rig::find() else { return };
    let listeners = rig.listeners("CERTIFICATE_");
    assert_eq!(listeners.len(), 8);
    for listener in listeners {
        let name = listener.trim_start_matches("CERTIFICATE_").to_lowercase().replace('_', "-");
        let certificate = rig.read(&format!("{name}.crt"));
        let transport =
            transport(rig.port(listener), &certificate, AuthMechanism::Ntlm, r"TEST\alice", RIGHT);
        let answer =
            ask(&transport).await.unwrap_or_else(|error| panic!("{name}: {error} {:?}", error.source));
        assert!(answer.contains("binding=right"), "{name}: {answer}");
    }
}

#[tokio::test]
async fn names_are_taken_in_any_case() {
    let Some(rig) = Rig::find() else { return };
    let certificate = rig.read("rsa-sha256.crt");
    for user in [r"TEST\ALICE", r"TEST\Alice"] {
        let transport = transport(rig.port("DIRECT_STRICT"), &certificate, AuthMechanism::Ntlm, user, RIGHT);
        ask(&transport).await.unwrap_or_else(|error| panic!("{user}: {error} {:?}", error.source));
    }
}

#[tokio::test]
async fn basic_is_understood_too() {
    let Some(rig) = Rig::find() else { return };
    let certificate = rig.read("rsa-sha256.crt");
    let port = rig.port("DIRECT_NONE");
    let basic = |password| transport(port, &certificate, AuthMechanism::Basic, r"TEST\alice", password);
    assert!(ask(&basic(RIGHT)).await.unwrap().contains(r"user=TEST\alice scheme=Basic"));
    assert_refused(ask(&basic(WRONG)).await, "Basic");
}
