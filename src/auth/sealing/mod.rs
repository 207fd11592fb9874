//! Sealing of messages, which makes plain HTTP safe ([MS-WSMV] 2.2.9.1): the finished security context
//! of a login encrypts and signs each message, and a body of type `multipart/encrypted` carries it.
//!
//! A context belongs to one connection and counts its messages. Whatever fails here has moved it on by
//! an unknown amount: connection and context are of no more use then.

#![cfg_attr(
    not(any(feature = "kerberos", feature = "ntlm")),
    allow(dead_code, reason = "without a mechanism that seals there is no security context")
)]

mod multipart;
#[cfg(test)]
mod tests;

use super::AuthError;
use multipart::Part;
use std::fmt;

/// The context of a finished login.
pub(crate) trait SecurityContext: fmt::Debug + Send {
    /// Encrypts and signs a message.
    fn seal(&mut self, plain: &[u8]) -> Result<Sealed, AuthError>;

    /// Verifies a message and decrypts it; padding is taken off.
    fn unseal(&mut self, header: &[u8], data: &[u8]) -> Result<Vec<u8>, AuthError>;

    /// By how many bytes padding may make a message longer at most.
    fn max_padding(&self) -> usize {
        0
    }
}

/// A message, sealed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Sealed {
    /// What verifies it: the signature of NTLM, the token of Kerberos (RFC 4121).
    pub(crate) header: Vec<u8>,
    /// The message encrypted, with its padding.
    pub(crate) data: Vec<u8>,
    /// How much of `data` is padding.
    pub(crate) padding: usize,
}

/// What the bodies name as their protocol (2.2.9.1.1.2.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Protocol {
    /// After a login by the scheme `Negotiate` or `NTLM`, whatever mechanism that came down to.
    Spnego,
    /// After a login by the scheme `Kerberos`.
    #[cfg_attr(
        not(feature = "kerberos"),
        allow(dead_code, reason = "without Kerberos there is no such login")
    )]
    Kerberos,
}

/// Seals and unseals the bodies of one connection.
#[derive(Debug)]
pub(crate) struct Sealer {
    protocol: Protocol,
    context: Box<dyn SecurityContext>,
}

/// A body that was unsealed.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Opened {
    /// `Content-Type` of the message itself. Nothing vouches for it.
    pub(crate) content_type: String,
    pub(crate) body: Vec<u8>,
}

impl Sealer {
    pub(crate) fn new(protocol: Protocol, context: impl SecurityContext + 'static) -> Self {
        Self { protocol, context: Box::new(context) }
    }

    /// `Content-Type` of what [`Self::seal`] gives.
    pub(crate) fn content_type(&self) -> String {
        multipart::content_type(self.protocol)
    }

    /// A SOAP message as the body of a request or of an answer.
    pub(crate) fn seal(&mut self, message: &[u8]) -> Result<Vec<u8>, AuthError> {
        let sealed = self.context.seal(message)?;
        multipart::write(self.protocol, message.len(), &sealed)
    }

    /// The message in a body of this type.
    pub(crate) fn unseal(&mut self, content_type: &str, body: &[u8]) -> Result<Opened, AuthError> {
        let parts = multipart::read(content_type, body)?;
        let content_type = parts.first().map(|part| part.content_type.to_owned()).unwrap_or_default();
        let mut message = Vec::new();
        for part in parts {
            let plain = self.unseal_part(&part)?;
            if message.is_empty() {
                message = plain;
            } else {
                message.extend(plain);
            }
        }
        Ok(Opened { content_type, body: message })
    }

    fn unseal_part(&mut self, part: &Part<'_>) -> Result<Vec<u8>, AuthError> {
        let plain = self.context.unseal(part.header, part.data)?;
        match part.length.checked_sub(plain.len()) {
            Some(padding) if padding <= self.context.max_padding() => Ok(plain),
            _ => Err(AuthError::Sealing(format!(
                "expected a message of {} bytes as it says, unsealed {}",
                part.length,
                plain.len()
            ))),
        }
    }
}

/// Whether a body of this type is a sealed one.
pub(crate) fn is_sealed(content_type: &str) -> bool {
    multipart::is_encrypted(content_type)
}

impl Protocol {
    /// As it stands in bodies and headers.
    fn media_type(self) -> &'static str {
        match self {
            Self::Spnego => "application/HTTP-SPNEGO-session-encrypted",
            Self::Kerberos => "application/HTTP-Kerberos-session-encrypted",
        }
    }
}
