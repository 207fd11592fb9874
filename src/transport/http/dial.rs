//! A connection to a host: straight, or through a proxy; with TLS or without.

use super::{
    Proxy,
    proxy::{ProxyFailure, Reason},
};
use hyper_util::client::legacy::connect::{HttpConnector, dns::Name};
use rustls::ClientConfig;
use rustls_pki_types::ServerName;
use std::{
    error::Error as StdError,
    fmt,
    future::{Ready, ready},
    io,
    net::SocketAddr,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
    vec,
};
use tokio::{net::TcpStream, time::Instant};
use tokio_rustls::{TlsConnector, client::TlsStream};
use tower_service::Service;
use url::{Host, Url};

pub(super) type BoxError = Box<dyn StdError + Send + Sync>;

/// Neither refused nor accepted in time.
#[derive(Debug)]
pub(super) struct ConnectTimedOut;

/// The host's name has no address.
#[derive(Debug)]
pub(super) struct LookupFailed(io::Error);

/// How long a connection may be silent before it is asked whether it is still there, and how long between two questions.
const KEEP_ALIVE: Duration = Duration::from_secs(15);
/// Questions without an answer that end it.
const UNANSWERED: u32 = 3;
/// How long what was sent may stay unacknowledged. Linux alone can tell TCP so.
#[cfg(target_os = "linux")]
const UNACKNOWLEDGED: Duration = Duration::from_secs(30);

/// When so much time has passed; of a time that no clock can hold, some decades from now.
pub(super) fn deadline_in(time: Duration) -> Instant {
    const DECADES: Duration = Duration::from_secs(30 * 365 * 24 * 3600);
    let now = Instant::now();
    now.checked_add(time).unwrap_or_else(|| now + DECADES)
}

/// Connects to the host and port of the URL; every step ends by the deadline.
pub(super) async fn dial(url: &Url, proxy: Option<&Proxy>, deadline: Instant) -> Result<TcpStream, BoxError> {
    match proxy {
        Some(proxy) => Ok(proxy.connect(url, deadline).await?),
        None => tokio::time::timeout_at(deadline, straight(url))
            .await
            .unwrap_or_else(|_| Err(ConnectTimedOut.into())),
    }
}

/// As [`dial`], and with TLS over it. What is trusted is the configuration's to say.
pub(super) async fn dial_tls(
    url: &Url,
    proxy: Option<&Proxy>,
    config: Arc<ClientConfig>,
    name: ServerName<'static>,
    deadline: Instant,
) -> Result<TlsStream<TcpStream>, BoxError> {
    let stream = dial(url, proxy, deadline).await?;
    let handshake = TlsConnector::from(config).connect(name, stream);
    let done = tokio::time::timeout_at(deadline, handshake).await.map_err(|_| ConnectTimedOut)?;
    done.map_err(|error| match proxy {
        Some(proxy) if CUT.contains(&error.kind()) => ProxyFailure::new(proxy, Reason::Handshake).into(),
        _ => error.into(),
    })
}

/// How a connection ends that is closed during the handshake.
const CUT: [io::ErrorKind; 3] =
    [io::ErrorKind::UnexpectedEof, io::ErrorKind::ConnectionReset, io::ErrorKind::BrokenPipe];

async fn straight(url: &Url) -> Result<TcpStream, BoxError> {
    let port = url.port_or_known_default().unwrap_or_default();
    let found = tokio::net::lookup_host((bare_host(url), port)).await.map_err(LookupFailed::from)?;
    Ok(connect(found.collect()).await?)
}

/// Connects to one of the addresses, which are those of one name; where those of one family do not answer, to those of the
/// other beside them (RFC 8305). Keep-alives notice that the other end is gone, also while an answer is waited for.
pub(super) async fn connect(addresses: Vec<SocketAddr>) -> io::Result<TcpStream> {
    let mut connector = HttpConnector::new_with_resolver(Found(addresses));
    connector.enforce_http(false);
    connector.set_nodelay(true);
    connector.set_keepalive(Some(KEEP_ALIVE));
    connector.set_keepalive_interval(Some(KEEP_ALIVE));
    connector.set_keepalive_retries(Some(UNANSWERED));
    #[cfg(target_os = "linux")]
    connector.set_tcp_user_timeout(Some(UNACKNOWLEDGED));
    // The name is one that the resolver below is asked for, and does not look at.
    let stream = connector.call(hyper::Uri::from_static("tcp://host")).await;
    stream.map(hyper_util::rt::TokioIo::into_inner).map_err(|error| {
        let cause = error.source().and_then(|cause| cause.downcast_ref::<io::Error>());
        let kind = cause.map_or(io::ErrorKind::Other, io::Error::kind);
        io::Error::new(kind, cause.map_or_else(|| error.to_string(), ToString::to_string))
    })
}

/// A resolver that knows the answer.
#[derive(Clone)]
struct Found(Vec<SocketAddr>);

impl Service<Name> for Found {
    type Response = vec::IntoIter<SocketAddr>;
    type Error = io::Error;
    type Future = Ready<io::Result<Self::Response>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Name) -> Self::Future {
        ready(Ok(std::mem::take(&mut self.0).into_iter()))
    }
}

/// The host of a URL as names are looked up, and as TLS knows it.
pub(super) fn bare_host(url: &Url) -> String {
    url.host().map(bare).unwrap_or_default()
}

/// A host without the brackets of IPv6.
pub(super) fn bare(host: Host<impl Into<String>>) -> String {
    match host {
        Host::Domain(name) => name.into(),
        Host::Ipv4(address) => address.to_string(),
        Host::Ipv6(address) => address.to_string(),
    }
}

impl From<io::Error> for LookupFailed {
    fn from(error: io::Error) -> Self {
        Self(error)
    }
}

impl fmt::Display for ConnectTimedOut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("no answer in time")
    }
}

impl StdError for ConnectTimedOut {}

impl fmt::Display for LookupFailed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl StdError for LookupFailed {}
