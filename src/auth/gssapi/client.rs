//! A login, client side, and the sealing of messages once it stands.

use super::{
    credential::{GssCredential, Mechanism},
    error::{KerberosError, KerberosErrorKind, Subject},
    ffi::{self, Leg},
    oid::{self, is_kerberos},
    outcome::{Failure, Opened, Progress},
    principal::Target,
    spnego,
};
use crate::auth::{
    AuthError,
    sealing::{self, SecurityContext},
};

/// What a login is to have besides mutual authentication, which it always has.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct GssOptions {
    /// `tls-server-end-point:` and the hash of the server's certificate (RFC 5929). Always over TLS.
    pub(crate) binding: Option<Vec<u8>>,
    /// Whether the host may act for the user on other hosts.
    pub(crate) delegate: bool,
    /// Whether messages will be sealed.
    pub(crate) seal: bool,
}

/// What to do next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Step {
    /// To be sent, when there is one.
    pub(crate) token: Option<Vec<u8>>,
    /// Whether the login stands on this side.
    pub(crate) done: bool,
}

/// A login that stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Established {
    /// `alice@CORP.EXAMPLE`.
    pub(crate) user: String,
    /// `HTTP/hv01.corp.example@CORP.EXAMPLE`.
    pub(crate) host: String,
    /// Whether the host got a ticket to act for the user. It may be missing although asked for:
    /// tickets that cannot be forwarded, or a host that is not trusted for it.
    pub(crate) delegated: bool,
    /// Whether the login is bound to the TLS connection.
    pub(crate) bound: bool,
}

/// A sealed text as WinRM sends it: header length, header, data, padding ([MS-WSMV] 2.2.9.1.1.2.2).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Sealed {
    /// The signature, or Kerberos' token header with what follows it rotated to it.
    pub(crate) header: Vec<u8>,
    /// The encrypted text.
    pub(crate) data: Vec<u8>,
    /// Follows the data, and counts in `Length`. Empty with AES.
    pub(crate) padding: Vec<u8>,
}

/// A login in progress, then the context of its connection. Dropping it ends both.
#[derive(Debug)]
pub(crate) struct GssClient {
    context: ffi::Context,
    credential: GssCredential,
    target: Target,
    target_name: ffi::Name,
    options: GssOptions,
    subject: Subject,
    state: State,
    /// Whether its cipher makes texts longer.
    pads: bool,
}

#[derive(Debug)]
enum State {
    /// No leg yet.
    New,
    /// Waits for the host's token.
    Waiting,
    Established(Established),
    Failed,
}

// RFC 2744, appendix A.
const DELEGATION: u32 = 1;
const MUTUAL: u32 = 2;
const REPLAY: u32 = 4;
const SEQUENCE: u32 = 8;
const CONFIDENTIALITY: u32 = 16;
const INTEGRITY: u32 = 32;

impl GssClient {
    /// A login with a credential, to a service. Does not block.
    ///
    /// # Errors
    /// [`KerberosErrorKind::Unsupported`] when messages are to be sealed and the library cannot.
    pub(crate) fn new(
        credential: &GssCredential,
        target: &Target,
        options: GssOptions,
    ) -> Result<Self, KerberosError> {
        let library = &credential.library;
        if options.seal {
            library.require_sealing()?;
        }
        let subject = Subject { service: Some(target.to_string()), ..credential.subject.clone() };
        let target_name =
            library.api.import_name(&target.host_based(), oid::HOST_BASED_SERVICE).map_err(|failure| {
                KerberosError::of(failure, format!("name the service `{target}`"), &subject)
            })?;
        Ok(Self {
            context: ffi::Context::new(library.api),
            credential: credential.clone(),
            target: target.clone(),
            target_name,
            options,
            subject,
            state: State::New,
            pads: false,
        })
    }

