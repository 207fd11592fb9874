//! What no log may show, whoever writes it and however much is asked for.

use crate::{
    client::{PASSWORD, basic, send, settings, transport},
    proxies::{Protocol, Proxy, Rules},
    sealed,
    server::{Server, logged_in, soap},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use hyperv_wsman::transport::{AuthMechanism, ClientCertificate, HttpTransport};
use std::{
    fmt::{self, Write as _},
    sync::{Arc, Mutex},
};
use tracing::{
    Event, Metadata, Subscriber,
    field::{Field, Visit},
    span,
};

/// Every field of every event and span, of this crate and of those below.
#[derive(Clone, Default)]
struct Everything(Arc<Mutex<String>>);

impl Visit for &Everything {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        writeln!(self.0.lock().unwrap(), "{field}={value:?}").unwrap();
    }
}

impl Subscriber for Everything {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }
    fn new_span(&self, attributes: &span::Attributes<'_>) -> span::Id {
        attributes.record(&mut &*self);
        span::Id::from_u64(1)
    }
    fn record(&self, _: &span::Id, values: &span::Record<'_>) {
        values.record(&mut &*self);
    }
    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}
    fn event(&self, event: &Event<'_>) {
        event.record(&mut &*self);
    }
    fn enter(&self, _: &span::Id) {}
    fn exit(&self, _: &span::Id) {}
}

/// As [`Everything`], for crates that write to `log`.
impl log::Log for Everything {
    fn enabled(&self, _: &log::Metadata<'_>) -> bool {
        true
    }
    fn log(&self, record: &log::Record<'_>) {
        writeln!(self.0.lock().unwrap(), "{}: {}", record.target(), record.args()).unwrap();
    }
    fn flush(&self) {}
}

/// One whose file is encrypted, where this build reads such files.
#[cfg(feature = "pkcs12")]
fn certificate() -> ClientCertificate {
    let password = hyperv_wsman::transport::Secret::new("secret".to_owned());
    ClientCertificate::from_pkcs12(include_bytes!("client/new.p12"), Some(&password)).unwrap()
}

#[cfg(not(feature = "pkcs12"))]
fn certificate() -> ClientCertificate {
    let (certificate, key) = (include_bytes!("client/ec.crt"), include_bytes!("client/ec.key"));
    ClientCertificate::from_pem(certificate, Some(key), None).unwrap()
}

#[tokio::test]
async fn no_level_of_logging_shows_a_password_or_a_token() {
    let everything = Everything::default();
    log::set_boxed_logger(Box::new(everything.clone())).unwrap();
    log::set_max_level(log::LevelFilter::Trace);
    // While there is but one, an event that another test's thread comes upon first is switched off for all threads.
    let _second = tracing::Dispatch::new(everything.clone());
    let _guard = tracing::subscriber::set_default(everything.clone());

    let server = Server::start(logged_in(|_| soap("<answer/>"))).await;
    let ntlm = transport(&server);
    send(&ntlm, "<message/>").await.unwrap();
    let other = Server::start(|_| soap("<answer/>")).await;
    let plain = basic(&other);
    send(&plain, "<message/>").await.unwrap();

    let proxy =
        Proxy::start(Rules { login: Some(("gate", "geheim")), ..Rules::new(Protocol::Connect) }).await;
    let mut through = settings(&server);
    through.proxy = Some(proxy.url("gate:geheim@").parse().unwrap());
    #[cfg(feature = "reqwest")]
    {
        through.carrier = hyperv_wsman::transport::HttpCarrier::Hyper;
    }
    let through = HttpTransport::new(through).unwrap();
    send(&through, "<message/>").await.unwrap();

    let host = sealed::serve(&sealed::host()).await;
    let sealing = sealed::transport(&host, host.url());
    sealed::send(&sealing, sealed::IDENTIFY).await.unwrap();

    // It is shown, if not asked for: what is read from the file is what could get into a log.
    let mut shows = settings(&other);
    shows.credentials = None;
    shows.mechanism = AuthMechanism::Certificate;
    shows.certificate = Some(certificate());
    let shows = HttpTransport::new(shows).unwrap();
    send(&shows, "<message/>").await.unwrap_err();
    let key = include_str!("client/ec.key").lines().nth(1).unwrap();
    let key_bytes = format!("{:?}", &STANDARD.decode(key).unwrap()[40..]);

    let mut logged = everything.0.lock().unwrap().clone();
    assert!(logged.contains("logged in") && logged.contains("connecting to 127.0.0.1"), "{logged}");
    write!(logged, "{ntlm:?} {plain:?} {through:?} {sealing:?} {shows:?}").unwrap();
    let hash = STANDARD.encode(format!(r"LAB\op:{PASSWORD}"));
    let wide: Vec<u8> = PASSWORD.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let gate = STANDARD.encode("gate:geheim");
    let all = [
        "geheim",
        &gate,
        PASSWORD,
        &hash,
        &STANDARD.encode(PASSWORD),
        &STANDARD.encode(wide),
        "TlRMTVNTUA",
        host.password(),
        "\"secret\"",
        key,
        key_bytes.trim_matches(['[', ']']),
    ];
    for secret in all {
        assert!(!logged.contains(secret), "{secret}: {logged}");
    }
}
