//! Logging in, once: a doctor must not lock an account.

use super::{
    Patient,
    advice::{self, Advice},
    kerberos::{self, Ticket},
    report::Finding,
};
use crate::{
    cli::{args::Global, config, failure::Failure, login::NOT_DELEGATED, session::Session},
    client::Options,
    error::{Error, ErrorKind},
    transport::{AuthMechanism, HttpSettings, Login},
    wsman::Identity,
};
use std::{
    net::IpAddr,
    sync::{Arc, Mutex, PoisonError},
};

/// The login that the transport tells of.
#[derive(Debug, Clone, Default)]
pub(super) struct Seen(Arc<Mutex<Option<Login>>>);

impl Seen {
    pub(super) fn set(&self, login: &Login) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(login.clone());
    }

    pub(super) fn get(&self) -> Option<Login> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// Whose rights the host looks at.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Account {
    /// As commands on the host take it, where it is known.
    pub(super) name: Option<String>,
    /// Whether it is one of the host itself, whose rights UAC filters.
    pub(super) is_local: bool,
}

impl Account {
    /// As the login told, else as the user said.
    pub(super) fn of(login: Option<&Login>, user: Option<&str>, host: &str) -> Self {
        let told = login.map(|login| (login.mechanism, login.user.as_str()));
        match (told, user) {
            (Some(("kerberos", user)), _) => Self { name: Some(user.to_owned()), is_local: false },
            // Certificates are mapped to accounts of the host alone; which one is not told.
            (Some(("certificate", _)), _) => Self { name: None, is_local: true },
            (Some((_, user)), _) | (None, Some(user)) => {
                Self { name: Some(user.to_owned()), is_local: is_local(user, host) }
            }
            (None, None) => Self { name: None, is_local: false },
        }
    }

    /// For commands.
    pub(super) fn name(&self) -> &str {
        self.name.as_deref().unwrap_or("USER")
    }
}

/// Whether UAC filters the rights of a user of this name: of the host itself, and not its Administrator.
fn is_local(user: &str, host: &str) -> bool {
    let (domain, name) = user.split_once('\\').unwrap_or(("", user));
    let is_administrator = name.eq_ignore_ascii_case("Administrator");
    let is_of_host = match domain {
        "." => true,
        "" => !name.contains('@'),
        domain => is_name_of(domain, host),
    };
    is_of_host && !is_administrator
}

/// Whether a domain is the host itself, by its full name or as NetBIOS has it: 15 characters of the first label.
fn is_name_of(domain: &str, host: &str) -> bool {
    let label = host.split('.').next().unwrap_or_default();
    let short: String = label.chars().take(15).collect();
    let is_address = host.trim_matches(['[', ']']).parse::<IpAddr>().is_ok();
    !is_address && [host, label, &short].iter().any(|name| name.eq_ignore_ascii_case(domain))
}

/// Whether NTLM can be used by this user.
pub(super) fn ntlm(http: &HttpSettings, ticket: Ticket) -> Finding {
    match (http.mechanism, ticket) {
        (AuthMechanism::Negotiate, Ticket::There) => return Finding::skipped("Kerberos is used"),
        (AuthMechanism::Negotiate | AuthMechanism::Ntlm, _) => {}
        _ => return Finding::skipped("`--auth` chooses another mechanism"),
    }
    let Some(credentials) = &http.credentials else {
        return Finding::skipped("it needs a user and a password");
    };
    let user = credentials.user();
    let told = match user.domain() {
        "" => "version 2; no domain: the host looks in its own accounts, then in its domain".to_owned(),
        "." => "version 2; an account of the host itself".to_owned(),
        domain => format!("version 2; an account of `{domain}`"),
    };
    Finding::ok(told).fact("user", user.to_string())
}

/// One attempt. What it gives is who the host is.
pub(super) async fn login(
    patient: &Patient<'_>,
    session: &Session,
    http: &HttpSettings,
    seen: &Seen,
) -> (Finding, Option<Identity>) {
    let global = &patient.settings.global;
    let once =
        session.client.clone().with_options(Options { attempts: 1, ..config::options(patient.settings) });
    let user = global.user.as_deref().unwrap_or_default();
    let (identity, refused) = match once.identify().await {
        Ok(identity) => (identity, None),
        // Whoever is told so has logged in; what the user may do is for the next steps to find out.
        Err(error) if error.fault().is_some() => (Identity::default(), Some(error)),
        Err(error) => {
            let advice = advice(&error, patient, http);
            return (advice.into_iter().fold(Finding::failed(error), Finding::advise), None);
        }
    };
    let login = seen.get();
    let lacks_delegation = http.kerberos.delegate && !login.as_ref().is_some_and(|login| login.delegated);
    let (mechanism, user, why) = match login {
        Some(login) => (login.mechanism, login.user, login.why),
        // It proves each message by itself, and does not tell of a login.
        None => ("basic", user.to_owned(), None),
    };
    let by = if user.is_empty() { mechanism.to_owned() } else { format!("{mechanism} as `{user}`") };
    let mut finding = Finding::ok(by)
        .fact("mechanism", mechanism)
        .fact("user", user)
        .fact("product_version", identity.product_version());
    if let Some(why) = why {
        finding = finding.fact("why", why.as_str()).line(why);
    }
    if !identity.product_version().is_empty() {
        finding = finding.line(format!("{}, {}", identity.product_vendor(), identity.product_version()));
    }
    if let Some(error) = refused {
        finding = finding.line(error.to_string());
    }
    if lacks_delegation {
        finding = finding.line(NOT_DELEGATED).at_most_warning();
    }
    (finding, Some(identity))
}

