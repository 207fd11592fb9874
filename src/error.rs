//! The one public error: what kind it is, what is known about it, what a caller can do.

mod evidence;

pub use evidence::{Evidence, JobFailure, MethodFailure, UnknownOutcome};

#[cfg(any(feature = "http", feature = "sim"))]
use crate::transport::AuthError;
#[cfg(feature = "http")]
use crate::transport::ClientCertificateError;
use crate::{
    cim::CimError,
    transport::{TransportError, TransportErrorKind},
    wsman::Fault,
};
use std::{error::Error as StdError, fmt};

/// Result with [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What went wrong, by guilty side; one exit code of `hvctl` each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// A defect of this crate.
    Internal,
    /// The caller's configuration or input.
    Config,
    /// Nothing of that name or id.
    NotFound,
    /// Several of that name.
    Ambiguous,
    /// The way to the host.
    Transport,
    /// TLS trust.
    Trust,
    /// Authentication.
    Auth,
    /// A deadline passed, nothing was changed (or it is only a wait that ended).
    Timeout,
    /// A peer that breaks the protocol.
    Protocol,
    /// A peer that refuses with a fault.
    Fault,
    /// Authenticated, not authorised.
    AccessDenied,
    /// A method returned a failure code.
    Method,
    /// A job failed.
    Job,
    /// A change may or may not have happened.
    OutcomeUnknown,
    /// Record and replay.
    Cassette,
    /// A value that does not fit the type asked for.
    Decode,
    /// Local files and pipes.
    Io,
    /// Ended by the user while waiting.
    Interrupted,
}

/// The error of every fallible call of this crate.
///
/// `Display` says what failed and why, without the text of [`source`](StdError::source); what the
/// peer gave as evidence is behind the accessors.
///
/// ```
/// # #[cfg(feature = "sim")]
/// # #[tokio::main(flavor = "current_thread", start_paused = true)]
/// # async fn main() -> hyperv_wsman::Result<()> {
/// # use hyperv_wsman::{Client, hyperv::HyperV, sim};
/// # let host = sim::Host::new(sim::Settings::default());
/// # let url = "https://hv01.example.test:5986/wsman".parse().unwrap();
/// # let hyperv = HyperV::new(Client::with_transport(url, host.transport()));
/// use hyperv_wsman::ErrorKind;
///
/// let error = hyperv.group("webtier").await.unwrap_err();
/// assert_eq!(error.kind(), ErrorKind::NotFound);
/// assert_eq!(error.to_string(), "failed to find group `webtier`: no group has that name or id");
/// assert_eq!(error.hint(), Some("did you mean `web-tier`?"));
/// # Ok(())
/// # }
/// # #[cfg(not(feature = "sim"))]
/// # fn main() {}
/// ```
pub struct Error {
    inner: Box<Inner>,
}

