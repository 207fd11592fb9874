//! Logging connections in: by which mechanism, one at a time, and a wrong password once.
//!
//! As every client of WinRM does it, the tokens ride on empty bodies, and the message follows when the
//! connection is logged in. A login that fails therefore never had a message with it.

#![cfg_attr(
    not(any(feature = "kerberos", feature = "ntlm")),
    allow(dead_code, reason = "without a mechanism there are no logins")
)]

mod certificate;
#[cfg(feature = "kerberos")]
mod check;
mod errors;
#[cfg(feature = "kerberos")]
mod kerberos;
#[cfg(any(feature = "kerberos", feature = "ntlm"))]
mod leg;
mod negotiate;
#[cfg(feature = "ntlm")]
mod ntlm;
#[cfg(feature = "kerberos")]
mod tickets;

#[cfg(feature = "kerberos")]
pub use check::{KerberosStatus, KerberosTicket, kerberos_check, kerberos_library, kerberos_ticket};
pub(super) use errors::{no_user, not_offered, refused, unexpected};

use super::{
    AuthMechanism, HttpSettings, Login,
    connection::{Connection, Content, Reply},
    failure::StageCell,
};
use crate::transport::{Phase, TransportError, TransportErrorKind};
use tokio::sync::{Mutex, MutexGuard};

/// The logins of a transport.
#[derive(Debug, Default)]
pub(super) struct Logins {
    /// Also the gate that lets one login through at a time.
    state: Mutex<State>,
}

/// What is known of the credentials.
#[derive(Debug, Default)]
pub(super) struct State {
    pub(super) standing: Standing,
    /// Why logins are by NTLM, once that is settled.
    ntlm: Option<String>,
    #[cfg(feature = "kerberos")]
    tickets: tickets::Tickets,
}

/// What the host, or the KDC, thinks of the credentials.
#[derive(Debug, Clone, Default)]
pub(super) enum Standing {
    #[default]
    Untried,
    /// What proves the password is on its way, for the first time. Whoever waits for the answer may be gone.
    #[cfg_attr(not(feature = "ntlm"), expect(dead_code, reason = "only NTLM has a leg of its own for it"))]
    Tried,
    Accepted,
    Refused(Refusal),
}

/// How credentials were refused, to be said again without trying again.
#[derive(Debug, Clone)]
pub(super) struct Refusal {
    message: String,
    hint: Option<String>,
}

/// A login that is to be made.
#[derive(Debug, Clone, Copy)]
pub(super) struct Site<'a> {
    pub(super) settings: &'a HttpSettings,
    /// `host:port`, for messages.
    pub(super) host: &'a str,
    /// Whether messages are to be sealed.
    pub(super) seal: bool,
    /// How far the exchange is that wants the login.
    pub(super) stage: &'a StageCell,
}

/// A connection that is logged in.
#[derive(Debug)]
pub(super) struct LoggedIn {
    pub(super) login: Login,
    /// The answer to the message, if that went with the login.
    pub(super) reply: Option<Reply>,
}

/// How a login failed.
#[derive(Debug)]
enum Failure {
    /// User, password or ticket are refused.
    Refused(TransportError),
    /// Anything else.
    Failed(TransportError),
}

impl From<TransportError> for Failure {
    fn from(error: TransportError) -> Self {
        Self::Failed(error)
    }
}

/// Whether this build, and this machine, can log in as the settings say.
pub(super) fn check(settings: &HttpSettings) -> Result<(), TransportError> {
    certificate::check(settings)?;
    let wanted = match settings.mechanism {
        AuthMechanism::Ntlm => (cfg!(feature = "ntlm"), "NTLM", "ntlm"),
        AuthMechanism::Kerberos => (cfg!(feature = "kerberos"), "Kerberos", "kerberos"),
        AuthMechanism::Negotiate => (cfg!(any(feature = "ntlm", feature = "kerberos")), "NTLM", "ntlm"),
        AuthMechanism::Basic | AuthMechanism::Certificate => return Ok(()),
    };
    let (is_built, mechanism, feature) = wanted;
    if !is_built && settings.credentials.is_some() {
        return Err(TransportError::config(format!(
            "failed to use {mechanism}: this build is without the feature `{feature}`"
        )));
    }
    let kerberos = &settings.kerberos;
    if kerberos.keytab.is_some() && kerberos.principal.is_none() && settings.credentials.is_none() {
        return Err(TransportError::config(
            "failed to use the keytab: expected the principal that it is for",
        )
        .with_hint(
            "give it by `--principal USER@REALM`; `klist -kt FILE` lists those that the keytab has keys of",
        ));
    }
    Ok(())
}

/// What it means that the message is refused on a connection that is logged in.
pub(super) fn not_kept(host: &str, settings: &HttpSettings, reply: &Reply) -> TransportError {
    certificate::refused_later(host, settings, reply).unwrap_or_else(|| errors::not_kept(host, reply))
}

