//! A client's certificate with its key, for the TLS handshake (RFC 8446, 4.4.2; RFC 5246, 7.4.6), from PEM
//! (RFC 7468) or PKCS#12 (RFC 7292).

mod error;
#[cfg(feature = "probe")]
pub(super) mod names;
mod pem;
#[cfg(feature = "pkcs12")]
mod pkcs12;
mod present;
#[cfg(test)]
mod tests;

pub use error::ClientCertificateError;
pub(super) use present::Asked;

use super::fingerprint::Fingerprint;
use crate::{
    auth::{Secret, certificate::Certificate},
    transport::TransportError,
};
use jiff::Timestamp;
use rustls::{
    crypto::ring::sign::any_supported_type,
    sign::{CertifiedKey, SigningKey},
};
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use std::{fmt, sync::Arc};
use zeroize::Zeroizing;

/// A certificate with its private key and the certificates between it and its root.
///
/// Cheap to clone. Whom it names and the key are not printed; what is read of the key is wiped, but for the
/// copies that the TLS library and the reader of PKCS#12 make.
///
/// ```
/// use hyperv_wsman::transport::{AuthMechanism, ClientCertificate, HttpSettings, HttpTransport, Trust, endpoint};
///
/// # let backup_pem = "tests/wire/client/chain.pem";
/// # let ca_pem = "tests/wire/v1.crt";
/// let mut settings = HttpSettings::new(endpoint("hv1.example.org")?);
/// settings.mechanism = AuthMechanism::Certificate;
/// settings.certificate = Some(ClientCertificate::from_pem(&std::fs::read(backup_pem)?, None, None)?);
/// settings.trust = Trust::ca(std::fs::read(ca_pem)?);
/// let transport = HttpTransport::new(settings)?;
/// # let _ = transport;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct ClientCertificate {
    certified: Arc<CertifiedKey>,
    validity: (Timestamp, Timestamp),
    self_signed: bool,
}

impl ClientCertificate {
    /// Reads a file by its content: PKCS#12 if it begins as DER does, else PEM. `key_file` holds the key if `file`
    /// does not; `password` is for what is encrypted.
    ///
    /// # Errors
    /// [`ClientCertificateError`]; [`PasswordNeeded`](ClientCertificateError::PasswordNeeded) if `password` is
    /// missing.
    pub fn read(
        file: &[u8],
        key_file: Option<&[u8]>,
        password: Option<&Secret>,
    ) -> Result<Self, ClientCertificateError> {
        match file.first() {
            Some(&DER_SEQUENCE) if key_file.is_some() => Err(ClientCertificateError::SecondKeyFile),
            Some(&DER_SEQUENCE) => Self::from_pkcs12(file, password),
            _ => Self::from_pem(file, key_file, password),
        }
    }

    /// Reads PEM: the certificate, those that issued it in any order, and the key (PKCS#8, PKCS#1 or SEC1), which
    /// may be in a file of its own. `password` is for an encrypted key (`BEGIN ENCRYPTED PRIVATE KEY`), which needs
    /// the feature `pkcs12`.
    ///
    /// # Errors
    /// [`ClientCertificateError`].
    pub fn from_pem(
        certificates: &[u8],
        key: Option<&[u8]>,
        password: Option<&Secret>,
    ) -> Result<Self, ClientCertificateError> {
        let keys = pem::keys(key.unwrap_or(certificates), password)?;
        Self::assemble(&pem::certificates(certificates)?, &keys)
    }

    /// Reads PKCS#12 (`.pfx`, `.p12`), as Windows and OpenSSL write it: encrypted by AES, or by 3DES or RC2 in old
    /// files.
    ///
    /// # Errors
    /// [`ClientCertificateError`].
    #[cfg(feature = "pkcs12")]
    pub fn from_pkcs12(file: &[u8], password: Option<&Secret>) -> Result<Self, ClientCertificateError> {
        let (certificates, keys) = pkcs12::read(file, password)?;
        Self::assemble(&certificates, &keys)
    }

    #[cfg(not(feature = "pkcs12"))]
    fn from_pkcs12(_: &[u8], _: Option<&Secret>) -> Result<Self, ClientCertificateError> {
        Err(ClientCertificateError::NotInThisBuild("PKCS#12"))
    }

    /// SHA-256 of the certificate.
    #[must_use]
    pub fn fingerprint(&self) -> Fingerprint {
        Fingerprint::of(self.certificate())
    }

