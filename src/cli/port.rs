//! Which port a bare host name means: 5986 over TLS, or 5985 with sealed messages where nothing listens at the first.

use super::{args::TlsPolicy, failure::Failure};
use crate::{
    error::{Error, ErrorKind},
    transport::{Door, Proxy, endpoint},
};
use url::{Host, Url};

/// What decides about the way to a host.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Question<'a> {
    /// As typed.
    pub(crate) host: &'a str,
    pub(crate) policy: TlsPolicy,
    /// What shows that TLS is meant; nothing else is tried then.
    pub(crate) meant: Option<Sign>,
}

/// What shows that TLS is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Sign {
    /// In words.
    pub(crate) what: &'static str,
    /// What is to be done to go without TLS.
    pub(crate) undo: &'static str,
}

/// How to reach a host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Way {
    /// There is nothing to choose.
    Fixed(Url),
    /// Over TLS, or sealed if nothing listens for TLS.
    Either { tls: Url, sealed: Url },
}

/// Reads what was typed and decides what can be decided without asking the host.
///
/// # Errors
/// `Config` for what is no host, and for a policy that contradicts it.
pub(crate) fn way(question: Question<'_>) -> Result<Way, Failure> {
    let Question { host, policy, meant } = question;
    let url = endpoint(host)?;
    let whole = host.contains("://");
    match policy {
        TlsPolicy::Require if url.scheme() == "http" => {
            Err(contradiction("--tls require", "an `http://` URL", "name the HTTPS listener"))
        }
        TlsPolicy::Never if whole && url.scheme() == "https" => Err(contradiction(
            "--tls never",
            "an `https://` URL",
            "leave out `--tls`, or name the host alone",
        )),
        TlsPolicy::Never => match meant {
            Some(Sign { what, undo }) => {
                let hint = format!("leave out `--tls never`; to go without TLS, {undo}");
                Err(contradiction("--tls never", what, &hint))
            }
            None => Ok(Way::Fixed(sealed(&url, names_port(host)))),
        },
        TlsPolicy::Prefer if meant.is_none() && !whole && !names_port(host) => {
            Ok(Way::Either { sealed: sealed(&url, false), tls: url })
        }
        TlsPolicy::Require | TlsPolicy::Prefer => Ok(Way::Fixed(url)),
    }
}

/// The choice between the two ways, from what a knock at the TLS port has shown. Only a port where nothing listens
/// leads to the other one: everything else is for the connection itself to report.
pub(crate) fn choose(tls: Url, sealed: Url, door: Door) -> (Url, String) {
    let name = tls.host_str().unwrap_or_default().to_owned();
    let missing = match door {
        Door::Open | Door::Unknown => return (tls, format!("`{name}`: TLS, port 5986")),
        Door::Closed => "closed",
        Door::Silent => "silent",
    };
    let told = format!(
        "port 5986 of `{name}` is {missing}: using port 5985, where messages are sealed but no certificate shows who \
         the host is; `--tls never` takes this way without asking, `--tls require` refuses it"
    );
    (sealed, told)
}

/// Why nothing but TLS is tried, where it is something else than what was typed that leaves no choice.
pub(crate) fn not_tried(question: Question<'_>) -> Option<String> {
    let Sign { what, undo } = question.meant.filter(|_| question.policy == TlsPolicy::Prefer)?;
    is_bare(question.host)
        .then(|| format!("port {HTTP_PORT} was not tried because of {what}: to go without TLS, {undo}"))
}

/// There is no choice through a proxy of HTTP, which carries nothing but TLS.
pub(crate) fn only_tls(tls: Url, proxy: &Proxy) -> (Url, String) {
    let name = tls.host_str().unwrap_or_default();
    let told = format!("`{name}`: TLS, port 5986; the proxy `{proxy}` carries nothing else");
    (tls, told)
}

impl Way {
    /// The first that is tried.
    pub(crate) fn first(&self) -> &Url {
        match self {
            Self::Fixed(url) | Self::Either { tls: url, .. } => url,
        }
    }
}

/// Whether a host is a name or an address alone, which means the two ports of WinRM.
pub(crate) fn is_bare(host: &str) -> bool {
    !host.contains("://") && !names_port(host)
}

/// The endpoint at WinRM's other port.
pub(crate) fn other(url: &Url) -> Url {
    let (scheme, port) = if url.scheme() == "https" { ("http", HTTP_PORT) } else { ("https", HTTPS_PORT) };
    with_scheme(url, scheme, port)
}

/// The same endpoint with TLS or without, at this port.
pub(crate) fn with_scheme(url: &Url, scheme: &str, port: u16) -> Url {
    let mut other = url.clone();
    // From one special scheme to another, and then any port: neither fails.
    let _ = other.set_scheme(scheme).and_then(|()| other.set_port(Some(port)));
    other
}

