//! Whether there is a ticket for a host, without a login there.

use super::{
    super::{HttpSettings, endpoint},
    Site, kerberos,
    tickets::{self, Trouble, off_thread, within},
};
use crate::{
    auth::{
        KerberosError,
        gssapi::{GssClient, GssCredential, GssOptions, Gssapi, Mechanism, Need},
    },
    transport::TransportError,
};
use std::time::Duration;

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

/// Looks whether a Kerberos ticket for the host can be had, as a login with these settings would get it. With a
/// password, the KDC is asked once. Nothing is sent to the host.
///
/// # Errors
/// What a login would say: `Config` for settings and for what this machine lacks, `Auth`, `Connection` for a KDC that
/// does not answer, `Timeout`. The source is a [`KerberosError`], unless it is about the user's name.
pub async fn kerberos_check(settings: &HttpSettings) -> Result<KerberosStatus, TransportError> {
    let host = endpoint::host_and_port(&settings.url);
    let site = Site { settings, host: &host, seal: false };
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
        Err(Trouble::Kerberos(error)) => Err(kerberos::of_kerberos(&host, error)),
        Err(Trouble::Slow) => Err(kerberos::slow(site)),
    }
}
