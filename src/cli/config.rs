//! From settings to a way to a host: an endpoint, credentials, trust, options.

use super::{
    args::{Auth, ClassNames, Global},
    client_certificate,
    failure::Failure,
    login::{self, Identity},
    observe::Observe,
    output::Output,
    port::{self, Question, Sign, Way},
    proxy::{Chosen, Proxies},
    session::{Session, TlsMemory},
    settings::Settings,
};
use crate::{
    client::{Client, Options},
    hyperv::HyperV,
    transport::{
        ClientCertificate, HttpSettings, HttpTransport, Known, Proxy, Record, RecordSettings, Replay,
        Transport, Trust, endpoint, knock,
    },
    wsman::Dialect,
};
use std::{fs, path::Path, sync::Arc, time::Duration};
use url::Url;

/// Whether a command logs in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Login {
    /// As the user given.
    User,
    /// Not at all.
    Anonymous,
}

/// Opens the way to the host, or to a recording of one.
///
/// # Errors
/// `Usage` where something is missing; `Config`, `Trust`, `Cassette`, `Io`.
pub(crate) async fn connect(settings: &Settings, output: &Output, login: Login) -> Result<Session, Failure> {
    if let Some(session) = replayed(settings, output)? {
        return Ok(session);
    }
    let global = &settings.global;
    let way = port::way(question(settings, host(settings)?))?;
    let trust = trust(global)?;
    let identity = match login {
        Login::User => Some(Identity::settle(settings).await?),
        Login::Anonymous => None,
    };
    let proxies = Proxies::new(&global.proxy);
    let url = match way {
        Way::Fixed(url) => url,
        Way::Either { tls, sealed } => {
            let (url, told) = match proxies.to(&tls)?.proxy {
                Some(proxy) if proxy.speaks_http() => port::only_tls(tls, &proxy),
                proxy => {
                    let door = knock(&tls, proxy.as_ref(), KNOCK.min(global.connect_timeout)).await;
                    port::choose(tls, sealed, door)
                }
            };
            if url.scheme() == "https" {
                output.note(&told);
            } else {
                output.warning(&told);
            }
            url
        }
    };
    let Chosen { proxy, told } = proxies.to(&url)?;
    if let Some(told) = told {
        output.note(&told);
    }
    let mut http = http(settings, url, proxy, trust);
    if let Some(identity) = identity {
        identity.put(&mut http, output);
    }
    over(settings, output, http)
}

/// A session that a recording answers, if one was named.
///
/// # Errors
/// `Usage` for two opposite wishes; `Config`, `Cassette`, `Io`.
pub(crate) fn replayed(settings: &Settings, output: &Output) -> Result<Option<Session>, Failure> {
    let global = &settings.global;
    let Some(directory) = &global.replay else { return Ok(None) };
    if global.record.is_some() {
        return Err(Failure::usage(
            "--record and --replay exclude each other",
            "record against a host, replay afterwards; look at HVCTL_RECORD and HVCTL_REPLAY too",
        ));
    }
    let replay = Arc::new(Replay::open(directory)?);
    // A cassette answers for any host; the one typed is the one that outputs name.
    let url = global.host.as_deref().map(endpoint).transpose()?.unwrap_or_else(|| replay.url());
    let transport: Arc<dyn Transport> = replay.clone();
    let observed = Observe::new(transport, global.verbose, output.clone(), &known(global, None));
    Ok(Some(session(settings, url, observed, Some(replay), None)))
}

/// A session over HTTP, recorded if that is wished. That TLS has worked gets into the profile of the host.
///
/// # Errors
/// `Config`, `Trust`, `Io`.
pub(crate) fn over(settings: &Settings, output: &Output, mut http: HttpSettings) -> Result<Session, Failure> {
    let global = &settings.global;
    let url = http.url.clone();
    let known = known(global, Some(&http));
    let memory = TlsMemory::of(settings, &url);
    let not_tried = global.host.as_deref().and_then(|host| port::not_tried(question(settings, host)));
    if let Some(memory) = memory.clone() {
        login::listen(&mut http, move |_| memory.note());
    }
    let mut transport: Arc<dyn Transport> = Arc::new(HttpTransport::new(http)?);
    let mut record = None;
    if let Some(directory) = &global.record {
        let about = RecordSettings {
            about: format!("recorded by hvctl {}", env!("CARGO_PKG_VERSION")),
            keep_names: global.keep_names,
            known: known.clone(),
        };
        let recording = Arc::new(Record::start(transport, directory, about)?);
        transport = recording.clone();
        record = Some(recording);
    }
    let observed = Observe::new(transport, global.verbose, output.clone(), &known)
        .remembering(memory.clone())
        .telling(not_tried);
    Ok(session(settings, url, observed, None, record).remembering(memory))
}

