//! How messages travel: one trait, and its implementations over HTTPS, from a cassette, and onto one.
//!
//! A transport of one's own is one method:
//!
//! ```
//! use hyperv_wsman::{
//!     Client, ErrorKind,
//!     transport::{Answer, BoxFuture, Exchange, Phase, Transport, TransportError, TransportErrorKind},
//! };
//! use std::sync::Arc;
//!
//! /// Sends nothing.
//! #[derive(Debug)]
//! struct Offline;
//!
//! impl Transport for Offline {
//!     fn exchange(&self, exchange: Exchange) -> BoxFuture<'_, Result<Answer, TransportError>> {
//!         Box::pin(async move {
//!             Err(TransportError {
//!                 kind: TransportErrorKind::Config,
//!                 phase: Phase::NotSent,
//!                 message: format!("failed to send `{}`: there is no network", exchange.name),
//!                 hint: None,
//!                 source: None,
//!             })
//!         })
//!     }
//! }
//!
//! # #[tokio::main(flavor = "current_thread", start_paused = true)]
//! # async fn main() {
//! let client = Client::with_transport("https://hv1.example.org/wsman".parse().unwrap(), Arc::new(Offline));
//! let error = client.identify().await.unwrap_err();
//! assert_eq!(error.kind(), ErrorKind::Config);
//! # }
//! ```

#[cfg(any(feature = "http", feature = "replay", feature = "sim"))]
mod hex;
#[cfg(feature = "http")]
pub(crate) mod http;
#[cfg(feature = "replay")]
pub(crate) mod replay;

#[cfg(any(feature = "http", feature = "sim"))]
pub use crate::auth::{AuthError, Credentials, Secret, UserName};
#[cfg(all(feature = "kerberos", any(feature = "http", feature = "sim")))]
pub use crate::auth::{KerberosError, KerberosErrorKind};
#[cfg(any(feature = "http", feature = "replay", feature = "sim"))]
pub(crate) use hex::hex;
#[cfg(feature = "reqwest")]
pub use http::HttpCarrier;
#[cfg(feature = "http")]
pub use http::{
    AuthMechanism, ClientCertificate, ClientCertificateError, Fingerprint, HttpSettings, HttpTransport,
    KerberosSettings, Login, OnLogin, Proxy, Trust, endpoint,
};
#[cfg(feature = "probe")]
pub use http::{
    CertificateContent, CertificateInfo, Door, Greeting, HostNames, greet, knock, look_up, probe_certificate,
    reach,
};
#[cfg(all(feature = "http", feature = "kerberos"))]
pub use http::{KerberosStatus, KerberosTicket, kerberos_check, kerberos_library, kerberos_ticket};
#[cfg(feature = "replay")]
pub use replay::{Finding, Known, Origin, Record, RecordSettings, Redactor, Replay, lint};

use bytes::Bytes;
use std::{error::Error as StdError, fmt, future::Future, pin::Pin, sync::Arc, time::Duration};

/// A boxed future, as trait objects need it.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// One message to be sent.
#[derive(Debug, Clone)]
pub struct Exchange {
    /// The SOAP message, UTF-8.
    pub body: Bytes,
    /// Operation for people and cassettes (`Get`, `CreateSnapshot`).
    pub name: String,
    /// Whether doing it twice could change the host twice; a transport never resends such a
    /// message once a byte of it may have left.
    pub changes_host: bool,
    /// Identify without credentials (`WSMANIDENTIFY: unauthenticated`).
    pub anonymous: bool,
    /// The conversation this belongs to; conversations may interleave.
    pub lane: u32,
    /// When to give up, by tokio's clock.
    pub deadline: Option<tokio::time::Instant>,
}

/// What came back. Any HTTP status is an answer.
#[derive(Debug, Clone)]
pub struct Answer {
    /// HTTP status.
    pub status: u16,
    /// `Content-Type`, when there was one.
    pub content_type: Option<String>,
    /// The whole body.
    pub body: Bytes,
    /// Who answered, and how.
    pub peer: Peer,
}

