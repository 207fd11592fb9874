//! Authentication mechanisms as state machines: tokens in, tokens out. No HTTP here.

#[cfg(feature = "sim")]
pub(crate) mod acceptor;
pub(crate) mod basic;
pub(crate) mod certificate;
mod credentials;
#[cfg(any(feature = "kerberos", feature = "ntlm", feature = "probe"))]
pub(crate) mod end_point;
#[cfg(all(feature = "cli", any(test, fuzzing)))]
pub(crate) mod fuzzing;
#[cfg(feature = "kerberos")]
pub(crate) mod gssapi;
#[cfg(feature = "ntlm")]
pub(crate) mod ntlm;
#[cfg(all(test, feature = "cli"))]
mod recorded;
pub(crate) mod sealing;

pub use credentials::{Credentials, Secret, UserName};
#[cfg(feature = "kerberos")]
pub(crate) use end_point::server_end_point;
#[cfg(feature = "kerberos")]
pub use gssapi::{KerberosError, KerberosErrorKind};

/// Why authentication cannot go on.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AuthError {
    /// The user name has no usable form. What stands behind a colon is not kept: it may be a password.
    #[error("the user name `{}` is not `DOMAIN\\user`, `.\\user`, `user@realm` or `user`", visible(.0))]
    UserName(String),
    /// Empty passwords are refused.
    #[error("the password is empty")]
    EmptyPassword,
    /// A token of the peer that does not read.
    #[error("the peer's token cannot be read: {0}")]
    Token(String),
    /// The peer offers less than is safe.
    #[error("the peer does not offer {0}: refusing a weaker login")]
    Downgrade(&'static str),
    /// Over TLS the certificate must be known.
    #[error("no server certificate at hand for channel binding")]
    NoCertificate,
    /// The certificate's structure does not read.
    #[error("the server's certificate cannot be read: expected {0}")]
    Certificate(&'static str),
    /// A token that cannot be written.
    #[error("the token cannot be written: {0}")]
    Write(String),
    /// The system has no random numbers.
    #[error("the system gives no random numbers")]
    Random,
    /// A message that cannot be sealed, or a sealed one that is not what it should be.
    #[error("{0}")]
    Sealing(String),
    /// Kerberos failed.
    #[cfg(feature = "kerberos")]
    #[error(transparent)]
    Kerberos(#[from] gssapi::KerberosError),
    /// The acceptor refused.
    #[error("refused: {0}")]
    Refused(&'static str),
}

/// Control characters escaped; a backslash stays one, for it is part of many user names.
fn visible(name: &str) -> String {
    name.chars()
        .map(|c| if c.is_control() { c.escape_default().to_string() } else { c.to_string() })
        .collect()
}
