//! A TLS server that does to each request what the test's script says, and remembers what it saw.

use rcgen::KeyPair;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
};
use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    sync::Semaphore,
};
use tokio_rustls::{
    TlsAcceptor,
    rustls::{
        self,
        crypto::ring::sign::any_supported_type,
        server::{NoClientAuth, danger::ClientCertVerifier},
        sign::{CertifiedKey, SingleCertAndKey},
    },
};

/// A request as it came.
#[derive(Debug, Clone)]
pub(crate) struct Seen {
    /// Which connection, from 1.
    pub(crate) connection: usize,
    /// How many requests came before it on this connection.
    pub(crate) index: usize,
    /// Whether the client has shown a certificate in the handshake.
    pub(crate) has_certificate: bool,
    /// Request line and headers.
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Seen {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().skip(1).find_map(|line| {
            let (found, value) = line.split_once(':')?;
            found.eq_ignore_ascii_case(name).then(|| value.trim())
        })
    }
}

/// What the server does to a request.
#[derive(Debug, Clone)]
pub(crate) enum Step {
    /// Answers these bytes.
    Answer(String),
    /// Answers these bytes and closes, without having said so.
    AnswerAndClose(String),
    /// Closes.
    Close,
    /// Does nothing until the client goes away.
    Hang,
    /// Answers these bytes once the test lets it.
    AnswerAfter(Arc<Semaphore>, String),
}

/// A script.
pub(crate) type Script = Arc<dyn Fn(&Seen) -> Step + Send + Sync>;

/// A running server; it ends with the test's runtime.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    /// DER of its certificate.
    pub(crate) certificate: Vec<u8>,
    seen: Arc<Mutex<Vec<Seen>>>,
}

/// Certificate and key of a server.
pub(crate) struct Identity {
    pub(crate) certificate: CertificateDer<'static>,
    pub(crate) key: PrivateKeyDer<'static>,
}

impl Identity {
    /// Self-signed, for `localhost` and 127.0.0.1.
    pub(crate) fn usual() -> Self {
        let names = ["localhost".to_owned(), "127.0.0.1".to_owned()];
        let rcgen::CertifiedKey { cert, signing_key } = rcgen::generate_simple_self_signed(names).unwrap();
        Self::new(cert.der().clone(), &signing_key)
    }

    pub(crate) fn new(certificate: CertificateDer<'static>, key: &KeyPair) -> Self {
        Self { certificate, key: PrivateKeyDer::try_from(key.serialize_der()).unwrap() }
    }

    /// Without asking whether the key is that of the certificate.
    fn into_resolver(self) -> SingleCertAndKey {
        let key = any_supported_type(&self.key).unwrap();
        CertifiedKey::new(vec![self.certificate], key).into()
    }
}

impl Server {
    /// With the usual certificate.
    pub(crate) async fn start(script: impl Fn(&Seen) -> Step + Send + Sync + 'static) -> Self {
        Self::with(Identity::usual(), rustls::ALL_VERSIONS, script).await
    }

