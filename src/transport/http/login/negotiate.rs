//! Kerberos where a ticket can be had, else NTLM where a password is given.
//!
//! What leads on to NTLM is only what happens before the host, or the KDC, has seen a proof: no ticket,
//! no library, no KDC. A refusal by either is the end, so that a wrong password is tried once; and once
//! Kerberos has worked, nothing less will do.

use super::{Failure, LoggedIn, Site, State, by_ntlm};
#[cfg(feature = "kerberos")]
use super::{Standing, kerberos};
use crate::transport::{TransportError, http::connection::Connection};

/// Logs a connection in.
pub(super) async fn log_in(
    site: Site<'_>,
    connection: &mut Connection,
    state: &mut State,
) -> Result<LoggedIn, Failure> {
    let why = match &state.ntlm {
        Some(why) => why.clone(),
        #[cfg(feature = "kerberos")]
        None => match by_kerberos(site, connection, state).await? {
            Ok(done) => return Ok(done),
            Err(why) => why,
        },
        #[cfg(not(feature = "kerberos"))]
        None => "this build is without Kerberos".to_owned(),
    };
    let mut done =
        by_ntlm(site, connection, &mut state.standing).await.map_err(|failure| failure.because(&why))?;
    state.ntlm = Some(why.clone());
    done.login.why = Some(why);
    Ok(done)
}

/// Logs in by Kerberos, or gives the reason why it has to be NTLM.
#[cfg(feature = "kerberos")]
async fn by_kerberos(
    site: Site<'_>,
    connection: &mut Connection,
    state: &mut State,
) -> Result<Result<LoggedIn, String>, Failure> {
    let has_worked = matches!(state.standing, Standing::Accepted);
    match kerberos::log_in(site, connection, &mut state.tickets).await {
        Ok(done) => Ok(Ok(done)),
        Err(kerberos::Stop::NoTicket(no_ticket))
            if !has_worked && cfg!(feature = "ntlm") && site.settings.credentials.is_some() =>
        {
            Ok(Err(no_ticket.to_string()))
        }
        Err(stop) => Err(stop.into_failure(site)),
    }
}

impl Failure {
    /// Tells why it was NTLM that failed.
    fn because(self, why: &str) -> Self {
        let explained = |mut error: TransportError| {
            let hint = error.hint.map(|hint| format!("; {hint}")).unwrap_or_default();
            error.hint = Some(format!("NTLM was used because Kerberos cannot be: {why}{hint}"));
            error
        };
        match self {
            Self::Refused(error) => Self::Refused(explained(error)),
            Self::Failed(error) => Self::Failed(explained(error)),
        }
    }
}
