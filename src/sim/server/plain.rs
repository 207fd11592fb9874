//! The host over HTTP, as WinRM's listener at port 5985 is by default.

use super::{Listening, bind};
use crate::sim::{Host, SimError};
use std::net::SocketAddr;
use url::Url;

/// A host that is being served over HTTP. Dropping it closes the listener and every connection.
#[derive(Debug)]
pub struct PlainServer {
    listening: Listening,
}

impl Host {
    /// Serves it over HTTP until the server is dropped. It logs in by NTLM only, and but for an anonymous
    /// Identify it takes sealed messages only.
    ///
    /// Needs a Tokio runtime with I/O and time.
    ///
    /// ```
    /// use hyperv_wsman::sim::{Host, Settings};
    ///
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let server = Host::new(Settings::default()).serve_plain("127.0.0.1:0".parse()?).await?;
    /// assert_eq!(server.url().scheme(), "http");
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`SimError::Io`] for the socket and the random numbers.
    pub async fn serve_plain(&self, listen: SocketAddr) -> Result<PlainServer, SimError> {
        let (listener, address) = bind(listen).await?;
        Ok(PlainServer { listening: self.listen(listener, address, None)? })
    }
}

impl PlainServer {
    /// `http://127.0.0.1:PORT/wsman`.
    #[must_use]
    pub fn url(&self) -> Url {
        self.listening.url.clone()
    }

    /// A user it knows.
    #[must_use]
    pub fn user(&self) -> &str {
        &self.listening.access.user
    }

    /// That user's password: of the inventory, or made for this server.
    #[must_use]
    pub fn password(&self) -> &str {
        self.listening.access.password.expose()
    }
}
