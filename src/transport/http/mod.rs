//! HTTPS with reqwest on one rustls configuration of ours; one authenticated connection is one
//! `reqwest::Client` (see ARCHITECTURE.md, Connections).

use super::{Answer, BoxFuture, Exchange, Transport, TransportError};
use crate::auth::Credentials;
use std::time::Duration;

/// How the server's certificate is trusted.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct Trust {
    /// SHA-256 of the leaf certificate: replaces chain, name and validity checks.
    pub fingerprint: Option<Fingerprint>,
    /// PEM bundle of additional roots. With a fingerprint too, both must hold.
    pub ca_pem: Option<Vec<u8>>,
}

/// SHA-256 of a certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Fingerprint([u8; 32]);

impl std::str::FromStr for Fingerprint {
    type Err = TransportError;
    /// `sha256:HEX` (colons and case allowed in HEX). 40 digits get the hint that this is Windows'
    /// SHA-1 thumbprint and how to get the SHA-256.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        todo!("{text}")
    }
}
impl std::fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let _ = self.0;
        let _ = f;
        todo!()
    }
}

/// Which mechanism logs in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum AuthMechanism {
    /// NTLMv2 in `Negotiate` or `NTLM`.
    #[default]
    Ntlm,
    /// Basic, over TLS only.
    Basic,
}

/// Settings of an HTTPS transport.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct HttpSettings {
    /// `https://host:5986/wsman`.
    pub url: url::Url,
    /// `None`: only anonymous Identify is possible.
    pub credentials: Option<Credentials>,
    /// Mechanism.
    pub mechanism: AuthMechanism,
    /// Trust.
    pub trust: Trust,
    /// TCP and TLS; default 10 s.
    pub connect_timeout: Duration,
    /// Largest body accepted; default 64 MiB.
    pub max_body: usize,
}

impl HttpSettings {
    /// Defaults for this endpoint.
    #[must_use]
    pub fn new(url: url::Url) -> Self {
        Self {
            url,
            credentials: None,
            mechanism: AuthMechanism::default(),
            trust: Trust::default(),
            connect_timeout: Duration::from_secs(10),
            max_body: 64 * 1024 * 1024,
        }
    }
}

/// The transport.
#[derive(Debug)]
pub struct HttpTransport {
    _settings: HttpSettings,
}

impl HttpTransport {
    /// Checks the settings (`http://` is refused with a hint); connects at the first exchange.
    ///
    /// # Errors
    /// Kind `Config` or `Trust`.
    pub fn new(settings: HttpSettings) -> Result<Self, TransportError> {
        todo!("{settings:?}")
    }
}

impl Transport for HttpTransport {
    fn exchange(&self, exchange: Exchange) -> BoxFuture<'_, Result<Answer, TransportError>> {
        todo!("{exchange:?}")
    }
}
