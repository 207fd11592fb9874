//! The least code that does the same work with hyper, rustls and quick-xml: no certificate is verified, no envelope is
//! checked, no value is typed.
//!
//!     floor identify | get N | bytes | events | naive | fan N | reqwest N | reqwest-fan N | xml FILE
//!
//! `bytes`, `events` and `naive` enumerate: read the bytes, read the events of the XML as well, or keep each name and
//! value as a string of its own. `fan N` sends N Gets to each port side by side, `reqwest N` and
//! `reqwest-fan N` are the same with reqwest.
//! `xml FILE` reads the events of the pages that the responder has dumped. Ports and fingerprint as `compare::Responder`
//! has them; each prints one line of JSON.

use bytes::Bytes;
use compare::{Responder, Result, messages, peak_memory};
use http_body_util::{BodyExt, Full};
use hyper::{
    Request,
    client::conn::http1::{self, SendRequest},
};
use hyper_util::rt::TokioIo;
use quick_xml::{Reader, events::Event};
use rustls::{
    DigitallySignedStruct, SignatureScheme,
    client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature},
    pki_types::{CertificateDer, ServerName, UnixTime},
};
use std::{sync::Arc, time::Instant};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

/// `admin:secret`.
const BASIC: &str = "Basic YWRtaW46c2VjcmV0";

type Row = Vec<(String, Option<String>)>;

/// Accepts any certificate; handshake signatures are still checked, as the crate does with a pin.
#[derive(Debug)]
struct AnyCertificate(Arc<CryptoProvider>);

impl ServerCertVerifier for AnyCertificate {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> std::result::Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }
    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> std::result::Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, certificate, signed, &self.0.signature_verification_algorithms)
    }
    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> std::result::Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, certificate, signed, &self.0.signature_verification_algorithms)
    }
    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}

fn tls() -> Result<rustls::ClientConfig> {
    let provider = Arc::new(ring::default_provider());
    Ok(rustls::ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(AnyCertificate(provider)))
        .with_no_client_auth())
}

struct Connection(SendRequest<Full<Bytes>>);