/// What mends a login: what the transport says of it, which knows how far it came, with commands that go with that.
fn advice(error: &Error, patient: &Patient<'_>, http: &HttpSettings) -> Option<Advice> {
    let said = error.hint();
    match (error.kind(), http.mechanism) {
        // Its error says what the host needs.
        (ErrorKind::Auth, AuthMechanism::Certificate) => None,
        // As does that of a proxy.
        _ if http.proxy.is_some() && said.is_some() => None,
        (ErrorKind::Auth, AuthMechanism::Basic) => Some(advice::basic_refused(said)),
        (ErrorKind::Auth, _) => {
            kerberos::advice(error, http, &patient.settings.prefix).or_else(|| Some(advice::refused(said)))
        }
        (ErrorKind::Protocol, _) => Some(advice::breaks_the_protocol(said)),
        (ErrorKind::Transport, _) => Some(advice::cut(said)),
        (ErrorKind::Timeout, _) => Some(advice::slow(said, &patient.settings.prefix)),
        _ => None,
    }
}

/// A login that cannot even be tried.
pub(super) fn impossible(patient: &Patient<'_>, failure: Failure) -> Finding {
    let Global { user, client_cert, .. } = &patient.settings.global;
    let finding = Finding::failed(failure);
    match (user, client_cert) {
        (None, None) => finding.advise(advice::no_user(&patient.settings.prefix)),
        _ => finding,
    }
}

/// What protects the messages.
pub(super) fn sealing(http: &HttpSettings, seen: &Seen) -> Finding {
    let login = seen.get();
    let sealed = login.as_ref().is_some_and(|login| login.sealed);
    let bound = login.as_ref().is_some_and(|login| login.bound);
    let finding = match (http.url.scheme(), sealed) {
        ("https", _) if bound => Finding::ok("TLS protects the messages, and the login is bound to it"),
        ("https", _) => Finding::ok("TLS protects the messages"),
        (_, true) => Finding::ok("messages are sealed with the keys of the login"),
        (_, false) => Finding::failed(Error::new(
            ErrorKind::Internal,
            "failed to protect the messages: they are neither sealed nor over TLS",
        )),
    };
    finding.fact("sealed", sealed).fact("bound", bound)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn login(mechanism: &'static str, user: &str) -> Login {
        Login { mechanism, user: user.to_owned(), why: None, sealed: true, bound: false, delegated: false }
    }

    fn of(login: Option<&Login>, user: Option<&str>) -> (String, bool) {
        let account = Account::of(login, user, "hv-production-of-berlin.corp.example");
        (account.name().to_owned(), account.is_local)
    }

    #[test]
    fn accounts_of_the_host_are_told_from_those_of_a_domain() {
        for local in [r".\backup", "backup"] {
            assert_eq!(of(Some(&login("ntlm", local)), None), (local.to_owned(), true));
            assert_eq!(of(None, Some(local)), (local.to_owned(), true));
        }
        for local in [r"HV-PRODUCTION-O\backup", r"hv-production-of-berlin\backup"] {
            assert!(of(Some(&login("ntlm", local)), None).1, "{local}");
        }
        assert!(!Account::of(None, Some(r"192\backup"), "192.0.2.7").is_local);
        for other in [
            r"CORP\backup",
            "backup@corp.example",
            r".\Administrator",
            "administrator",
            r"HV-PRODUCTION-O\Administrator",
        ] {
            assert_eq!(of(Some(&login("ntlm", other)), None), (other.to_owned(), false));
        }
    }

    #[test]
    fn it_is_the_login_that_says_whose_rights_are_looked_at() {
        let ticket = login("kerberos", "backup@CORP.EXAMPLE");
        for typed in [None, Some("backup"), Some(r".\admin")] {
            assert_eq!(of(Some(&ticket), typed), ("backup@CORP.EXAMPLE".to_owned(), false));
        }
        let certificate = login("certificate", "the certificate sha256:00");
        assert_eq!(of(Some(&certificate), None), ("USER".to_owned(), true));
        assert_eq!(of(None, None), ("USER".to_owned(), false));
    }
}