    pub(crate) async fn with(
        identity: Identity,
        versions: &[&'static rustls::SupportedProtocolVersion],
        script: impl Fn(&Seen) -> Step + Send + Sync + 'static,
    ) -> Self {
        Self::asking(identity, versions, Arc::new(NoClientAuth), script).await
    }

    /// Asks for a client certificate.
    pub(crate) async fn asking(
        identity: Identity,
        versions: &[&'static rustls::SupportedProtocolVersion],
        clients: Arc<dyn ClientCertVerifier>,
        script: impl Fn(&Seen) -> Step + Send + Sync + 'static,
    ) -> Self {
        let certificate = identity.certificate.to_vec();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = rustls::ServerConfig::builder_with_provider(provider)
            .with_protocol_versions(versions)
            .unwrap()
            .with_client_cert_verifier(clients)
            .with_cert_resolver(Arc::new(identity.into_resolver()));
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let seen = Arc::new(Mutex::new(Vec::new()));
        let script: Script = Arc::new(script);
        let log = Arc::clone(&seen);
        tokio::spawn(async move {
            let mut connection = 0;
            while let Ok((stream, _)) = listener.accept().await {
                connection += 1;
                tokio::spawn(serve(
                    connection,
                    stream,
                    acceptor.clone(),
                    Arc::clone(&script),
                    Arc::clone(&log),
                ));
            }
        });
        Self { address, certificate, seen }
    }

    /// Every request so far.
    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }

    /// The bodies that were not empty.
    pub(crate) fn messages(&self) -> Vec<String> {
        self.seen().into_iter().map(|seen| seen.body).filter(|body| !body.is_empty()).collect()
    }
}

async fn serve(
    connection: usize,
    stream: TcpStream,
    acceptor: TlsAcceptor,
    script: Script,
    log: Arc<Mutex<Vec<Seen>>>,
) -> Option<()> {
    let mut stream = match acceptor.accept(stream).into_fallible().await {
        Ok(stream) => stream,
        Err((_, mut stream)) => {
            // Closed with something unread in it, the alert would not arrive.
            while stream.read(&mut [0; 1024]).await.ok()? > 0 {}
            return None;
        }
    };
    let has_certificate = stream.get_ref().1.peer_certificates().is_some();
    for index in 0.. {
        let (head, body) = read_request(&mut stream).await?;
        let seen = Seen { connection, index, has_certificate, head, body };
        log.lock().unwrap().push(seen.clone());
        match script(&seen) {
            Step::Answer(answer) => stream.write_all(answer.as_bytes()).await.ok()?,
            Step::AnswerAndClose(answer) => {
                stream.write_all(answer.as_bytes()).await.ok()?;
                stream.shutdown().await.ok()?;
                return None;
            }
            Step::Close => return None,
            Step::Hang => while stream.read(&mut [0; 64]).await.ok()? > 0 {},
            Step::AnswerAfter(gate, answer) => {
                gate.acquire().await.ok()?.forget();
                stream.write_all(answer.as_bytes()).await.ok()?;
            }
        }
    }
    None
}

async fn read_request(stream: &mut (impl AsyncRead + Unpin)) -> Option<(String, String)> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.ok()?);
    }
    let head = String::from_utf8(head).unwrap();
    let length = head.lines().find_map(|line| {
        line.to_ascii_lowercase().strip_prefix("content-length:").map(|n| n.trim().parse().unwrap())
    });
    let mut body = vec![0; length.unwrap_or(0)];
    stream.read_exact(&mut body).await.ok()?;
    Some((head, String::from_utf8(body).unwrap()))
}

/// An answer with a body of text.
pub(crate) fn http(status: u16, headers: &str, body: &str) -> String {
    format!("HTTP/1.1 {status} X\r\nContent-Length: {}\r\n{headers}\r\n{body}", body.len())
}

/// A SOAP answer.
pub(crate) fn soap(body: &str) -> Step {
    Step::Answer(http(200, "Content-Type: application/soap+xml;charset=UTF-8\r\n", body))
}

/// A 401 that offers `challenge`.
pub(crate) fn offer(challenge: &str) -> Step {
    Step::Answer(http(401, &format!("WWW-Authenticate: {challenge}\r\n"), ""))
}

/// Logs every connection in as WinRM does, then goes on with `script`.
pub(crate) fn logged_in(
    script: impl Fn(&Seen) -> Step + Send + Sync + 'static,
) -> impl Fn(&Seen) -> Step + Send + Sync {
    move |seen| match (seen.index, seen.header("authorization")) {
        (0, Some(_)) => offer(&format!("Negotiate {CHALLENGE}")),
        (1, Some(_)) => Step::Answer(http(200, "", "")),
        // Who comes without having logged in on this very connection gets nothing.
        (0 | 1, None) => offer("Negotiate"),
        _ => script(seen),
    }
}

/// A `CHALLENGE_MESSAGE` of a host named `S`: 128 bit keys, extended session security, key exchange,
/// target information with a time.
pub(crate) const CHALLENGE: &str = "TlRMTVNTUAACAAAAAgACADgAAAAVgoriASNFZ4mrze8AAAAAAAAAABYAFgA6AAAACgAAAAAAAA9TAAIAAgBEAAcACAAAwIPtiknaAQAAAAA=";