struct Inner {
    kind: ErrorKind,
    message: String,
    hint: Option<String>,
    evidence: Option<Evidence>,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

/// What an error can be asked:
///
/// ```
/// # #[cfg(feature = "sim")]
/// # #[tokio::main(flavor = "current_thread", start_paused = true)]
/// # async fn main() -> hyperv_wsman::Result<()> {
/// # use hyperv_wsman::{Client, ErrorKind, cim::Epr, sim};
/// # let host = sim::Host::new(sim::Settings::default());
/// # let url = "https://hv01.example.test:5986/wsman".parse().unwrap();
/// # let client = Client::with_transport(url, host.transport());
/// let job = Epr::class_of("Msvm_ConcreteJob", "root/virtualization/v2").with("InstanceID", "gone")?;
/// let error = client.get(&job).await.unwrap_err();
///
/// assert_eq!(error.kind(), ErrorKind::Fault);
/// assert!(!error.is_outcome_unknown(), "a Get changes nothing");
/// let fault = error.fault().expect("what the host has said");
/// assert_eq!(fault.code().and_then(|code| code.name()), Some("ERROR_WSMAN_RESOURCE_NOT_FOUND"));
/// assert!(error.job().is_none() && error.return_code().is_none() && error.unknown_outcome().is_none());
/// # Ok(())
/// # }
/// # #[cfg(not(feature = "sim"))]
/// # fn main() {}
/// ```
impl Error {
    pub(crate) fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self {
            inner: Box::new(Inner {
                kind,
                message: message.into(),
                hint: None,
                evidence: None,
                source: None,
            }),
        }
    }
    pub(crate) fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.inner.hint = Some(hint.into());
        self
    }
    pub(crate) fn with_evidence(mut self, evidence: Evidence) -> Self {
        self.inner.evidence = Some(evidence);
        self
    }
    pub(crate) fn with_source(mut self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.inner.source = Some(source.into());
        self
    }
    /// This error as the source of one that says the same in more words: its own source stands in.
    pub(crate) fn with_source_of(mut self, cause: Self) -> Self {
        self.inner.source = cause.inner.source;
        self
    }
    /// What the host said in its own, localised words becomes the source.
    pub(crate) fn with_host_words(self, words: String) -> Self {
        self.with_source(HostSays(words))
    }
    /// A fault as the answer to `action`, in the infinitive, in this namespace. The host's own words are localised: they
    /// become the source, the message says what the code means.
    pub(crate) fn from_fault(action: &str, namespace: Option<&str>, fault: Fault) -> Self {
        let kind = if fault.is_access_denied() { ErrorKind::AccessDenied } else { ErrorKind::Fault };
        let code = match (fault.code(), fault.subcode()) {
            (Some(code), _) => match code.name() {
                Some(name) => format!("fault {code} {name}"),
                None => format!("fault {code}"),
            },
            (None, Some(subcode)) => match fault.cim_status() {
                Some(status) => format!("fault `{subcode}`, CIM status {status}"),
                None => format!("fault `{subcode}`"),
            },
            (None, None) => "a fault without a code".into(),
        };
        let message = match fault.meaning() {
            Some(meaning) => format!("failed to {action}: {code}: {meaning}"),
            None => format!("failed to {action}: the host answered with {code}"),
        };
        let mut error = Self::new(kind, message);
        error.inner.hint = fault.hint_in(namespace).map(Into::into);
        let words = words(&fault);
        if !words.is_empty() {
            error = error.with_host_words(words);
        }
        error.with_evidence(Evidence::Fault(Box::new(fault)))
    }

    /// What kind of error this is.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.inner.kind
    }
    /// What a user can do about it.
    #[must_use]
    pub fn hint(&self) -> Option<&str> {
        self.inner.hint.as_deref()
    }
    /// What the peer gave as evidence.
    #[must_use]
    pub fn evidence(&self) -> Option<&Evidence> {
        self.inner.evidence.as_ref()
    }
    /// The fault, here or in a cause.
    #[must_use]
    pub fn fault(&self) -> Option<&Fault> {
        self.find(|evidence| match evidence {
            Evidence::Fault(fault) => Some(&**fault),
            _ => None,
        })
    }
    /// The job failure, here or in a cause.
    #[must_use]
    pub fn job(&self) -> Option<&JobFailure> {
        self.find(|evidence| match evidence {
            Evidence::Job(job) => Some(&**job),
            _ => None,
        })
    }
    /// The return code of a method, here or in a cause.
    #[must_use]
    pub fn return_code(&self) -> Option<u32> {
        self.find(|evidence| match evidence {
            Evidence::Method(method) => Some(method.code),
            _ => None,
        })
    }
    /// What is known of an unknown outcome.
    #[must_use]
    pub fn unknown_outcome(&self) -> Option<&UnknownOutcome> {
        self.find(|evidence| match evidence {
            Evidence::Outcome(outcome) => Some(&**outcome),
            _ => None,
        })
    }
    /// Whether the change may have happened.
    #[must_use]
    pub fn is_outcome_unknown(&self) -> bool {
        self.kind() == ErrorKind::OutcomeUnknown
    }

    /// The first piece of evidence that `pick` takes, here or in a cause.
    fn find<'a, T>(&'a self, pick: impl Fn(&'a Evidence) -> Option<T>) -> Option<T> {
        let mut next: Option<&(dyn StdError + 'static)> = Some(self);
        while let Some(error) = next {
            if let Some(found) =
                error.downcast_ref::<Self>().and_then(|error| error.evidence()).and_then(&pick)
            {
                return Some(found);
            }
            next = error.source();
        }
        None
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.inner.message)
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Error")
            .field("kind", &self.inner.kind)
            .field("message", &self.inner.message)
            .field("source", &self.inner.source)
            .finish_non_exhaustive()
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        let source = self.inner.source.as_deref()?;
        Some(source)
    }
}

impl From<CimError> for Error {
    fn from(error: CimError) -> Self {
        Self::new(ErrorKind::Config, "failed to make a value").with_source(error)
    }
}

#[cfg(any(feature = "http", feature = "sim"))]
impl From<AuthError> for Error {
    fn from(error: AuthError) -> Self {
        let kind = match error {
            AuthError::UserName(_) | AuthError::EmptyPassword => ErrorKind::Config,
            _ => ErrorKind::Auth,
        };
        Self::new(kind, "failed to use the credentials").with_source(error)
    }
}

#[cfg(feature = "http")]
impl From<ClientCertificateError> for Error {
    fn from(error: ClientCertificateError) -> Self {
        TransportError::from(error).into()
    }
}

impl From<TransportError> for Error {
    fn from(error: TransportError) -> Self {
        let kind = match error.kind {
            TransportErrorKind::Connection => ErrorKind::Transport,
            TransportErrorKind::Trust => ErrorKind::Trust,
            TransportErrorKind::Auth => ErrorKind::Auth,
            TransportErrorKind::Timeout => ErrorKind::Timeout,
            TransportErrorKind::Protocol => ErrorKind::Protocol,
            TransportErrorKind::Cassette => ErrorKind::Cassette,
            TransportErrorKind::Io => ErrorKind::Io,
            TransportErrorKind::Config => ErrorKind::Config,
        };
        let mut mapped = Self::new(kind, error.message);
        mapped.inner.hint = error.hint;
        mapped.inner.source = error.source;
        mapped
    }
}

