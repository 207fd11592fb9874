//! A simulated Hyper-V host: the documented schema made strict, with real TLS and NTLM.
//!
//! What it does is written from documents, not recorded from a host.

use crate::transport::{Answer, BoxFuture, Exchange, Transport, TransportError};
use std::{net::SocketAddr, path::Path, sync::Arc};

/// What the host holds.
#[derive(Debug, Clone)]
pub struct Inventory {
    _p: (),
}
impl Default for Inventory {
    fn default() -> Self {
        todo!()
    }
}
impl Inventory {
    /// Reads TOML text.
    ///
    /// # Errors
    /// Where and why it is not an inventory.
    pub fn from_toml(text: &str) -> Result<Self, SimError> {
        todo!("{text}")
    }
    /// Reads a file.
    ///
    /// # Errors
    /// As [`Inventory::from_toml`], and for files that cannot be read.
    pub fn read(path: &Path) -> Result<Self, SimError> {
        todo!("{path:?}")
    }
}

/// Why a simulated host cannot be set up.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SimError {
    /// An inventory or a rule that does not read.
    #[error("{0}")]
    Input(String),
    /// Sockets and files.
    #[error("{action}")]
    Io {
        /// What was tried.
        action: String,
        /// Why not.
        source: std::io::Error,
    },
}

/// A fault, delay or cut that a host does at a chosen request.
#[derive(Debug, Clone)]
pub struct Rule {
    _p: (),
}
impl std::str::FromStr for Rule {
    type Err = SimError;
    fn from_str(text: &str) -> Result<Self, SimError> {
        todo!("{text}")
    }
}

/// Settings of a host.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct Settings {
    /// What it holds.
    pub inventory: Inventory,
    /// How fast jobs go: 1 as the inventory says, 0 at once, 10 ten times slower. Default 1.
    pub time_scale: Option<f64>,
    /// Faults, delays, cuts.
    pub rules: Vec<Rule>,
}

/// A simulated host. Cloning is cheap; clones are the same host.
#[derive(Debug, Clone)]
pub struct Host {
    _inner: Arc<()>,
}

impl Host {
    /// A host.
    #[must_use]
    pub fn new(settings: Settings) -> Self {
        todo!("{settings:?}")
    }
    /// A transport that reaches it in process, without HTTP or authentication.
    #[must_use]
    pub fn transport(&self) -> Arc<dyn Transport> {
        todo!()
    }
    /// Serves it over HTTPS with NTLM and Basic until the server is dropped. Loopback only unless
    /// told otherwise.
    ///
    /// # Errors
    /// Sockets.
    pub async fn serve(&self, listen: SocketAddr) -> Result<Server, SimError> {
        todo!("{listen}")
    }
    /// Enumerations that were not released.
    #[must_use]
    pub fn open_contexts(&self) -> usize {
        todo!()
    }
    /// SOAP requests answered so far.
    #[must_use]
    pub fn requests(&self) -> u64 {
        todo!()
    }
}

/// A host that is being served.
#[derive(Debug)]
pub struct Server {
    _p: (),
}

impl Server {
    /// `https://127.0.0.1:PORT/wsman`.
    #[must_use]
    pub fn url(&self) -> url::Url {
        todo!()
    }
    /// `sha256:HEX` of its certificate.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        todo!()
    }
    /// Certificate, PEM.
    #[must_use]
    pub fn certificate_pem(&self) -> &str {
        todo!()
    }
    /// A user it knows.
    #[must_use]
    pub fn user(&self) -> &str {
        todo!()
    }
    /// That user's password, made for this server.
    #[must_use]
    pub fn password(&self) -> &str {
        todo!()
    }
}

#[derive(Debug)]
struct InProcess;
impl Transport for InProcess {
    fn exchange(&self, exchange: Exchange) -> BoxFuture<'_, Result<Answer, TransportError>> {
        todo!("{exchange:?}")
    }
}
#[allow(dead_code, reason = "stub")]
fn _use() -> InProcess {
    InProcess
}
