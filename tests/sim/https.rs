//! The host over loopback, with an HTTP client written by hand and Basic.

use crate::soap::{Message, WEB_TIER, element, host};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use hyperv_wsman::sim::{Host, Server};
use rustls::{
    ClientConfig, RootCertStore,
    pki_types::{CertificateDer, ServerName, pem::PemObject as _},
};
use std::sync::Arc;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};
use tokio_rustls::{TlsConnector, client::TlsStream};

const SOAP: &str = "Content-Type: application/soap+xml;charset=UTF-8\r\n";

async fn serve(host: &Host) -> Server {
    host.serve("127.0.0.1:0".parse().unwrap()).await.unwrap()
}

/// Trusts nothing but the server's certificate, and checks its name.
async fn connect(server: &Server) -> TlsStream<TcpStream> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(server.certificate_pem().as_bytes()).unwrap()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let stream = TcpStream::connect(("127.0.0.1", server.url().port().unwrap())).await.unwrap();
    let name = ServerName::try_from("localhost").unwrap();
    TlsConnector::from(Arc::new(config)).connect(name, stream).await.unwrap()
}

async fn post(stream: &mut TlsStream<TcpStream>, headers: &str, body: &str) {
    let head =
        format!("POST /wsman HTTP/1.1\r\nHost: localhost\r\n{headers}Content-Length: {}\r\n\r\n", body.len());
    stream.write_all(format!("{head}{body}").as_bytes()).await.unwrap();
}

/// Head and as much of the body as came, and whether that is all that was promised.
async fn answer(stream: &mut TlsStream<TcpStream>) -> Option<(String, String, bool)> {
    let mut bytes = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let whole = text.split_once("\r\n\r\n").map(|(head, body)| {
            let promised: usize = head
                .lines()
                .find_map(|line| {
                    line.to_ascii_lowercase().strip_prefix("content-length: ").map(str::to_owned)
                })
                .map_or(0, |length| length.parse().unwrap());
            (head.to_owned(), body.to_owned(), body.len() >= promised)
        });
        if let Some((_, _, true)) = whole {
            return whole;
        }
        match stream.read(&mut buffer).await {
            Ok(0) | Err(_) => return whole,
            Ok(read) => bytes.extend_from_slice(&buffer[..read]),
        }
    }
}

fn basic(server: &Server) -> String {
    let pair = STANDARD.encode(format!("{}:{}", server.user(), server.password()));
    format!("Authorization: Basic {pair}\r\n{SOAP}")
}

fn create() -> String {
    Message::create_snapshot(WEB_TIER).to_xml()
}

#[tokio::test]
async fn a_login_is_needed_and_its_ways_are_offered() {
    let host = host("", &[]);
    let server = serve(&host).await;
    let mut stream = connect(&server).await;
    post(&mut stream, SOAP, &create()).await;
    let (head, body, _) = answer(&mut stream).await.unwrap();
    assert!(head.starts_with("HTTP/1.1 401 ") && body.is_empty(), "{head}");
    assert!(head.contains("www-authenticate: Negotiate\r\n"), "{head}");
    assert!(head.contains("www-authenticate: Basic realm=\"WSMAN\""), "{head}");
    assert_eq!(host.requests(), 0);
    let wrong = format!("Authorization: Basic {}\r\n{SOAP}", STANDARD.encode(r"EXAMPLE\operator:wrong"));
    post(&mut stream, &wrong, &create()).await;
    assert!(answer(&mut stream).await.unwrap().0.starts_with("HTTP/1.1 401 "));
    post(&mut stream, &basic(&server), &create()).await;
    let (head, body, _) = answer(&mut stream).await.unwrap();
    assert!(head.starts_with("HTTP/1.1 200 "), "{head}");
    assert!(head.contains("content-type: application/soap+xml;charset=UTF-8"), "{head}");
    assert_eq!(element(&body, "p:ReturnValue"), Some("4096"));
}

