//! Our side: transports to the rig's listeners, and messages over them.

use crate::rig::Rig;
use hyperv_wsman::transport::{
    Answer, AuthMechanism, Credentials, Exchange, Fingerprint, HttpSettings, HttpTransport, Secret,
    Transport as _, TransportError, Trust, endpoint,
};
use rustls_pki_types::{CertificateDer, pem::PemObject as _};
use tokio::time::{Duration, Instant};

pub(crate) const RIGHT: &str = "Passw0rd!";
pub(crate) const WRONG: &str = "passw0rd!";
/// Whom NTLM knows.
pub(crate) const ALICE: &str = r"TEST\alice";
/// Whom the KDC knows.
pub(crate) const PRINCIPAL: &str = "alice@TEST.LOCAL";

/// A part of the query by which the counts of a test, and of its run, are told from others.
pub(crate) fn case(name: &str) -> String {
    let name: String = name.chars().map(|c| if c.is_alphanumeric() { c } else { '-' }).collect();
    format!("case={name}-{}", std::process::id())
}

/// Settings for a listener, with nobody to log in as; `target` is path and query. Those that are not
/// for plain HTTP show one certificate, unless they are there to show all kinds.
pub(crate) fn settings(rig: &Rig, listener: &str, target: &str) -> HttpSettings {
    let scheme = if listener.ends_with("PLAIN") { "http" } else { "https" };
    let url = endpoint(&format!("{scheme}://localhost:{}{target}", rig.port(listener))).unwrap();
    let mut settings = HttpSettings::new(url);
    if scheme == "https" {
        let name = listener.strip_prefix("CERTIFICATE_").unwrap_or("RSA_SHA256");
        let file = format!("{}.crt", name.to_lowercase().replace('_', "-"));
        let certificate = CertificateDer::from_pem_slice(&rig.read(&file)).unwrap();
        settings.trust = Trust::pinned(Fingerprint::of(&certificate));
    }
    settings
}

/// As this user, by this mechanism.
pub(crate) fn with_login(
    mut settings: HttpSettings,
    mechanism: AuthMechanism,
    user: &str,
    password: &str,
) -> HttpSettings {
    settings.mechanism = mechanism;
    settings.credentials = Some(Credentials::new(user, Secret::new(password.to_owned())).unwrap());
    settings
}

pub(crate) fn transport(settings: HttpSettings) -> HttpTransport {
    HttpTransport::new(settings).unwrap()
}

/// Sends a message that changes the host, so that nothing is sent twice in silence.
pub(crate) async fn send(transport: &HttpTransport, body: &str) -> Result<Answer, TransportError> {
    let exchange = Exchange {
        body: body.to_owned().into(),
        name: "Invoke".into(),
        changes_host: true,
        anonymous: false,
        lane: 0,
        deadline: Some(Instant::now() + Duration::from_secs(60)),
    };
    transport.exchange(exchange).await
}

/// What the peer says of a message, and of who sent it.
pub(crate) fn text(answer: &Answer) -> String {
    String::from_utf8(answer.body.to_vec()).unwrap()
}

/// An error and its causes in one line.
pub(crate) fn chain(error: &TransportError) -> String {
    let mut chain = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        chain = format!("{chain}: {error}");
        cause = error.source();
    }
    chain
}

/// All that is told of an error, without what differs from run to run.
pub(crate) fn shown(error: &TransportError, rig: &Rig, listener: &str) -> String {
    let mut shown = format!("{:?} {:?}: {}", error.kind, error.phase, chain(error));
    if let Some(hint) = &error.hint {
        shown = format!("{shown}\n  hint: {hint}");
    }
    assert!(!shown.contains(RIGHT) && !shown.contains(WRONG), "{shown}");
    shown.replace(&rig.port(listener).to_string(), "PORT").replace(rig.folder().to_str().unwrap(), "RIG")
}
