//! HTTPS on one rustls configuration of ours, and plain HTTP with sealed messages; a login belongs to one connection, which
//! is made once (see ARCHITECTURE.md, Connections).

mod carrier;
mod challenges;
mod client_certificate;
mod connection;
mod dial;
mod endpoint;
mod failure;
mod fingerprint;
#[cfg(all(feature = "cli", any(test, fuzzing)))]
pub(crate) mod fuzzing;
mod login;
mod pool;
#[cfg(feature = "probe")]
mod probe;
mod proxy;
mod sealed;
mod settings;
mod trust;

pub use client_certificate::{ClientCertificate, ClientCertificateError};
pub use endpoint::endpoint;
pub use fingerprint::Fingerprint;
#[cfg(feature = "kerberos")]
pub use login::{KerberosStatus, KerberosTicket, kerberos_check, kerberos_library, kerberos_ticket};
#[cfg(feature = "probe")]
pub use probe::{
    CertificateContent, CertificateInfo, Door, Greeting, HostNames, greet, knock, look_up, probe_certificate,
    reach,
};
pub use proxy::Proxy;
#[cfg(feature = "reqwest")]
pub use settings::HttpCarrier;
pub use settings::{AuthMechanism, HttpSettings, KerberosSettings, Login, OnLogin};
pub use trust::Trust;

use super::{Answer, BoxFuture, Exchange, Peer, Phase, Transport, TransportError};
use crate::auth::{Credentials, basic};
use challenges::{challenges, of_scheme};
use connection::{Connection, Content, Reply, Request};
use failure::{Stage, StageCell};
use hyper::{StatusCode, header::CONTENT_TYPE};
use login::{LoggedIn, Logins, Refusal, Site, Standing};
use pool::{Idle, Pool};
use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};
use tokio::time::Instant;
use trust::Tls;

/// The transport over HTTPS, and over HTTP with sealed messages.
///
/// Over `http://` messages and answers are encrypted and signed with the keys of the login; nothing
/// else leaves but the login itself and an anonymous Identify, which holds no secret and whose answer
/// nothing vouches for.
///
/// Up to four connections ([`HttpSettings::max_connections`]), each logged in by itself, and one queue for them: who
/// has come first is served first. A connection that the host has closed in the
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
    logins: Logins,
    /// Whether the host wants a login with each message.
    each_logs_in: AtomicBool,
}

impl HttpTransport {
    /// Checks the settings; connects at the first exchange.
    ///
    /// # Errors
    /// Kind `Config` or `Trust`.
    pub fn new(settings: HttpSettings) -> Result<Self, TransportError> {
        endpoint::check(&settings.url)?;
        #[cfg(feature = "reqwest")]
        carrier::check(&settings)?;
        login::check(&settings)?;
        let is_tls = settings.url.scheme() == "https";
        sealed::check(&settings, is_tls)?;
        Ok(Self {
            host: endpoint::host_and_port(&settings.url).into(),
            tls: is_tls.then(|| Tls::new(&settings.trust)).transpose()?,
            pool: Pool::new(settings.max_connections),
            logins: Logins::default(),
            each_logs_in: AtomicBool::new(false),
            settings,
        })
    }

    async fn run(&self, exchange: &Exchange, stage: &StageCell) -> Result<Answer, TransportError> {
        let _turn = self.pool.turn().await;
        let proof = self.proof(exchange)?;
        if let Proof::Basic(credentials) = proof {
            return self.run_basic(exchange, credentials, stage).await;
        }
        let mut reply = self.deliver(exchange, proof, stage).await?;
        if proof.is_login() && reply.status == StatusCode::UNAUTHORIZED {
            // Some hosts, and gateways, take Kerberos for a message, not for a connection.
            if !(reply.verified_tls && reply.mechanism == "kerberos" && !reply.sealed) {
                return Err(login::not_kept(&self.host, &self.settings, &reply));
            }
            self.each_logs_in.store(true, Ordering::Relaxed);
            reply = self.deliver(exchange, proof, stage).await?;
        }
        Ok(self.answer(reply, proof))
    }

