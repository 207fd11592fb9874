//! The library, the ticket, the realm, the clocks.

use super::{
    advice::{self, Advice},
    report::Finding,
    winrm,
};
use crate::{
    error::Error,
    transport::{
        AuthMechanism, Greeting, HttpSettings, KerberosError, KerberosErrorKind as Kind, KerberosStatus,
        TransportError, TransportErrorKind, kerberos_check,
    },
};
use std::error::Error as _;

/// By how much clocks may differ (RFC 4120, and the default of a domain): five minutes.
const SKEW: i64 = 5 * 60;

/// Whether there is a ticket for the host.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ticket {
    There,
    Missing,
}

/// Gets a ticket as a login would. Where a password is refused, or still on its way, nothing may follow that
/// would try it again: the step has failed.
pub(super) async fn kerberos(
    http: &HttpSettings,
    greeting: &Greeting,
    lacks_password: bool,
) -> (Finding, Ticket) {
    let skipped = |why: &str| (Finding::skipped(why), Ticket::Missing);
    match http.mechanism {
        AuthMechanism::Negotiate | AuthMechanism::Kerberos => {}
        _ => return skipped("`--auth` chooses another mechanism"),
    }
    let is_offered =
        |scheme: &String| ["Negotiate", "Kerberos"].iter().any(|one| scheme.eq_ignore_ascii_case(one));
    if !greeting.schemes.iter().any(is_offered) {
        return skipped("the host does not offer it");
    }
    if lacks_password && http.mechanism == AuthMechanism::Negotiate && http.kerberos.principal.is_none() {
        return skipped("without a password");
    }
    let skew = winrm::skew(greeting);
    let (finding, ticket) = match kerberos_check(http).await {
        Ok(status) if http.url.scheme() == "http" && !status.can_seal => cannot_seal(http, &status),
        Ok(status) => (there(http, &status), Ticket::There),
        Err(error) => (missing(http, error), Ticket::Missing),
    };
    let finding = match skew {
        Some(skew) if skew.abs() > SKEW => finding.line(format!(
            "the host's clock is {} s {}",
            skew.abs(),
            if skew > 0 { "ahead" } else { "behind" }
        )),
        _ => finding,
    };
    (finding.fact("clock_skew_seconds", skew), ticket)
}

fn there(http: &HttpSettings, status: &KerberosStatus) -> Finding {
    let minutes = status.remaining.as_secs() / 60;
    let realm = status.principal.rsplit_once('@').map(|(_, realm)| realm);
    Finding::ok(format!("a ticket for `{}` as `{}`", status.service, status.principal))
        .line(format!("{}, for {} h {} min", source(http), minutes / 60, minutes % 60))
        .line(format!("library {}", status.library))
        .fact("library", status.library.as_str())
        .fact("service", status.service.as_str())
        .fact("principal", status.principal.as_str())
        .fact("realm", realm)
        .fact("remaining_seconds", status.remaining.as_secs())
        .fact("can_seal", status.can_seal)
}

/// Where tickets come from.
fn source(http: &HttpSettings) -> String {
    let kerberos = &http.kerberos;
    match (&kerberos.keytab, &kerberos.cache, &http.credentials) {
        (Some(file), ..) => format!("got with the keytab `{}`", file.display()),
        (None, Some(cache), _) => format!("from the cache `{cache}`"),
        (None, None, Some(_)) => "got with the password".to_owned(),
        (None, None, None) => match std::env::var("KRB5CCNAME") {
            Ok(cache) => format!("from the cache `{cache}` (KRB5CCNAME)"),
            Err(_) => "from the user's own cache".to_owned(),
        },
    }
}

fn cannot_seal(http: &HttpSettings, status: &KerberosStatus) -> (Finding, Ticket) {
    let reason = format!("library {} cannot seal messages, which plain HTTP needs", status.library);
    let error = TransportError::new(TransportErrorKind::Config, crate::transport::Phase::NotSent, reason);
    (missing(http, error), Ticket::Missing)
}

fn missing(http: &HttpSettings, error: TransportError) -> Finding {
    let kind = error
        .source
        .as_deref()
        .and_then(|source| source.downcast_ref::<KerberosError>())
        .map(KerberosError::kind);
    // As for a login. A user without a name in Kerberos, and a library that cannot seal, are settings.
    let leaves_ntlm = kind.map_or(error.kind == TransportErrorKind::Config, Kind::leaves_ntlm);
    let has_ntlm = http.mechanism == AuthMechanism::Negotiate && http.credentials.is_some();
    let advice = kind.and_then(|kind| of(kind, http));
    let finding = if has_ntlm && leaves_ntlm {
        let reason = error.source.as_ref().map_or_else(|| error.message.clone(), ToString::to_string);
        Finding::skipped("no ticket, so NTLM is used").line(reason)
    } else {
        advice.into_iter().fold(Finding::failed(error), Finding::advise)
    };
    finding.fact("reason", kind.map(|kind| format!("{kind:?}")))
}

/// What mends a ticket that the host refuses, where there is a command for that.
pub(super) fn advice(error: &Error, http: &HttpSettings) -> Option<Advice> {
    let mut causes = std::iter::successors(error.source(), |cause| (*cause).source());
    of(causes.find_map(|cause| cause.downcast_ref::<KerberosError>())?.kind(), http)
}

/// What mends it, where there is a command for that.
fn of(kind: Kind, http: &HttpSettings) -> Option<Advice> {
    let host = http.kerberos.host.as_deref().or(http.url.host_str()).unwrap_or_default();
    let service = format!("{}/{host}", http.kerberos.service);
    Some(match kind {
        Kind::NoLibrary => advice::no_gssapi(),
        Kind::NoCredentials | Kind::Expired => {
            let principal = http.kerberos.principal.clone();
            let user = principal.or_else(|| Some(http.credentials.as_ref()?.user().to_string()));
            advice::no_ticket(user.as_deref())
        }
        Kind::Keytab => advice::bad_keytab(http.kerberos.keytab.as_deref()),
        Kind::SpnUnknown | Kind::WrongKey => advice::bad_service(&service, kind == Kind::SpnUnknown),
        Kind::ClockSkew => advice::clocks(),
        Kind::KdcUnreachable | Kind::RealmUnknown => advice::no_kdc(),
        Kind::Target => advice::no_name(),
        Kind::WrongPassword | Kind::AccountRefused | Kind::ClientUnknown => advice::refused_by_kdc(
            http.credentials.as_ref().map_or("USER", |credentials| credentials.user().name()),
        ),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        cli::commands::doctor::report::Status,
        transport::{Credentials, Phase, Secret},
    };

    fn status(http: &HttpSettings, kind: TransportErrorKind) -> Status {
        missing(http, TransportError::new(kind, Phase::NotSent, "failed")).status
    }

    #[test]
    fn where_a_login_would_not_go_on_to_ntlm_the_step_has_failed() {
        let mut http = HttpSettings::new("https://hv1:5986/wsman".parse().unwrap());
        assert_eq!(status(&http, TransportErrorKind::Config), Status::Failed);
        http.credentials = Some(Credentials::new("alice", Secret::new("geheim".to_owned())).unwrap());
        assert_eq!(status(&http, TransportErrorKind::Config), Status::Skipped);
        // The KDC may have judged the password.
        assert_eq!(status(&http, TransportErrorKind::Timeout), Status::Failed);
        http.mechanism = AuthMechanism::Kerberos;
        assert_eq!(status(&http, TransportErrorKind::Config), Status::Failed);
    }
}
