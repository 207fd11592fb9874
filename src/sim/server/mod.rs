//! The host over HTTPS, and over HTTP with sealed messages: certificate, connections, logins.

mod body;
mod certificate;
mod connection;
mod login;
mod plain;

pub use plain::PlainServer;

use super::{Host, SimError};
use crate::{
    auth::{Secret, acceptor::BindingPolicy},
    transport::hex,
};
use certificate::Identity;
use connection::Connection;
use std::{
    io,
    net::{IpAddr, SocketAddr},
    sync::Arc,
    time::Duration,
};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::Semaphore,
    task::{JoinHandle, JoinSet},
};
use tokio_rustls::TlsAcceptor;
use url::Url;

/// `MaxConnections` of a real configuration.
const MAX_CONNECTIONS: usize = 300;
/// How long a TLS handshake may take (chosen).
const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(30);

/// How long a client is listened to after a handshake that failed (chosen).
const LINGER: Duration = Duration::from_secs(1);

/// A host that is being served. Dropping it closes the listener and every connection.
#[derive(Debug)]
pub struct Server {
    identity: Identity,
    listening: Listening,
}

/// A listener at work, with or without TLS.
#[derive(Debug)]
struct Listening {
    url: Url,
    access: Arc<Access>,
    accepting: JoinHandle<()>,
}

/// Who may log in, and how.
#[derive(Debug)]
struct Access {
    user: String,
    password: Secret,
    channel_binding: BindingPolicy,
    basic: bool,
    /// Name of the host, which is the domain of its own accounts.
    host: String,
}

impl Host {
    /// Serves it over HTTPS with NTLM and Basic until the server is dropped.
    ///
    /// Needs a Tokio runtime with I/O and time.
    ///
    /// ```
    /// use hyperv_wsman::sim::{Host, Settings};
    ///
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let server = Host::new(Settings::default()).serve("127.0.0.1:0".parse()?).await?;
    /// assert_eq!(server.url().path(), "/wsman");
    /// assert!(server.fingerprint().starts_with("sha256:"));
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`SimError::Io`] for the socket, the random numbers and the certificate.
    pub async fn serve(&self, listen: SocketAddr) -> Result<Server, SimError> {
        let (listener, address) = bind(listen).await?;
        let clients = self.inventory().auth.certificates.as_ref();
        let identity =
            Identity::new(address.ip(), clients).map_err(failed("failed to make a certificate"))?;
        let listening = self.listen(listener, address, Some(&identity))?;
        Ok(Server { identity, listening })
    }

    /// Serves connections that this listener takes, over TLS where there is a certificate.
    fn listen(
        &self,
        listener: TcpListener,
        address: SocketAddr,
        identity: Option<&Identity>,
    ) -> Result<Listening, SimError> {
        let scheme = if identity.is_some() { "https" } else { "http" };
        let url = Url::parse(&format!("{scheme}://{address}/wsman"))
            .map_err(|error| failed("failed to write the URL of the server")(io::Error::other(error)))?;
        let auth = &self.inventory().auth;
        let password = match &auth.password {
            Some(password) => password.clone(),
            None => random_password().map_err(failed("failed to make a password"))?,
        };
        let access = Arc::new(Access {
            user: auth.user.clone(),
            password,
            channel_binding: auth.channel_binding,
            basic: auth.basic && identity.is_some(),
            host: self.inventory().host.name.clone(),
        });
        let service = Service {
            host: self.clone(),
            tls: identity.map(|identity| (TlsAcceptor::from(identity.tls()), identity.der().to_vec())),
            access: Arc::clone(&access),
        };
        let accepting = tokio::spawn(accept(listener, Arc::new(service)));
        Ok(Listening { url, access, accepting })
    }
}

impl Server {
    /// `https://127.0.0.1:PORT/wsman`.
    #[must_use]
    pub fn url(&self) -> Url {
        self.listening.url.clone()
    }

    /// `sha256:HEX` of its certificate.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        self.identity.fingerprint()
    }

    /// Certificate, PEM.
    #[must_use]
    pub fn certificate_pem(&self) -> &str {
        self.identity.pem()
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

impl Drop for Listening {
    fn drop(&mut self) {
        // The task owns the listener and the connections.
        self.accepting.abort();
    }
}

/// What each connection needs.
struct Service {
    host: Host,
    /// With the certificate, DER.
    tls: Option<(TlsAcceptor, Vec<u8>)>,
    access: Arc<Access>,
}

async fn accept(listener: TcpListener, service: Arc<Service>) {
    let free = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    let mut connections = JoinSet::new();
    loop {
        let Ok(permit) = Arc::clone(&free).acquire_owned().await else { return };
        let Ok((stream, _)) = listener.accept().await else {
            // Out of descriptors, most likely: others will be closed.
            tokio::time::sleep(Duration::from_millis(50)).await;
            continue;
        };
        let service = Arc::clone(&service);
        connections.spawn(async move {
            service.connection(stream).await;
            drop(permit);
        });
        while connections.try_join_next().is_some() {}
    }
}

impl Service {
    async fn connection(&self, stream: TcpStream) {
        // Without this each small answer waits for the acknowledgement of the one before.
        let _ = stream.set_nodelay(true);
        let certificate = self.tls.as_ref().map(|(_, certificate)| certificate.clone());
        let mut connection = Connection::new(self.host.clone(), Arc::clone(&self.access), certificate);
        let Some((acceptor, _)) = &self.tls else {
            return connection.serve(stream).await;
        };
        match tokio::time::timeout(HANDSHAKE_TIMEOUT, acceptor.accept(stream).into_fallible()).await {
            Ok(Ok(stream)) => {
                let has_certificate = stream.get_ref().1.peer_certificates().is_some();
                connection.set_client_certificate(has_certificate);
                connection.serve(stream).await;
            }
            // Closed with something unread in it, the connection would lose the alert that says why.
            Ok(Err((_, mut stream))) => {
                let mut nowhere = tokio::io::sink();
                let rest = tokio::io::copy(&mut stream, &mut nowhere);
                let _ = tokio::time::timeout(LINGER, rest).await;
            }
            Err(_) => {}
        }
    }
}

/// A listener, and where a client on this machine reaches it.
async fn bind(listen: SocketAddr) -> Result<(TcpListener, SocketAddr), SimError> {
    let listener =
        TcpListener::bind(listen).await.map_err(failed(&format!("failed to listen on {listen}")))?;
    let address = listener.local_addr().map_err(failed("failed to read the address of the listener"))?;
    Ok((listener, reachable(address)))
}

fn failed(action: &str) -> impl FnOnce(io::Error) -> SimError {
    let action = action.to_owned();
    move |source| SimError::Io { action, source }
}

/// Where a client on this machine reaches a listener.
fn reachable(address: SocketAddr) -> SocketAddr {
    let ip = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => IpAddr::from([127, 0, 0, 1]),
        IpAddr::V6(ip) if ip.is_unspecified() => IpAddr::from([0, 0, 0, 0, 0, 0, 0, 1]),
        ip => ip,
    };
    SocketAddr::new(ip, address.port())
}

fn random_password() -> io::Result<Secret> {
    let mut bytes = [0_u8; 16];
    getrandom::fill(&mut bytes).map_err(io::Error::other)?;
    Ok(Secret::new(hex(&bytes)))
}
