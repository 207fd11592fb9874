//! Servers that speak TLS and then something odd.

use rcgen::{CertificateParams, KeyPair};
use rustls::{
    ServerConfig, ServerConnection, StreamOwned,
    pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer},
};
use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::Arc,
    thread,
};

/// A server on loopback. It ends with the process.
#[derive(Debug)]
pub(crate) struct OddServer {
    pub(crate) address: SocketAddr,
    /// PEM.
    pub(crate) certificate: String,
    /// `sha256:HEX`.
    pub(crate) fingerprint: String,
}

/// A connection after the handshake.
pub(crate) type Stream = StreamOwned<ServerConnection, TcpStream>;

/// For this host name or address, valid now.
pub(crate) fn certificate_for(name: &str) -> CertificateParams {
    CertificateParams::new([name.to_owned()]).unwrap()
}

impl OddServer {
    /// Answers each request on 127.0.0.1 by writing `answer`, and hangs up.
    pub(crate) fn answering(answer: Vec<u8>) -> Self {
        Self::start(&certificate_for("127.0.0.1"), move |stream| stream.write_all(&answer))
    }

    /// Reads a request of each connection, lets `answer` do the rest, and hangs up.
    pub(crate) fn start(
        certificate: &CertificateParams,
        answer: impl Fn(&mut Stream) -> std::io::Result<()> + Send + Sync + 'static,
    ) -> Self {
        let key = KeyPair::generate().unwrap();
        let certificate = certificate.self_signed(&key).unwrap();
        let config = Arc::new(tls(certificate.der().clone(), &key));
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let mut stream =
                    StreamOwned::new(ServerConnection::new(Arc::clone(&config)).unwrap(), stream);
                // A client that does not like the server hangs up; that is its right.
                let _ = read_request(&mut stream).and_then(|()| answer(&mut stream)).and_then(|()| {
                    stream.conn.send_close_notify();
                    stream.flush()
                });
            }
        });
        Self { address, certificate: certificate.pem(), fingerprint: fingerprint(certificate.der()) }
    }

    /// `https://127.0.0.1:PORT/wsman`.
    pub(crate) fn url(&self) -> String {
        format!("https://{}/wsman", self.address)
    }
}

/// An HTTP answer with this status line, type and body.
pub(crate) fn http(status: &str, content_type: &str, body: &[u8]) -> Vec<u8> {
    let head = format!(
        "HTTP/1.1 {status}\r\nContent-Type: {content_type}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        body.len()
    );
    [head.as_bytes(), body].concat()
}

/// An HTTP answer that holds a SOAP message.
pub(crate) fn soap(body: &[u8]) -> Vec<u8> {
    http("200 OK", "application/soap+xml;charset=UTF-8", body)
}

fn tls(certificate: CertificateDer<'static>, key: &KeyPair) -> ServerConfig {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
    ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key)
        .unwrap()
}

fn fingerprint(certificate: &CertificateDer<'_>) -> String {
    use sha2::{Digest as _, Sha256};
    Sha256::digest(certificate).iter().fold("sha256:".to_owned(), |text, byte| text + &format!("{byte:02x}"))
}

/// Reads the head, and as much of a body as it announces.
fn read_request(stream: &mut Stream) -> std::io::Result<()> {
    let mut request = Vec::new();
    let mut byte = [0];
    while !request.ends_with(b"\r\n\r\n") {
        stream.read_exact(&mut byte)?;
        request.push(byte[0]);
    }
    let head = String::from_utf8_lossy(&request).to_lowercase();
    let length =
        head.lines().find_map(|line| line.strip_prefix("content-length:")?.trim().parse().ok()).unwrap_or(0);
    stream.read_exact(&mut vec![0; length])
}
