//! What to say of logins that fail, whatever the mechanism.

use super::super::{
    AuthMechanism,
    challenges::{Challenge, of_scheme},
    connection::Reply,
};
use super::Site;
use crate::{
    auth::{Credentials, UserName},
    transport::{Phase, TransportError, TransportErrorKind},
};
use hyper::StatusCode;

/// The host does not believe user name and password.
pub(in super::super) fn refused(
    host: &str,
    credentials: &Credentials,
    mechanism: AuthMechanism,
) -> TransportError {
    let hint = match mechanism {
        AuthMechanism::Basic => {
            "not tried again, which could lock the account; Basic is only for accounts of the host itself, and off by \
             default: `Set-Item WSMan:\\localhost\\Service\\Auth\\Basic $true` on the host turns it on"
        }
        _ => {
            "not tried again, which could lock the account; check both, and the form of the name: `DOMAIN\\user`, \
             or `.\\user` for an account of the host itself. If they are right: NTLM may be off by policy, the \
             account may not be allowed to log on over the network, or something between here and the host ends TLS"
        }
    };
    let name = if mechanism == AuthMechanism::Basic { "Basic" } else { "NTLM" };
    failed(host, name, credentials, "the host refuses user name or password").with_hint(hint)
}

/// The host offers other ways to log in than the one asked for.
pub(in super::super) fn not_offered(
    host: &str,
    user: Option<&UserName>,
    mechanism: AuthMechanism,
    offered: &[Challenge],
) -> TransportError {
    let names: Vec<_> = offered.iter().take(MOST_SCHEMES).map(|challenge| short(&challenge.scheme)).collect();
    let names = if names.is_empty() { "nothing".to_owned() } else { names.join(", ") };
    let (wanted, setting, others) = match mechanism {
        AuthMechanism::Negotiate => ("Negotiate, Kerberos or NTLM", "Negotiate", BASIC),
        AuthMechanism::Kerberos => ("Kerberos or Negotiate", "Kerberos", NTLM),
        AuthMechanism::Ntlm => ("Negotiate or NTLM", "Negotiate", BASIC),
        AuthMechanism::Basic => ("Basic", "Basic", NEGOTIATE),
        AuthMechanism::Certificate => ("a client certificate", "Certificate", NEGOTIATE),
    };
    let enable = format!(r"`Set-Item WSMan:\localhost\Service\Auth\{setting} $true` on the host enables it");
    let (other, option) = others;
    let hint = match of_scheme(offered, other) {
        Some(_) => format!("{enable}; or use what it offers by `--auth {option}`"),
        None => enable,
    };
    let reason = format!("expected the host to offer {wanted}, it offers {names}");
    let message = match user {
        Some(user) => format!("failed to log in to `{host}` as `{user}`: {reason}"),
        None => format!("failed to log in to `{host}`: {reason}"),
    };
    auth(message).with_hint(hint)
}

// A scheme, and how to ask for it.
const BASIC: (&str, &str) = ("Basic", "basic");
const NTLM: (&str, &str) = ("NTLM", "ntlm");
const NEGOTIATE: (&str, &str) = ("Negotiate", "negotiate");

/// How many of the offered schemes are named: there are six in the world.
const MOST_SCHEMES: usize = 8;

fn short(scheme: &str) -> String {
    scheme.chars().take(32).collect()
}

/// A login that failed; the message was not sent.
pub(super) fn failed(host: &str, mechanism: &str, credentials: &Credentials, reason: &str) -> TransportError {
    auth(format!("failed to log in to `{host}` by {mechanism} as `{}`: {reason}", credentials.user()))
}

/// What became of the password is not known: whoever was to judge it may have refused it.
pub(super) fn unanswered(site: Site<'_>, error: Option<TransportError>) -> TransportError {
    let error = match error {
        // It is an answer, and says what it is about.
        Some(error) if error.kind == TransportErrorKind::Auth => return error,
        error => error,
    };
    let user = site.settings.credentials.as_ref().map(|credentials| format!(" as `{}`", credentials.user()));
    // Kerberos does not show the host a password.
    let mechanism = if site.settings.mechanism == AuthMechanism::Basic { "Basic" } else { "NTLM" };
    let failed = auth(format!(
        "failed to log in to `{}` by {mechanism}{}: expected an answer to the password, got none that judges it",
        site.host,
        user.unwrap_or_default()
    ))
    .with_hint(
        "not tried again, which could lock the account if the password is wrong; check that the WinRM service of the \
         host is well, and nothing in between cuts connections, then start anew",
    );
    match error {
        Some(error) => failed.with_source(error),
        None => failed,
    }
}

/// A login that holds for no message.
pub(super) fn not_kept(host: &str, reply: &Reply) -> TransportError {
    let reason = "the host accepts the login, and refuses the message that follows it";
    let mut error = auth(format!("failed to log in to `{host}`: {reason}"))
        .with_hint("a proxy or gateway on the way is not made for such logins; reach the host directly");
    if !reply.verified_tls {
        error.phase = Phase::MaybeSent;
    }
    error
}

/// There is nobody to log in as.
pub(in super::super) fn no_user(host: &str) -> TransportError {
    TransportError::config(format!("failed to log in to `{host}`: no user is given"))
        .with_hint("give one by `--user`; without, only an anonymous Identify is possible")
}

/// The mechanism is not part of this build.
#[cfg(not(all(feature = "ntlm", feature = "kerberos")))]
pub(super) fn not_built(host: &str, feature: &str) -> TransportError {
    let message = format!("failed to log in to `{host}`: this build is without the feature `{feature}`");
    TransportError::config(message)
}

/// Neither a challenge nor a refusal.
pub(in super::super) fn unexpected(host: &str, status: StatusCode) -> TransportError {
    let failed = |kind, reason: String| {
        TransportError::new(kind, Phase::NotSent, format!("failed to log in to `{host}`: {reason}"))
    };
    match status {
        StatusCode::SERVICE_UNAVAILABLE => {
            failed(TransportErrorKind::Connection, "the service is not available (HTTP 503)".to_owned())
                .with_hint("check that the WinRM service runs on the host")
        }
        _ => failed(
            TransportErrorKind::Protocol,
            format!("expected WinRM to answer, got HTTP {}", status.as_u16()),
        )
        .with_hint(
            "something else than WinRM answers there; its URLs are `https://HOST:5986/wsman` and `http://HOST:5985/wsman`",
        ),
    }
}

/// Logins belong to connections.
pub(super) fn expect_open(host: &str, reply: &Reply) -> Result<(), TransportError> {
    if reply.keeps_open {
        return Ok(());
    }
    let message = format!("failed to log in to `{host}`: it closes the connection, to which logins belong");
    Err(TransportError::new(TransportErrorKind::Protocol, Phase::NotSent, message)
        .with_hint("a proxy or gateway on the way is not made for such logins; reach the host directly"))
}

fn auth(message: String) -> TransportError {
    TransportError::new(TransportErrorKind::Auth, Phase::NotSent, message)
}
