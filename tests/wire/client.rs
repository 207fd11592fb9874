//! Our side: transports and exchanges as the tests need them.

use crate::server::Server;
use hyperv_wsman::transport::{
    Answer, AuthMechanism, Credentials, Exchange, Fingerprint, HttpSettings, HttpTransport, Secret,
    Transport as _, TransportError, Trust,
};
use std::time::Duration;
use tokio::time::Instant;

pub(crate) const PASSWORD: &str = "correct horse";

/// Settings for a server, with its certificate pinned.
pub(crate) fn settings(server: &Server) -> HttpSettings {
    let url = format!("https://127.0.0.1:{}/wsman", server.address.port());
    let mut settings = HttpSettings::new(url.parse().unwrap());
    settings.credentials = Some(Credentials::new(r"LAB\op", Secret::new(PASSWORD.into())).unwrap());
    settings.trust = Trust::pinned(Fingerprint::of(&server.certificate));
    settings.mechanism = AuthMechanism::Ntlm;
    carried(settings)
}

/// By reqwest, where the run is to be.
pub(crate) fn carried(settings: HttpSettings) -> HttpSettings {
    #[cfg(feature = "reqwest")]
    if std::env::var_os("TEST_BY_REQWEST").is_some() {
        let mut settings = settings;
        settings.carrier = hyperv_wsman::transport::HttpCarrier::Reqwest;
        return settings;
    }
    settings
}

/// With NTLM.
pub(crate) fn transport(server: &Server) -> HttpTransport {
    HttpTransport::new(settings(server)).unwrap()
}

/// With Basic.
pub(crate) fn basic(server: &Server) -> HttpTransport {
    let mut settings = settings(server);
    settings.mechanism = AuthMechanism::Basic;
    HttpTransport::new(settings).unwrap()
}

pub(crate) fn message(body: &'static str) -> Exchange {
    Exchange {
        body: body.into(),
        name: "Invoke".into(),
        changes_host: true,
        anonymous: false,
        lane: 0,
        deadline: None,
    }
}

pub(crate) fn hurried(body: &'static str) -> Exchange {
    Exchange { deadline: Some(Instant::now() + Duration::from_millis(300)), ..message(body) }
}

pub(crate) async fn send(transport: &HttpTransport, body: &'static str) -> Result<Answer, TransportError> {
    transport.exchange(message(body)).await
}

/// The error as `hvctl` shows it, with what varies taken out.
pub(crate) fn shown(error: &TransportError, server: &Server) -> String {
    let mut text = format!("{:?} {:?}: {error}", error.kind, error.phase);
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        text = format!("{text}\n  caused by: {error}");
        cause = error.source();
    }
    if let Some(hint) = &error.hint {
        text = format!("{text}\n  hint: {hint}");
    }
    assert!(!text.contains(PASSWORD), "{text}");
    text.replace(&server.address.port().to_string(), "PORT")
        .replace(&Fingerprint::of(&server.certificate).to_string(), "sha256:OURS")
}
