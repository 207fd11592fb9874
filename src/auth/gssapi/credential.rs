//! With what a user proves who he is: tickets, a keytab, or a password.

use super::{
    error::{KerberosError, KerberosErrorKind, Means, Subject},
    ffi,
    library::Gssapi,
    memory_cache::MemoryCache,
    oid::{self, Oid},
    outcome::Failure,
};
use crate::auth::Secret;
use std::{
    ffi::{CStr, CString},
    fs::File,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use zeroize::Zeroizing;

/// How tokens are framed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mechanism {
    /// Kerberos alone, for the scheme `Kerberos`.
    Kerberos,
    /// Kerberos in SPNEGO, for the scheme `Negotiate`. Nothing else is offered in it.
    Spnego,
}

impl Mechanism {
    pub(super) fn oid(self) -> Oid {
        match self {
            Self::Kerberos => oid::KERBEROS,
            Self::Spnego => oid::SPNEGO,
        }
    }
}

/// Where a credential comes from.
#[derive(Debug, Clone)]
pub(crate) enum CredentialSource {
    /// The user's tickets, as `kinit` leaves them.
    Cache {
        /// Whose, when the user has those of several: `user@REALM`.
        principal: Option<String>,
        /// Another cache than the user's own: `FILE:/run/job/ccache`.
        name: Option<String>,
    },
    /// A file of keys. Tickets got with it stay in this process.
    Keytab {
        /// The file.
        file: PathBuf,
        /// `user@REALM`.
        principal: String,
    },
    /// A password. Tickets got with it stay in this process.
    Password {
        /// `user@REALM`.
        principal: String,
        /// The password.
        password: Secret,
    },
}

impl CredentialSource {
    fn subject(&self) -> Subject {
        let (means, principal) = match self {
            Self::Cache { principal, .. } => (Means::Cache, principal.clone()),
            Self::Keytab { file, principal } => {
                (Means::Keytab(file.display().to_string()), Some(principal.clone()))
            }
            Self::Password { principal, .. } => (Means::Password, Some(principal.clone())),
        };
        Subject { means, principal, ..Subject::default() }
    }
}

/// A credential, shared by the logins that use it. One login at a time talks to the KDC with it, so
/// that several do not ask for the same ticket, nor try the same wrong password.
#[derive(Debug, Clone)]
pub(crate) struct GssCredential {
    inner: Arc<Mutex<Inner>>,
    pub(super) library: Gssapi,
    pub(super) mechanism: Mechanism,
    pub(super) subject: Subject,
}

/// In the order of dropping.
#[derive(Debug)]
struct Inner {
    credential: ffi::Credential,
    /// What it reads its tickets from.
    _tickets: Option<MemoryCache>,
}

/// Whose a credential is, and how long it lasts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Owner {
    /// `user@REALM`.
    pub(crate) principal: String,
    /// What is left of its life.
    pub(crate) remaining: Duration,
}

impl GssCredential {
    /// Gets the credential. **Blocks**: with a password or a keytab, it may ask the KDC.
    ///
    /// # Errors
    /// [`KerberosError`] of any kind but those of an answering host.
    pub(crate) fn acquire(
        library: &Gssapi,
        source: &CredentialSource,
        mechanism: Mechanism,
    ) -> Result<Self, KerberosError> {
        let subject = source.subject();
        let acquired = Source { library, from: source, mechanism, subject: &subject }.acquire()?;
        let inner = Arc::new(Mutex::new(acquired));
        Ok(Self { inner, library: library.clone(), mechanism, subject })
    }

