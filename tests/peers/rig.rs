//! Where the rig is and what it offers.

use std::{
    collections::BTreeMap,
    io::Write as _,
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
}