impl Logins {
    /// The state; as long as it is held, nobody else logs in.
    pub(super) async fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().await
    }

    /// Logs a fresh connection in, by the mechanism of the settings.
    pub(super) async fn log_in(
        &self,
        site: Site<'_>,
        connection: &mut Connection,
    ) -> Result<LoggedIn, TransportError> {
        let mut state = self.state().await;
        state.standing.check(site)?;
        let done = match site.settings.mechanism {
            AuthMechanism::Negotiate => negotiate::log_in(site, connection, &mut state).await,
            #[cfg(feature = "kerberos")]
            AuthMechanism::Kerberos => kerberos::log_in(site, connection, &mut state.tickets)
                .await
                .map_err(|stop| stop.into_failure(site)),
            #[cfg(not(feature = "kerberos"))]
            AuthMechanism::Kerberos => Err(errors::not_built(site.host, "kerberos").into()),
            AuthMechanism::Certificate => certificate::log_in(site, connection, Content::Nothing).await,
            // Basic has no login of its own: each message has one.
            AuthMechanism::Ntlm | AuthMechanism::Basic => {
                by_ntlm(site, connection, &mut state.standing).await
            }
        };
        state.settle(site, connection, done)
    }

    /// Sends a message together with a login of its own, for hosts that want each message to have one. Others may do
    /// the same meanwhile: that the credentials are good is known by now.
    pub(super) async fn log_in_with(
        &self,
        site: Site<'_>,
        connection: &mut Connection,
        message: Content,
    ) -> Result<LoggedIn, TransportError> {
        if site.settings.mechanism == AuthMechanism::Certificate {
            self.state().await.standing.check(site)?;
            let done = certificate::log_in(site, connection, message).await;
            return self.state().await.settle(site, connection, done);
        }
        #[cfg(feature = "kerberos")]
        {
            let mut state = self.state().await;
            state.standing.check(site)?;
            let ready = kerberos::prepare(site, connection, &mut state.tickets).await;
            drop(state);
            let done = match ready {
                Ok(ready) => ready.exchange(site, connection, message).await,
                Err(stop) => Err(stop),
            };
            self.state().await.settle(site, connection, done.map_err(|stop| stop.into_failure(site)))
        }
        #[cfg(not(feature = "kerberos"))]
        Err(errors::not_built(site.host, "kerberos"))
    }
}

impl State {
    /// Keeps what a login has shown of the credentials.
    fn settle(
        &mut self,
        site: Site<'_>,
        connection: &mut Connection,
        done: Result<LoggedIn, Failure>,
    ) -> Result<LoggedIn, TransportError> {
        let error = match done {
            Ok(mut done) => {
                self.standing = Standing::Accepted;
                connection.mechanism = done.login.mechanism;
                if let Some(reply) = &mut done.reply {
                    reply.mechanism = done.login.mechanism;
                }
                return Ok(done);
            }
            Err(Failure::Refused(error)) => error,
            Err(Failure::Failed(error)) if matches!(self.standing, Standing::Tried) => {
                return Err(self.standing.unanswered(site, error));
            }
            Err(Failure::Failed(error)) => return Err(error),
        };
        self.standing = Standing::Refused(Refusal::of(&error));
        Err(error)
    }
}

#[cfg(feature = "ntlm")]
use ntlm::log_in as by_ntlm;

#[cfg(not(feature = "ntlm"))]
#[expect(clippy::unused_async, reason = "the signature where there is NTLM")]
async fn by_ntlm(site: Site<'_>, _: &mut Connection, _: &mut Standing) -> Result<LoggedIn, Failure> {
    Err(errors::not_built(site.host, "ntlm").into())
}

impl Standing {
    /// What was refused once, or not answered, is not tried again.
    pub(super) fn check(&self, site: Site<'_>) -> Result<(), TransportError> {
        match self {
            Self::Untried | Self::Accepted => Ok(()),
            Self::Tried => Err(errors::unanswered(site, None)),
            Self::Refused(Refusal { message, hint }) => {
                let mut error =
                    TransportError::new(TransportErrorKind::Auth, Phase::NotSent, message.clone());
                error.hint.clone_from(hint);
                Err(error)
            }
        }
    }

    /// What it means that nobody has judged the password, which may have left.
    pub(super) fn unanswered(&mut self, site: Site<'_>, error: TransportError) -> TransportError {
        let phase = error.phase;
        let mut error = errors::unanswered(site, Some(error));
        *self = Self::Refused(Refusal::of(&error));
        error.phase = phase;
        error
    }

    /// Says that what proves the password is about to leave.
    #[cfg(feature = "ntlm")]
    pub(super) fn begin(&mut self) {
        if matches!(self, Self::Untried) {
            *self = Self::Tried;
        }
    }
}

impl Refusal {
    /// To say it again.
    pub(super) fn of(error: &TransportError) -> Self {
        let message = match &error.source {
            Some(source) => format!("{}: {source}", error.message),
            None => error.message.clone(),
        };
        Self { message, hint: error.hint.clone() }
    }
}
