//! What a proxy's failure means, and what a user can do about it. Nothing was sent to the host.

use super::Proxy;
use crate::transport::{Phase, TransportError, TransportErrorKind};
use std::{error::Error as StdError, fmt, io};

/// A proxy gave no connection to the host.
#[derive(Debug)]
pub(in crate::transport::http) struct ProxyFailure {
    /// As it is shown: without user and password.
    proxy: String,
    speaks_http: bool,
    pub(in crate::transport::http) reason: Reason,
}

/// Why not.
#[derive(Debug)]
pub(in crate::transport::http) enum Reason {
    /// The proxy's own name has no address.
    ProxyName(io::Error),
    /// The host's name has no address here, and it is here that it is looked up.
    HostName(io::Error),
    /// No TCP connection to the proxy.
    Unreachable(io::Error),
    /// It does not go on before it was asked for the host.
    Greeted(io::Error),
    /// It does not go on after it was asked for the host.
    Asked(io::Error),
    /// It closed the connection, or the host did, before there was TLS over it.
    Handshake,
    /// It does not speak this.
    NotAProxy(&'static str),
    /// It wants a login, and none was given. HTTP says which.
    LoginMissing { offered: Vec<String> },
    /// It does not believe user and password. HTTP says what it would take.
    LoginRefused { offered: Vec<String> },
    /// It takes no user and password.
    LoginUnsuited,
    /// The host's name is too long for SOCKS.
    LongName,
    /// A status of HTTP.
    Status(u16),
    /// A reply of SOCKS (RFC 1928, 6).
    Reply(u8),
}

impl Reason {
    /// Whether it is about this address of the host, and another one may be better.
    pub(super) fn is_of_the_host(&self) -> bool {
        matches!(self, Self::Reply(1 | 3..=6 | 8))
    }
}

impl ProxyFailure {
    pub(in crate::transport::http) fn new(proxy: &Proxy, reason: Reason) -> Self {
        Self { proxy: proxy.to_string(), speaks_http: proxy.speaks_http(), reason }
    }

    /// `closed` and `silent` are hints for a host's port that is so.
    pub(in crate::transport::http) fn explain(
        &self,
        host: &str,
        closed: &str,
        silent: &str,
    ) -> TransportError {
        let Told { kind, reason, hint } = self.told(closed, silent);
        let proxy = &self.proxy;
        let message = format!("failed to connect to `{host}` through the proxy `{proxy}`: {reason}");
        let error = TransportError::new(kind, Phase::NotSent, message).with_hint(hint);
        match &self.reason {
            Reason::ProxyName(cause)
            | Reason::HostName(cause)
            | Reason::Unreachable(cause)
            | Reason::Greeted(cause)
            | Reason::Asked(cause)
                if !TOLD_BY_NAME.contains(&cause.kind()) =>
            {
                error.with_source(cause.to_string())
            }
            _ => error,
        }
    }

    fn told(&self, closed: &str, silent: &str) -> Told {
        match &self.reason {
            Reason::ProxyName(_) => Told::connection("the proxy's name has no address", PROXY_NAME),
            Reason::HostName(_) => Told::connection("the host's name has no address here", HOST_NAME),
            Reason::Unreachable(error) => Told::connection(unreachable(error), PROXY_DOWN),
            Reason::Greeted(error) | Reason::Asked(error) => match (error.kind(), &self.reason) {
                (io::ErrorKind::TimedOut, Reason::Asked(_)) => {
                    Told::connection("the proxy does not answer in time", format!("{WAITING}; {silent}"))
                }
                (io::ErrorKind::TimedOut, _) => {
                    Told::connection("the proxy does not answer in time", self.not_a_proxy())
                }
                _ => Told::connection("the proxy closed the connection", self.not_a_proxy()),
            },
            Reason::Handshake => Told::connection("it was closed during the TLS handshake", HANDSHAKE),
            Reason::NotAProxy(expected) => Told {
                kind: TransportErrorKind::Protocol,
                reason: format!("expected a proxy that speaks {expected}, got something else"),
                hint: self.not_a_proxy(),
            },
            Reason::LoginMissing { offered } => {
                Told::login("it asks for user and password, and none are given", login_hint(offered, GIVE))
            }
            Reason::LoginRefused { offered } => {
                Told::login("it refuses user or password", login_hint(offered, CHECK))
            }
            Reason::LoginUnsuited => Told::login("it takes no user and password", UNSUITED),
            Reason::LongName => Told {
                kind: TransportErrorKind::Config,
                reason: "the host's name is too long for SOCKS".to_owned(),
                hint: HOST_NAME.to_owned(),
            },
            Reason::Status(status) => by_status(*status, silent),
            Reason::Reply(reply) => by_reply(*reply, closed, silent),
        }
    }

