//! Authentication mechanisms as state machines: tokens in, tokens out. No HTTP here.

#[cfg(feature = "sim")]
pub(crate) mod acceptor;
pub(crate) mod basic;
#[cfg(feature = "ntlm")]
pub(crate) mod ntlm;

use std::fmt;
use zeroize::Zeroizing;

/// A secret: prints nothing, is wiped when dropped.
#[derive(Clone, Default)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// Takes a secret text.
    #[must_use]
    pub fn new(text: String) -> Self {
        Self(Zeroizing::new(text))
    }
    /// The text, for the one place that needs it.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}
impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// Why authentication cannot go on.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AuthError {
    /// The user name has no usable form.
    #[error("the user name `{0}` is not `DOMAIN\\user`, `.\\user`, `user@realm` or `user`")]
    UserName(String),
    /// Empty passwords are refused.
    #[error("the password is empty")]
    EmptyPassword,
    /// A token of the peer that does not read.
    #[error("the server's NTLM message cannot be read: {0}")]
    Token(String),
    /// The peer offers less than is safe.
    #[error("the server does not offer {0}: refusing a weaker login")]
    Downgrade(&'static str),
    /// Over TLS the certificate must be known.
    #[error("no server certificate at hand for channel binding")]
    NoCertificate,
    /// The acceptor refused.
    #[error("refused: {0}")]
    Refused(&'static str),
}

/// A user with a password.
#[derive(Debug, Clone)]
pub struct Credentials {
    pub(crate) user: UserName,
    pub(crate) password: Secret,
}

/// A user name in its parts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserName {
    /// Empty for a bare name, `.` stays `.`; for `user@realm` empty too (the name keeps its realm).
    pub(crate) domain: String,
    pub(crate) name: String,
}

impl Credentials {
    /// Parses `DOMAIN\user`, `.\user`, `user@realm`, `user`.
    ///
    /// # Errors
    /// [`AuthError::UserName`], [`AuthError::EmptyPassword`].
    pub fn new(user: &str, password: Secret) -> Result<Self, AuthError> {
        todo!("{user} {password:?}")
    }
    /// User name for display.
    #[must_use]
    pub fn user(&self) -> &UserName {
        &self.user
    }
}
