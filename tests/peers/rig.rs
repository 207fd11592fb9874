//! Where the rig is and what it offers.

use std::{
    collections::BTreeMap,
    io::{Read as _, Write as _},
    net::TcpStream,
    path::{Path, PathBuf},
    sync::Once,
};

static SAID: Once = Once::new();
const SKIPPED: &str = "skipped: no independent peers. On Debian 12, as root, `tests/rig/run.sh install` and \
    `tests/rig/run.sh start` make them; then set HVCTL_TEST_RIG to the folder it names";

/// A running rig.
#[derive(Debug)]
pub(crate) struct Rig {
    folder: PathBuf,
    ports: BTreeMap<String, u16>,
}

/// What acceptors saw of one path and query.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) requests: usize,
    /// Tokens that prove who the client is, or try to.
    pub(crate) kerberos: usize,
    /// The same of NTLM.
    pub(crate) ntlm: usize,
    /// Bodies.
    pub(crate) messages: usize,
}

impl Rig {
    /// The rig that the environment names. `None` where there is none, and that is allowed.
    pub(crate) fn find() -> Option<Self> {
        let Some(folder) = std::env::var_os("HVCTL_TEST_RIG").map(PathBuf::from) else {
            assert!(
                std::env::var_os("CI_REQUIRE_PEERS").is_none_or(|value| value != "1"),
                "CI_REQUIRE_PEERS=1, but HVCTL_TEST_RIG names no rig"
            );
            SAID.call_once(|| {
                // Not by `eprintln!`, which a test that passes swallows.
                let _ = writeln!(std::io::stderr(), "{SKIPPED}");
            });
            return None;
        };
        let file = folder.join("rig.env");
        let text =
            std::fs::read_to_string(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        let ports = text.lines().map(|line| {
            let (name, port) = line.split_once('=').unwrap();
            (name.to_owned(), port.parse().unwrap())
        });
        Some(Self { folder, ports: ports.collect() })
    }

    /// Port of a listener.
    pub(crate) fn port(&self, name: &str) -> u16 {
        *self.ports.get(name).unwrap_or_else(|| panic!("the rig has no listener {name}: {:?}", self.ports))
    }

    /// Names of the listeners that begin so.
    pub(crate) fn listeners(&self, prefix: &str) -> Vec<&str> {
        self.ports.keys().map(String::as_str).filter(|name| name.starts_with(prefix)).collect()
    }

    /// Where the rig is.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// A file of the rig.
    pub(crate) fn read(&self, file: &str) -> Vec<u8> {
        std::fs::read(self.folder.join(file)).unwrap()
    }

    /// Prints a table while tests run, and keeps it in a file, where no other test's lines are between its own.
    pub(crate) fn print(&self, name: &str, table: &str) {
        // Not by `eprint!`, which a test that passes swallows.
        std::io::stderr().write_all(table.as_bytes()).unwrap();
        std::fs::write(self.folder.join(format!("table-{name}.txt")), table).unwrap();
    }

    /// What the acceptors saw of this path and query.
    pub(crate) fn counts(&self, target: &str) -> Counts {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port("PLAIN"))).unwrap();
        write!(stream, "GET {target} HTTP/1.1\r\nConnection: close\r\n\r\n").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let count = |name: &str| {
            let (_, rest) = answer.split_once(&format!("{name}=")).unwrap();
            rest.split_whitespace().next().unwrap().parse().unwrap()
        };
        Counts {
            requests: count("requests"),
            kerberos: count("kerberos"),
            ntlm: count("ntlm"),
            messages: count("messages"),
        }
    }

    /// How often the KDC that never answers was asked.
    pub(crate) fn asked_in_vain(&self) -> usize {
        String::from_utf8(self.read("silent-kdc.log")).unwrap().lines().count()
    }

    /// How often the KDC refused a password or key of a user.
    pub(crate) fn refused_by_kdc(&self, principal: &str) -> usize {
        self.refused_by("kdc.log", principal)
    }

    /// The same of the KDC that is the primary one in `krb5-primary.conf`.
    pub(crate) fn refused_by_primary_kdc(&self, principal: &str) -> usize {
        self.refused_by("kdc-primary.log", principal)
    }

    fn refused_by(&self, log: &str, principal: &str) -> usize {
        let log = String::from_utf8(self.read(log)).unwrap();
        log.matches(&format!("PREAUTH_FAILED: {principal} for ")).count()
    }
}
