//! Profiles: what is known of hosts between two commands, in one file (TOML) that belongs to its user.
//!
//! A profile holds options of a connection under their own names ([`keys`]); [`read`] understands the file,
//! [`edit`] changes it without touching what else is in it, [`file`] keeps it private and whole, and [`owner`] looks who
//! else could change it.

mod edit;
mod file;
mod keys;
mod owner;
mod read;

pub(crate) use edit::{remove, set, set_default};
pub(crate) use file::ConfigFile;
pub(crate) use keys::{Key, Kind, keys};
pub(crate) use read::{Profile, Profiles};

use super::failure::Failure;
use crate::error::{Error, ErrorKind};

/// Key of the file: the profile that is taken when none is named.
const DEFAULT_PROFILE: &str = "default-profile";
/// Key of the file: the table of profiles.
const PROFILES: &str = "profile";
/// Key of a profile that `hvctl` itself writes: a connection over TLS has worked, so that none without is made.
pub(crate) const TLS_USED: &str = "tls-used";
/// Key of a profile: the fingerprint of the host's certificate.
pub(crate) const FINGERPRINT: &str = "fingerprint";

/// Checks the name of a profile: a word that needs no quotes in TOML nor in a shell.
///
/// # Errors
/// What is expected.
pub(crate) fn profile_name(typed: &str) -> Result<String, String> {
    let plain = |character: char| character.is_ascii_alphanumeric() || "-_.".contains(character);
    if !typed.is_empty() && typed.chars().all(plain) && !typed.starts_with('-') {
        return Ok(typed.to_owned());
    }
    Err("expected a name of letters, digits, `-`, `_` and `.`".to_owned())
}

/// A problem with the file or what is in it.
fn problem(message: impl Into<String>, hint: Option<String>) -> Failure {
    let error = Error::new(ErrorKind::Config, message);
    match hint {
        Some(hint) => error.with_hint(hint).into(),
        None => error.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_need_no_quotes() {
        assert_eq!(profile_name("hv1.example.org"), Ok("hv1.example.org".to_owned()));
        for wrong in ["", "a b", "a/b", "-x", "ä", "a\u{1b}"] {
            assert!(profile_name(wrong).is_err(), "{wrong:?}");
        }
    }
}