    /// Whose it is. **Blocks** as [`acquire`](Self::acquire) does.
    ///
    /// The user's own tickets are looked at only here or in the first leg of a login, and the default
    /// ones are then settled on: ask on a credential of your own, not on the one for logins.
    ///
    /// # Errors
    /// Mostly [`KerberosErrorKind::NoCredentials`] and [`KerberosErrorKind::Expired`].
    pub(crate) fn owner(&self) -> Result<Owner, KerberosError> {
        let (name, seconds) = self
            .with(|credential| credential.inquire(self.mechanism.oid()))
            .map_err(|failure| KerberosError::of(failure, "look at the Kerberos tickets", &self.subject))?;
        let principal = name
            .display()
            .map_err(|failure| KerberosError::of(failure, "read the name of the tickets", &self.subject))?;
        if seconds == 0 {
            let (kind, action) = (KerberosErrorKind::Expired, "use the Kerberos tickets");
            return Err(KerberosError::about(kind, action, "they have expired", &self.subject));
        }
        Ok(Owner { principal, remaining: Duration::from_secs(seconds.into()) })
    }

    /// Waits for others to be done with it.
    pub(super) fn with<T>(&self, call: impl FnOnce(&ffi::Credential) -> T) -> T {
        call(&self.inner.lock().unwrap_or_else(PoisonError::into_inner).credential)
    }
}

/// What is to be acquired.
struct Source<'a> {
    library: &'a Gssapi,
    from: &'a CredentialSource,
    mechanism: Mechanism,
    subject: &'a Subject,
}

