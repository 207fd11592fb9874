//! HTTPS with reqwest on one rustls configuration of ours, and plain HTTP with sealed messages; one
//! authenticated connection is one `reqwest::Client` (see ARCHITECTURE.md, Connections).

mod challenges;
mod client_certificate;
mod connect;
mod connection;
mod endpoint;
mod failure;
mod fingerprint;
#[cfg(feature = "probe")]
mod greeting;
#[cfg(feature = "probe")]
mod knock;
mod login;
#[cfg(feature = "probe")]
mod lookup;
#[cfg(feature = "ntlm")]
mod ntlm;
mod pool;
#[cfg(feature = "probe")]
mod probe;
mod sealed;
mod settings;
mod trust;

pub use client_certificate::{ClientCertificate, ClientCertificateError};
pub use endpoint::endpoint;
pub use fingerprint::Fingerprint;
#[cfg(feature = "probe")]
pub use greeting::{Greeting, greet};
#[cfg(feature = "probe")]
pub use knock::{Door, knock};
#[cfg(feature = "probe")]
pub use lookup::{HostNames, look_up};
#[cfg(feature = "probe")]
pub use probe::{CertificateContent, CertificateInfo, probe_certificate};
pub use settings::{AuthMechanism, HttpSettings, KerberosSettings, Login, OnLogin};
pub use trust::Trust;

use super::{Answer, BoxFuture, Exchange, Peer, Phase, Transport, TransportError};
use crate::auth::{Credentials, basic};
use challenges::{challenges, of_scheme};
use connection::{Connection, Content, Reply, Request};
use failure::Stage;
use pool::{Idle, Pool};
use reqwest::{StatusCode, header::CONTENT_TYPE};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::time::Instant;
use trust::Tls;

/// The transport over HTTPS, and over HTTP with sealed messages.
///
/// Over `http://` messages and answers are encrypted and signed with the keys of the login; nothing
/// else leaves but the login itself and an anonymous Identify, which holds no secret and whose answer
/// nothing vouches for.
///
/// Up to four connections, each logged in by itself. A connection that the host has closed in the
/// meantime is replaced before anything is sent over it; a message that may have left is never sent
/// again. A password that was refused is not tried a second time.
///
/// [`Client::builder`](crate::Client::builder) makes one; by hand, it can stand behind a transport of one's own.
///
/// ```
/// use hyperv_wsman::{Client, transport::{HttpSettings, HttpTransport, endpoint}};
/// use std::sync::Arc;
///
/// let url = endpoint("hv1.example.org")?;
/// let transport = HttpTransport::new(HttpSettings::new(url.clone()))?;
/// let client = Client::with_transport(url, Arc::new(transport));
/// assert_eq!(client.url().as_str(), "https://hv1.example.org:5986/wsman");
/// # Ok::<(), hyperv_wsman::transport::TransportError>(())
/// ```
#[derive(Debug)]
pub struct HttpTransport {
    settings: HttpSettings,
    /// `host:port`, for messages.
    host: Arc<str>,
    /// Not over plain HTTP.
    tls: Option<Tls>,
    pool: Pool,
    /// Also the gate that lets one login through at a time.
    standing: tokio::sync::Mutex<Standing>,
}

/// What the host thinks of the credentials.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Standing {
    Untried,
    Accepted,
    Refused,
}

impl HttpTransport {
    /// Checks the settings; connects at the first exchange.
    ///
    /// # Errors
    /// Kind `Config` or `Trust`.
    pub fn new(settings: HttpSettings) -> Result<Self, TransportError> {
        endpoint::check(&settings.url)?;
        if cfg!(not(feature = "ntlm"))
            && matches!(settings.mechanism, AuthMechanism::Ntlm | AuthMechanism::Negotiate)
            && settings.credentials.is_some()
        {
            return Err(TransportError::config(
                "failed to use NTLM: this build is without the feature `ntlm`",
            ));
        }
        let is_tls = settings.url.scheme() == "https";
        sealed::check(&settings, is_tls)?;
        Ok(Self {
            host: endpoint::host_and_port(&settings.url).into(),
            tls: is_tls.then(|| Tls::new(&settings.trust)).transpose()?,
            pool: Pool::new(),
            standing: tokio::sync::Mutex::new(Standing::Untried),
            settings,
        })
    }

