//! A connection to a host: straight, or through a proxy; with TLS or without.

use super::{
    Proxy,
    connect::{BoxError, ConnectTimedOut, LookupFailed},
    proxy::{ProxyFailure, Reason},
};
use rustls::ClientConfig;
use rustls_pki_types::ServerName;
use std::{io, sync::Arc};
use tokio::{net::TcpStream, time::Instant};
use tokio_rustls::{TlsConnector, client::TlsStream};
use url::{Host, Url};

/// Connects to the host and port of the URL; every step ends by the deadline.
pub(super) async fn dial(url: &Url, proxy: Option<&Proxy>, deadline: Instant) -> Result<TcpStream, BoxError> {
    let stream = match proxy {
        Some(proxy) => proxy.connect(url, deadline).await?,
        None => tokio::time::timeout_at(deadline, straight(url))
            .await
            .unwrap_or_else(|_| Err(ConnectTimedOut.into()))?,
    };
    stream.set_nodelay(true)?;
    Ok(stream)
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
    let addresses = tokio::net::lookup_host((bare_host(url), port)).await.map_err(LookupFailed::from)?;
    Ok(TcpStream::connect(&*addresses.collect::<Vec<_>>()).await?)
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
