//! Certificates and keys in PEM.

use super::{ClientCertificateError, Key};
use crate::auth::Secret;
use rustls_pki_types::{
    CertificateDer, PrivateKeyDer,
    pem::{self, PemObject},
};

pub(super) fn certificates(text: &[u8]) -> Result<Vec<CertificateDer<'static>>, ClientCertificateError> {
    all(text)
}

/// Every key, those that are encrypted too.
pub(super) fn keys(text: &[u8], password: Option<&Secret>) -> Result<Vec<Key>, ClientCertificateError> {
    // The old way of OpenSSL, by MD5 of the password.
    if find(text, b"Proc-Type: 4,ENCRYPTED").is_some() {
        let form = "the key is encrypted in OpenSSL's old form (`Proc-Type: 4,ENCRYPTED`)";
        return Err(ClientCertificateError::UnsupportedEncryption(form.to_owned()));
    }
    let mut keys: Vec<_> = all::<PrivateKeyDer<'static>>(text)?.into_iter().map(Key::new).collect();
    let mut rest = text;
    while let Some(at) = find(rest, BEGIN_ENCRYPTED) {
        let body = rest.get(at + BEGIN_ENCRYPTED.len()..).unwrap_or_default();
        let end = find(body, b"-----END").ok_or_else(broken)?;
        let (body, after) = body.split_at(end);
        keys.push(decrypt(body, password)?);
        rest = after;
    }
    Ok(keys)
}

const BEGIN_ENCRYPTED: &[u8] = b"-----BEGIN ENCRYPTED PRIVATE KEY-----";

fn find(text: &[u8], what: &[u8]) -> Option<usize> {
    text.windows(what.len()).position(|window| window == what)
}

fn all<T: PemObject>(text: &[u8]) -> Result<Vec<T>, ClientCertificateError> {
    // Without the cause, which may hold a line of the file, and with it the key.
    let found: Result<_, pem::Error> = T::pem_slice_iter(text).collect();
    found.map_err(|_| broken())
}

fn broken() -> ClientCertificateError {
    ClientCertificateError::Unreadable(
        "PEM, Base64 between a line `-----BEGIN …-----` and a line `-----END …-----`",
        None,
    )
}

#[cfg(not(feature = "pkcs12"))]
fn decrypt(_: &[u8], _: Option<&Secret>) -> Result<Key, ClientCertificateError> {
    Err(ClientCertificateError::NotInThisBuild("an encrypted key"))
}

/// RFC 5958, 3.
#[cfg(feature = "pkcs12")]
fn decrypt(base64: &[u8], password: Option<&Secret>) -> Result<Key, ClientCertificateError> {
    use base64::{Engine as _, engine::general_purpose::STANDARD};
    use pkcs8::{EncryptedPrivateKeyInfoRef, Error, pkcs5};
    use rustls_pki_types::PrivatePkcs8KeyDer;

    let base64: Vec<u8> = base64.iter().copied().filter(|byte| !byte.is_ascii_whitespace()).collect();
    let der = STANDARD.decode(base64).map_err(|_| broken())?;
    let key = EncryptedPrivateKeyInfoRef::try_from(&*der).map_err(|error| {
        ClientCertificateError::UnsupportedEncryption(format!(
            "the encryption of the key is not known: {error}"
        ))
    })?;
    if !is_bearable(&key.encryption_algorithm) {
        let message = "deriving its key from the password takes too long".to_owned();
        return Err(ClientCertificateError::UnsupportedEncryption(message));
    }
    let password = password.ok_or(ClientCertificateError::PasswordNeeded)?;
    match key.decrypt(password.expose()) {
        Ok(document) => {
            Ok(Key::new(PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(document.as_bytes().to_vec()))))
        }
        // A wrong password shows in what it decrypts to.
        Err(Error::EncryptedPrivateKey(pkcs5::Error::DecryptFailed) | Error::Asn1(_)) => {
            Err(ClientCertificateError::WrongPassword)
        }
        Err(error) => Err(ClientCertificateError::UnsupportedEncryption(error.to_string())),
    }
}

/// Ten times and more of what is usual for the functions that make a password slow.
#[cfg(feature = "pkcs12")]
fn is_bearable(scheme: &pkcs8::pkcs5::EncryptionScheme) -> bool {
    use pkcs8::pkcs5::{EncryptionScheme, pbes2::Kdf};

    const MOST_ITERATIONS: u32 = 10_000_000;
    const MOST_MEMORY: u64 = 256 * 1024 * 1024;
    const MOST_LANES: u16 = 16;

    match scheme {
        EncryptionScheme::Pbes2(parameters) => match &parameters.kdf {
            Kdf::Pbkdf2(pbkdf2) => pbkdf2.iteration_count <= MOST_ITERATIONS,
            Kdf::Scrypt(scrypt) => {
                let memory =
                    scrypt.cost_parameter.saturating_mul(128).saturating_mul(scrypt.block_size.into());
                memory <= MOST_MEMORY && scrypt.parallelization <= MOST_LANES
            }
            _ => true,
        },
        _ => true,
    }
}