    async fn run(&self, exchange: &Exchange, stage: &Mutex<Stage>) -> Result<Answer, TransportError> {
        let _turn = self.pool.turn().await;
        let login = self.login(exchange)?;
        if let Proof::Basic(credentials) = login {
            return self.run_basic(exchange, credentials, stage).await;
        }
        let reply = self.deliver(exchange, login, stage).await?;
        if let (StatusCode::UNAUTHORIZED, Proof::Ntlm(credentials)) = (reply.status, login) {
            let reason = "the host accepts the login, and refuses the message that follows it";
            let mut error = login::failed(&self.host, credentials, reason)
                .with_hint("a proxy or gateway on the way is not made for NTLM; reach the host directly");
            if !reply.verified_tls {
                error.phase = Phase::MaybeSent;
            }
            return Err(error);
        }
        Ok(self.answer(reply, login))
    }

    /// With Basic each message carries the password: until the host has accepted it once, one message
    /// at a time.
    async fn run_basic(
        &self,
        exchange: &Exchange,
        credentials: &Credentials,
        stage: &Mutex<Stage>,
    ) -> Result<Answer, TransportError> {
        let mut gate = Some(self.standing.lock().await);
        match gate.as_deref() {
            Some(Standing::Refused) => return Err(self.refused(credentials)),
            Some(Standing::Accepted) => gate = None,
            _ => {}
        }
        let login = Proof::Basic(credentials);
        let reply = self.deliver(exchange, login, stage).await?;
        let offered = challenges(&reply.headers);
        let accepted = reply.status != StatusCode::UNAUTHORIZED;
        if !accepted && !offered.is_empty() && of_scheme(&offered, "Basic").is_none() {
            return Err(login::not_offered(&self.host, credentials, AuthMechanism::Basic, &offered));
        }
        let mut standing = match gate {
            Some(gate) => gate,
            None if accepted => return Ok(self.answer(reply, login)),
            None => self.standing.lock().await,
        };
        if accepted {
            *standing = Standing::Accepted;
            return Ok(self.answer(reply, login));
        }
        *standing = Standing::Refused;
        Err(self.refused(credentials))
    }

