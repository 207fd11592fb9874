//! From what was typed to what is valid: an endpoint, credentials, trust, options.

use super::{
    args::{Auth, Global},
    failure::Failure,
    output::Output,
    password,
    session::Session,
    shell,
};
use crate::{
    client::{Client, Options},
    error::Error,
    hyperv::HyperV,
    transport::{
        AuthMechanism, Credentials, HttpSettings, HttpTransport, Known, Record, RecordSettings, Replay,
        Transport, Trust, endpoint,
    },
};
use clap::{ArgMatches, parser::ValueSource};
use std::{fs, path::Path, sync::Arc};
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
pub(crate) fn connect(
    global: &Global,
    prefix: &str,
    output: &Output,
    login: Login,
) -> Result<Session, Failure> {
    if global.record.is_some() && global.replay.is_some() {
        return Err(Failure::usage(
            "--record and --replay exclude each other",
            "record against a host, replay afterwards; look at HVCTL_RECORD and HVCTL_REPLAY too",
        ));
    }
    let (url, transport, replay, record) = if let Some(directory) = &global.replay {
        let replay = Arc::new(Replay::open(directory)?);
        let transport: Arc<dyn Transport> = replay.clone();
        // A cassette answers for any host; the one typed is the one that outputs name.
        let url = global.host.as_deref().map(endpoint).transpose()?.unwrap_or_else(|| replay.url());
        (url, transport, Some(replay), None)
    } else {
        let (url, transport, record) = live(global, login)?;
        (url, transport, None, record)
    };
    let observed = super::observe::Observe::new(transport, global.verbose, output.clone(), &known(global));
    let flight = observed.flight();
    let options = Options {
        operation_timeout: global.operation_timeout,
        request_timeout: global.request_timeout,
        ..Options::default()
    };
    let client = Client::with_transport(url, Arc::new(observed)).with_options(options);
    let hyperv = HyperV::new(client.clone()).with_namespace(&global.namespace);
    Ok(Session::new(client, hyperv, flight, replay, record, global.timeout, prefix.to_owned()))
}

type Live = (Url, Arc<dyn Transport>, Option<Arc<Record>>);

fn live(global: &Global, login: Login) -> Result<Live, Failure> {
    let Some(host) = &global.host else {
        return Err(Failure::usage(
            "no host: neither --host nor --replay is given",
            "name the host with --host NAME or HVCTL_HOST, or a recording with --replay DIR",
        ));
    };
    let url = endpoint(host)?;
    let mut settings = HttpSettings::new(url.clone());
    settings.trust = trust(global)?;
    settings.connect_timeout = global.connect_timeout;
    settings.mechanism = match global.auth {
        Auth::Ntlm => AuthMechanism::Ntlm,
        Auth::Basic => AuthMechanism::Basic,
    };
    if login == Login::User {
        settings.credentials = Some(credentials(global)?);
    }
    let transport: Arc<dyn Transport> = Arc::new(HttpTransport::new(settings)?);
    let Some(directory) = &global.record else { return Ok((url, transport, None)) };
    let settings = RecordSettings {
        about: format!("recorded by hvctl {}", env!("CARGO_PKG_VERSION")),
        keep_names: global.keep_names,
        known: known(global),
    };
    let record = Arc::new(Record::start(transport, directory, settings)?);
    Ok((url, record.clone(), Some(record)))
}

fn trust(global: &Global) -> Result<Trust, Failure> {
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

fn credentials(global: &Global) -> Result<Credentials, Failure> {
    let Some(user) = &global.user else {
        return Err(Failure::usage(
            "no user: --user is not given",
            "give it with --user 'DOMAIN\\user' or HVCTL_USER; only `identify --anonymous` works without",
        ));
    };
    let password = password::obtain(global, user)?;
    Ok(Credentials::new(user, password).map_err(Error::from)?)
}

/// What must not reach a recording or a trace.
fn known(global: &Global) -> Vec<Known> {
    let mut known = Vec::new();
    if let Some(host) = &global.host {
        known.push(Known::Host(host.clone()));
        if let Some(name) = endpoint(host).ok().as_ref().and_then(Url::host_str) {
            known.push(Known::Host(name.to_owned()));
        }
    }
    if let Some(user) = &global.user {
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
    known
}

/// The beginning of a command line that talks to the same host: `hvctl` and what was typed of the connection.
/// What came from the environment is still there for the next command.
pub(crate) fn command_prefix(matches: &ArgMatches) -> String {
    let mut words = vec!["hvctl".to_owned()];
    for option in ["host", "user", "auth", "namespace", "cacert", "fingerprint", "password_command"] {
        if matches.value_source(option) != Some(ValueSource::CommandLine) {
            continue;
        }
        let Some(value) = matches.get_raw(option).and_then(|mut values| values.next_back()) else { continue };
        words.push(format!("--{}", option.replace('_', "-")));
        words.push(shell::word(&value.to_string_lossy()));
    }
    words.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::args::grammar;

    #[test]
    fn the_next_command_repeats_what_was_typed_and_quotes_it() {
        let matches = grammar().get_matches_from([
            "hvctl",
            "job",
            "list",
            "--host",
            "hv1",
            "--user",
            "CORP\\backup user",
            "--output",
            "json",
        ]);
        assert_eq!(command_prefix(&matches), "hvctl --host hv1 --user 'CORP\\backup user'");
    }
}
