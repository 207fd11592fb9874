//! Why a client certificate cannot be used.

use crate::{auth::AuthError, transport::TransportError};
use std::error::Error as StdError;

/// Why a client certificate cannot be read. Nothing secret is in it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ClientCertificateError {
    /// It is encrypted.
    #[error("failed to read the client certificate: it is encrypted, and no password is given")]
    PasswordNeeded,
    /// It is encrypted with another password.
    #[error("failed to read the client certificate: the password is wrong")]
    WrongPassword,
    /// No certificate in it.
    #[error("failed to read the client certificate: found no certificate")]
    NoCertificate,
    /// No private key in it.
    #[error("failed to read the client certificate: found no private key")]
    NoKey,
    /// There is a key, and certificates of others.
    #[error("failed to read the client certificate: none of the certificates belongs to the private key")]
    OtherKey,
    /// Several keys with their certificates.
    #[error(
        "failed to read the client certificate: expected one private key with its certificate, found {0}"
    )]
    SeveralKeys(usize),
    /// PKCS#12 holds its key.
    #[error(
        "failed to read the client certificate: PKCS#12 holds its key, and a file for the key is given too"
    )]
    SecondKeyFile,
    /// A kind of key that TLS here does not sign with.
    #[error(
        "failed to use the key of the client certificate: expected RSA of 2048 to 4096 bits, ECDSA on P-256 or P-384, or Ed25519"
    )]
    UnsupportedKey,
    /// A way of encrypting that is not known here.
    #[error("failed to decrypt the client certificate: {0}")]
    UnsupportedEncryption(String),
    /// It has no readable form; the text says which one was expected.
    #[error("failed to read the client certificate: expected {0}")]
    Unreadable(&'static str, #[source] Option<Box<dyn StdError + Send + Sync>>),
    /// The build is without a feature.
    #[error(
        "failed to read the client certificate: it is {0}, and this build is without the feature `pkcs12`"
    )]
    NotInThisBuild(&'static str),
}

impl ClientCertificateError {
    /// What the user can do.
    #[must_use]
    pub fn hint(&self) -> Option<&'static str> {
        Some(match self {
            Self::PasswordNeeded | Self::NotInThisBuild(_) | Self::SecondKeyFile => return None,
            Self::WrongPassword => {
                "it is the password of the file, as chosen at its export, not that of the user"
            }
            Self::NoCertificate => "a PEM file has it between `BEGIN CERTIFICATE` and `END CERTIFICATE`",
            Self::NoKey => {
                "name the file with the key by `--client-key`, or export the certificate with its private key; a DER key is converted by `openssl pkey -inform der -in FILE -out FILE.pem`"
            }
            Self::OtherKey => {
                "compare what `openssl x509 -noout -pubkey -in FILE` and `openssl pkey -pubout -in KEYFILE` print"
            }
            Self::SeveralKeys(_) => "export the certificate that is meant into a file of its own",
            Self::UnsupportedKey => "issue a certificate with another key",
            Self::UnsupportedEncryption(_) | Self::Unreadable(..) => REWRITE,
        })
    }
}

/// OpenSSL reads whatever anybody has written, and writes what is read here.
const REWRITE: &str = "OpenSSL may read it and write it anew: `openssl pkcs12 -in FILE -out NEW.pem` for PKCS#12 (with `-legacy` for old files), `openssl pkcs8 -topk8 -in KEYFILE -out NEW.key` for a key";

impl From<AuthError> for ClientCertificateError {
    fn from(error: AuthError) -> Self {
        match error {
            AuthError::Certificate(what) => Self::Unreadable(what, None),
            other => Self::Unreadable("a certificate", Some(other.into())),
        }
    }
}

impl From<ClientCertificateError> for TransportError {
    fn from(error: ClientCertificateError) -> Self {
        let config = Self::config(error.to_string());
        let config = match error.hint() {
            Some(hint) => config.with_hint(hint),
            None => config,
        };
        match error {
            ClientCertificateError::Unreadable(_, Some(source)) => config.with_source(source),
            _ => config,
        }
    }
}
