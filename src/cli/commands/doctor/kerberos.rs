//! The library, the ticket, the realm, the clocks.

use super::{
    Patient,
    advice::{self, Advice},
    report::{Finding, Status},
    winrm,
};
use crate::{
    error::Error,
    transport::{
        AuthMechanism, Greeting, HttpSettings, KerberosError, KerberosErrorKind as Kind, KerberosStatus,
        TransportError, TransportErrorKind, kerberos_check, kerberos_library,
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
    patient: &Patient<'_>,
    http: &HttpSettings,
    greeting: Option<&Greeting>,
    lacks_password: bool,
) -> (Finding, Ticket) {
    let skipped = |why: &str| (Finding::skipped(why), Ticket::Missing);
    match http.mechanism {
        AuthMechanism::Negotiate | AuthMechanism::Kerberos => {}
        _ => return skipped("`--auth` chooses another mechanism"),
    }
    let is_offered =
        |scheme: &String| ["Negotiate", "Kerberos"].iter().any(|one| scheme.eq_ignore_ascii_case(one));
    if greeting.is_some_and(|greeting| !greeting.schemes.iter().any(is_offered)) {
        return skipped("the host does not offer it");
    }
    if lacks_password && http.mechanism == AuthMechanism::Negotiate && http.kerberos.principal.is_none() {
        return skipped("without a password");
    }
    let skew = greeting.and_then(winrm::skew);
    let prefix = &patient.settings.prefix;
    let (finding, ticket) = match kerberos_check(http).await {
        Ok(status) if http.url.scheme() == "http" && !status.can_seal => cannot_seal(http, prefix, &status),
        Ok(status) => (there(http, &status), Ticket::There),
        Err(error) => (missing(http, prefix, error), Ticket::Missing),
    };
    let finding = match skew {
        Some(skew) if skew.abs() > SKEW => skewed(finding, skew),
        _ => finding,
    };
    (finding.fact("clock_skew_seconds", skew), ticket)
}

/// The KDC has given a ticket by its own clock; it is the host that will look at it by its own.
fn skewed(finding: Finding, skew: i64) -> Finding {
    let finding = finding.line(format!(
        "the host's clock is {} s {}; a host refuses tickets from more than five minutes away",
        skew.abs(),
        if skew > 0 { "ahead" } else { "behind" }
    ));
    match finding.status {
        Status::Ok => finding.at_most_warning().advise(advice::clocks("the host")),
        _ => finding,
    }
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

fn cannot_seal(http: &HttpSettings, prefix: &str, status: &KerberosStatus) -> (Finding, Ticket) {
    let reason = format!("library {} cannot seal messages, which plain HTTP needs", status.library);
    let error = TransportError::new(TransportErrorKind::Config, crate::transport::Phase::NotSent, reason);
    (missing(http, prefix, error), Ticket::Missing)
}

fn missing(http: &HttpSettings, prefix: &str, error: TransportError) -> Finding {
    let kind = error
        .source
        .as_deref()
        .and_then(|source| source.downcast_ref::<KerberosError>())
        .map(KerberosError::kind);
    // As for a login. A user without a name in Kerberos, and a library that cannot seal, are settings.
    let leaves_ntlm = kind.map_or(error.kind == TransportErrorKind::Config, Kind::leaves_ntlm);
    let has_ntlm = http.mechanism == AuthMechanism::Negotiate && http.credentials.is_some();
    let advice = kind.and_then(|kind| of(kind, http, prefix));
    let finding = if has_ntlm && leaves_ntlm {
        let reason = error.source.as_ref().map_or_else(|| error.message.clone(), ToString::to_string);
        Finding::skipped("no ticket, so NTLM is used").line(reason)
    } else {
        advice.into_iter().fold(Finding::failed(error), Finding::advise)
    };
    let finding = finding.fact("reason", kind.map(|kind| format!("{kind:?}")));
    match kerberos_library() {
        // It was not asked about a user or a host that it has no name for.
        Some(library) if kind.is_some_and(|kind| kind != Kind::Target) => {
            finding.line(format!("tickets: {}; library {library}", source(http))).fact("library", library)
        }
        _ => finding,
    }
}

/// What mends a ticket that the host refuses, where there is a command for that.
pub(super) fn advice(error: &Error, http: &HttpSettings, prefix: &str) -> Option<Advice> {
    let mut causes = std::iter::successors(error.source(), |cause| (*cause).source());
    of(causes.find_map(|cause| cause.downcast_ref::<KerberosError>())?.kind(), http, prefix)
}

/// What mends it, where there is a command for that.
fn of(kind: Kind, http: &HttpSettings, prefix: &str) -> Option<Advice> {
    let host = http.kerberos.host.as_deref().or(http.url.host_str()).unwrap_or_default();
    let service = format!("{}/{host}", http.kerberos.service);
    let principal = principal(http);
    let principal = principal.as_deref();
    Some(match kind {
        Kind::NoLibrary if std::env::var_os("HVCTL_GSSAPI_LIBRARY").is_some() => advice::other_gssapi(),
        Kind::NoLibrary => advice::no_gssapi(),
        Kind::NoCredentials | Kind::Expired => advice::no_ticket(principal),
        Kind::Keytab => advice::bad_keytab(http.kerberos.keytab.as_deref()),
        Kind::SpnUnknown => advice::unknown_service(&service),
        Kind::WrongKey => advice::foreign_service(&service, prefix),
        Kind::ClockSkew => advice::clocks("the domain"),
        Kind::KdcUnreachable => advice::no_kdc(principal),
        Kind::RealmUnknown => advice::unknown_realm(principal),
        Kind::Target => advice::no_name(),
        Kind::WrongPassword | Kind::AccountRefused | Kind::ClientUnknown => advice::refused_by_kdc(
            http.credentials.as_ref().map_or("USER", |credentials| credentials.user().name()),
        ),
        _ => return None,
    })
}

/// What the user is called in Kerberos, as far as it is known.
fn principal(http: &HttpSettings) -> Option<String> {
    let kerberos = &http.kerberos;
    kerberos.principal.clone().or_else(|| kerberos.principal_of(http.credentials.as_ref()?.user()).ok())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        cli::commands::doctor::report,
        transport::{Credentials, Phase, Secret},
    };

    fn advised(http: &HttpSettings, kind: Kind) -> String {
        let advice = of(kind, http, "hvctl --host hv1.corp.example").unwrap();
        let commands = advice.commands.iter().map(|(place, command)| format!("\n  {place:?}: {command}"));
        advice.cause.clone() + &commands.collect::<String>()
    }

    /// Somebody who copies a command has what is to be put into it known already.
    #[test]
    fn advice_names_the_users_own_principal_realm_and_service() {
        let mut http = HttpSettings::new("https://hv1.corp.example:5986/wsman".parse().unwrap());
        http.credentials =
            Some(Credentials::new("alice@CORP.EXAMPLE", Secret::new("geheim".to_owned())).unwrap());
        insta::assert_snapshot!(advised(&http, Kind::Expired), @r"
        there is no valid ticket in the cache
          Here: kinit alice@CORP.EXAMPLE
          Here: klist
        ");
        insta::assert_snapshot!(advised(&http, Kind::KdcUnreachable), @r"
        no domain controller answers (port 88): a firewall, a VPN that is off, or a wrong `kdc =` of krb5.conf
          Here: host -t SRV _kerberos._tcp.corp.example
          Here: KRB5_TRACE=/dev/stderr kinit alice@CORP.EXAMPLE
        ");
        insta::assert_snapshot!(advised(&http, Kind::RealmUnknown), @r"
        the realm `CORP.EXAMPLE` is misspelt, or neither DNS nor `[realms]` of krb5.conf names its domain controllers
          Here: host -t SRV _kerberos._tcp.corp.example
          Here: KRB5_TRACE=/dev/stderr kinit alice@CORP.EXAMPLE
        ");
        insta::assert_snapshot!(advised(&http, Kind::SpnUnknown), @r"
        the domain does not know the service: the host is not in it, or is registered under another name
          Host: setspn -Q HTTP/hv1.corp.example
          Host: setspn -S HTTP/hv1.corp.example $env:COMPUTERNAME
        ");
        insta::assert_snapshot!(advised(&http, Kind::WrongKey), @r"
        the service is registered for another account than the host's, or for two
          Host: setspn -Q HTTP/hv1.corp.example; setspn -X
          Host: setspn -D HTTP/hv1.corp.example OTHER  # OTHER is the account that is not the host's
          Here: hvctl --host hv1.corp.example doctor --spn-service WSMAN  # if OTHER needs the name
        ");
        http.kerberos.service = "WSMAN".to_owned();
        assert!(!advised(&http, Kind::WrongKey).contains("--spn-service"));
        // Without a realm nothing is made up.
        http.credentials = Some(Credentials::new("alice", Secret::new("geheim".to_owned())).unwrap());
        insta::assert_snapshot!(advised(&http, Kind::KdcUnreachable), @r"
        no domain controller answers (port 88): a firewall, a VPN that is off, or a wrong `kdc =` of krb5.conf
          Here: host -t SRV _kerberos._tcp.DOMAIN
          Here: KRB5_TRACE=/dev/stderr kinit USER@REALM
        ");
    }

    #[test]
    fn a_host_whose_clock_is_off_is_a_warning_with_what_sets_it() {
        let finding = skewed(Finding::ok("a ticket"), -301);
        assert_eq!(finding.status, Status::Warning);
        let shown = report::to_text(report::Check::Kerberos, &finding, str::to_owned);
        let shown: Vec<_> = shown.lines().filter(|line| !line.contains("here: ")).collect();
        insta::assert_snapshot!(shown.join("\n"), @r"
        warning  kerberos    a ticket
                             the host's clock is 301 s behind; a host refuses tickets from more than five minutes away
                             cause: the clocks of this machine and of the host differ by more than five minutes
                             on the host: w32tm /resync
        ");
    }

    fn status(http: &HttpSettings, kind: TransportErrorKind) -> Status {
        missing(http, "hvctl", TransportError::new(kind, Phase::NotSent, "failed")).status
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
