//! A static WS-Management responder over TLS on loopback: canned answers, so that only the client's own cost is
//! measured. Prints `FINGERPRINT PORT,PORT,…`, then serves until it is killed.
//!
//!     responder [--ports N] [--items N] [--page N] [--plain] [--dump FILE]
//!
//! It answers Identify, Get, Enumerate and Pull about `Msvm_ComputerSystem`. After 50,000 items the same come again, so
//! that long enumerations do not need long memory. `--dump FILE` writes the answers to Pull into a file, one a line, and
//! ends.

use bytes::Bytes;
use compare::{Result, messages};
use http_body_util::{BodyExt, Full};
use hyper::{
    Request, Response, StatusCode, body::Incoming, header::HeaderValue, server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::TokioIo;
use rustls::pki_types::PrivateKeyDer;
use sha2::{Digest, Sha256};
use std::{convert::Infallible, fmt::Write as _, sync::Arc};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

const DISTINCT: u64 = 50_000;

struct Canned {
    get: (String, String),
    enumerated: (String, String),
    /// The items of each page.
    pages: Vec<String>,
    /// Pages of an enumeration.
    length: u64,
}

impl Canned {
    fn new(items: u64, page: u64) -> Self {
        let distinct = items.min(DISTINCT);
        let starts = (0..distinct).step_by(usize::try_from(page).unwrap_or(usize::MAX));
        let pages =
            starts.map(|start| (start..(start + page).min(distinct)).map(messages::instance).collect());
        let enumeration = messages::ENUMERATION;
        Self {
            get: messages::answer(&format!("{}/GetResponse", messages::TRANSFER), &messages::instance(7)),
            enumerated: messages::answer(
                &format!("{enumeration}/EnumerateResponse"),
                "<n:EnumerateResponse><n:EnumerationContext>uuid:context-0</n:EnumerationContext></n:EnumerateResponse>",
            ),
            pages: pages.collect(),
            length: items.div_ceil(page),
        }
    }

    fn page(&self, number: u64) -> Option<(String, String)> {
        let last = number + 1 == self.length;
        let items = self.pages.get(usize::try_from(number).ok()? % self.pages.len())?;
        let context = format!("<n:EnumerationContext>uuid:context-{}</n:EnumerationContext>", number + 1);
        let body = format!(
            "<n:PullResponse>{}<n:Items>{items}</n:Items>{}</n:PullResponse>",
            if last { "" } else { &context },
            if last { "<n:EndOfSequence></n:EndOfSequence>" } else { "" },
        );
        Some(messages::answer(&format!("{}/PullResponse", messages::ENUMERATION), &body))
    }

    fn answer(&self, request: &str) -> Option<String> {
        if request.contains("wsmanidentity.xsd") {
            return Some(messages::IDENTIFIED.to_owned());
        }
        let action = messages::text_of(request, "Action")?;
        let (head, tail) = match action.rsplit('/').next()? {
            "Get" => self.get.clone(),
            "Enumerate" => self.enumerated.clone(),
            "Pull" => {
                let context = messages::text_of(request, "EnumerationContext")?;
                self.page(context.rsplit('-').next()?.parse().ok()?)?
            }
            _ => return None,
        };
        let id = messages::text_of(request, "MessageID")?;
        Some([head.as_str(), id, tail.as_str()].concat())
    }
}

async fn answer(
    request: Request<Incoming>,
    canned: Arc<Canned>,
) -> std::result::Result<Response<Full<Bytes>>, Infallible> {
    let logged_in = request.headers().contains_key("authorization");
    let body =
        request.into_body().collect().await.map(http_body_util::Collected::to_bytes).unwrap_or_default();
    let text = std::str::from_utf8(&body).unwrap_or_default();
    if !logged_in && !text.contains("wsmanidentity.xsd") {
        let mut refusal = Response::new(Full::default());
        *refusal.status_mut() = StatusCode::UNAUTHORIZED;
        let basic = HeaderValue::from_static("Basic realm=\"WSMAN\"");
        refusal.headers_mut().insert("www-authenticate", basic);
        return Ok(refusal);
    }
    let mut response = match canned.answer(text) {
        Some(answer) => Response::new(Full::new(Bytes::from(answer))),
        None => {
            let mut refusal =
                Response::new(Full::new(Bytes::from_static(b"not a request that is answered here")));
            *refusal.status_mut() = StatusCode::BAD_REQUEST;
            refusal
        }
    };
    let soap = HeaderValue::from_static("application/soap+xml;charset=UTF-8");
    response.headers_mut().insert("content-type", soap);
    Ok(response)
}

fn number(name: &str, otherwise: u64) -> Result<u64> {
    let mut arguments = std::env::args().skip_while(|argument| argument != name).skip(1);
    Ok(arguments.next().map_or(Ok(otherwise), |value| value.parse())?)
}

fn acceptor() -> Result<(TlsAcceptor, String)> {
    let certified = rcgen::generate_simple_self_signed(vec!["localhost".into(), "127.0.0.1".into()])?;
    let certificate = certified.cert.der().clone();
    let fingerprint = Sha256::digest(&certificate).iter().fold("sha256:".to_owned(), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    });
    let key = PrivateKeyDer::try_from(certified.signing_key.serialize_der())?;
    let config =
        rustls::ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_single_cert(vec![certificate], key)?;
    Ok((TlsAcceptor::from(Arc::new(config)), fingerprint))
}

#[tokio::main]
async fn main() -> Result<()> {
    let canned = Arc::new(Canned::new(number("--items", DISTINCT)?, number("--page", 500)?));
    if let Some(file) = std::env::args().skip_while(|argument| argument != "--dump").nth(1) {
        let pages = (0..canned.length).filter_map(|number| canned.page(number));
        let dump: String = pages.map(|(head, tail)| format!("{head}uuid:0{tail}\n")).collect();
        std::fs::write(file, dump)?;
        return Ok(());
    }
    let plain = std::env::args().any(|argument| argument == "--plain");
    let (acceptor, fingerprint) = acceptor()?;
    let mut listeners = Vec::new();
    for _ in 0..number("--ports", 1)? {
        listeners.push(TcpListener::bind("127.0.0.1:0").await?);
    }
    let ports: Vec<String> = listeners
        .iter()
        .map(|listener| Ok(listener.local_addr()?.port().to_string()))
        .collect::<Result<_>>()?;
    println!("{fingerprint} {}", ports.join(","));
    let mut serving = Vec::new();
    for listener in listeners {
        let (canned, acceptor) = (Arc::clone(&canned), (!plain).then(|| acceptor.clone()));
        serving.push(tokio::spawn(serve(listener, canned, acceptor)));
    }
    for one in serving {
        one.await?;
    }
    Ok(())
}

async fn serve(listener: TcpListener, canned: Arc<Canned>, acceptor: Option<TlsAcceptor>) {
    while let Ok((stream, _)) = listener.accept().await {
        let _ = stream.set_nodelay(true);
        let (canned, acceptor) = (Arc::clone(&canned), acceptor.clone());
        tokio::spawn(async move {
            let service = service_fn(move |request| answer(request, Arc::clone(&canned)));
            match acceptor {
                None => {
                    let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
                }
                Some(acceptor) => {
                    if let Ok(stream) = acceptor.accept(stream).await {
                        let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
                    }
                }
            }
        });
    }
}