#[tokio::test]
async fn anonymous_identify_needs_no_login() {
    let server = serve(&host("", &[])).await;
    let mut stream = connect(&server).await;
    let identify = "<s:Envelope xmlns:s=\"http://www.w3.org/2003/05/soap-envelope\"><s:Body>\
        <i:Identify xmlns:i=\"http://schemas.dmtf.org/wbem/wsman/identity/1/wsmanidentity.xsd\"/></s:Body></s:Envelope>";
    let anonymous = format!("WSMANIDENTIFY: unauthenticated\r\n{SOAP}");
    post(&mut stream, &anonymous, identify).await;
    let (head, body, _) = answer(&mut stream).await.unwrap();
    assert!(head.starts_with("HTTP/1.1 200 ") && body.contains("OS: 0.0.0 "), "{head}");
    post(&mut stream, &anonymous, &create()).await;
    assert!(answer(&mut stream).await.unwrap().0.starts_with("HTTP/1.1 401 "));
}

#[tokio::test]
async fn only_post_to_wsman_is_served() {
    let server = serve(&host("", &[])).await;
    let mut stream = connect(&server).await;
    for (request, status) in [
        ("GET /wsman HTTP/1.1\r\nHost: x\r\n\r\n", "HTTP/1.1 405 "),
        ("POST /other HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n", "HTTP/1.1 404 "),
    ] {
        stream.write_all(request.as_bytes()).await.unwrap();
        assert!(answer(&mut stream).await.unwrap().0.starts_with(status), "{request}");
    }
    post(&mut stream, &basic(&server).replace("soap+xml", "json"), &create()).await;
    assert!(answer(&mut stream).await.unwrap().0.starts_with("HTTP/1.1 415 "));
    post(&mut stream, &basic(&server), &"x".repeat(600_000)).await;
    assert!(answer(&mut stream).await.unwrap().0.starts_with("HTTP/1.1 413 "));
}

#[tokio::test]
async fn cuts_close_the_connection_where_the_rule_says() {
    for (rule, ran, sent) in [
        ("cut:before@CreateSnapshot", 0, None),
        ("cut:after@CreateSnapshot", 1, None),
        ("cut:0@CreateSnapshot", 1, Some(0)),
        ("cut:37@CreateSnapshot", 1, Some(37)),
    ] {
        let host = host("", &[rule]);
        let server = serve(&host).await;
        let mut stream = connect(&server).await;
        post(&mut stream, &basic(&server), &create()).await;
        let got = answer(&mut stream).await;
        assert_eq!(got.as_ref().map(|(_, body, _)| body.len()), sent, "{rule}");
        assert!(got.is_none_or(|(_, _, is_whole)| !is_whole), "{rule}");
        assert_eq!(host.invocations("CreateSnapshot"), ran, "{rule}");
    }
}

#[tokio::test]
async fn a_redirect_says_where_to() {
    let server = serve(&host("", &["redirect@CreateSnapshot"])).await;
    let mut stream = connect(&server).await;
    post(&mut stream, &basic(&server), &create()).await;
    let (head, _, _) = answer(&mut stream).await.unwrap();
    assert!(head.starts_with("HTTP/1.1 307 "), "{head}");
    assert!(head.contains("location: https://elsewhere.example.test/wsman"), "{head}");
}

#[tokio::test]
async fn a_dropped_server_closes_its_connections() {
    let server = serve(&host("", &[])).await;
    let port = server.url().port().unwrap();
    let mut stream = connect(&server).await;
    drop(server);
    assert_eq!(stream.read(&mut [0]).await.unwrap_or(0), 0);
    assert!(TcpStream::connect(("127.0.0.1", port)).await.is_err());
}

#[tokio::test]
async fn passwords_are_random_unless_the_inventory_gives_one() {
    let (one, two) = (serve(&host("", &[])).await, serve(&host("", &[])).await);
    assert_ne!(one.password(), two.password());
    let given = serve(&host("[auth]\nuser='admin'\npassword='given'", &[])).await;
    assert_eq!((given.user(), given.password()), ("admin", "given"));
    assert!(!format!("{given:?}").contains("given"));
}
