//! Settings of an HTTP transport, and what it tells of its logins.

use super::{ClientCertificate, Proxy, Trust, endpoint};
use crate::auth::Credentials;
use std::{fmt, num::NonZeroUsize, path::PathBuf, sync::Arc, time::Duration};

const DEFAULT_CONNECTIONS: NonZeroUsize = NonZeroUsize::new(4).unwrap();

/// Which mechanism logs in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum AuthMechanism {
    /// Kerberos where a ticket can be had, else NTLM where a password is given; [`Login`] tells which, and why.
    #[default]
    Negotiate,
    /// Kerberos, and nothing else.
    Kerberos,
    /// NTLMv2 in `Negotiate` or `NTLM`.
    Ntlm,
    /// Basic, over TLS only.
    Basic,
    /// The certificate of [`HttpSettings::certificate`], which the host maps to a user; over TLS only.
    Certificate,
}

/// How to get Kerberos tickets, and for what.
///
/// A ticket is got with the keytab if there is one, else with the password of
/// [`HttpSettings::credentials`] if there are some, else it is one that the user has already (`kinit`).
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct KerberosSettings {
    /// `user@REALM`. Without it, the user of the credentials, if the realm is known; for tickets that are
    /// there already, whoever they are for.
    pub principal: Option<String>,
    /// Realm of a user whose name has none.
    pub realm: Option<String>,
    /// File of keys to log in with.
    pub keytab: Option<PathBuf>,
    /// Ticket cache, as the library names them (`FILE:/run/job/ccache`), instead of the user's own.
    pub cache: Option<String>,
    /// Service class of the host's principal name: `HTTP` unless told otherwise; `WSMAN` is the other one
    /// that WinRM registers.
    pub service: String,
    /// Host in the host's principal name, where it is not that of the URL.
    pub host: Option<String>,
    /// Lets the host act for the user on other hosts. Never unless asked for.
    pub delegate: bool,
    /// How long to wait for the KDC: 30 s unless told otherwise.
    pub timeout: Duration,
}

impl Default for KerberosSettings {
    fn default() -> Self {
        Self {
            principal: None,
            realm: None,
            keytab: None,
            cache: None,
            service: "HTTP".to_owned(),
            host: None,
            delegate: false,
            timeout: Duration::from_secs(30),
        }
    }
}

/// Settings of an HTTP transport.
#[derive(Clone)]
#[non_exhaustive]
pub struct HttpSettings {
    /// `https://host:5986/wsman`, or `http://host:5985/wsman`, over which everything is sealed.
    pub url: url::Url,
    /// User and password. `None`: tickets of Kerberos, and anonymous Identify.
    pub credentials: Option<Credentials>,
    /// Mechanism.
    pub mechanism: AuthMechanism,
    /// Who logs in by [`AuthMechanism::Certificate`], which goes without credentials.
    pub certificate: Option<ClientCertificate>,
    /// Tickets.
    pub kerberos: KerberosSettings,
    /// Trust.
    pub trust: Trust,
    /// What connections go through; `None`: straight to the host. The environment is not looked at.
    pub proxy: Option<Proxy>,
    /// Name, TCP and TLS, and the proxy where there is one; default 10 s.
    pub connect_timeout: Duration,
    /// How many connections may be open at a time, and so how many requests under way; default 4. A host counts idle
    /// connections as requests ([MS-WSMV] note 22), and by default takes 15 operations at a time from a user.
    pub max_connections: NonZeroUsize,
    /// Largest body accepted; default 64 MiB.
    pub max_body: usize,
    /// Logs in with the first request, without asking before what the server offers: for servers that hold a request
    /// without credentials open and never answer it. The scheme of Kerberos is the mechanism's own then: `Negotiate` for
    /// [`AuthMechanism::Negotiate`], `Kerberos` for [`AuthMechanism::Kerberos`]. The other mechanisms do so anyway.
    pub auth_preemptive: bool,
    /// Seals messages over TLS too, as plain HTTP needs it anyway. Not with Basic, which has no keys for it.
    pub always_seal: bool,
    /// Told of each connection that has logged in.
    pub on_login: Option<OnLogin>,
    /// What carries requests; hyper unless told otherwise.
    #[cfg(feature = "reqwest")]
    pub carrier: HttpCarrier,
}

/// What carries requests over a connection. What goes over the wire is the same.
#[cfg(feature = "reqwest")]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum HttpCarrier {
    /// hyper, over a connection that the transport makes.
    #[default]
    Hyper,
    /// reqwest, a client of its own for each connection; it takes longer for a request. Neither with a proxy nor with
    /// [`HttpSettings::auth_preemptive`] and Kerberos.
    Reqwest,
}

/// Who wants to know of logins.
pub type OnLogin = Arc<dyn Fn(&Login) + Send + Sync>;

/// A connection that has logged in.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Login {
    /// `kerberos`, `ntlm` or `certificate`.
    pub mechanism: &'static str,
    /// As whom: `alice@CORP.EXAMPLE`, `CORP\alice`, `the certificate sha256:…`.
    pub user: String,
    /// Why NTLM, where [`AuthMechanism::Negotiate`] would rather have taken Kerberos.
    pub why: Option<String>,
    /// Whether messages are sealed.
    pub sealed: bool,
    /// Whether the login is bound to the TLS connection.
    pub bound: bool,
    /// Whether the host may act for the user on other hosts.
    pub delegated: bool,
}

impl HttpSettings {
    /// Whether the first request of a connection carries a token of Kerberos, which is bound to a certificate that has to
    /// be known by then.
    #[cfg(any(feature = "kerberos", feature = "reqwest"))]
    pub(super) fn binds_first_request(&self) -> bool {
        self.auth_preemptive && matches!(self.mechanism, AuthMechanism::Kerberos | AuthMechanism::Negotiate)
    }

    /// Defaults for this endpoint.
    #[must_use]
    pub fn new(url: url::Url) -> Self {
        Self {
            url,
            credentials: None,
            mechanism: AuthMechanism::default(),
            certificate: None,
            kerberos: KerberosSettings::default(),
            trust: Trust::default(),
            proxy: None,
            connect_timeout: Duration::from_secs(10),
            max_connections: DEFAULT_CONNECTIONS,
            max_body: 64 * 1024 * 1024,
            auth_preemptive: false,
            always_seal: false,
            on_login: None,
            #[cfg(feature = "reqwest")]
            carrier: HttpCarrier::default(),
        }
    }
}

impl fmt::Debug for HttpSettings {
    /// Without user and password of the URL, which [`HttpTransport::new`](super::HttpTransport::new) refuses.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("HttpSettings");
        #[cfg(feature = "reqwest")]
        shown.field("carrier", &self.carrier);
        shown
            .field("host", &endpoint::host_and_port(&self.url))
            .field("credentials", &self.credentials)
            .field("mechanism", &self.mechanism)
            .field("certificate", &self.certificate)
            .field("kerberos", &self.kerberos)
            .field("trust", &self.trust)
            .field("proxy", &self.proxy)
            .field("connect_timeout", &self.connect_timeout)
            .field("max_connections", &self.max_connections)
            .field("max_body", &self.max_body)
            .field("auth_preemptive", &self.auth_preemptive)
            .field("always_seal", &self.always_seal)
            .field("on_login", &self.on_login.is_some())
            .finish()
    }
}
