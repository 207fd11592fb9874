//! Tickets for logins: where they come from with given settings, and how to wait for them. Whatever may
//! ask the KDC blocks a thread for as long as the library waits, so it has a thread of its own.

use super::super::HttpSettings;
use crate::auth::{
    KerberosError,
    gssapi::{CredentialSource, GssCredential, Gssapi, Mechanism, Need, NoPrincipal, Target, principal},
};
use std::{thread, time::Duration};
use tokio::sync::oneshot;

/// The tickets of a transport.
#[derive(Debug, Default)]
pub(super) struct Tickets {
    ready: Option<(Mechanism, GssCredential)>,
    asked: Option<Asked>,
}

/// A question to the KDC. It outlives whoever has asked: a password that is on its way there must not
/// be sent a second time because the first answer was slow.
type Asked = (Mechanism, oneshot::Receiver<Result<GssCredential, KerberosError>>);

/// Why there is no answer of the library.
#[derive(Debug)]
pub(super) enum Trouble {
    /// It says why.
    Kerberos(KerberosError),
    /// It has not come back in time.
    Slow,
    /// It never will.
    Lost,
}

impl From<KerberosError> for Trouble {
    fn from(error: KerberosError) -> Self {
        Self::Kerberos(error)
    }
}

impl Tickets {
    /// Tickets for this mechanism: those at hand, else new ones.
    pub(super) async fn get(
        &mut self,
        source: &CredentialSource,
        mechanism: Mechanism,
        needs_all: bool,
        timeout: Duration,
    ) -> Result<GssCredential, Trouble> {
        loop {
            match &self.ready {
                Some((ready, credential)) if *ready == mechanism => return Ok(credential.clone()),
                _ => self.ready = None,
            }
            let (asked, answer) = self.asked.get_or_insert_with(|| {
                let source = source.clone();
                let need = if needs_all { Need::All } else { Need::Tickets };
                let acquire = move || GssCredential::acquire(&Gssapi::load(need)?, &source, mechanism);
                (mechanism, off_thread(acquire))
            });
            let (asked, answer) = (*asked, within(timeout, answer).await);
            if !matches!(answer, Err(Trouble::Slow)) {
                self.asked = None;
            }
            self.ready = Some((asked, answer??));
        }
    }

    /// Whether the next ones will be new.
    pub(super) fn are_new(&self) -> bool {
        self.ready.is_none()
    }

    /// Gives up what is at hand: it is too old, or in use by a call that does not come back.
    pub(super) fn forget(&mut self) {
        self.ready = None;
    }
}

/// Runs what blocks. Not on the runtime's threads for that, the end of which a runtime waits for.
pub(super) fn off_thread<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> oneshot::Receiver<T> {
    let (tell, answer) = oneshot::channel();
    // Nobody may be waiting any more.
    let run = move || drop(tell.send(work()));
    if let Err(error) = thread::Builder::new().name("gssapi".to_owned()).spawn(run) {
        tracing::warn!(%error, "no thread for Kerberos");
    }
    answer
}

/// Waits for what runs off the thread. The wait can be taken up again.
pub(super) async fn within<T>(limit: Duration, answer: &mut oneshot::Receiver<T>) -> Result<T, Trouble> {
    match tokio::time::timeout(limit, answer).await {
        Ok(Ok(done)) => Ok(done),
        Ok(Err(_)) => Err(Trouble::Lost),
        Err(_) => Err(Trouble::Slow),
    }
}

/// Where tickets come from.
pub(super) fn source(settings: &HttpSettings) -> Result<CredentialSource, NoPrincipal> {
    let kerberos = &settings.kerberos;
    let principal = match (&kerberos.principal, &settings.credentials) {
        (Some(principal), _) => Some(principal.clone()),
        (None, Some(credentials)) => Some(principal(credentials.user(), kerberos.realm.as_deref())?),
        (None, None) => None,
    };
    Ok(match (&kerberos.keytab, &settings.credentials, principal) {
        (Some(file), _, Some(principal)) => CredentialSource::Keytab { file: file.clone(), principal },
        (None, Some(credentials), Some(principal)) if kerberos.cache.is_none() => {
            CredentialSource::Password { principal, password: credentials.password.clone() }
        }
        (_, _, principal) => CredentialSource::Cache { principal, name: kerberos.cache.clone() },
    })
}

/// What tickets are for.
pub(super) fn target(settings: &HttpSettings) -> Result<Target, KerberosError> {
    let host = settings.kerberos.host.as_deref().or(settings.url.host_str()).unwrap_or_default();
    Target::new(&settings.kerberos.service, host)
}