    /// With Basic each message carries the password: until the host has accepted it once, one message
    /// at a time.
    async fn run_basic(
        &self,
        exchange: &Exchange,
        credentials: &Credentials,
        stage: &StageCell,
    ) -> Result<Answer, TransportError> {
        let site = self.site(stage);
        let mut gate = Some(self.logins.state().await);
        if let Some(logins) = &gate {
            logins.standing.check(site)?;
            if matches!(logins.standing, Standing::Accepted) {
                gate = None;
            }
        }
        let proof = Proof::Basic(credentials);
        let reply = match (self.deliver(exchange, proof, stage).await, &mut gate) {
            // The password left with the message, and nobody has judged it.
            (Err(error), Some(logins)) if error.phase == Phase::MaybeSent => {
                return Err(logins.standing.unanswered(site, error));
            }
            (delivered, _) => delivered?,
        };
        let offered = challenges(&reply.headers);
        let refused = reply.status == StatusCode::UNAUTHORIZED;
        if refused && !offered.is_empty() && of_scheme(&offered, "Basic").is_none() {
            let user = Some(credentials.user());
            return Err(login::not_offered(&self.host, user, AuthMechanism::Basic, &offered));
        }
        if !refused {
            if let Some(logins) = &mut gate {
                if !reply.is_of_service() {
                    let mut error = login::unexpected(&self.host, reply.status);
                    if reply.status != StatusCode::SERVICE_UNAVAILABLE {
                        error.phase = Phase::MaybeSent;
                    }
                    return Err(logins.standing.unanswered(site, error));
                }
                logins.standing = Standing::Accepted;
            }
            return Ok(self.answer(reply, proof));
        }
        let mut logins = match gate {
            Some(gate) => gate,
            None => self.logins.state().await,
        };
        let refused = login::refused(&self.host, credentials, AuthMechanism::Basic);
        logins.standing = Standing::Refused(Refusal::of(&refused));
        Err(refused)
    }