/// What the host says, and its provider where that says something else.
fn words(fault: &Fault) -> String {
    let text = fault.text().trim();
    match fault.provider_text().map(str::trim) {
        Some(provider) if text.is_empty() => provider.to_owned(),
        Some(provider) if !provider.is_empty() && provider != text => {
            format!("{text} (provider: {provider})")
        }
        _ => text.to_owned(),
    }
}

/// The host's own words, in the host's language.
#[derive(Debug, thiserror::Error)]
#[error("the host says: {0}")]
struct HostSays(String);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{transport::Phase, wsman::FaultCode};

    fn transport(kind: TransportErrorKind) -> TransportError {
        TransportError {
            kind,
            phase: Phase::NotSent,
            message: "failed to connect to hv01.example.test:5986".into(),
            hint: Some("check the name".into()),
            source: Some("connection refused".into()),
        }
    }

    fn fault(code: u32, text: &str) -> Fault {
        Fault {
            code: Some(FaultCode(code)),
            subcode: None,
            soap_code: "Sender".into(),
            text: text.into(),
            provider_text: None,
            provider: None,
            machine: None,
            detail: None,
            extended: Vec::new(),
        }
    }

    #[test]
    fn each_transport_kind_has_one_error_kind() {
        for (from, to) in [
            (TransportErrorKind::Connection, ErrorKind::Transport),
            (TransportErrorKind::Trust, ErrorKind::Trust),
            (TransportErrorKind::Auth, ErrorKind::Auth),
            (TransportErrorKind::Timeout, ErrorKind::Timeout),
            (TransportErrorKind::Protocol, ErrorKind::Protocol),
            (TransportErrorKind::Cassette, ErrorKind::Cassette),
            (TransportErrorKind::Io, ErrorKind::Io),
            (TransportErrorKind::Config, ErrorKind::Config),
        ] {
            assert_eq!(Error::from(transport(from)).kind(), to);
        }
    }

    #[test]
    #[cfg(any(feature = "http", feature = "sim"))]
    fn credentials_that_cannot_be_used_are_the_callers_mistake() {
        let error = Error::from(AuthError::EmptyPassword);
        assert_eq!(error.kind(), ErrorKind::Config);
        insta::assert_snapshot!(error, @"failed to use the credentials");
        insta::assert_snapshot!(error.source().unwrap(), @"the password is empty");
        assert_eq!(Error::from(AuthError::NoCertificate).kind(), ErrorKind::Auth);
    }

    #[test]
    fn a_transport_error_keeps_message_hint_and_cause_apart() {
        let error = Error::from(transport(TransportErrorKind::Connection));
        insta::assert_snapshot!(error, @"failed to connect to hv01.example.test:5986");
        assert_eq!(error.hint(), Some("check the name"));
        insta::assert_snapshot!(error.source().unwrap(), @"connection refused");
    }

    #[test]
    fn evidence_is_found_in_causes() {
        let cause = Error::from_fault("call `CreateSnapshot`", None, fault(2_150_858_793, "zu spät"));
        let error = Error::new(ErrorKind::OutcomeUnknown, "outer")
            .with_evidence(Evidence::Outcome(Box::default()))
            .with_source(cause);
        assert_eq!(error.fault().unwrap().code(), Some(FaultCode(2_150_858_793)));
        assert!(error.unknown_outcome().is_some());
        assert!(error.is_outcome_unknown());
        assert_eq!(error.return_code(), None);
        assert!(error.job().is_none());
    }

    #[test]
    fn the_words_of_the_host_are_the_cause_of_a_fault() {
        let error = Error::from_fault("read `Msvm_ConcreteJob`", None, fault(5, "Zugriff verweigert"));
        assert_eq!(error.kind(), ErrorKind::AccessDenied);
        insta::assert_snapshot!(error.source().unwrap(), @"the host says: Zugriff verweigert");
        assert!(!error.to_string().contains("Zugriff"));
    }

    #[test]
    fn a_provider_that_says_more_than_its_server_is_heard() {
        let said = |text: &str, provider: &str| {
            let fault = Fault { provider_text: Some(provider.into()), ..fault(5, text) };
            Error::from_fault("read `CIM_X`", None, fault).source().unwrap().to_string()
        };
        insta::assert_snapshot!(said("General failure.", "No such job."), @"the host says: General failure. (provider: No such job.)");
        insta::assert_snapshot!(said("No such job.", "No such job. "), @"the host says: No such job.");
        insta::assert_snapshot!(said("", "No such job."), @"the host says: No such job.");
    }

    #[test]
    fn the_hint_to_something_that_is_not_there_fits_its_namespace() {
        let hint = |namespace| {
            let error = Error::from_fault("read `C`", namespace, fault(2_150_858_811, ""));
            error.hint().unwrap().to_owned()
        };
        insta::assert_snapshot!(hint(Some("ROOT/virtualization/v2")), @"check that the Hyper-V role is installed and that the host is the right one");
        let elsewhere = hint(Some("root/cimv2"));
        insta::assert_snapshot!(elsewhere, @"check that the class is in the namespace (`--namespace`), how the host wants both named (`--dialect`), and that the host is the right one");
        assert_eq!(hint(None), elsewhere);
    }
}