impl Source<'_> {
    fn acquire(&self) -> Result<Inner, KerberosError> {
        let mut tickets = None;
        let credential = match self.from {
            CredentialSource::Cache { principal, name } => {
                self.framed(|oid| self.cache(principal.as_deref(), name.as_deref(), oid))?
            }
            CredentialSource::Keytab { file, principal } => {
                let acquire = |oid| self.keytab(file, principal, oid);
                self.prove(acquire(oid::KERBEROS)?, principal)?;
                self.framed(acquire)?
            }
            CredentialSource::Password { principal, password } => {
                let credential = self.prove(self.password(principal, password)?, principal)?;
                match self.mechanism {
                    Mechanism::Kerberos => credential,
                    Mechanism::Spnego => {
                        let cache = tickets.insert(MemoryCache::take());
                        self.framed(|oid| self.handed_over(&credential, principal, cache, oid))?
                    }
                }
            }
        };
        Ok(Inner { credential, _tickets: tickets })
    }

    /// With a key the KDC is asked at once, and for Kerberos alone: MIT would put it off, and SPNEGO
    /// would not tell what the KDC refused.
    fn prove(&self, credential: ffi::Credential, principal: &str) -> Result<ffi::Credential, KerberosError> {
        credential
            .inquire(oid::KERBEROS)
            .map_err(|failure| self.failed(failure, format!("get a ticket for `{principal}`")))?;
        Ok(credential)
    }

    /// A credential with the tickets of another one. SPNEGO would give a password to every plug-in, that
    /// for NTLM too, and ask the KDC again; so it gets tickets.
    fn handed_over(
        &self,
        credential: &ffi::Credential,
        principal: &str,
        cache: &MemoryCache,
        oid: Oid,
    ) -> Result<ffi::Credential, KerberosError> {
        let places = [(c"ccache", cache.name())];
        credential
            .store(oid::KERBEROS, &places)
            .and_then(|()| self.library.api.acquire_from(None, oid, &places))
            .map_err(|failure| self.failed(failure, format!("use the ticket of `{principal}`")))
    }

    fn framed(
        &self,
        acquire: impl Fn(Oid) -> Result<ffi::Credential, KerberosError>,
    ) -> Result<ffi::Credential, KerberosError> {
        let mut credential = acquire(self.mechanism.oid())?;
        // Heimdal 7 cannot; it offers what there are tickets for. The first token tells.
        if self.mechanism == Mechanism::Spnego && self.library.api.can_restrict_spnego() {
            credential
                .restrict_spnego(oid::KERBEROS)
                .map_err(|failure| self.failed(failure, "offer Kerberos alone in SPNEGO"))?;
        }
        Ok(credential)
    }

    fn cache(
        &self,
        principal: Option<&str>,
        place: Option<&str>,
        oid: Oid,
    ) -> Result<ffi::Credential, KerberosError> {
        let api = self.library.api;
        let name = principal.map(|principal| self.name(principal)).transpose()?;
        let acquired = match place {
            None => api.acquire(name.as_ref(), oid),
            Some(place) => {
                let place = c_text(place, "the ticket cache")?;
                api.acquire_from(name.as_ref(), oid, &[(c"ccache", &place)])
            }
        };
        let place = place.map_or_else(String::new, |place| format!(" in `{place}`"));
        acquired.map_err(|failure| self.failed(failure, format!("find a Kerberos ticket{place}")))
    }

    fn keytab(&self, file: &Path, principal: &str, oid: Oid) -> Result<ffi::Credential, KerberosError> {
        let action = || format!("log in with the keytab `{}`", file.display());
        let unusable =
            |reason: String| KerberosError::about(KerberosErrorKind::Keytab, action(), reason, self.subject);
        // The library says only that there is no key.
        File::open(file).map_err(|error| unusable(error.to_string()))?;
        let path = file.to_str().ok_or_else(|| unusable("its path is not UTF-8".to_owned()))?;
        let keys = c_text(&format!("FILE:{path}"), "the keytab")?;
        // Of this process. Named by what it holds: the logins of one keytab share tickets, and what
        // libraries keep until the process ends does not grow with logins.
        let tickets = c_text(&format!("MEMORY:hvctl {principal} {path}"), "the keytab")?;
        let places: [(&CStr, &CStr); 2] = [(c"client_keytab", &keys), (c"ccache", &tickets)];
        let name = self.name(principal)?;
        self.library.api.acquire_from(Some(&name), oid, &places).map_err(|failure| {
            match self.failed(failure, action()) {
                // The library speaks of the tickets, in which it has looked last.
                error if error.kind() == KerberosErrorKind::Keytab => {
                    unusable(format!("expected a keytab with a key of `{principal}`"))
                }
                error => error,
            }
        })
    }

    fn password(&self, principal: &str, password: &Secret) -> Result<ffi::Credential, KerberosError> {
        let api = self.library.api;
        let action = format!("get a ticket for `{principal}`");
        // Measured with Heimdal 7.8: one call, and the KDC counts two failures. Of another library, as Apple's, nothing
        // is known that would be better.
        if !api.is_mit() {
            let reason = "Heimdal sends a wrong password twice, which could lock the account, and this is not MIT's library";
            return Err(KerberosError::new(KerberosErrorKind::Unsupported, action, reason)
                .with_hint(format!("get a ticket by `kinit {principal}`, or use MIT's library")));
        }
        let ended = Zeroizing::new([password.expose().as_bytes(), b"\0"].concat());
        let ended = CStr::from_bytes_with_nul(&ended).map_err(|_| {
            KerberosError::new(KerberosErrorKind::Other, action.as_str(), "the password has a zero byte")
        })?;
        let acquired = api.acquire_with_password(&self.name(principal)?, oid::KERBEROS, ended);
        acquired.map_err(|failure| self.failed(failure, action))
    }

    fn name(&self, principal: &str) -> Result<ffi::Name, KerberosError> {
        let imported = self.library.api.import_name(principal, oid::USER_NAME);
        imported.map_err(|failure| {
            self.failed(failure, format!("read the principal `{}`", principal.escape_debug()))
        })
    }

    fn failed(&self, failure: Failure, action: impl Into<String>) -> KerberosError {
        KerberosError::of(failure, action, self.subject)
    }
}

fn c_text(text: &str, what: &str) -> Result<CString, KerberosError> {
    CString::new(text).map_err(|_| {
        KerberosError::new(KerberosErrorKind::Other, format!("open {what}"), "its name has a zero byte")
    })
}
