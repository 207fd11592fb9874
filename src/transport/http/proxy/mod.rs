//! A proxy between here and the host: HTTP CONNECT (RFC 9110, 9.3.6) or SOCKS 5 (RFC 1928, RFC 1929). Either gives a
//! TCP connection through it, over which TLS and logins run from end to end: it sees the host's name, and ciphertext.

mod connect;
mod failure;
mod socks;
mod url;

pub(super) use failure::{ProxyFailure, Reason};

use super::dial::{self, bare};
use crate::auth::Secret;
use ::url::{Host, Url};
use std::{
    fmt,
    future::Future,
    io,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};
use tokio::{net::TcpStream, time::Instant};

/// A proxy, as a URL names it: `http://`, `socks5h://` or `socks5://`.
///
/// | URL | what it is | who looks up the host's name |
/// |---|---|---|
/// | `http://HOST:PORT` | HTTP CONNECT; for hosts at `https://` URLs alone | the proxy |
/// | `socks5h://HOST[:PORT]`, `socks://HOST[:PORT]` | SOCKS 5 | the proxy |
/// | `socks5://HOST[:PORT]` | SOCKS 5 | this machine |
///
/// `socks5h` is what `socks` without a number means, and what to take unless there is a reason against it: a proxy
/// stands where the host's name means something, and this machine often knows no address for it. SOCKS is at port
/// 1080 unless told otherwise; HTTP has no usual port.
///
/// User and password stand before the host, as `USER:PASSWORD@`, percent-encoded. They are sent to the proxy in the
/// clear, as both protocols have it; nothing shows them. Once refused, they are not sent again, by clones neither.
///
/// ```
/// use hyperv_wsman::transport::{HttpSettings, HttpTransport, endpoint};
///
/// let mut settings = HttpSettings::new(endpoint("hv1.example.org")?);
/// settings.proxy = Some("socks5h://backup:p%40ss@gate.example.org".parse()?);
/// let shown = settings.proxy.as_ref().map(ToString::to_string);
/// assert_eq!(shown.as_deref(), Some("socks5h://gate.example.org:1080"));
/// let transport = HttpTransport::new(settings)?;
/// # Ok::<(), hyperv_wsman::transport::TransportError>(())
/// ```
#[derive(Debug, Clone)]
pub struct Proxy {
    protocol: Protocol,
    host: Host,
    port: u16,
    login: Option<ProxyLogin>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Protocol {
    Http,
    /// Names are looked up here.
    Socks5,
    /// Names are looked up by the proxy.
    Socks5h,
}

/// Who we are to a proxy. Neither is shown.
#[derive(Debug, Clone)]
struct ProxyLogin {
    user: Secret,
    password: Secret,
    /// Whether the proxy has refused them. Clones know it too.
    refused: Arc<AtomicBool>,
}

impl Proxy {
    /// Whether it speaks HTTP. Such a one carries `https://` alone: logins and sealed messages over plain HTTP belong
    /// to one connection, which a proxy that reads HTTP does not keep.
    #[must_use]
    pub fn speaks_http(&self) -> bool {
        self.protocol == Protocol::Http
    }

    /// Whether it is the proxy that looks names of hosts up, and not this machine.
    #[must_use]
    pub fn looks_names_up(&self) -> bool {
        self.protocol != Protocol::Socks5
    }

    /// Whether it comes with a user or a password.
    #[must_use]
    pub fn has_login(&self) -> bool {
        self.login.is_some()
    }

    /// Its name or address.
    #[must_use]
    pub fn host(&self) -> String {
        self.host.to_string()
    }

    /// Opens a connection to the host and port of a URL. Each step ends by the deadline.
    pub(super) async fn connect(&self, url: &Url, deadline: Instant) -> Result<TcpStream, ProxyFailure> {
        let failed = |reason| ProxyFailure::new(self, reason);
        let port = url.port_or_known_default().unwrap_or_default();
        let targets = match url.host() {
            Some(Host::Domain(name)) if !self.looks_names_up() => {
                let found = within(deadline, tokio::net::lookup_host((name, port)), Reason::HostName);
                found.await.map_err(failed)?.map(Target::Address).collect()
            }
            Some(Host::Domain(name)) => vec![Target::Name(name.to_owned(), port)],
            Some(Host::Ipv4(address)) => vec![Target::Address((address, port).into())],
            Some(Host::Ipv6(address)) => vec![Target::Address((address, port).into())],
            None => Vec::new(),
        };
        let refused = self.login.as_ref().map(|login| &login.refused);
        if refused.is_some_and(|refused| refused.load(Ordering::Relaxed)) {
            return Err(failed(Reason::LoginRefused { offered: Vec::new() }));
        }
        let mut last = Reason::HostName(io::ErrorKind::NotFound.into());
        for target in targets {
            match self.tunnel(&target, deadline).await {
                Ok(stream) => return Ok(stream),
                // Another address of the host may be one that the proxy can reach.
                Err(reason) if reason.is_of_the_host() => last = reason,
                Err(reason) => {
                    if let (Some(refused), Reason::LoginRefused { .. }) = (refused, &reason) {
                        refused.store(true, Ordering::Relaxed);
                    }
                    return Err(failed(reason));
                }
            }
        }
        Err(failed(last))
    }

    async fn tunnel(&self, target: &Target, deadline: Instant) -> Result<TcpStream, Reason> {
        let place = (bare(self.host.clone()), self.port);
        let found = within(deadline, tokio::net::lookup_host(place), Reason::ProxyName).await?;
        let mut stream = within(deadline, dial::connect(found.collect()), Reason::Unreachable).await?;
        let login = self.login.as_ref();
        if self.speaks_http() {
            connect::open(&mut stream, target, login, deadline).await?;
        } else {
            socks::open(&mut stream, target, login, deadline).await?;
        }
        Ok(stream)
    }
}

/// What the proxy is to connect to.
#[derive(Debug, Clone)]
enum Target {
    Name(String, u16),
    Address(SocketAddr),
}

impl fmt::Display for Target {
    /// As HTTP writes it, with brackets around an address of IPv6.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name, port) => write!(f, "{name}:{port}"),
            Self::Address(address) => address.fmt(f),
        }
    }
}

/// A step on the way to the proxy, or of its protocol.
async fn within<T>(
    deadline: Instant,
    step: impl Future<Output = io::Result<T>>,
    failed: fn(io::Error) -> Reason,
) -> Result<T, Reason> {
    match tokio::time::timeout_at(deadline, step).await {
        Ok(done) => done.map_err(failed),
        Err(_) => Err(failed(io::ErrorKind::TimedOut.into())),
    }
}

impl fmt::Display for Proxy {
    /// Without user and password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}:{}", self.protocol.scheme(), self.host, self.port)
    }
}

impl Protocol {
    fn scheme(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Socks5 => "socks5",
            Self::Socks5h => "socks5h",
        }
    }
}
