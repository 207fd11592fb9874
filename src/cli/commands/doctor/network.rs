//! Before anything is sent: the name, and the ports.

use super::{Patient, advice, report::Finding};
use crate::{
    cli::{
        config,
        port::{self, Way},
    },
    error::{Error, ErrorKind},
    transport::{AuthMechanism, Door, HttpSettings, Proxy, knock, look_up, reach},
};
use serde_json::{Map, Value};
use url::{Host, Url};

/// The name, its addresses, and what Kerberos makes of it.
pub(super) async fn name(http: &HttpSettings) -> Finding {
    if http.proxy.as_ref().is_some_and(Proxy::looks_names_up) {
        return Finding::skipped("the proxy looks the name up");
    }
    let host = http.url.host_str().unwrap_or_default();
    let names = match look_up(&http.url, http.connect_timeout).await {
        Ok(names) => names,
        Err(error) => return Finding::failed(error).advise(advice::no_address(host)),
    };
    let addresses: Vec<String> = names.addresses.iter().map(ToString::to_string).collect();
    let mut finding = Finding::ok(addresses.join(", "))
        .fact("addresses", addresses)
        .fact("canonical", names.canonical.clone())
        .fact("reverse", names.reverse.clone());
    if matches!(http.mechanism, AuthMechanism::Negotiate | AuthMechanism::Kerberos) {
        let service = Service::of(http, names.canonical.as_deref(), names.reverse.as_deref());
        finding = finding.fact("service", service.name.clone());
        finding = service.notes.into_iter().fold(finding, Finding::line);
        if service.name.is_none() && http.mechanism == AuthMechanism::Kerberos {
            finding = finding.at_most_warning();
        }
    }
    finding
}

/// What a ticket would be asked for.
#[derive(Debug, PartialEq, Eq)]
struct Service {
    /// None for an address.
    name: Option<String>,
    notes: Vec<String>,
}

impl Service {
    fn of(http: &HttpSettings, canonical: Option<&str>, reverse: Option<&str>) -> Self {
        let class = &http.kerberos.service;
        match (&http.kerberos.host, http.url.host()) {
            (Some(host), _) => {
                let name = format!("{class}/{host}");
                Self {
                    notes: vec![format!("Kerberos asks for `{name}`, as --spn-host says")],
                    name: Some(name),
                }
            }
            (None, Some(Host::Domain(host))) => Self::of_name(class, host, canonical, reverse),
            _ => Self {
                name: None,
                notes: vec![
                    "Kerberos has no tickets for addresses: use the host's name, or give it by --spn-host"
                        .to_owned(),
                ],
            },
        }
    }

    fn of_name(class: &str, host: &str, canonical: Option<&str>, reverse: Option<&str>) -> Self {
        let host = host.trim_end_matches('.');
        let mut notes = vec![format!("Kerberos asks for `{class}/{host}`")];
        let mut other = |why: &str, name: Option<&str>| {
            if let Some(name) = name.filter(|name| !name.trim_end_matches('.').eq_ignore_ascii_case(host)) {
                notes.push(format!("or for `{class}/{}`: {why}", name.trim_end_matches('.')));
            }
        };
        other("that is where the name leads (`dns_canonicalize_hostname` of krb5.conf)", canonical);
        if reverse != canonical {
            other("that is what its address is called (`rdns` of krb5.conf)", reverse);
        }
        if !host.contains('.') {
            notes.push("a short name: the realm is told from the full one, `HOST.DOMAIN`".to_owned());
        }
        Self { name: Some(format!("{class}/{host}")), notes }
    }
}

/// Who listens where, and which way is taken.
pub(super) async fn ports(
    patient: &Patient<'_>,
    http: &HttpSettings,
    way: Way,
) -> (Finding, Option<(Url, Option<Proxy>)>) {
    let limit = config::KNOCK.min(http.connect_timeout);
    let (wanted, other) = match way {
        Way::Either { tls, sealed } => (tls, Some((sealed, true))),
        Way::Fixed(url) if port::is_bare(patient.host) => {
            let other = port::other(&url);
            (url, Some((other, false)))
        }
        Way::Fixed(url) => (url, None),
    };
    let proxy = http.proxy.clone();
    // A proxy of HTTP carries nothing but TLS.
    let other = other.filter(|_| !proxy.as_ref().is_some_and(Proxy::speaks_http));
    let first = knock(&wanted, proxy.as_ref(), limit);
    let second = async {
        let (url, allowed) = other?;
        let proxy = patient.proxies.to(&url).ok()?.proxy;
        let door = knock(&url, proxy.as_ref(), limit).await;
        Some(Other { url, proxy, door, allowed })
    };
    // One after the other through a proxy, so that a password that it refuses is sent once.
    let (door, other) =
        if proxy.is_some() { (first.await, second.await) } else { tokio::join!(first, second) };
    let mut doors = vec![(port::of(&wanted), door)];
    doors.extend(other.as_ref().map(|other| (port::of(&other.url), other.door)));
    let mut seen =
        doors.iter().map(|(port, door)| format!("{port} {}", word(*door))).collect::<Vec<_>>().join(", ");
    if let Some(proxy) = &proxy {
        seen = format!("{seen} (through the proxy `{proxy}`)");
    }
    let facts: Map<String, Value> =
        doors.iter().map(|(port, door)| (port.to_string(), Value::from(word(*door)))).collect();
    // It may be the proxy that is in the way; it says so itself.
    if let (Some(proxy), Door::Unknown) = (&proxy, door)
        && let Err(error) = reach(&wanted, Some(proxy), limit).await
    {
        return (Finding::failed(error).fact("ports", facts), None);
    }
    let (finding, taken) = judge(patient, (wanted, proxy), door, other, &seen);
    (finding.fact("ports", facts), taken)
}