fn session(
    settings: &Settings,
    url: Url,
    observed: Observe,
    replay: Option<Arc<Replay>>,
    record: Option<Arc<Record>>,
) -> Session {
    let global = &settings.global;
    let observed = Arc::new(observed);
    let client =
        Client::with_transport(url, Arc::<Observe>::clone(&observed)).with_options(options(settings));
    let hyperv = HyperV::new(client.clone()).with_namespace(&global.namespace);
    let prefix = settings.prefix.clone();
    Session::new(client, hyperv, &observed, replay, record, global.timeout, prefix)
}

/// Options of all calls.
pub(crate) fn options(settings: &Settings) -> Options {
    let global = &settings.global;
    Options {
        operation_timeout: global.operation_timeout,
        request_timeout: global.request_timeout,
        locale: global.locale.clone(),
        dialect: match global.dialect {
            ClassNames::Windows => Dialect::Windows,
            ClassNames::Dmtf => Dialect::Dmtf,
        },
        schema: settings.schema.clone(),
        ..Options::default()
    }
}

/// The host that was typed.
///
/// # Errors
/// `Usage` where there is none.
pub(crate) fn host(settings: &Settings) -> Result<&str, Failure> {
    settings.global.host.as_deref().ok_or_else(|| {
        Failure::usage(
            "no host: neither --host nor --replay is given",
            "name the host with --host NAME, HVCTL_HOST or a profile, or a recording with --replay DIR",
        )
    })
}

/// What decides about the way to a host.
pub(crate) fn question<'a>(settings: &'a Settings, host: &'a str) -> Question<'a> {
    Question { host, policy: settings.global.tls, meant: sign_of_tls(settings) }
}

/// Settings of the transport, without anybody who logs in.
pub(crate) fn http(settings: &Settings, url: Url, proxy: Option<Proxy>, trust: Trust) -> HttpSettings {
    let mut http = HttpSettings::new(url);
    http.proxy = proxy;
    http.trust = trust;
    http.connect_timeout = settings.global.connect_timeout;
    http.auth_preemptive = settings.global.auth_preemptive;
    http
}

/// How long to wait for an answer of the port for TLS before the other one is tried.
pub(crate) const KNOCK: Duration = Duration::from_secs(3);

/// What shows that TLS is meant, so that nothing without it is tried.
pub(crate) fn sign_of_tls(settings: &Settings) -> Option<Sign> {
    let global = &settings.global;
    let auth = client_certificate::auth(settings).ok();
    let used = settings.profile.as_ref().is_some_and(|profile| profile.tls_used);
    [
        (global.fingerprint.is_some(), "a pinned certificate", "give no `fingerprint`"),
        (global.cacert.is_some(), "a CA", "give no `cacert`"),
        (
            auth == Some(Auth::Basic),
            "`--auth basic`",
            "log in by another mechanism: Basic hides no password by itself",
        ),
        (
            auth == Some(Auth::Certificate),
            "a client certificate",
            "log in by a ticket or a password: there is no certificate without TLS",
        ),
        (
            used,
            "a profile that has used TLS before (`tls-used`)",
            "take `tls-used` out of the profile, if the host has no HTTPS listener any more",
        ),
    ]
    .into_iter()
    .find_map(|(is_there, what, undo)| is_there.then_some(Sign { what, undo }))
}

/// What the certificate is measured by.
///
/// # Errors
/// `Config` for a fingerprint that is none, `Io` for a CA file that cannot be read.
pub(crate) fn trust(global: &Global) -> Result<Trust, Failure> {
    let mut trust = Trust::default();
    if let Some(fingerprint) = &global.fingerprint {
        trust.fingerprint = Some(fingerprint.parse()?);
    }
    if let Some(path) = &global.cacert {
        trust.ca_pem = Some(read(path)?);
    }
    Ok(trust)
}

/// Reads a local file.
///
/// # Errors
/// `Io`, naming the file.
pub(crate) fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    fs::read(path).map_err(|error| Failure::io(format!("failed to read `{}`", path.display()), error))
}

/// What must not reach a recording or a trace.
fn known(global: &Global, http: Option<&HttpSettings>) -> Vec<Known> {
    let mut known = Vec::new();
    if let Some(http) = http {
        known.extend(http.proxy.iter().map(|proxy| Known::Host(proxy.host())));
        known.extend(http.certificate.iter().flat_map(ClientCertificate::names).map(Known::User));
    }
    if let Some(host) = &global.host {
        known.push(Known::Host(host.clone()));
        if let Some(name) = endpoint(host).ok().as_ref().and_then(Url::host_str) {
            known.push(Known::Host(name.to_owned()));
        }
    }
    for user in [&global.user, &global.principal].into_iter().flatten() {
        match user.split_once('\\') {
            Some((domain, name)) => {
                if domain != "." {
                    known.push(Known::Domain(domain.to_owned()));
                }
                known.push(Known::User(name.to_owned()));
            }
            None => known.push(Known::User(user.clone())),
        }
    }
    known.extend(global.realm.iter().cloned().map(Known::Domain));
    known.extend(global.spn_host.iter().cloned().map(Known::Host));
    known
}
