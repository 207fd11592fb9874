//! One connection: a `reqwest::Client` of its own, which connects once and carries one request at a time.

use super::{
    HttpSettings,
    connect::{ConnectOnce, SystemResolver},
    failure,
    fingerprint::Fingerprint,
    trust::{Leaf, Tls},
};
use crate::{
    auth::Secret,
    transport::{Phase, TransportError, TransportErrorKind},
};
use bytes::{Bytes, BytesMut};
use hyper_util::client::legacy::connect::HttpInfo;
use reqwest::{
    Client, Response, StatusCode, Version,
    header::{
        ACCEPT_ENCODING, AUTHORIZATION, CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, HeaderMap, HeaderName,
        HeaderValue,
    },
};
use std::{net::SocketAddr, sync::Arc};
use url::Url;
use zeroize::Zeroizing;

/// Largest body of an answer that refuses the login.
const MAX_REFUSAL: usize = 64 * 1024;
/// Asks an Identify to be answered without a login ([MS-WSMV] 3.1.4.1.23). The name is not
/// `WSMANIDENTITY`: Windows' own `Test-WSMan` and monitoring probes in the field send this one.
const WSMAN_IDENTIFY: HeaderName = HeaderName::from_static("wsmanidentify");
const SOAP: HeaderValue = HeaderValue::from_static("application/soap+xml;charset=UTF-8");
const USER_AGENT: &str = concat!("hyperv-wsman/", env!("CARGO_PKG_VERSION"));

/// One connection to the host.
#[derive(Debug)]
pub(super) struct Connection {
    client: Client,
    url: Url,
    host: Arc<str>,
    leaf: Leaf,
    /// Our end, from the first answer on.
    local_addr: Option<SocketAddr>,
    max_body: usize,
    /// Counted by the transport.
    pub(super) number: u64,
}

/// A request on a connection.
#[derive(Debug, Default)]
pub(super) struct Request {
    pub(super) body: Bytes,
    pub(super) authorization: Option<Secret>,
    pub(super) anonymous: bool,
}

/// An answer, read to its end.
#[derive(Debug)]
pub(super) struct Reply {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
    /// Whether the connection can carry another request.
    pub(super) keeps_open: bool,
    pub(super) certificate: Option<Fingerprint>,
    /// Number of the connection.
    pub(super) connection: u64,
}

impl Connection {
    /// Connects at its first request.
    pub(super) fn new(
        settings: &HttpSettings,
        host: &Arc<str>,
        tls: &Tls,
        number: u64,
    ) -> Result<Self, TransportError> {
        let (config, leaf) = tls.for_connection();
        let client = Client::builder()
            .tls_backend_preconfigured(config)
            .connector_layer(ConnectOnce::new(settings.connect_timeout))
            .dns_resolver(SystemResolver)
            .http1_only()
            .pool_max_idle_per_host(1)
            .pool_idle_timeout(None)
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .referer(false)
            .no_proxy()
            .tcp_nodelay(true)
            .user_agent(USER_AGENT)
            .build()
            .map_err(|error| TransportError::config("failed to set up HTTP").with_source(error))?;
        Ok(Self {
            client,
            url: settings.url.clone(),
            host: Arc::clone(host),
            leaf,
            local_addr: None,
            max_body: settings.max_body,
            number,
        })
    }

    /// DER of the certificate that the server has shown.
    pub(super) fn certificate(&self) -> Option<&[u8]> {
        self.leaf.get().map(AsRef::as_ref)
    }

    /// Sends a request and reads its answer to the end. After an error the connection is not fit for
    /// use. `phase` is what an error says of the request unless it proves something.
    pub(super) async fn post(&mut self, request: Request, phase: Phase) -> Result<Reply, TransportError> {
        let request = self.client.post(self.url.clone()).headers(headers(&request)?).body(request.body);
        let response = match request.send().await {
            Ok(response) => response,
            Err(error) => return Err(failure::explain(error, &self.host, &self.leaf, phase)),
        };
        let status = response.status();
        // Over verified TLS a 401 proves that nothing ran, even if its body is cut.
        let phase = if status == StatusCode::UNAUTHORIZED { Phase::NotSent } else { phase };
        self.expect_same_connection(&response, phase)?;
        let keeps_open = keeps_open(&response);
        let headers = response.headers().clone();
        let body = self.read(response, phase).await?;
        let certificate = self.certificate().map(Fingerprint::of);
        Ok(Reply { status, headers, body, keeps_open, certificate, connection: self.number })
    }

    /// A login belongs to a TCP connection: an answer over another one is not an answer to us.
    fn expect_same_connection(&mut self, response: &Response, phase: Phase) -> Result<(), TransportError> {
        let got = response.extensions().get::<HttpInfo>().map(HttpInfo::local_addr);
        if let Some(got) = got
            && *self.local_addr.get_or_insert(got) == got
        {
            return Ok(());
        }
        let message = format!("failed to talk to `{}`: the answer came over another connection", self.host);
        Err(TransportError::new(TransportErrorKind::Connection, phase, message))
    }

    async fn read(&self, mut response: Response, phase: Phase) -> Result<Bytes, TransportError> {
        let refusal = response.status() == StatusCode::UNAUTHORIZED;
        let limit = if refusal { MAX_REFUSAL.min(self.max_body) } else { self.max_body };
        let mut body = BytesMut::new();
        loop {
            match response.chunk().await {
                Ok(Some(chunk)) if body.len() + chunk.len() <= limit => body.extend_from_slice(&chunk),
                Ok(Some(_)) => {
                    let host = &self.host;
                    let message =
                        format!("failed to read the answer of `{host}`: it is longer than {limit} bytes");
                    return Err(TransportError::new(TransportErrorKind::Protocol, phase, message));
                }
                Ok(None) => return Ok(body.freeze()),
                Err(error) => return Err(failure::explain(error, &self.host, &self.leaf, phase)),
            }
        }
    }
}

fn headers(request: &Request) -> Result<HeaderMap, TransportError> {
    let mut headers = HeaderMap::new();
    headers.insert(CONTENT_TYPE, SOAP);
    headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
    // Written out because http.sys wants it for empty bodies too, where hyper leaves it out.
    headers.insert(CONTENT_LENGTH, request.body.len().into());
    if request.anonymous {
        headers.insert(WSMAN_IDENTIFY, HeaderValue::from_static("unauthenticated"));
    }
    if let Some(authorization) = &request.authorization {
        // The bytes are wiped when the last clone of the header goes; hyper's write buffer is not.
        let bytes = Zeroizing::new(authorization.expose().as_bytes().to_vec());
        let mut value = HeaderValue::from_maybe_shared(Bytes::from_owner(bytes))
            .map_err(|error| TransportError::config("failed to write the login").with_source(error))?;
        value.set_sensitive(true);
        headers.insert(AUTHORIZATION, value);
    }
    Ok(headers)
}

/// RFC 9112, 9.3.
fn keeps_open(response: &Response) -> bool {
    let options = response.headers().get_all(CONNECTION).iter();
    let mut options = options.filter_map(|value| value.to_str().ok()).flat_map(|value| value.split(','));
    let mut has = |option: &str| options.any(|found| found.trim().eq_ignore_ascii_case(option));
    if response.version() >= Version::HTTP_11 { !has("close") } else { has("keep-alive") }
}
