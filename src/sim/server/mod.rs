//! The host over HTTPS.

use super::{Host, SimError};
use std::net::SocketAddr;

/// A host that is being served.
#[derive(Debug)]
pub struct Server {
    _p: (),
}

impl Host {
    /// Serves it over HTTPS with NTLM and Basic until the server is dropped. Loopback only unless
    /// told otherwise.
    ///
    /// # Errors
    /// Sockets.
    pub async fn serve(&self, listen: SocketAddr) -> Result<Server, SimError> {
        todo!("{listen}")
    }
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
