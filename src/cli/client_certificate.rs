//! The client's certificate: from PEM or PKCS#12, whose password is asked for only if there is one.

use super::{
    args::Auth,
    failure::Failure,
    interruption::aside,
    password,
    private_file::expect_private,
    settings::{Origin, Settings},
};
use crate::{
    error::Error,
    transport::{ClientCertificate, ClientCertificateError, Secret},
};
use std::{
    fs,
    io::{self, Read as _},
    path::Path,
    sync::Arc,
};
use zeroize::Zeroizing;

/// How to log in. Of a mechanism and a client certificate that contradict each other, what was said nearer to the
/// command holds; a certificate alone says enough.
///
/// # Errors
/// `Usage` for what contradicts each other equally near, and for the mechanism without a certificate.
pub(crate) fn auth(settings: &Settings) -> Result<Auth, Failure> {
    let global = &settings.global;
    if global.client_cert.is_none() {
        return match (global.auth, &global.client_key) {
            (Auth::Certificate, _) | (_, Some(_)) => Err(Failure::usage(
                "no certificate: --client-cert is not given",
                "name its file with --client-cert FILE, HVCTL_CLIENT_CERT or a profile",
            )),
            (auth, None) => Ok(auth),
        };
    }
    let certificate = settings.origin_of_option("client-cert");
    let said = |name: &str| Some(settings.origin_of_option(name)).filter(|origin| *origin < Origin::Default);
    if global.auth != Auth::Certificate {
        match said("auth") {
            Some(auth) if auth < certificate => return Ok(global.auth),
            Some(auth) if auth == certificate => return Err(exclude("auth")),
            _ => {}
        }
    }
    match said("user") {
        Some(user) if user <= certificate => Err(exclude("user")),
        _ => Ok(Auth::Certificate),
    }
}

fn exclude(option: &str) -> Failure {
    Failure::usage(
        format!("--client-cert and --{option} exclude each other"),
        "the host maps the certificate to a user, and no other one logs in; look at HVCTL_CLIENT_CERT and the profile \
         too",
    )
}

/// Reads the certificate, and its key, which may be in a file of its own.
///
/// # Errors
/// `Io` for files that cannot be read; `Config` for what is no certificate, for keys that others may read, and for
/// the password; `Usage` for several sources of it.
pub(crate) async fn obtain(settings: &Settings) -> Result<ClientCertificate, Failure> {
    let path = settings.global.client_cert.clone().unwrap_or_default();
    let name = path.to_string_lossy().into_owned();
    let key = settings.global.client_key.clone();
    let files = aside(move || {
        let certificate = contents("the client certificate", &path)?;
        let key = key.map(|path| contents("the key of the client certificate", &path)).transpose()?;
        Ok(Arc::new(Files { certificate, key }))
    })
    .await?;
    // The file says how often a password is hashed, which may take seconds.
    let read = |password: Option<Secret>| {
        let files = Arc::clone(&files);
        aside(move || Ok(files.read(password.as_ref())))
    };
    let done = match read(None).await? {
        Err(ClientCertificateError::PasswordNeeded) => {
            read(Some(password::obtain(settings, &name).await?)).await?
        }
        done => done,
    };
    done.map_err(|error| Error::from(error).into())
}

/// What the files hold.
struct Files {
    certificate: Zeroizing<Vec<u8>>,
    key: Option<Zeroizing<Vec<u8>>>,
}

impl Files {
    fn read(&self, password: Option<&Secret>) -> Result<ClientCertificate, ClientCertificateError> {
        ClientCertificate::read(&self.certificate, self.key.as_deref().map(Vec::as_slice), password)
    }
}

/// Far more than a certificate with its chain needs.
const LARGEST: u64 = 1024 * 1024;

fn contents(what: &str, path: &Path) -> Result<Zeroizing<Vec<u8>>, Failure> {
    let failed = |error| Failure::io(format!("failed to read `{}`", path.display()), error);
    let file = fs::File::open(path).map_err(failed)?;
    let size = file.metadata().map_err(failed)?.len();
    if size > LARGEST {
        return Err(failed(io::Error::other(format!("it is longer than {LARGEST} bytes"))));
    }
    // Room for all of it: what moves while it grows leaves a copy behind that is not wiped.
    let mut bytes = Zeroizing::new(Vec::with_capacity(usize::try_from(size).unwrap_or_default() + 1));
    (&file).take(LARGEST).read_to_end(&mut bytes).map_err(failed)?;
    if holds_key(&bytes) {
        expect_private(what, path, &file)?;
    }
    Ok(bytes)
}

/// PKCS#12, or PEM with a key. A certificate alone is no secret.
fn holds_key(bytes: &[u8]) -> bool {
    const KEY: &[u8] = b"PRIVATE KEY-----";
    bytes.first() == Some(&0x30) || bytes.windows(KEY.len()).any(|window| window == KEY)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_holds_a_key_has_to_be_private() {
        for (text, expected) in [
            ("-----BEGIN CERTIFICATE-----\n", false),
            ("-----BEGIN ENCRYPTED PRIVATE KEY-----\n", true),
            ("-----BEGIN CERTIFICATE-----\n-----BEGIN EC PRIVATE KEY-----\n", true),
            ("0\u{1}", true),
            ("", false),
        ] {
            assert_eq!(holds_key(text.as_bytes()), expected, "{text}");
        }
    }
}
