//! Building a client over HTTPS.

use super::{Client, Options};
#[cfg(feature = "reqwest")]
use crate::transport::HttpCarrier;
use crate::{
    auth::Credentials,
    error::Result,
    transport::http::{
        AuthMechanism, ClientCertificate, HttpSettings, HttpTransport, KerberosSettings, Login, Proxy, Trust,
    },
};
use std::{num::NonZeroUsize, sync::Arc, time::Duration};
use url::Url;

/// Settings of a client over HTTPS, from [`Client::builder`].
#[derive(Debug, Clone)]
#[must_use = "a builder does nothing until `build`"]
pub struct ClientBuilder {
    settings: HttpSettings,
    options: Options,
}

impl ClientBuilder {
    pub(super) fn new(url: Url) -> Self {
        Self { settings: HttpSettings::new(url), options: Options::default() }
    }
    /// User and password. Without them, a Kerberos ticket logs in; without that too, only an anonymous Identify
    /// is possible.
    pub fn credentials(mut self, credentials: Credentials) -> Self {
        self.settings.credentials = Some(credentials);
        self
    }
    /// How to log in; [`AuthMechanism::Negotiate`] unless told otherwise.
    pub fn mechanism(mut self, mechanism: AuthMechanism) -> Self {
        self.settings.mechanism = mechanism;
        self
    }
    /// Who logs in by certificate, instead of credentials.
    pub fn certificate(mut self, certificate: ClientCertificate) -> Self {
        self.settings.certificate = Some(certificate);
        self.settings.mechanism = AuthMechanism::Certificate;
        self
    }
    /// Where Kerberos tickets come from, and what they are for.
    pub fn kerberos(mut self, kerberos: KerberosSettings) -> Self {
        self.settings.kerberos = kerberos;
        self
    }
    /// Logs in with the first request, see [`HttpSettings::auth_preemptive`].
    pub fn auth_preemptive(mut self) -> Self {
        self.settings.auth_preemptive = true;
        self
    }
    /// Calls this for each connection that has logged in: by which mechanism, and why.
    pub fn on_login(mut self, told: impl Fn(&Login) + Send + Sync + 'static) -> Self {
        self.settings.on_login = Some(Arc::new(told));
        self
    }
    /// How the server's certificate is trusted; the system's roots unless told otherwise.
    pub fn trust(mut self, trust: Trust) -> Self {
        self.settings.trust = trust;
        self
    }
    /// What connections go through; straight to the host unless told otherwise, whatever the environment says.
    pub fn proxy(mut self, proxy: Proxy) -> Self {
        self.settings.proxy = Some(proxy);
        self
    }
    /// What carries requests; hyper unless told otherwise.
    #[cfg(feature = "reqwest")]
    pub fn carrier(mut self, carrier: HttpCarrier) -> Self {
        self.settings.carrier = carrier;
        self
    }
    /// Seals messages over TLS too, see [`HttpSettings::always_seal`]; only plain HTTP unless told otherwise.
    pub fn always_seal(mut self, always_seal: bool) -> Self {
        self.settings.always_seal = always_seal;
        self
    }
    /// Longest time for TCP and TLS; 10 s unless told otherwise.
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.settings.connect_timeout = timeout;
        self
    }
    /// How many connections may be open at a time, see [`HttpSettings::max_connections`]; 4 unless told otherwise.
    pub fn max_connections(mut self, max_connections: NonZeroUsize) -> Self {
        self.settings.max_connections = max_connections;
        self
    }
    /// Options of all calls.
    pub fn options(mut self, options: Options) -> Self {
        self.options = options;
        self
    }
    /// The client. It connects at its first call.
    ///
    /// # Errors
    /// `Config` or `Trust`, for settings that cannot work (Basic over `http://`, an unreadable CA file).
    pub fn build(mut self) -> Result<Client> {
        self.settings.max_body = self.options.limits.bytes;
        let url = self.settings.url.clone();
        let transport = HttpTransport::new(self.settings)?;
        Ok(Client::with_transport(url, Arc::new(transport)).with_options(self.options))
    }
}