    /// The next leg: `None` first, then what the host sends. **Blocks**: the first leg asks the KDC
    /// for a ticket. After an error the login is over.
    ///
    /// # Errors
    /// [`KerberosError`] of any kind.
    pub(crate) fn step(&mut self, token: Option<&[u8]>) -> Result<Step, KerberosError> {
        let before = std::mem::replace(&mut self.state, State::Failed);
        let token = token.filter(|token| !token.is_empty());
        match (&before, token) {
            (State::New, None) | (State::Waiting, Some(_)) => {}
            (State::Waiting, None) => {
                let error = self
                    .error(KerberosErrorKind::Token, "the host does not prove who it is: it sent no token");
                return Err(
                    error.with_hint("something else than WinRM may answer there, or a proxy is in between")
                );
            }
            (State::New | State::Established(_), Some(_)) => {
                return Err(self.error(KerberosErrorKind::Token, "the host sent a token where none is due"));
            }
            (State::Established(_) | State::Failed, _) => {
                return Err(self.error(KerberosErrorKind::Other, "this login is over"));
            }
        }
        self.subject.answered = token.is_some();
        let progress = self.leg(token)?;
        let token = (!progress.token.is_empty()).then_some(progress.token);
        if let Some(token) = &token
            && matches!(before, State::New)
        {
            self.check_offer(token)?;
        }
        self.state = if progress.complete { State::Established(self.establish()?) } else { State::Waiting };
        Ok(Step { token, done: progress.complete })
    }

    /// The login, once it stands.
    pub(crate) fn established(&self) -> Option<&Established> {
        match &self.state {
            State::Established(established) => Some(established),
            _ => None,
        }
    }

    /// Seals a text. Texts must be sent in the order in which they were sealed.
    ///
    /// # Errors
    /// When the login does not stand, or was not made for sealing, or the library fails.
    pub(crate) fn seal(&mut self, plain: &[u8]) -> Result<Sealed, KerberosError> {
        let mechanism = self.sealing("seal")?;
        let wrapped = self.context.wrap(mechanism, plain);
        let wrapped = wrapped.map_err(|failure| self.message_failed(failure, "seal a message for"))?;
        if !wrapped.encrypted {
            return Err(self.unsealed("the library signed the message, but did not encrypt it"));
        }
        Ok(Sealed { header: wrapped.header, data: wrapped.text, padding: wrapped.padding })
    }

    /// Opens a sealed text. An error ends the use of this connection.
    ///
    /// # Errors
    /// [`KerberosErrorKind::Token`] for what is broken, forged, replayed, out of order, or only signed.
    pub(crate) fn unseal(&mut self, header: &[u8], data: &[u8]) -> Result<Vec<u8>, KerberosError> {
        let mechanism = self.sealing("open")?;
        let opened = self.open(mechanism, header, data);
        let Opened { plain, encrypted, out_of_order } =
            opened.map_err(|failure| self.message_failed(failure, "open a sealed message of"))?;
        if !encrypted {
            return Err(self.unsealed("it is signed, but not encrypted"));
        }
        if out_of_order {
            return Err(self.unsealed("it is a repeated one, or not the next one"));
        }
        Ok(plain)
    }

    /// Windows rotates the end of the token (RFC 4121 4.2.5) to its front, so that all of it but the
    /// text is in the header; servers on other systems may not. MIT opens the former in parts and the
    /// latter in one piece, as Heimdal does both, and any other library is asked to.
    fn open(&mut self, mechanism: oid::Oid, header: &[u8], data: &[u8]) -> Result<Opened, Failure> {
        let whole = || [header, data].concat();
        if !self.credential.library.api.is_mit() {
            return self.context.unwrap(mechanism, &whole());
        }
        let apart = self.context.unwrap_apart(mechanism, header, data);
        // Both ways verify the text, and neither counts one that failed.
        apart.or_else(|failure| self.context.unwrap(mechanism, &whole()).map_err(|_| failure))
    }

    fn leg(&mut self, token: Option<&[u8]>) -> Result<Progress, KerberosError> {
        let mut flags = MUTUAL | REPLAY | SEQUENCE | INTEGRITY | CONFIDENTIALITY;
        if self.options.delegate {
            flags |= DELEGATION;
        }
        let progress = self.credential.with(|credential| {
            self.context.init(&Leg {
                credential,
                target: &self.target_name,
                mechanism: self.credential.mechanism.oid(),
                flags,
                binding: self.options.binding.as_deref(),
                input: token,
            })
        });
        let action = if token.is_some() { "verify the answer of" } else { "get a ticket for" };
        progress.map_err(|failure| self.failed(failure, action))
    }