/// The port of an endpoint.
pub(crate) fn of(url: &Url) -> u16 {
    url.port_or_known_default().unwrap_or_default()
}

/// Whether a host that is not a URL comes with its port.
fn names_port(host: &str) -> bool {
    let host = host.trim();
    let bare = Host::parse(host).is_ok() || host.parse::<std::net::Ipv6Addr>().is_ok();
    !bare
}

/// The endpoint without TLS: at its own port, unless one was typed.
fn sealed(tls: &Url, keep_port: bool) -> Url {
    with_scheme(tls, "http", if keep_port { of(tls) } else { HTTP_PORT })
}

/// Port of WinRM's HTTP listener.
const HTTP_PORT: u16 = 5985;
/// Port of WinRM's HTTPS listener.
const HTTPS_PORT: u16 = 5986;

fn contradiction(policy: &str, sign: &str, hint: &str) -> Failure {
    Error::new(
        ErrorKind::Config,
        format!("failed to choose the way to the host: `{policy}` contradicts {sign}"),
    )
    .with_hint(hint)
    .into()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TLS: &str = "https://hv1:5986/wsman";
    const SEALED: &str = "http://hv1:5985/wsman";

    const PIN: Option<Sign> = Some(Sign { what: "a pin", undo: "leave it out" });

    fn ask(host: &str, policy: TlsPolicy, meant: Option<Sign>) -> Result<Way, Failure> {
        way(Question { host, policy, meant })
    }

    fn fixed(url: &str) -> Way {
        Way::Fixed(url.parse().unwrap())
    }

    #[test]
    fn only_a_bare_name_under_prefer_leaves_a_choice() {
        let either = Way::Either { tls: TLS.parse().unwrap(), sealed: SEALED.parse().unwrap() };
        assert_eq!(ask("hv1", TlsPolicy::Prefer, None).unwrap(), either);
        for address in ["192.0.2.1", "2001:db8::1", "[2001:db8::1]", " hv1.example.org "] {
            assert!(
                matches!(ask(address, TlsPolicy::Prefer, None).unwrap(), Way::Either { .. }),
                "{address}"
            );
        }
        assert_eq!(ask("hv1", TlsPolicy::Prefer, PIN).unwrap(), fixed(TLS));
        assert_eq!(ask("hv1", TlsPolicy::Require, None).unwrap(), fixed(TLS));
        for typed in ["hv1:15986", "[2001:db8::1]:7000", "https://hv1", "https://hv1:5986/wsman"] {
            assert!(matches!(ask(typed, TlsPolicy::Prefer, None).unwrap(), Way::Fixed(_)), "{typed}");
        }
    }

    #[test]
    fn never_means_the_port_without_tls() {
        assert_eq!(ask("hv1", TlsPolicy::Never, None).unwrap(), fixed(SEALED));
        assert_eq!(ask("hv1:15985", TlsPolicy::Never, None).unwrap(), fixed("http://hv1:15985/wsman"));
        for (typed, meant) in [("https://hv1", None), ("hv1", PIN)] {
            assert_eq!(ask(typed, TlsPolicy::Never, meant).unwrap_err().exit_code(), 3, "{typed}");
        }
    }

    #[test]
    fn what_leaves_no_choice_is_told_unless_it_was_typed() {
        let why = |host, policy, meant| not_tried(Question { host, policy, meant });
        let told = why("hv1", TlsPolicy::Prefer, PIN).unwrap();
        insta::assert_snapshot!(told, @"port 5985 was not tried because of a pin: to go without TLS, leave it out");
        for (host, policy, meant) in [
            ("hv1", TlsPolicy::Prefer, None),
            ("hv1", TlsPolicy::Require, PIN),
            ("hv1:5986", TlsPolicy::Prefer, PIN),
            ("https://hv1", TlsPolicy::Prefer, PIN),
        ] {
            assert_eq!(why(host, policy, meant), None, "{host}");
        }
    }

    #[test]
    fn nothing_but_an_unused_port_leads_to_the_one_without_tls() {
        let choose = |door| choose(TLS.parse().unwrap(), SEALED.parse().unwrap(), door).0;
        assert_eq!(choose(Door::Open).as_str(), TLS);
        assert_eq!(choose(Door::Unknown).as_str(), TLS);
        assert_eq!(choose(Door::Closed).as_str(), SEALED);
        assert_eq!(choose(Door::Silent).as_str(), SEALED);
    }

    #[test]
    fn the_other_way_is_told_with_its_price() {
        let (_, told) = choose(TLS.parse().unwrap(), SEALED.parse().unwrap(), Door::Closed);
        insta::assert_snapshot!(told, @"port 5986 of `hv1` is closed: using port 5985, where messages are sealed but no certificate shows who the host is; `--tls never` takes this way without asking, `--tls require` refuses it");
    }
}
