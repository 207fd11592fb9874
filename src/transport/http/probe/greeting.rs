//! What a server says to somebody who has not logged in: a POST without a message, and its answer.

use super::super::{
    HttpSettings,
    challenges::challenges,
    connection::{Connection, Request},
    dial::ConnectTimedOut,
    endpoint, failure,
    trust::{Leaf, Tls},
};
use crate::transport::{Phase, TransportError};
use hyper::header::{CONTENT_TYPE, DATE, HeaderMap, HeaderName, LOCATION, SERVER};

/// An answer to somebody who has not logged in.
///
/// All texts are the peer's: escape them before they reach a terminal.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Greeting {
    /// HTTP status; WinRM answers 401.
    pub status: u16,
    /// What the server calls itself (`Server`); WinRM is `Microsoft-HTTPAPI/2.0`.
    pub server: Option<String>,
    /// The ways to log in that are offered (`WWW-Authenticate`), as the server spells them.
    pub schemes: Vec<String>,
    /// `Content-Type`.
    pub content_type: Option<String>,
    /// Where a redirection leads (`Location`).
    pub location: Option<String>,
    /// The server's clock in seconds since 1970 (`Date`).
    pub date: Option<i64>,
}

/// Posts nothing to the URL of the settings, without a login, and reads the answer. Who answers may be anybody over
/// plain HTTP; over TLS the certificate has to be trusted as the settings say.
///
/// # Errors
/// As an exchange over these settings; kind `Protocol` for what is no HTTP.
pub async fn greet(settings: &HttpSettings) -> Result<Greeting, TransportError> {
    endpoint::check(&settings.url)?;
    let tls = (settings.url.scheme() == "https").then(|| Tls::new(&settings.trust)).transpose()?;
    let host = endpoint::host_and_port(&settings.url);
    let mut connection = Connection::new(settings, &host.as_str().into(), tls.as_ref(), None, 0)?;
    let limit = settings.connect_timeout;
    let answer = tokio::time::timeout(limit, connection.post(Request::default(), Phase::NotSent)).await;
    let reply = answer.unwrap_or_else(|_| {
        Err(failure::not_connected(&ConnectTimedOut, &host, tls.map(|_| Leaf::default()).as_ref()))
    })?;
    let text = |name: HeaderName| text(&reply.headers, &name);
    Ok(Greeting {
        status: reply.status.as_u16(),
        server: text(SERVER),
        schemes: challenges(&reply.headers).into_iter().map(|challenge| challenge.scheme).collect(),
        content_type: text(CONTENT_TYPE),
        location: text(LOCATION),
        date: text(DATE).and_then(|date| seconds(&date)),
    })
}

fn text(headers: &HeaderMap, name: &HeaderName) -> Option<String> {
    headers.get(name)?.to_str().ok().map(str::to_owned)
}

/// RFC 9110, 5.6.7: `Sun, 06 Nov 1994 08:49:37 GMT`.
fn seconds(date: &str) -> Option<i64> {
    jiff::fmt::rfc2822::parse(date).ok().map(|date| date.timestamp().as_second())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;
    use tokio::{
        io::{AsyncReadExt as _, AsyncWriteExt as _},
        net::TcpListener,
    };

    /// What a server that gives this answer looks like.
    async fn of(answer: &'static str) -> Result<Greeting, TransportError> {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/wsman", listener.local_addr().unwrap());
        let mut settings = HttpSettings::new(url.parse().unwrap());
        settings.connect_timeout = Duration::from_secs(5);
        let serve = async {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut request = [0; 4096];
            let length = stream.read(&mut request).await.unwrap();
            stream.write_all(answer.as_bytes()).await.unwrap();
            drop(stream);
            String::from_utf8_lossy(request.get(..length).unwrap()).to_lowercase()
        };
        let (greeting, request) = tokio::join!(greet(&settings), serve);
        assert!(request.contains("content-length: 0") && !request.contains("authorization"), "{request}");
        greeting
    }

    #[tokio::test]
    async fn everything_that_tells_servers_apart_is_kept() {
        let answer = "HTTP/1.1 401 Unauthorized\r\nServer: Microsoft-HTTPAPI/2.0\r\nWWW-Authenticate: Negotiate\r\n\
            WWW-Authenticate: Basic realm=\"WSMAN\"\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\nContent-Length: 0\r\n\
            Connection: close\r\n\r\n";
        assert_eq!(
            of(answer).await.unwrap(),
            Greeting {
                status: 401,
                server: Some("Microsoft-HTTPAPI/2.0".to_owned()),
                schemes: vec!["Negotiate".to_owned(), "Basic".to_owned()],
                content_type: None,
                location: None,
                date: Some(784_111_777),
            }
        );
    }

    #[tokio::test]
    async fn what_is_no_http_is_said_to_be_none() {
        let error = of("220 mail.example.test ESMTP\r\n").await.unwrap_err();
        assert_eq!(error.kind, crate::transport::TransportErrorKind::Protocol);
    }
}
