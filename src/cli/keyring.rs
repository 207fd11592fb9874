//! Passwords in the system's keyring: one entry for each host and user. Only in builds with the feature `keyring`.

use super::failure::Failure;
use crate::{
    error::{Error, ErrorKind},
    transport::Secret,
};

/// The password of a user of a host.
///
/// # Errors
/// `Config`, if the keyring has none, or there is no keyring.
pub(crate) fn read(host: &str, user: &str) -> Result<Secret, Failure> {
    store::read(&service(host), user).map(Secret::new).map_err(|cause| failed("get the password from", cause))
}

/// Keeps a password.
///
/// # Errors
/// `Config`, if there is no keyring.
pub(crate) fn write(host: &str, user: &str, password: &Secret) -> Result<(), Failure> {
    store::write(&service(host), user, password.expose())
        .map_err(|cause| failed("keep the password in", cause))
}

/// Makes sure that there is a keyring in this build.
///
/// # Errors
/// `Config`, if there is none.
pub(crate) fn check() -> Result<(), Failure> {
    if cfg!(feature = "keyring") { Ok(()) } else { Err(failed("use", WITHOUT.into())) }
}

/// Under which name entries stand.
pub(crate) fn service(host: &str) -> String {
    format!("hvctl/{}", host.to_lowercase())
}

type Cause = Box<dyn std::error::Error + Send + Sync>;

fn failed(what: &str, cause: Cause) -> Failure {
    Error::new(ErrorKind::Config, format!("failed to {what} the system's keyring"))
        .with_source(cause)
        .with_hint(
            "`hvctl profile add NAME --update --password-keyring` asks for the password and keeps it there",
        )
        .into()
}

const WITHOUT: &str = "this build is without the feature `keyring`";

#[cfg(feature = "keyring")]
mod store {
    use super::Cause;
    use keyring::Entry;

    pub(super) fn read(service: &str, user: &str) -> Result<String, Cause> {
        let (service, user) = (service.to_owned(), user.to_owned());
        apart(move || Entry::new(&service, &user)?.get_password())
    }

    pub(super) fn write(service: &str, user: &str, password: &str) -> Result<(), Cause> {
        let (service, user) = (service.to_owned(), user.to_owned());
        let password = zeroize::Zeroizing::new(password.to_owned());
        apart(move || Entry::new(&service, &user)?.set_password(&password))
    }

    /// On a thread of its own: the keyring's client may block on a runtime of its own.
    fn apart<T: Send + 'static>(
        work: impl FnOnce() -> keyring::Result<T> + Send + 'static,
    ) -> Result<T, Cause> {
        let done = std::thread::spawn(work).join().map_err(|_| "the keyring's client failed")?;
        Ok(done?)
    }
}

#[cfg(not(feature = "keyring"))]
mod store {
    use super::{Cause, WITHOUT};

    pub(super) fn read(_: &str, _: &str) -> Result<String, Cause> {
        Err(WITHOUT.into())
    }

    pub(super) fn write(_: &str, _: &str, _: &str) -> Result<(), Cause> {
        Err(WITHOUT.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_keyring_without_the_entry_is_told_with_what_to_do() {
        let failure = read("no-such-host.example.test", "nobody").unwrap_err();
        assert_eq!(failure.exit_code(), 3);
        assert!(failure.to_text().contains("--password-keyring"), "{}", failure.to_text());
    }
}