impl Connection {
    async fn open(port: u16) -> Result<Self> {
        let stream = TcpStream::connect(("127.0.0.1", port)).await?;
        stream.set_nodelay(true)?;
        let stream = TlsConnector::from(Arc::new(tls()?)).connect("localhost".try_into()?, stream).await?;
        let (sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
        tokio::spawn(connection);
        Ok(Self(sender))
    }

    async fn call(&mut self, body: impl Into<Bytes>) -> Result<Bytes> {
        self.0.ready().await?;
        let request = Request::post("/wsman")
            .header("host", "127.0.0.1")
            .header("authorization", BASIC)
            .header("content-type", "application/soap+xml;charset=UTF-8")
            .body(Full::new(body.into()))?;
        let response = self.0.send_request(request).await?;
        if response.status() != 200 {
            return Err(format!("HTTP {}", response.status()).into());
        }
        Ok(response.into_body().collect().await?.to_bytes())
    }
}

/// How many events a message has, and the context in it.
fn events(message: &[u8]) -> Result<(u64, Option<String>)> {
    let mut reader = Reader::from_str(std::str::from_utf8(message)?);
    let (mut count, mut context, mut in_context) = (0, None, false);
    loop {
        count += 1;
        match reader.read_event()? {
            Event::Eof => return Ok((count, context)),
            Event::Start(tag) => in_context = tag.local_name().as_ref() == "EnumerationContext",
            Event::Text(text) if in_context => {
                context = Some(text.as_ref().to_owned());
                in_context = false;
            }
            _ => {}
        }
    }
}

/// Names and texts of each instance, and the context.
fn naive(message: &[u8], rows: &mut Vec<Row>) -> Result<Option<String>> {
    let mut reader = Reader::from_str(std::str::from_utf8(message)?);
    let (mut depth, mut items, mut in_context, mut context) = (0_usize, usize::MAX, false, None);
    let (mut row, mut name, mut text) = (Row::new(), String::new(), String::new());
    loop {
        match reader.read_event()? {
            Event::Eof => return Ok(context),
            Event::Start(tag) => {
                depth += 1;
                match tag.local_name().as_ref() {
                    "Items" => items = depth,
                    "EnumerationContext" => in_context = true,
                    _ if depth == items.saturating_add(1) => row = Row::with_capacity(24),
                    local if depth == items.saturating_add(2) => local.clone_into(&mut name),
                    _ => continue,
                }
                text.clear();
            }
            Event::Empty(tag) if depth == items.saturating_add(1) => {
                row.push((tag.local_name().as_ref().to_owned(), None));
            }
            Event::Text(more) => text.push_str(more.as_ref()),
            Event::GeneralRef(name) => text.push_str(match &*name {
                "amp" => "&",
                "lt" => "<",
                "gt" => ">",
                _ => "?",
            }),
            Event::End(_) => {
                if std::mem::take(&mut in_context) {
                    context = Some(text.clone());
                } else if depth == items.saturating_add(2) {
                    row.push((std::mem::take(&mut name), Some(std::mem::take(&mut text))));
                } else if depth == items.saturating_add(1) {
                    rows.push(std::mem::take(&mut row));
                } else if depth == items {
                    items = usize::MAX;
                }
                depth -= 1;
            }
            _ => {}
        }
    }
}

async fn enumerate(responder: &Responder, mode: &str) -> Result<()> {
    let start = Instant::now();
    let mut connection = Connection::open(responder.port()?).await?;
    let answer = connection.call(messages::enumerate()).await?;
    let mut context = events(&answer)?.1;
    let (mut bytes, mut count, mut rows) = (0, 0, Vec::new());
    while let Some(current) = context {
        let answer = connection.call(messages::pull(&current)).await?;
        bytes += answer.len();
        context = match mode {
            // The context stands at the beginning.
            "bytes" => {
                let head = answer.get(..2048).unwrap_or(&answer);
                let head = std::str::from_utf8(head)?;
                messages::text_of(head, "EnumerationContext").map(str::to_owned)
            }
            "events" => {
                let (more, context) = events(&answer)?;
                count += more;
                context
            }
            _ => naive(&answer, &mut rows)?,
        };
    }
    let micros = start.elapsed().as_micros();
    let (rows, peak) = (rows.len(), peak_memory());
    println!(r#"{{"us":{micros},"bytes":{bytes},"events":{count},"rows":{rows},"peak_kib":{peak}}}"#);
    Ok(())
}

async fn get(responder: &Responder, times: u32) -> Result<()> {
    let mut connection = Connection::open(responder.port()?).await?;
    connection.call(messages::get()).await?;
    let start = Instant::now();
    for _ in 0..times {
        events(&connection.call(messages::get()).await?)?;
    }
    println!(r#"{{"us":{}}}"#, start.elapsed().as_micros());
    Ok(())
}

async fn with_reqwest(responder: &Responder, times: u32) -> Result<()> {
    let client = reqwest::Client::builder().tls_backend_preconfigured(tls()?).no_proxy().build()?;
    let port = responder.port()?;
    reqwest_get(&client, port).await?;
    let start = Instant::now();
    for _ in 0..times {
        reqwest_get(&client, port).await?;
    }
    println!(r#"{{"us":{}}}"#, start.elapsed().as_micros());
    Ok(())
}

async fn reqwest_get(client: &reqwest::Client, port: u16) -> Result<()> {
    let request = client.post(format!("https://127.0.0.1:{port}/wsman")).header("authorization", BASIC);
    let request = request.header("content-type", "application/soap+xml;charset=UTF-8").body(messages::get());
    events(&request.send().await?.bytes().await?)?;
    Ok(())
}

/// One client for each host, as a login belongs to a connection.
async fn reqwest_fan(responder: &Responder, times: u32) -> Result<()> {
    let start = Instant::now();
    let hosts = responder.ports.iter().map(|port| {
        let port = *port;
        tokio::spawn(async move {
            let client = reqwest::Client::builder().tls_backend_preconfigured(tls()?).no_proxy().build()?;
            for _ in 0..times {
                reqwest_get(&client, port).await?;
            }
            Ok::<_, Box<dyn std::error::Error + Send + Sync>>(())
        })
    });
    for host in hosts.collect::<Vec<_>>() {
        host.await??;
    }
    println!(r#"{{"us":{}}}"#, start.elapsed().as_micros());
    Ok(())
}

async fn fan(responder: &Responder, times: u32) -> Result<()> {
    let start = Instant::now();
    let hosts = responder.ports.iter().map(|port| {
        let port = *port;
        tokio::spawn(async move {
            let mut connection = Connection::open(port).await?;
            for _ in 0..times {
                events(&connection.call(messages::get()).await?)?;
            }
            Ok::<_, Box<dyn std::error::Error + Send + Sync>>(())
        })
    });
    for host in hosts.collect::<Vec<_>>() {
        host.await??;
    }
    println!(r#"{{"us":{}}}"#, start.elapsed().as_micros());
    Ok(())
}

fn xml(file: &str) -> Result<()> {
    let pages = std::fs::read(file)?;
    let start = Instant::now();
    let mut count = 0;
    for page in pages.split(|byte| *byte == b'\n') {
        count += events(page)?.0;
    }
    println!(r#"{{"us":{},"bytes":{},"events":{count}}}"#, start.elapsed().as_micros(), pages.len());
    Ok(())
}

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    if let ["xml", file] = *arguments {
        return xml(file);
    }
    let responder = Responder::from_environment()?;
    let mut runtime = match *arguments {
        ["fan" | "reqwest-fan", ..] => tokio::runtime::Builder::new_multi_thread(),
        _ => tokio::runtime::Builder::new_current_thread(),
    };
    runtime.worker_threads(2).enable_all().build()?.block_on(async {
        match *arguments {
            ["identify"] => {
                Connection::open(responder.port()?).await?.call(messages::IDENTIFY).await?;
                Ok(())
            }
            ["get", times] => get(&responder, times.parse()?).await,
            ["reqwest", times] => with_reqwest(&responder, times.parse()?).await,
            ["reqwest-fan", times] => reqwest_fan(&responder, times.parse()?).await,
            ["fan", times] => fan(&responder, times.parse()?).await,
            [mode @ ("bytes" | "events" | "naive")] => enumerate(&responder, mode).await,
            _ => Err("usage: floor identify | get N | bytes | events | naive | fan N | reqwest N | xml FILE"
                .into()),
        }
    })
}
