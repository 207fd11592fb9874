//! Against peers that are not ours: MIT's KDC, and pyspnego and MIT's library as acceptors.
//! `tests/rig/run.sh` installs and starts them; `HVCTL_TEST_RIG` names its folder, and `KRB5_CONFIG`
//! its krb5.conf. Without them these tests say so and pass, unless `CI_REQUIRE_PEERS=1`.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod acceptor;
mod failures;
mod heimdal;
mod logins;
mod plug_in;
mod sealing;

use super::*;
use crate::auth::Secret;
use acceptor::Acceptor;
use std::{collections::BTreeMap, io::Write as _, path::PathBuf, sync::Once};

const MIT: &str = "libgssapi_krb5.so.2";
const HEIMDAL: &str = "libgssapi.so.3";
const PASSWORD: &str = "Passw0rd!";

/// Each way of framing, and an acceptor that understands it.
const PAIRS: [(Mechanism, &str); 4] = [
    (Mechanism::Kerberos, "kerberos"),
    (Mechanism::Kerberos, "mit"),
    (Mechanism::Spnego, "negotiate"),
    (Mechanism::Spnego, "mit"),
];

/// A running rig.
struct Rig {
    folder: PathBuf,
    ports: BTreeMap<String, u16>,
}

impl Rig {
    fn find() -> Option<Self> {
        static SAID: Once = Once::new();
        let Some(folder) = std::env::var_os("HVCTL_TEST_RIG").map(PathBuf::from) else {
            let required = std::env::var_os("CI_REQUIRE_PEERS").is_some_and(|value| value == "1");
            assert!(!required, "CI_REQUIRE_PEERS=1, but HVCTL_TEST_RIG names no rig");
            SAID.call_once(|| {
                // Not by `eprintln!`, which a test that passes swallows.
                let _ = writeln!(std::io::stderr(), "skipped: no KDC; see tests/rig/run.sh");
            });
            return None;
        };
        let config = folder.join("krb5.conf");
        assert_eq!(std::env::var_os("KRB5_CONFIG").as_deref(), Some(config.as_os_str()), "KRB5_CONFIG");
        let text = std::fs::read_to_string(folder.join("rig.env")).unwrap();
        let port = |line: &str| {
            let (name, port) = line.split_once('=').unwrap();
            (name.to_owned(), port.parse().unwrap())
        };
        Some(Self { folder, ports: text.lines().map(port).collect() })
    }

    fn file(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// A connection to an acceptor that expects a binding, or none.
    fn acceptor(&self, who: &str, binding: Option<&[u8]>) -> Acceptor {
        Acceptor::connect(self.ports["GSS"], who, binding)
    }

    /// The same on a host whose clock is ahead.
    fn skewed_acceptor(&self, who: &str) -> Acceptor {
        Acceptor::connect(self.ports["GSS_SKEWED"], who, None)
    }

    fn cache(&self, name: &str) -> CredentialSource {
        let name = format!("FILE:{}", self.file(name).display());
        CredentialSource::Cache { principal: None, name: Some(name) }
    }

    fn keytab(&self, name: &str, principal: &str) -> CredentialSource {
        CredentialSource::Keytab { file: self.file(name), principal: principal.to_owned() }
    }

    /// How often the KDC refused a password or key of a user.
    fn refused_attempts(&self, principal: &str) -> usize {
        let log = std::fs::read_to_string(self.file("kdc.log")).unwrap();
        log.matches(&format!("PREAUTH_FAILED: {principal} for ")).count()
    }
}

/// The user's own tickets, which are alice's.
const OWN: CredentialSource = CredentialSource::Cache { principal: None, name: None };

fn password(principal: &str, password: &str) -> CredentialSource {
    CredentialSource::Password { principal: principal.to_owned(), password: Secret::new(password.to_owned()) }
}

fn credential(library: &str, source: &CredentialSource, mechanism: Mechanism) -> GssCredential {
    acquire(library, source, mechanism).unwrap()
}

fn acquire(
    library: &str,
    source: &CredentialSource,
    mechanism: Mechanism,
) -> Result<GssCredential, KerberosError> {
    GssCredential::acquire(&Gssapi::at(library)?, source, mechanism)
}

fn localhost() -> Target {
    Target::new("HTTP", "localhost").unwrap()
}

fn sealing() -> GssOptions {
    GssOptions { seal: true, ..GssOptions::default() }
}

/// A login to `HTTP/localhost` that succeeds.
fn log_in(credential: &GssCredential, options: GssOptions, acceptor: &mut Acceptor) -> GssClient {
    let mut client = GssClient::new(credential, &localhost(), options).unwrap();
    acceptor.log_in(&mut client).unwrap();
    client
}

/// Acquires and takes the first leg: how it fails.
fn first_failure(source: &CredentialSource, mechanism: Mechanism, target: &Target) -> KerberosError {
    match acquire(MIT, source, mechanism) {
        Err(error) => error,
        Ok(credential) => {
            GssClient::new(&credential, target, sealing()).unwrap().step(None).expect_err("no ticket")
        }
    }
}
