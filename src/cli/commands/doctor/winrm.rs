//! Who answers, before anybody logs in.

use super::{Patient, advice, report::Finding, tls};
use crate::{
    cli::{port, session::Session},
    error::{Error, ErrorKind},
    transport::{AuthMechanism, Greeting, HttpSettings, TransportErrorKind, greet},
};
use jiff::Timestamp;

/// What WinRM calls itself, and what the simulated host does.
const SERVERS: [&str; 2] = ["Microsoft-HTTPAPI", "hyperv-wsman simulator"];

/// An answer to somebody without a login, if it can be WinRM's.
pub(super) async fn winrm(http: &HttpSettings) -> (Finding, Option<Greeting>) {
    let host = http.url.host_str().unwrap_or_default();
    let port = port::of(&http.url);
    let greeting = match greet(http).await {
        Ok(greeting) => greeting,
        Err(error) => {
            let (kind, is_explained) = (error.kind, error.hint.is_some());
            let finding = Finding::failed(error);
            let finding = match kind {
                _ if http.url.scheme() == "http" && tls::speaks_tls(http).await => {
                    finding.advise(advice::tls_behind_plain_port(host, port))
                }
                // What is wrong with the proxy, or behind it, the error says.
                _ if http.proxy.is_some() && is_explained => finding,
                TransportErrorKind::Connection => finding.advise(advice::silent_listener()),
                TransportErrorKind::Protocol => finding.advise(advice::another_server()),
                _ => finding,
            };
            return (finding, None);
        }
    };
    let (finding, passes) = judge(&greeting, &format!("{host}:{port}"));
    let finding = finding
        .fact("status", greeting.status)
        .fact("server", greeting.server.clone())
        .fact("clock_skew_seconds", skew(&greeting));
    (finding, passes.then_some(greeting))
}

/// How far the host's clock is ahead of ours, in seconds.
pub(super) fn skew(greeting: &Greeting) -> Option<i64> {
    Some(greeting.date?.saturating_sub(Timestamp::now().as_second()))
}

fn judge(greeting: &Greeting, host: &str) -> (Finding, bool) {
    let server = greeting.server.as_deref();
    let is_windows = server.is_some_and(|server| server.starts_with("Microsoft-HTTPAPI"));
    let is_known = server.is_some_and(|server| SERVERS.iter().any(|known| server.starts_with(known)));
    let called = server.map_or_else(|| "a server without a name".to_owned(), |server| format!("`{server}`"));
    let status = greeting.status;
    let failed = |kind, reason: &str, advice| {
        let message = format!("failed to find WinRM at `{host}`: {reason}");
        (Finding::failed(Error::new(kind, message)).advise(advice), false)
    };
    match status {
        401 if is_known => (Finding::ok(format!("{called} asks for a login (HTTP 401)")), true),
        401 => {
            let told =
                format!("{called} asks for a login (HTTP 401), and WinRM is called `Microsoft-HTTPAPI/2.0`");
            (Finding::warning(told).line("another server, or a gateway before WinRM"), true)
        }
        404 | 503 if is_windows => {
            let reason = format!("{called} answers HTTP {status}");
            failed(ErrorKind::Transport, &reason, advice::winrm_is_not_there())
        }
        407 => failed(ErrorKind::Transport, "a proxy wants a login (HTTP 407)", advice::proxy_wants_login()),
        300..=399 => {
            let to = greeting.location.as_deref().unwrap_or("somewhere else");
            let reason = format!("{called} redirects to `{to}` (HTTP {status})");
            failed(ErrorKind::Protocol, &reason, advice::another_server())
        }
        _ => {
            let content = greeting.content_type.as_deref().map(|content| format!(" with {content}"));
            let reason = format!("{called} answers HTTP {status}{}", content.unwrap_or_default());
            failed(ErrorKind::Protocol, &reason, advice::another_server())
        }
    }
}

/// Identify without a login. Whether it is switched off does not matter.
pub(super) async fn identify(session: &Session) -> Finding {
    match session.client.identify().anonymous().await {
        Ok(identity) => Finding::ok(format!("{}, {}", identity.product_vendor(), identity.product_version()))
            .fact("product_vendor", identity.product_vendor())
            .fact("product_version", identity.product_version())
            .fact("protocol_version", identity.protocol_version()),
        Err(error) if error.kind() == ErrorKind::Auth => {
            Finding::ok("the host does not say who it is without a login, which is fine")
        }
        Err(error) => {
            Finding::lacking("the host does not say who it is without a login, and not as WinRM would", error)
        }
    }
}

/// What the host offers, against what is to be used.
pub(super) fn schemes(patient: &Patient<'_>, http: &HttpSettings, greeting: &Greeting) -> Finding {
    let offered = &greeting.schemes;
    let has = |scheme: &str| offered.iter().any(|one| one.eq_ignore_ascii_case(scheme));
    let list = if offered.is_empty() { "nothing".to_owned() } else { offered.join(", ") };
    let (usable, setting): (&[&str], _) = match http.mechanism {
        // It is asked for in the TLS handshake, and stands in no list.
        AuthMechanism::Certificate => return Finding::ok(list).fact("schemes", offered.clone()),
        AuthMechanism::Kerberos => (&["Negotiate", "Kerberos"], "Kerberos"),
        AuthMechanism::Ntlm => (&["Negotiate", "NTLM"], "Negotiate"),
        AuthMechanism::Basic => (&["Basic"], "Basic"),
        _ => (&["Negotiate", "Kerberos", "NTLM"], "Negotiate"),
    };
    if usable.iter().any(|scheme| has(scheme)) {
        return Finding::ok(list).fact("schemes", offered.clone());
    }
    let other = match setting {
        "Basic" if has("Negotiate") => Some("negotiate"),
        "Negotiate" if has("Basic") => Some("basic"),
        _ => None,
    };
    let message =
        format!("failed to find a way to log in: expected {}, offered is {list}", usable.join(" or "));
    Finding::failed(Error::new(ErrorKind::Auth, message))
        .fact("schemes", offered.clone())
        .advise(advice::not_offered(setting, &patient.settings.prefix, other))
}
