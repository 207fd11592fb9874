//! Whether there are tickets, without a login.

use super::{
    super::{HttpSettings, endpoint},
    kerberos,
    tickets::{self, off_thread, within},
};
use crate::{
    auth::{
        KerberosError, UserName,
        gssapi::{
            CredentialSource, GssClient, GssCredential, GssOptions, Gssapi, Mechanism, Need, principal,
        },
    },
    transport::{KerberosSettings, Phase, TransportError, TransportErrorKind},
};
use std::time::Duration;

impl KerberosSettings {
    /// What a user is called in Kerberos, `user@REALM`, with these settings' realm if the name has none.
    ///
    /// ```
    /// use hyperv_wsman::transport::KerberosSettings;
    ///
    /// let mut settings = KerberosSettings::default();
    /// let alice = r"CORP\alice".parse()?;
    /// assert!(settings.principal_of(&alice).is_err());
    /// settings.realm = Some("CORP.EXAMPLE".to_owned());
    /// assert_eq!(settings.principal_of(&alice)?, "alice@CORP.EXAMPLE");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// `Config`, where the realm would be a guess.
    pub fn principal_of(&self, user: &UserName) -> Result<String, TransportError> {
        principal(user, self.realm.as_deref()).map_err(|reason| {
            TransportError::config(format!("failed to use Kerberos for `{user}`: {reason}"))
        })
    }
}

/// The user's own ticket, as `kinit` leaves it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct KerberosTicket {
    /// Whose it is: `user@REALM`.
    pub principal: String,
    /// How long it lasts.
    pub remaining: Duration,
}

/// Looks for a ticket that is there already: in [`KerberosSettings::cache`], or the user's own; of
/// [`KerberosSettings::principal`], or of anybody.
///
/// # Errors
/// `Config` where there is no library, `Auth` where there is no ticket, with the [`KerberosError`] as source.
pub async fn kerberos_ticket(settings: &KerberosSettings) -> Result<KerberosTicket, TransportError> {
    let source =
        CredentialSource::Cache { principal: settings.principal.clone(), name: settings.cache.clone() };
    let look = move || -> Result<KerberosTicket, KerberosError> {
        let credential = GssCredential::acquire(&Gssapi::load(Need::Tickets)?, &source, Mechanism::Kerberos)?;
        let owner = credential.owner()?;
        Ok(KerberosTicket { principal: owner.principal, remaining: owner.remaining })
    };
    let failed = "failed to look for a Kerberos ticket";
    match within(settings.timeout, &mut off_thread(look)).await {
        Ok(found) => found.map_err(|error| kerberos::with_reason(failed, error)),
        Err(_) => Err(TransportError::new(TransportErrorKind::Timeout, Phase::NotSent, failed)),
    }
}

/// Tickets for a login by Kerberos.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct KerberosStatus {
    /// The GSSAPI library.
    pub library: String,
    /// Whether messages can be sealed with it, which plain HTTP needs.
    pub can_seal: bool,
    /// Whom the tickets are for: `user@REALM`.
    pub principal: String,
    /// How long they last.
    pub remaining: Duration,
    /// The service that a ticket was got for: `HTTP/host`.
    pub service: String,
}

/// The GSSAPI library that logins by Kerberos take, if there is one.
#[must_use]
pub fn kerberos_library() -> Option<String> {
    Gssapi::load(Need::All).ok().map(|library| library.name())
}

/// Looks whether a Kerberos ticket for the host can be had, as a login with these settings would get it. With a
/// password, the KDC is asked once. Nothing is sent to the host.
///
/// # Errors
/// What a login would say: `Config` for settings and for what this machine lacks, `Auth`, `Timeout`. The source is a [`KerberosError`], unless it is about the user's name.
pub async fn kerberos_check(settings: &HttpSettings) -> Result<KerberosStatus, TransportError> {
    let host = endpoint::host_and_port(&settings.url);
    let source = tickets::source(settings).map_err(|reason| kerberos::no_principal(&host, &reason))?;
    let target = tickets::target(settings).map_err(|error| kerberos::of_kerberos(&host, error))?;
    let look = move || -> Result<KerberosStatus, KerberosError> {
        let library = Gssapi::load(Need::All)?;
        let credential = GssCredential::acquire(&library, &source, Mechanism::Kerberos)?;
        let mut client = GssClient::new(&credential, &target, GssOptions::default())?;
        client.step(None)?;
        let owner = credential.owner()?;
        Ok(KerberosStatus {
            library: library.name(),
            can_seal: library.can_seal(),
            principal: owner.principal,
            remaining: owner.remaining,
            service: target.to_string(),
        })
    };
    match within(settings.kerberos.timeout, &mut off_thread(look)).await {
        Ok(done) => done.map_err(|error| kerberos::of_kerberos(&host, error)),
        Err(trouble) => Err(kerberos::troubled(&host, settings, trouble)),
    }
}
