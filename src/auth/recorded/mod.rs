//! Sealed sessions with peers that are not ours, recorded once with fixed keys and played again offline:
//! that what we send is, byte for byte, what the peer took, and that what it sent still reads.
//! `tests/sealed/README.md` says how they are recorded again.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod acceptor;
mod client;
mod http;
mod kerberos;
mod session;

use super::{Credentials, Secret, ntlm::Fresh};
use session::{Fixed, Session};
use std::path::{Path, PathBuf};

/// Set to `1`, the tests that need the rig write the sessions anew.
const RECORD: &str = "HVCTL_RECORD_SEALED";
/// A user of the rig; the password protects nothing.
const USER: &str = r"TEST\alice";
const PASSWORD: &str = "Passw0rd!";

/// Where the recorded sessions are.
fn sessions() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/sealed")
}

fn credentials() -> Credentials {
    Credentials::new(USER, Secret::new(PASSWORD.to_owned())).unwrap()
}

/// The password of the one user there is.
fn password(domain: &str, name: &str) -> Option<Secret> {
    (format!("{domain}\\{name}") == USER).then(|| Secret::new(PASSWORD.to_owned()))
}

/// Where to write what is recorded now: to `tests/sealed` when that is asked for, else to nowhere that stays.
fn destination(name: &str) -> (PathBuf, Option<tempfile::TempDir>) {
    if std::env::var_os(RECORD).is_some_and(|value| value == "1") {
        return (sessions().join(name), None);
    }
    let temp = tempfile::tempdir().unwrap();
    (temp.path().join(name), Some(temp))
}

/// The folder of the rig, if there is one.
fn rig() -> Option<PathBuf> {
    let rig = std::env::var_os("HVCTL_TEST_RIG").map(PathBuf::from);
    let required = std::env::var_os("CI_REQUIRE_PEERS").is_some_and(|value| value == "1");
    assert!(rig.is_some() || !required, "CI_REQUIRE_PEERS=1, but HVCTL_TEST_RIG names no rig");
    rig
}

/// The listener of the rig that takes sealed messages alone.
fn port(rig: &Path) -> u16 {
    let ports = std::fs::read_to_string(rig.join("rig.env")).unwrap();
    ports.lines().find_map(|line| line.strip_prefix("PLAIN=")).unwrap().parse().unwrap()
}

impl From<&Fixed> for Fresh {
    fn from(fixed: &Fixed) -> Self {
        Self {
            time: fixed.time,
            client_challenge: fixed.client_challenge,
            exported_session_key: fixed.exported_session_key.into(),
        }
    }
}
