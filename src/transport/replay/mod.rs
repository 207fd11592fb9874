//! Cassettes: recorded conversations as folders of readable XML.

use super::{Answer, BoxFuture, Exchange, Transport, TransportError};
use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

/// Where a cassette comes from; never present one as another.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
#[non_exhaustive]
pub enum Origin {
    /// A real host.
    Host {
        /// Product and build as Identify told.
        product: String,
    },
    /// This crate's simulator.
    Simulated {
        /// Its version and inventory.
        product: String,
    },
    /// Changed from another file.
    Derived {
        /// Which file.
        from: String,
        /// What was changed.
        change: String,
    },
    /// Written by hand from a document.
    Written {
        /// The document.
        from: String,
    },
}

/// What a recorder does beside writing.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct RecordSettings {
    /// One line about the recording.
    pub about: String,
    /// Keep ElementName and Notes as they are.
    pub keep_names: bool,
    /// Texts to be replaced wherever they appear: host as typed, user, domain.
    pub known: Vec<Known>,
}

/// A text that must not reach a cassette.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Known {
    /// Host name or address.
    Host(String),
    /// User name.
    User(String),
    /// Domain.
    Domain(String),
}

/// Records what passes through another transport. A recording that fails never fails an exchange:
/// see [`Transport::deferred_error`].
#[derive(Debug)]
pub struct Record {
    _inner: Arc<dyn Transport>,
}

impl Record {
    /// Starts a cassette in `directory`, which must not exist or be empty.
    ///
    /// # Errors
    /// Kind `Io`.
    pub fn start(
        inner: Arc<dyn Transport>,
        directory: &Path,
        settings: RecordSettings,
    ) -> Result<Self, TransportError> {
        todo!("{inner:?} {directory:?} {settings:?}")
    }
    /// Writes `cassette.json`; also done on drop.
    ///
    /// # Errors
    /// Kind `Io`, with the first thing that went wrong.
    pub fn finish(&self) -> Result<(), TransportError> {
        todo!()
    }
}

impl Transport for Record {
    fn exchange(&self, exchange: Exchange) -> BoxFuture<'_, Result<Answer, TransportError>> {
        todo!("{exchange:?}")
    }
}

/// Answers from a cassette.
#[derive(Debug)]
pub struct Replay {
    _directory: PathBuf,
}

impl Replay {
    /// Opens a cassette.
    ///
    /// # Errors
    /// Kind `Cassette`: missing, corrupt, newer version.
    pub fn open(directory: &Path) -> Result<Self, TransportError> {
        todo!("{directory:?}")
    }
    /// Where it comes from.
    #[must_use]
    pub fn origin(&self) -> &Origin {
        todo!()
    }
    /// Exchanges that were not asked for.
    #[must_use]
    pub fn unused(&self) -> Vec<String> {
        todo!()
    }
    /// The endpoint URL of the recording (pseudonymised), for a client without one.
    #[must_use]
    pub fn url(&self) -> url::Url {
        todo!()
    }
}

impl Transport for Replay {
    fn exchange(&self, exchange: Exchange) -> BoxFuture<'_, Result<Answer, TransportError>> {
        todo!("{exchange:?}")
    }
}

/// One finding of the fixture lint.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Finding {
    /// File.
    pub file: PathBuf,
    /// 1-based.
    pub line: usize,
    /// Kind of leak, in words.
    pub kind: &'static str,
    /// What was found, shortened; never a whole secret.
    pub excerpt: String,
}

/// Looks through a folder of fixtures for leaks and wrong origins.
///
/// # Errors
/// Kind `Io`.
pub fn lint(directory: &Path) -> Result<Vec<Finding>, TransportError> {
    todo!("{directory:?}")
}
