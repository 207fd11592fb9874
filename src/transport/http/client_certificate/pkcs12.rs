//! Certificates and keys in PKCS#12.

use super::{ClientCertificateError, Key};
use crate::auth::Secret;
use p12_keystore::{Pkcs12Archive, error::Error};
use rustls_pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};

/// Everything in it, whether it belongs together or not. Windows lets a file be without a password, and means an
/// empty one.
pub(super) fn read(
    file: &[u8],
    password: Option<&Secret>,
) -> Result<(Vec<CertificateDer<'static>>, Vec<Key>), ClientCertificateError> {
    let archive = Pkcs12Archive::from_pkcs12(file, password.map_or("", Secret::expose))
        .map_err(|error| explain(error, password.is_some()))?;
    let certificates = archive.certs.iter().map(|bag| CertificateDer::from(bag.cert.as_der().to_vec()));
    let keys = archive
        .keys
        .iter()
        .map(|bag| Key::new(PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(bag.key.as_der().to_vec()))));
    Ok((certificates.collect(), keys.collect()))
}

fn explain(error: Error, has_password: bool) -> ClientCertificateError {
    match error {
        Error::MacError(_) if has_password => ClientCertificateError::WrongPassword,
        Error::MacError(_) => ClientCertificateError::PasswordNeeded,
        Error::UnsupportedEncryptionScheme | Error::UnsupportedMacAlgorithm => {
            ClientCertificateError::UnsupportedEncryption("its algorithms are not known here".to_owned())
        }
        Error::InvalidParameters => ClientCertificateError::UnsupportedEncryption(
            "deriving its keys from the password would take too long".to_owned(),
        ),
        // Behind the right checksum: what is damaged, or not known. Without one, a wrong password too.
        Error::UnpadError | Error::InvalidPrivateKey => ClientCertificateError::UnsupportedEncryption(
            "it is damaged, or it has no checksum and the password is wrong".to_owned(),
        ),
        Error::Pkcs5Error(reason) => ClientCertificateError::UnsupportedEncryption(reason),
        other => ClientCertificateError::Unreadable("PKCS#12", Some(other.into())),
    }
}