    /// DER of the certificate.
    #[must_use]
    pub fn certificate(&self) -> &[u8] {
        self.certified.end_entity_cert().map(AsRef::as_ref).unwrap_or_default()
    }

    /// Whether it was issued by itself, so that a host has to know this very certificate.
    #[must_use]
    pub fn is_self_signed(&self) -> bool {
        self.self_signed
    }

    /// Whether it holds now: a host would only say that it refuses it.
    pub(super) fn expect_valid(&self, now: Timestamp) -> Result<(), TransportError> {
        let (from, until) = self.validity;
        let (reason, hint) = if now < from {
            (format!("it is not valid before {from}"), "check the clock of this machine")
        } else if now > until {
            (format!("it has expired at {until}"), "renew it, and map the new one to its user on the host")
        } else {
            return Ok(());
        };
        Err(TransportError::config(format!("failed to use the client certificate: {reason}")).with_hint(hint))
    }

    /// Finds the one key that has its certificate here, and what lies between that and its root.
    fn assemble(
        certificates: &[CertificateDer<'static>],
        keys: &[Key],
    ) -> Result<Self, ClientCertificateError> {
        let mut distinct: Vec<&Key> = Vec::new();
        for key in keys {
            if !distinct.iter().any(|known| known.secret_der() == key.secret_der()) {
                distinct.push(key);
            }
        }
        if distinct.is_empty() {
            return Err(ClientCertificateError::NoKey);
        }
        if certificates.is_empty() {
            return Err(ClientCertificateError::NoCertificate);
        }
        let known = certificates.iter().map(|der| Known::new(der)).collect::<Result<Vec<_>, _>>()?;
        let signers: Vec<_> = distinct.iter().filter_map(|key| any_supported_type(key).ok()).collect();
        let mut pairs = signers.iter().filter_map(|signer| Some((signer, of_key(&known, signer.as_ref())?)));
        let Some((signer, leaf)) = pairs.next() else {
            return Err(match signers.len() {
                0 => ClientCertificateError::UnsupportedKey,
                _ => ClientCertificateError::OtherKey,
            });
        };
        let more = pairs.count();
        if more > 0 {
            return Err(ClientCertificateError::SeveralKeys(more + 1));
        }
        let chain = chain(leaf, &known).into_iter().map(|der| CertificateDer::from(der.to_vec())).collect();
        Ok(Self {
            validity: leaf.validity,
            self_signed: leaf.is_self_signed(),
            certified: Arc::new(CertifiedKey::new(chain, Arc::clone(signer))),
        })
    }
}

impl fmt::Debug for ClientCertificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientCertificate").field("fingerprint", &self.fingerprint()).finish_non_exhaustive()
    }
}

/// A private key that is wiped when dropped.
type Key = Zeroizing<PrivateKeyDer<'static>>;

/// The first byte of DER, and of no PEM file.
const DER_SEQUENCE: u8 = 0x30;

/// A certificate taken apart.
struct Known<'a> {
    der: &'a [u8],
    parts: Certificate<'a>,
    validity: (Timestamp, Timestamp),
}

impl<'a> Known<'a> {
    fn new(der: &'a [u8]) -> Result<Self, ClientCertificateError> {
        let parts = Certificate::parse(der)?;
        Ok(Self { der, validity: parts.validity()?, parts })
    }

    fn is_self_signed(&self) -> bool {
        self.parts.issuer() == self.parts.subject()
    }
}

/// The certificate of a key; of several, as renewals with the old key make them, the one that holds longest.
fn of_key<'k, 'a>(known: &'k [Known<'a>], key: &dyn SigningKey) -> Option<&'k Known<'a>> {
    let public = key.public_key()?;
    let matching = known.iter().filter(|known| known.parts.subject_public_key_info() == public.as_ref());
    matching.max_by_key(|known| known.validity.1)
}

/// From the leaf up to below the root, which whoever trusts it has.
fn chain<'a>(leaf: &Known<'a>, known: &[Known<'a>]) -> Vec<&'a [u8]> {
    let mut chain = vec![leaf.der];
    let mut last = leaf;
    while !last.is_self_signed() {
        let issuer = known.iter().find(|known| {
            known.parts.subject() == last.parts.issuer()
                && !known.is_self_signed()
                && !chain.contains(&known.der)
        });
        let Some(issuer) = issuer else { break };
        chain.push(issuer.der);
        last = issuer;
    }
    chain
}
