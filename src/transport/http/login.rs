//! What to say of logins that fail, whatever the mechanism.

use super::{
    AuthMechanism,
    challenges::{Challenge, of_scheme},
};
use crate::{
    auth::Credentials,
    transport::{Phase, TransportError, TransportErrorKind},
};

/// The host does not believe user name and password.
pub(super) fn refused(host: &str, credentials: &Credentials, mechanism: AuthMechanism) -> TransportError {
    let hint = match mechanism {
        AuthMechanism::Negotiate | AuthMechanism::Kerberos | AuthMechanism::Ntlm => {
            "not tried again, which could lock the account; check both, and the form of the name: `DOMAIN\\user`, \
             or `.\\user` for an account of the host itself. If they are right: NTLM may be off by policy, the \
             account may not be allowed to log on over the network, or something between here and the host ends TLS"
        }
        AuthMechanism::Basic => {
            "not tried again, which could lock the account; Basic is only for accounts of the host itself, and off by \
             default: `Set-Item WSMan:\\localhost\\Service\\Auth\\Basic $true` on the host turns it on"
        }
    };
    failed(host, credentials, "the host refuses user name or password").with_hint(hint)
}

/// The host offers other ways to log in than the one asked for.
pub(super) fn not_offered(
    host: &str,
    credentials: &Credentials,
    mechanism: AuthMechanism,
    offered: &[Challenge],
) -> TransportError {
    let names: Vec<_> = offered.iter().take(MOST_SCHEMES).map(|challenge| short(&challenge.scheme)).collect();
    let names = if names.is_empty() { "nothing".to_owned() } else { names.join(", ") };
    let (wanted, setting, other, option) = match mechanism {
        AuthMechanism::Negotiate | AuthMechanism::Kerberos | AuthMechanism::Ntlm => {
            ("Negotiate or NTLM", "Negotiate", "Basic", "basic")
        }
        AuthMechanism::Basic => ("Basic", "Basic", "Negotiate", "ntlm"),
    };
    let enable = format!(r"`Set-Item WSMan:\localhost\Service\Auth\{setting} $true` on the host enables it");
    let hint = match of_scheme(offered, other) {
        Some(_) => format!("{enable}; or use what it offers by `--auth {option}`"),
        None => enable,
    };
    let reason = format!("expected the host to offer {wanted}, it offers {names}");
    failed(host, credentials, &reason).with_hint(hint)
}

/// How many of the offered schemes are named: there are six in the world.
const MOST_SCHEMES: usize = 8;

fn short(scheme: &str) -> String {
    scheme.chars().take(32).collect()
}

/// A login that failed; the message was not sent.
pub(super) fn failed(host: &str, credentials: &Credentials, reason: &str) -> TransportError {
    let message = format!("failed to log in to `{host}` as `{}`: {reason}", credentials.user());
    TransportError::new(TransportErrorKind::Auth, Phase::NotSent, message)
}
