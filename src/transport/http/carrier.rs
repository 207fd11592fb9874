//! What carries the requests of one connection: reqwest, or hyper over a connection of our own, where that leads through a
//! proxy or has to be open before its first request.

use super::{
    HttpSettings,
    connect::{ConnectOnce, SystemResolver},
    failure::{self, Circumstances},
    trust::no_tls,
    tunnel::{Tunnel, TunnelError},
};
use crate::transport::TransportError;
use bytes::Bytes;
use hyper_util::client::legacy::connect::HttpInfo;
use reqwest::{Client, Response, header::HeaderMap};
use rustls::ClientConfig;
use std::net::SocketAddr;
use url::Url;

/// How this crate names itself to hosts.
pub(super) const USER_AGENT: &str = concat!("hyperv-wsman/", env!("CARGO_PKG_VERSION"));

/// Connects at its first request, and never a second time.
#[derive(Debug)]
pub(super) enum Carrier {
    /// A client of its own, which connects once.
    Straight(Client),
    /// Through a proxy, or open before its first request.
    Tunnel(Box<Tunnel>),
}

/// Why a tunnel did not do it, in words.
fn explain(error: TunnelError, circumstances: Circumstances<'_>) -> TransportError {
    let Circumstances { host, leaf, .. } = circumstances;
    match error {
        TunnelError::NotConnected(error) => failure::not_connected(&*error, host, leaf),
        TunnelError::Lost => failure::lost(host),
        TunnelError::Broken(error) => failure::broken(&error, circumstances),
    }
}

impl Carrier {
    /// Over plain HTTP without `tls`.
    pub(super) fn new(settings: &HttpSettings, tls: Option<ClientConfig>) -> Result<Self, TransportError> {
        if settings.proxy.is_some() || settings.binds_first_request() {
            let tunnel = Tunnel::new(settings.proxy.clone(), tls, settings.connect_timeout);
            return Ok(Self::Tunnel(Box::new(tunnel)));
        }
        let client = Client::builder()
            .tls_backend_preconfigured(tls.map_or_else(no_tls, Ok)?)
            .connector_layer(ConnectOnce::new(settings.connect_timeout))
            .dns_resolver(SystemResolver)
            .http1_only()
            .pool_max_idle_per_host(1)
            .pool_idle_timeout(None)
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .referer(false)
            .no_proxy()
            .tcp_nodelay(true)
            .user_agent(USER_AGENT)
            .build()
            .map_err(|error| TransportError::config("failed to set up HTTP").with_source(error))?;
        Ok(Self::Straight(client))
    }

    pub(super) async fn post(
        &mut self,
        url: &Url,
        headers: HeaderMap,
        body: Bytes,
        circumstances: Circumstances<'_>,
    ) -> Result<Response, TransportError> {
        match self {
            Self::Straight(client) => {
                let sent = client.post(url.clone()).headers(headers).body(body).send().await;
                sent.map_err(|error| failure::explain(error, circumstances))
            }
            Self::Tunnel(tunnel) => {
                // Apart, so that the usual way does not carry its weight.
                let sent = Box::pin(tunnel.post(url, headers, body.into())).await;
                sent.map_err(|error| explain(error, circumstances))
            }
        }
    }

    /// Connects, where the first request is too late for it.
    #[cfg(feature = "kerberos")]
    pub(super) async fn open(
        &mut self,
        url: &Url,
        circumstances: Circumstances<'_>,
    ) -> Result<(), TransportError> {
        match self {
            Self::Straight(_) => Ok(()),
            Self::Tunnel(tunnel) => {
                Box::pin(tunnel.open(url)).await.map_err(|error| explain(error, circumstances))
            }
        }
    }

    /// Whether an answer came over the connection of those before it, whose end here is `ours` from the first one on.
    pub(super) fn is_same_connection(&self, response: &Response, ours: &mut Option<SocketAddr>) -> bool {
        match self {
            Self::Straight(_) => {
                let got = response.extensions().get::<HttpInfo>().map(HttpInfo::local_addr);
                got.is_some_and(|got| *ours.get_or_insert(got) == got)
            }
            // It has no other.
            Self::Tunnel(_) => true,
        }
    }
}