    /// Whether SPNEGO offers Kerberos alone.
    pub(super) fn check_offer(&self, token: &[u8]) -> Result<(), KerberosError> {
        if self.credential.mechanism != Mechanism::Spnego {
            return Ok(());
        }
        let offered = spnego::offered(token).unwrap_or_default();
        match offered.iter().find(|mechanism| !is_kerberos(mechanism)) {
            None if !offered.is_empty() => Ok(()),
            other => {
                let other =
                    other.map_or_else(|| "nothing that can be read".to_owned(), |other| oid::dotted(other));
                let reason = format!("expected the library to offer Kerberos alone, it offers {other}");
                Err(self.error(KerberosErrorKind::Downgrade, &reason))
            }
        }
    }

    /// What was promised, checked against what came of it.
    fn establish(&mut self) -> Result<Established, KerberosError> {
        let facts = self.context.inquire().map_err(|failure| self.failed(failure, "look at the login to"))?;
        if !is_kerberos(&facts.mechanism) {
            let reason = format!("expected Kerberos, got the mechanism {}", oid::dotted(&facts.mechanism));
            return Err(self.error(KerberosErrorKind::Downgrade, &reason));
        }
        let has = |flag| facts.flags & flag == flag;
        if !has(MUTUAL) {
            return Err(self.error(KerberosErrorKind::Downgrade, "the host does not prove who it is"));
        }
        if !has(INTEGRITY) || (self.options.seal && !has(CONFIDENTIALITY)) {
            return Err(self.error(KerberosErrorKind::Downgrade, "the login does not allow sealing"));
        }
        if has(DELEGATION) && !self.options.delegate {
            return Err(
                self.error(KerberosErrorKind::Other, "the library delegated what it was not asked to")
            );
        }
        let name = |name: &ffi::Name| {
            name.display().map_err(|failure| self.failed(failure, "read the names of the login to"))
        };
        Ok(Established {
            user: name(&facts.source)?,
            host: name(&facts.target)?,
            delegated: has(DELEGATION),
            bound: self.options.binding.is_some(),
        })
    }

    /// The mechanism to seal with.
    fn sealing(&self, verb: &str) -> Result<oid::Oid, KerberosError> {
        if self.options.seal && self.established().is_some() {
            return Ok(self.credential.mechanism.oid());
        }
        let action = format!("{verb} a message");
        Err(KerberosError::new(KerberosErrorKind::Other, action, "no login for sealed messages stands"))
    }

    fn failed(&self, failure: Failure, action: &str) -> KerberosError {
        KerberosError::of(failure, format!("{action} `{}`", self.target), &self.subject)
    }

    fn message_failed(&self, failure: Failure, action: &str) -> KerberosError {
        KerberosError::of_message(failure, format!("{action} `{}`", self.target), &self.subject)
    }

    fn error(&self, kind: KerberosErrorKind, reason: &str) -> KerberosError {
        KerberosError::new(kind, format!("log in to `{}` by Kerberos", self.target), reason)
    }

    fn unsealed(&self, reason: &str) -> KerberosError {
        let action = format!("exchange sealed messages with `{}`", self.target);
        KerberosError::new(KerberosErrorKind::Token, action, reason)
    }
}

impl SecurityContext for GssClient {
    fn seal(&mut self, plain: &[u8]) -> Result<sealing::Sealed, AuthError> {
        let Sealed { header, mut data, padding } = Self::seal(self, plain)?;
        self.pads = !padding.is_empty();
        data.extend_from_slice(&padding);
        Ok(sealing::Sealed { header, data, padding: padding.len() })
    }

    fn unseal(&mut self, header: &[u8], data: &[u8]) -> Result<Vec<u8>, AuthError> {
        Ok(Self::unseal(self, header, data)?)
    }

    /// Ciphers before AES fill a block of DES; RC4 has one byte. What the host seals is padded where ours is.
    fn max_padding(&self) -> usize {
        if self.pads { 8 } else { 0 }
    }
}