    fn not_a_proxy(&self) -> String {
        let other = if self.speaks_http { "SOCKS (`socks5h://`)" } else { "HTTP (`http://`)" };
        format!(
            "check that a proxy listens there, and what it speaks: this one may speak {other}, or want TLS"
        )
    }
}

/// What is said of a failure.
struct Told {
    kind: TransportErrorKind,
    reason: String,
    hint: String,
}

impl Told {
    fn connection(reason: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { kind: TransportErrorKind::Connection, reason: reason.into(), hint: hint.into() }
    }

    fn login(reason: &str, hint: impl Into<String>) -> Self {
        Self { kind: TransportErrorKind::Auth, reason: reason.to_owned(), hint: hint.into() }
    }
}

fn unreachable(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::ConnectionRefused => "the proxy's port is closed",
        io::ErrorKind::TimedOut => "no answer of the proxy in time",
        io::ErrorKind::HostUnreachable | io::ErrorKind::NetworkUnreachable => "there is no way to the proxy",
        _ => "no connection to the proxy can be made",
    }
}

fn login_hint(offered: &[String], otherwise: &str) -> String {
    let knows_basic = offered.iter().any(|scheme| scheme.eq_ignore_ascii_case("Basic"));
    if offered.is_empty() || knows_basic {
        return otherwise.to_owned();
    }
    format!(
        "it offers {}, and only Basic is supported here: a local helper such as `cntlm` or `px` can log in to it",
        offered.join(", ")
    )
}

fn by_status(status: u16, silent: &str) -> Told {
    let refused = |what: &str| format!("it {what} (HTTP {status})");
    match status {
        403 => Told::connection(refused("does not allow it"), NOT_ALLOWED),
        400 | 404 | 405 | 501 => Told::connection(refused("makes no tunnels"), NO_TUNNELS),
        // What tinyproxy says of a host that it cannot reach.
        500 => Told::connection(refused("fails"), beyond(silent)),
        502..=504 => Told::connection(refused("cannot reach the host"), beyond(silent)),
        _ => Told::connection(refused("refuses"), "what stands in the proxy's log says why"),
    }
}

fn by_reply(reply: u8, closed: &str, silent: &str) -> Told {
    let (what, hint) = match reply {
        1 => ("fails without saying why", beyond(silent)),
        2 => ("does not allow it", NOT_ALLOWED.to_owned()),
        3 => ("knows no way to the host's network", BEYOND.to_owned()),
        4 => ("cannot reach the host", beyond(silent)),
        5 => ("finds the host's port closed", closed.to_owned()),
        6 => ("gets no answer of the host", beyond(silent)),
        7 => ("makes no tunnels", NO_TUNNELS.to_owned()),
        8 => ("does not know this kind of address", OTHER_ADDRESS.to_owned()),
        _ => ("refuses in an unknown way", "what stands in the proxy's log says why".to_owned()),
    };
    Told::connection(format!("it {what} (SOCKS reply {reply})"), hint)
}

fn beyond(silent: &str) -> String {
    format!("{BEYOND}; {silent}")
}

/// The message has said it.
const TOLD_BY_NAME: [io::ErrorKind; 3] =
    [io::ErrorKind::ConnectionRefused, io::ErrorKind::TimedOut, io::ErrorKind::UnexpectedEof];

const PROXY_NAME: &str = "check the spelling of the proxy, and that this machine asks the right name server";
const HOST_NAME: &str =
    "check the spelling; with `socks5h://` in place of `socks5://` it is the proxy that looks the name up";
const PROXY_DOWN: &str =
    "check the proxy's address and port, and that it runs; `--proxy none` connects without it";
const WAITING: &str = "the proxy may still be trying to reach the host";
const GIVE: &str = "give them in its URL, percent-encoded, by the environment: \
    `HVCTL_PROXY=http://USER:PASSWORD@PROXY:PORT`, or `socks5h://…`";
const CHECK: &str = "check them, and that they are percent-encoded in its URL (`@` is `%40`)";
const UNSUITED: &str =
    "leave them out of its URL, if it goes by addresses; other logins of SOCKS are not supported";
const NOT_ALLOWED: &str = "ask who runs it to allow tunnels to the host's port: many proxies allow 443 alone, \
    and WinRM's is 5986";
const NO_TUNNELS: &str = "check that it is a proxy, and that CONNECT is switched on";
const BEYOND: &str = "check that the proxy knows the host's name and has a way to it";
const HANDSHAKE: &str = "the host's port may be closed, as some proxies (`ssh -D` is one) answer before they have \
    reached the host; an HTTPS listener without a certificate does this too";
const OTHER_ADDRESS: &str = "with `socks5h://` and the host's name it is the proxy that looks the address up";

impl fmt::Display for ProxyFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the proxy `{}` gave no connection", self.proxy)
    }
}

impl StdError for ProxyFailure {}