    fn login(&self, exchange: &Exchange) -> Result<Proof<'_>, TransportError> {
        match (&self.settings.credentials, self.settings.mechanism) {
            _ if exchange.anonymous => Ok(Proof::None),
            (Some(credentials), AuthMechanism::Ntlm | AuthMechanism::Negotiate) => {
                Ok(Proof::Ntlm(credentials))
            }
            (_, AuthMechanism::Kerberos) => Err(TransportError::config(
                "failed to use Kerberos: HTTP connections do not log in by it yet",
            )),
            (Some(credentials), AuthMechanism::Basic) => Ok(Proof::Basic(credentials)),
            (None, _) => {
                Err(TransportError::config(format!("failed to log in to `{}`: no user is given", self.host))
                    .with_hint("give one by `--user`; without, only an anonymous Identify is possible"))
            }
        }
    }

    /// Sends the message over an idle connection if there is one, else over a new one. Where it turns
    /// out that an idle one is gone, or its login, nothing has run yet: then too over a new one.
    async fn deliver(
        &self,
        exchange: &Exchange,
        login: Proof<'_>,
        stage: &Mutex<Stage>,
    ) -> Result<Reply, TransportError> {
        if let Some(connection) = self.pool.take(login.is_ntlm()) {
            match self.send(connection, exchange, login, stage).await {
                Err(error) if error.phase == Phase::NotSent => {
                    tracing::debug!(%error, "connection lost, making a new one");
                }
                // Over plain HTTP anybody may have written it: then not for what changes the host.
                Ok(reply)
                    if login.is_ntlm()
                        && reply.status == StatusCode::UNAUTHORIZED
                        && (reply.verified_tls || !exchange.changes_host) =>
                {
                    tracing::debug!("login lost, logging in again");
                }
                done => return done,
            }
            self.pool.clear();
        }
        set(stage, Stage::Connecting);
        let connection = self.connect(login).await?;
        self.send(connection, exchange, login, stage).await
    }

    async fn connect(&self, login: Proof<'_>) -> Result<Connection, TransportError> {
        let number = self.pool.next_number();
        let connection = Connection::new(&self.settings, &self.host, self.tls.as_ref(), number)?;
        match login {
            #[cfg(feature = "ntlm")]
            Proof::Ntlm(credentials) => self.log_in(connection, credentials).await,
            _ => Ok(connection),
        }
    }

    #[cfg(feature = "ntlm")]
    async fn log_in(
        &self,
        mut connection: Connection,
        credentials: &Credentials,
    ) -> Result<Connection, TransportError> {
        let mut standing = self.standing.lock().await;
        if *standing == Standing::Refused {
            return Err(self.refused(credentials));
        }
        let host_name = self.settings.url.host_str().unwrap_or_default().trim_matches(['[', ']']);
        let seal = self.tls.is_none() || self.settings.always_seal;
        match ntlm::log_in(&mut connection, credentials, &self.host, host_name, seal).await {
            Ok(()) => {
                *standing = Standing::Accepted;
                self.pool.count_login();
                tracing::debug!(connection = connection.number, mechanism = "ntlm", "logged in");
                Ok(connection)
            }
            Err(ntlm::LoginError::Refused) => {
                *standing = Standing::Refused;
                Err(self.refused(credentials))
            }
            Err(ntlm::LoginError::Failed(error)) => Err(error),
        }
    }

    /// Sends the message over this connection, and keeps it for the next if it stays open.
    async fn send(
        &self,
        mut connection: Connection,
        exchange: &Exchange,
        login: Proof<'_>,
        stage: &Mutex<Stage>,
    ) -> Result<Reply, TransportError> {
        let request = Request {
            content: Content::Message(exchange.body.clone()),
            authorization: match login {
                Proof::Basic(credentials) => Some(basic::authorization(credentials)),
                Proof::None | Proof::Ntlm(_) => None,
            },
            anonymous: exchange.anonymous,
        };
        set(stage, Stage::Sent);
        let reply = connection.send(request).await?;
        if reply.keeps_open && reply.status != StatusCode::UNAUTHORIZED {
            self.pool.give_back(Idle { connection, logged_in: login.is_ntlm() });
        }
        Ok(reply)
    }

    fn answer(&self, reply: Reply, login: Proof<'_>) -> Answer {
        let content_type = reply.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
        Answer {
            status: reply.status.as_u16(),
            content_type: content_type.map(str::to_owned),
            body: reply.body,
            peer: Peer {
                mechanism: login.name().to_owned(),
                sealed: reply.sealed,
                verified_tls: reply.verified_tls,
                fingerprint: reply.certificate.map(Fingerprint::hex),
                connection: reply.connection,
                handshakes: self.pool.logins(),
            },
        }
    }

    fn refused(&self, credentials: &Credentials) -> TransportError {
        login::refused(&self.host, credentials, self.settings.mechanism)
    }
}

impl Transport for HttpTransport {
    fn exchange(&self, exchange: Exchange) -> BoxFuture<'_, Result<Answer, TransportError>> {
        Box::pin(async move {
            let started = Instant::now();
            let stage = Mutex::new(Stage::Waiting);
            let run = self.run(&exchange, &stage);
            let done = match exchange.deadline {
                Some(deadline) => tokio::time::timeout_at(deadline, run).await.unwrap_or_else(|_| {
                    let stage = *stage.lock().unwrap_or_else(PoisonError::into_inner);
                    Err(failure::deadline(&self.host, stage))
                }),
                None => run.await,
            };
            let elapsed = started.elapsed();
            match &done {
                Ok(answer) => {
                    let Answer { status, body, peer, .. } = answer;
                    let (connection, bytes) = (peer.connection, body.len());
                    tracing::debug!(exchange = %exchange.name, status, connection, bytes, ?elapsed, "answered");
                }
                Err(error) => {
                    tracing::debug!(exchange = %exchange.name, %error, phase = ?error.phase, ?elapsed, "failed");
                }
            }
            done
        })
    }
}

/// How an exchange proves who we are.
#[derive(Debug, Clone, Copy)]
enum Proof<'a> {
    None,
    Ntlm(&'a Credentials),
    Basic(&'a Credentials),
}

impl Proof<'_> {
    fn is_ntlm(self) -> bool {
        matches!(self, Self::Ntlm(_))
    }

    fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Ntlm(_) => "ntlm",
            Self::Basic(_) => "basic",
        }
    }
}

fn set(stage: &Mutex<Stage>, to: Stage) {
    *stage.lock().unwrap_or_else(PoisonError::into_inner) = to;
}