/// WinRM's other port.
struct Other {
    url: Url,
    proxy: Option<Proxy>,
    door: Door,
    /// Whether it may be taken instead.
    allowed: bool,
}

fn judge(
    patient: &Patient<'_>,
    (wanted, proxy): (Url, Option<Proxy>),
    door: Door,
    other: Option<Other>,
    seen: &str,
) -> (Finding, Option<(Url, Option<Proxy>)>) {
    let host = wanted.host_str().unwrap_or_default().to_owned();
    let wants_tls = wanted.scheme() == "https";
    if door == Door::Open {
        let how = if wants_tls { "TLS" } else { "sealed messages" };
        return (Finding::ok(format!("{seen}: {how} at {}", port::of(&wanted))), Some((wanted, proxy)));
    }
    let failed = |advice| {
        let message = format!("failed to reach `{host}`: {seen}");
        (Finding::failed(Error::new(ErrorKind::Transport, message)).advise(advice), None)
    };
    match other {
        Some(Other { url, proxy, door: Door::Open, allowed: true })
            if matches!(door, Door::Closed | Door::Silent) =>
        {
            let told = format!(
                "{seen}: sealed messages at {}, without a certificate that shows who the host is",
                port::of(&url)
            );
            (Finding::warning(told).line("`--tls require` refuses this way"), Some((url, proxy)))
        }
        Some(Other { door: Door::Open, .. }) if matches!(door, Door::Closed | Door::Silent) => {
            failed(if wants_tls {
                let sign = config::sign_of_tls(patient.settings).map(|sign| sign.what);
                advice::only_without_tls(&host, sign, door == Door::Silent)
            } else {
                advice::only_with_tls(patient.host)
            })
        }
        // What refuses a connection is up.
        Some(Other { door: Door::Closed, .. }) => failed(advice::nobody_listens(wants_tls, &host)),
        other => failed(match door {
            Door::Silent => {
                advice::packets_are_dropped(!wants_tls || other.is_some_and(|other| other.allowed))
            }
            Door::Closed => advice::nobody_listens(wants_tls, &host),
            _ => advice::no_way(),
        }),
    }
}

fn word(door: Door) -> &'static str {
    match door {
        Door::Open => "open",
        Door::Closed => "closed",
        Door::Silent => "silent",
        _ => "unreachable",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn notes(url: &str, canonical: Option<&str>, reverse: Option<&str>) -> (Option<String>, String) {
        let mut http = HttpSettings::new(url.parse().unwrap());
        http.kerberos.service = "HTTP".to_owned();
        let service = Service::of(&http, canonical, reverse);
        (service.name, service.notes.join("\n"))
    }

    #[test]
    fn the_name_that_kerberos_asks_for_is_told_with_those_that_it_may_become() {
        let (name, told) = notes("https://hv1.corp.example:5986/", None, Some("HV1.corp.example"));
        assert_eq!(name.as_deref(), Some("HTTP/hv1.corp.example"));
        assert_eq!(told, "Kerberos asks for `HTTP/hv1.corp.example`");
        let (_, told) = notes("https://hv1/", Some("hv1.corp.example"), Some("host7.corp.example."));
        insta::assert_snapshot!(told, @r"
        Kerberos asks for `HTTP/hv1`
        or for `HTTP/hv1.corp.example`: that is where the name leads (`dns_canonicalize_hostname` of krb5.conf)
        or for `HTTP/host7.corp.example`: that is what its address is called (`rdns` of krb5.conf)
        a short name: the realm is told from the full one, `HOST.DOMAIN`
        ");
    }

    #[test]
    fn addresses_have_no_tickets_unless_a_name_is_given() {
        assert_eq!(notes("https://192.0.2.7/", None, None).0, None);
        let mut http = HttpSettings::new("https://192.0.2.7/".parse().unwrap());
        http.kerberos.host = Some("hv1.corp.example".to_owned());
        assert_eq!(Service::of(&http, None, None).name.as_deref(), Some("HTTP/hv1.corp.example"));
    }
}