    fn proof(&self, exchange: &Exchange) -> Result<Proof<'_>, TransportError> {
        match (&self.settings.credentials, self.settings.mechanism) {
            _ if exchange.anonymous => Ok(Proof::None),
            (Some(credentials), AuthMechanism::Basic) => Ok(Proof::Basic(credentials)),
            (None, AuthMechanism::Basic | AuthMechanism::Ntlm) => Err(login::no_user(&self.host)),
            _ => Ok(Proof::Login),
        }
    }

    /// Sends the message over an idle connection if there is one, else over a new one. Where it turns
    /// out that an idle one is gone, or its login, nothing has run yet: then too over a new one.
    async fn deliver(
        &self,
        exchange: &Exchange,
        proof: Proof<'_>,
        stage: &StageCell,
    ) -> Result<Reply, TransportError> {
        if let Some(connection) = self.pool.take(proof.is_login()) {
            match self.send(connection, exchange, proof, stage).await {
                Err(error) if error.phase == Phase::NotSent => {
                    tracing::debug!(%error, "connection lost, making a new one");
                }
                // Over plain HTTP anybody may have written it: then not for what changes the host.
                Ok(reply)
                    if proof.is_login()
                        && reply.status == StatusCode::UNAUTHORIZED
                        && (reply.verified_tls || !exchange.changes_host) =>
                {
                    tracing::debug!("login lost, logging in again");
                }
                done => return done,
            }
            self.pool.clear();
        }
        stage.set(Stage::Connecting);
        let mut connection = self.connection(proof)?;
        if proof.is_login() {
            let mut reply = self.log_in(&mut connection, exchange, stage).await?;
            if connection.is_closing && reply.is_none() {
                // It takes the login, and lets nothing follow it.
                self.each_logs_in.store(true, Ordering::Relaxed);
                connection = self.connection(proof)?;
                reply = self.log_in(&mut connection, exchange, stage).await?;
            }
            if let Some(reply) = reply {
                return Ok(reply);
            }
        }
        self.send(connection, exchange, proof, stage).await
    }

    /// A connection that is to be made. A client certificate is shown only where it is to log in.
    fn connection(&self, proof: Proof<'_>) -> Result<Connection, TransportError> {
        let certificate = self.settings.certificate.as_ref().filter(|_| proof.is_login());
        let number = self.pool.next_number();
        Connection::new(&self.settings, &self.host, self.tls.as_ref(), certificate, number)
    }

    /// Gives the answer, where the message had to go with the login.
    async fn log_in(
        &self,
        connection: &mut Connection,
        exchange: &Exchange,
        stage: &StageCell,
    ) -> Result<Option<Reply>, TransportError> {
        let site = self.site(stage);
        let LoggedIn { login, reply } = if self.each_logs_in.load(Ordering::Relaxed) {
            self.logins.log_in_with(site, connection, Content::Message(exchange.body.clone())).await?
        } else {
            self.logins.log_in(site, connection).await?
        };
        self.pool.count_login();
        let (connection, mechanism) = (connection.number, login.mechanism);
        tracing::debug!(connection, mechanism, bound = login.bound, sealed = login.sealed, "logged in");
        if let Some(on_login) = &self.settings.on_login {
            on_login(&login);
        }
        Ok(reply)
    }

    fn site<'a>(&'a self, stage: &'a StageCell) -> Site<'a> {
        let seal = self.tls.is_none() || self.settings.always_seal;
        Site { settings: &self.settings, host: &self.host, seal, stage }
    }

    /// Sends the message over this connection, and keeps it for the next if it stays open.
    async fn send(
        &self,
        mut connection: Connection,
        exchange: &Exchange,
        proof: Proof<'_>,
        stage: &StageCell,
    ) -> Result<Reply, TransportError> {
        let request = Request {
            content: Content::Message(exchange.body.clone()),
            authorization: match proof {
                Proof::Basic(credentials) => Some(basic::authorization(credentials)),
                Proof::None | Proof::Login => connection.authorization.clone(),
            },
            anonymous: exchange.anonymous,
        };
        stage.set(Stage::Sent);
        let reply = connection.send(request).await?;
        // Of a sealed message that was not answered by one, it is not known how far both sides are.
        let in_step = reply.sealed || connection.sealer.is_none();
        if reply.keeps_open && in_step && reply.status != StatusCode::UNAUTHORIZED {
            self.pool.give_back(Idle { connection, logged_in: proof.is_login() });
        }
        Ok(reply)
    }

    fn answer(&self, reply: Reply, proof: Proof<'_>) -> Answer {
        let content_type = reply.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
        Answer {
            status: reply.status.as_u16(),
            content_type: content_type.map(str::to_owned),
            body: reply.body,
            peer: Peer {
                mechanism: match proof {
                    Proof::Basic(_) => "basic",
                    Proof::None | Proof::Login => reply.mechanism,
                }
                .to_owned(),
                sealed: reply.sealed,
                verified_tls: reply.verified_tls,
                fingerprint: reply.certificate.map(Fingerprint::hex),
                connection: reply.connection,
                handshakes: self.pool.logins(),
            },
        }
    }
}

impl Transport for HttpTransport {
    fn exchange(&self, exchange: Exchange) -> BoxFuture<'_, Result<Answer, TransportError>> {
        Box::pin(async move {
            let started = Instant::now();
            let stage = StageCell::default();
            let run = self.run(&exchange, &stage);
            let done = match exchange.deadline {
                Some(deadline) => tokio::time::timeout_at(deadline, run).await.unwrap_or_else(|_| {
                    let stage = stage.get();
                    Err(failure::deadline(&self.host, self.settings.proxy.as_ref(), stage))
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
    /// By the login of its connection.
    Login,
    Basic(&'a Credentials),
}

impl Proof<'_> {
    fn is_login(self) -> bool {
        matches!(self, Self::Login)
    }
}