/// How an answer came.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Peer {
    /// `kerberos`, `ntlm`, `basic`, `certificate`, `none`, `replay`, `simulated`.
    pub mechanism: String,
    /// Whether the messages were sealed.
    pub sealed: bool,
    /// Over verified TLS (a refusal by HTTP status 401, 413, 503 proves that nothing ran).
    pub verified_tls: bool,
    /// SHA-256 of the leaf certificate, lower-case hex.
    pub fingerprint: Option<String>,
    /// Number of the connection, counted by the transport.
    pub connection: u64,
    /// Logins so far.
    pub handshakes: u64,
}

/// Whether a byte of the message may have reached the host.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// Nothing was sent: safe to send again.
    NotSent,
    /// Something may have been.
    MaybeSent,
}

/// Why a transport failed, by what a user can do about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum TransportErrorKind {
    /// Name resolution, connect, reset, cut.
    Connection,
    /// TLS handshake or trust.
    Trust,
    /// Authentication refused, downgraded or impossible.
    Auth,
    /// The deadline passed.
    Timeout,
    /// The peer does not speak HTTP as it should, or its answer is over the limit.
    Protocol,
    /// A cassette is missing, corrupt, newer, exhausted, or does not match.
    Cassette,
    /// Local files.
    Io,
    /// The caller's settings.
    Config,
}

/// A failed exchange.
#[derive(Debug)]
pub struct TransportError {
    /// What failed.
    pub kind: TransportErrorKind,
    /// Whether the message may have arrived.
    pub phase: Phase,
    /// `failed to connect to …`; without the text of `source`.
    pub message: String,
    /// What a user can do.
    pub hint: Option<String>,
    /// The cause.
    pub source: Option<Box<dyn StdError + Send + Sync>>,
}

impl TransportError {
    /// An error without hint and cause.
    pub fn new(kind: TransportErrorKind, phase: Phase, message: impl Into<String>) -> Self {
        Self { kind, phase, message: message.into(), hint: None, source: None }
    }

    /// Adds what a user can do.
    #[must_use]
    pub fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Adds the cause.
    #[must_use]
    pub fn with_source(mut self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// Settings that cannot work; nothing was sent.
    #[cfg(feature = "http")]
    pub(crate) fn config(message: impl Into<String>) -> Self {
        Self::new(TransportErrorKind::Config, Phase::NotSent, message)
    }
}

impl fmt::Display for TransportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl StdError for TransportError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        let source = self.source.as_deref()?;
        Some(source)
    }
}

/// Carries messages. Implementations are cheap to share and safe to use from many tasks.
///
/// Contract: an `Answer` holds the whole body; a failed exchange says whether the message may have
/// left; nothing that `changes_host` is ever sent twice once it may have left; dropping the future
/// abandons the exchange (and the connection, if it was in use).
pub trait Transport: Send + Sync + fmt::Debug {
    /// Sends one message and waits for its answer.
    fn exchange(&self, exchange: Exchange) -> BoxFuture<'_, Result<Answer, TransportError>>;

    /// The clock that waiting goes by; a replay brings one that does not sleep.
    fn clock(&self) -> Arc<dyn Clock> {
        Arc::new(TokioClock)
    }

    /// A problem that did not stop an exchange and has to be reported at the end: a recording that
    /// could not be written.
    fn deferred_error(&self) -> Option<TransportError> {
        None
    }
}

/// What waiting goes by.
pub trait Clock: Send + Sync + fmt::Debug {
    /// Waits.
    fn sleep(&self, duration: Duration) -> BoxFuture<'_, ()>;
    /// Time since some fixed point, never going back.
    fn elapsed(&self) -> Duration;
}

/// tokio's clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct TokioClock;

impl Clock for TokioClock {
    fn sleep(&self, duration: Duration) -> BoxFuture<'_, ()> {
        Box::pin(tokio::time::sleep(duration))
    }
    fn elapsed(&self) -> Duration {
        static START: std::sync::OnceLock<tokio::time::Instant> = std::sync::OnceLock::new();
        START.get_or_init(tokio::time::Instant::now).elapsed()
    }
}
