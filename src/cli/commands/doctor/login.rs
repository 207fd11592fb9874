//! Logging in, once: a doctor must not lock an account.

use super::{
    Patient, advice,
    kerberos::{self, Ticket},
    report::Finding,
};
use crate::{
    cli::{config, failure::Failure, session::Session},
    client::Options,
    error::{Error, ErrorKind},
    transport::{AuthMechanism, HttpSettings, Login},
    wsman::Identity,
};
use std::sync::{Arc, Mutex, PoisonError};

/// The login that the transport tells of.
#[derive(Debug, Clone, Default)]
pub(super) struct Seen(Arc<Mutex<Option<Login>>>);

impl Seen {
    pub(super) fn set(&self, login: &Login) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(login.clone());
    }

    fn get(&self) -> Option<Login> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
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
    ticket: Ticket,
    seen: &Seen,
) -> (Finding, Option<Identity>) {
    let global = &patient.settings.global;
    let once = session.client.clone().with_options(Options { attempts: 1, ..config::options(global) });
    let user = global.user.as_deref().unwrap_or_default();
    let (identity, refused) = match once.identify().await {
        Ok(identity) => (identity, None),
        // Whoever is told so has logged in; what the user may do is for the next steps to find out.
        Err(error) if error.fault().is_some() => (Identity::default(), Some(error)),
        Err(error) => {
            let advice = match (error.kind(), http.mechanism) {
                (ErrorKind::Auth, AuthMechanism::Basic) => Some(advice::basic_refused()),
                // Its error says what the host needs.
                (ErrorKind::Auth, AuthMechanism::Certificate) => None,
                // Likewise, where it is not one of those that a command mends: a ticket is no password.
                (ErrorKind::Auth, _) if ticket == Ticket::There => kerberos::advice(&error, http),
                (ErrorKind::Auth, _) => Some(advice::refused(user, http.url.scheme() == "https")),
                (ErrorKind::Protocol, _) => Some(advice::another_server()),
                _ => None,
            };
            let finding = Finding::failed(error);
            return (advice.into_iter().fold(finding, Finding::advise), None);
        }
    };
    // Mechanisms that prove each message by itself do not tell of a login.
    let (mechanism, user, why) = match (seen.get(), http.mechanism) {
        (Some(login), _) => (login.mechanism, login.user, login.why),
        (None, AuthMechanism::Certificate) => ("certificate", user.to_owned(), None),
        (None, _) => ("basic", user.to_owned(), None),
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
    (finding, Some(identity))
}

/// A login that cannot even be tried.
pub(super) fn impossible(patient: &Patient<'_>, failure: Failure) -> Finding {
    let finding = Finding::failed(failure);
    match patient.settings.global.user {
        _ if patient.settings.global.client_cert.is_some() => finding,
        Some(_) => finding,
        None => finding.advise(advice::no_user(&patient.settings.prefix)),
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
