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
pub use check::{KerberosStatus, KerberosTicket, kerberos_check, kerberos_ticket};
pub(super) use errors::{no_user, not_offered, refused};

use super::{
    AuthMechanism, HttpSettings, Login,
    connection::{Connection, Content, Reply},
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

    /// Logs a fresh connection in, by the mechanism of the settings. `message` goes with the login, for
    /// hosts that want each message to have one.
    pub(super) async fn log_in(
        &self,
        site: Site<'_>,
        connection: &mut Connection,
        message: Content,
    ) -> Result<LoggedIn, TransportError> {
        let mut state = self.state().await;
        state.standing.check()?;
        let done = match site.settings.mechanism {
            AuthMechanism::Negotiate => negotiate::log_in(site, connection, &mut state, message).await,
            #[cfg(feature = "kerberos")]
            AuthMechanism::Kerberos => kerberos::log_in(site, connection, &mut state.tickets, message)
                .await
                .map_err(|stop| stop.into_failure(site)),
            #[cfg(not(feature = "kerberos"))]
            AuthMechanism::Kerberos => Err(errors::not_built(site.host, "kerberos").into()),
            AuthMechanism::Certificate => certificate::log_in(site, connection, message).await,
            // Basic has no login of its own: each message has one.
            AuthMechanism::Ntlm | AuthMechanism::Basic => by_ntlm(site, connection).await,
        };
        match done {
            Ok(mut done) => {
                state.standing = Standing::Accepted;
                connection.mechanism = done.login.mechanism;
                if let Some(reply) = &mut done.reply {
                    reply.mechanism = done.login.mechanism;
                }
                Ok(done)
            }
            Err(Failure::Refused(error)) => {
                state.standing = Standing::Refused(Refusal::of(&error));
                Err(error)
            }
            Err(Failure::Failed(error)) => Err(error),
        }
    }
}

#[cfg(feature = "ntlm")]
use ntlm::log_in as by_ntlm;

#[cfg(not(feature = "ntlm"))]
#[expect(clippy::unused_async, reason = "the signature where there is NTLM")]
async fn by_ntlm(site: Site<'_>, _: &mut Connection) -> Result<LoggedIn, Failure> {
    Err(errors::not_built(site.host, "ntlm").into())
}

impl Standing {
    /// What was refused once is not tried again.
    pub(super) fn check(&self) -> Result<(), TransportError> {
        let Self::Refused(Refusal { message, hint }) = self else { return Ok(()) };
        let mut error = TransportError::new(TransportErrorKind::Auth, Phase::NotSent, message.clone());
        error.hint.clone_from(hint);
        Err(error)
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
