//! One connection, which is made once and carries one request at a time.

use super::{
    ClientCertificate, HttpSettings,
    carrier::{Body, Carrier},
    client_certificate::Asked,
    failure::{Circumstances, Leg},
    fingerprint::Fingerprint,
    trust::{Leaf, Tls},
};
use crate::{
    auth::{Secret, sealing::Sealer},
    transport::{Phase, TransportError, TransportErrorKind},
};
use bytes::{Bytes, BytesMut};
use hyper::{
    Response, StatusCode, Version,
    header::{
        ACCEPT_ENCODING, AUTHORIZATION, CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, HeaderMap, HeaderName,
        HeaderValue,
    },
};
use std::{
    sync::Arc,
    time::{Duration, Instant},
};
use zeroize::Zeroizing;

/// Largest body of an answer that refuses the login.
const MAX_REFUSAL: usize = 64 * 1024;
/// Bytes of an answer that room is made for before they come.
const MAX_ROOM: usize = 1024 * 1024;
/// How long a connection may rest before it is looked at again.
const RESTED: Duration = Duration::from_millis(20);
/// Asks an Identify to be answered without a login ([MS-WSMV] 3.1.4.1.23). The name is not
/// `WSMANIDENTITY`: Windows' own `Test-WSMan` and monitoring probes in the field send this one.
const WSMAN_IDENTIFY: HeaderName = HeaderName::from_static("wsmanidentify");
const SOAP: HeaderValue = HeaderValue::from_static("application/soap+xml;charset=UTF-8");

/// One connection to the host.
#[derive(Debug)]
pub(super) struct Connection {
    carrier: Carrier,
    host: Arc<str>,
    /// Over TLS.
    leaf: Option<Leaf>,
    /// Of its certificate, from the first answer on.
    fingerprint: Option<Fingerprint>,
    /// Once a login has agreed on sealing: every message is sealed then.
    pub(super) sealer: Option<Sealer>,
    /// Goes with each message, where the login wants that.
    pub(super) authorization: Option<Secret>,
    /// Whether the server has said that nothing can follow.
    pub(super) is_closing: bool,
    /// Where a client certificate is to be shown.
    asked: Option<Asked>,
    /// When it was last heard of.
    heard: Instant,
    max_body: usize,
    /// By which it has logged in.
    pub(super) mechanism: &'static str,
    /// The leg that is under way, if one is.
    pub(super) leg: Option<Leg>,
    /// Counted by the transport.
    pub(super) number: u64,
}

/// A request on a connection.
#[derive(Debug, Default)]
pub(super) struct Request {
    pub(super) content: Content,
    pub(super) authorization: Option<Secret>,
    pub(super) anonymous: bool,
}

/// What a request carries.
#[derive(Debug, Clone, Default)]
pub(super) enum Content {
    #[default]
    Nothing,
    /// SOAP for everybody to read. Over plain HTTP only what is anonymous goes so.
    Message(Bytes),
    Sealed {
        content_type: String,
        body: Bytes,
    },
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
    /// Over verified TLS.
    pub(super) verified_tls: bool,
    /// Whether the body was unsealed.
    pub(super) sealed: bool,
    /// By which the connection has logged in.
    pub(super) mechanism: &'static str,
    /// Number of the connection.
    pub(super) connection: u64,
}

impl Connection {
    /// Connects at its first request; over plain HTTP without `tls`. `certificate` is shown to a server that asks.
    pub(super) fn new(
        settings: &HttpSettings,
        host: &Arc<str>,
        tls: Option<&Tls>,
        certificate: Option<&ClientCertificate>,
        number: u64,
    ) -> Result<Self, TransportError> {
        let (mut config, leaf) = tls.map(Tls::for_connection).unzip();
        let asked = certificate.zip(config.as_mut()).map(|(certificate, config)| certificate.present(config));
        Ok(Self {
            carrier: Carrier::new(settings, config)?,
            host: Arc::clone(host),
            leaf,
            fingerprint: None,
            sealer: None,
            authorization: None,
            is_closing: false,
            asked,
            heard: Instant::now(),
            max_body: settings.max_body,
            mechanism: "none",
            leg: None,
            number,
        })
    }

    /// DER of the certificate that the server has shown.
    pub(super) fn certificate(&self) -> Option<&[u8]> {
        self.leaf.as_ref()?.get().map(AsRef::as_ref)
    }

    pub(super) fn is_tls(&self) -> bool {
        self.leaf.is_some()
    }

    /// Whether the server has asked for the client certificate.
    pub(super) fn has_been_asked(&self) -> bool {
        self.asked.as_ref().is_some_and(Asked::is_set)
    }

    /// `host:port`, for messages.
    pub(super) fn host(&self) -> &str {
        &self.host
    }

    /// Connects before the first request, so that the certificate is known for it; only where the settings want that.
    #[cfg(feature = "kerberos")]
    pub(super) async fn open(&mut self) -> Result<(), TransportError> {
        let circumstances = Circumstances {
            host: &self.host,
            leaf: self.leaf.as_ref(),
            leg: self.leg,
            phase: Phase::NotSent,
        };
        self.carrier.open(circumstances).await
    }

    /// Sends a request and reads its answer to the end. After an error the connection is not fit for
    /// use. `phase` is what an error says of the request unless it proves something.
    pub(super) async fn post(&mut self, request: Request, phase: Phase) -> Result<Reply, TransportError> {
        self.expect_protection(&request)?;
        let headers = headers(&request)?;
        let body = request.content.into_body();
        let circumstances =
            Circumstances { host: &self.host, leaf: self.leaf.as_ref(), leg: self.leg, phase };
        if self.heard.elapsed() > RESTED {
            // The runtime looks at its sockets first: while nobody ran it, the host may have closed this one.
            tokio::task::yield_now().await;
        }
        let response = self.carrier.post(headers, body, circumstances).await?;
        let status = response.status();
        // Over verified TLS a 401 proves that nothing ran, even if its body is cut.
        let refused = self.is_tls() && status == StatusCode::UNAUTHORIZED;
        let phase = if refused { Phase::NotSent } else { phase };
        let keeps_open = keeps_open(&response);
        let (head, body) = response.into_parts();
        let limit = if status == StatusCode::UNAUTHORIZED { MAX_REFUSAL } else { self.max_body };
        let body = self.read(body, limit.min(self.max_body), phase).await?;
        self.heard = Instant::now();
        if self.fingerprint.is_none() {
            self.fingerprint = self.certificate().map(Fingerprint::of);
        }
        let certificate = self.fingerprint;
        Ok(Reply {
            status,
            headers: head.headers,
            body,
            keeps_open,
            certificate,
            verified_tls: self.is_tls(),
            sealed: false,
            mechanism: self.mechanism,
            connection: self.number,
        })
    }

    /// Over plain HTTP nothing leaves that is worth reading. Whoever asks for it is a defect of ours.
    fn expect_protection(&self, request: &Request) -> Result<(), TransportError> {
        if self.is_tls() || request.anonymous || !matches!(request.content, Content::Message(_)) {
            return Ok(());
        }
        let message = format!("failed to send the message to `{}`: it is not sealed", self.host);
        Err(TransportError::config(message))
    }

    /// By `&mut`, as a security context may be in one thread at a time only.
    async fn read(&mut self, mut rest: Body, limit: usize, phase: Phase) -> Result<Bytes, TransportError> {
        let (host, leaf, leg) = (&*self.host, self.leaf.as_ref(), self.leg);
        // What is announced is made room for, as far as that can be believed.
        let announced = rest.announced().and_then(|length| usize::try_from(length).ok());
        let mut body = BytesMut::with_capacity(announced.unwrap_or(0).min(limit).min(MAX_ROOM));
        while let Some(chunk) = rest.chunk(Circumstances { host, leaf, leg, phase }).await? {
            if body.len() + chunk.len() > limit {
                let message =
                    format!("failed to read the answer of `{host}`: it is longer than {limit} bytes");
                return Err(TransportError::new(TransportErrorKind::Protocol, phase, message));
            }
            body.extend_from_slice(&chunk);
        }
        Ok(body.freeze())
    }
}

impl Reply {
    /// Whether it is the service that answers, which it does only to whom it has let in.
    pub(super) fn is_of_service(&self) -> bool {
        self.status.is_success() || self.status == StatusCode::INTERNAL_SERVER_ERROR
    }
}

impl Content {
    fn length(&self) -> usize {
        match self {
            Self::Nothing => 0,
            Self::Message(body) | Self::Sealed { body, .. } => body.len(),
        }
    }

    fn into_body(self) -> Bytes {
        match self {
            Self::Nothing => Bytes::new(),
            Self::Message(body) | Self::Sealed { body, .. } => body,
        }
    }
}

fn headers(request: &Request) -> Result<HeaderMap, TransportError> {
    let mut headers = HeaderMap::new();
    headers.insert(CONTENT_TYPE, content_type(&request.content)?);
    headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
    // Written out because http.sys wants it for empty bodies too, where hyper leaves it out.
    headers.insert(CONTENT_LENGTH, request.content.length().into());
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

fn content_type(content: &Content) -> Result<HeaderValue, TransportError> {
    match content {
        Content::Nothing | Content::Message(_) => Ok(SOAP),
        Content::Sealed { content_type, .. } => HeaderValue::from_str(content_type).map_err(|error| {
            TransportError::config("failed to write the type of the message").with_source(error)
        }),
    }
}

/// RFC 9112, 9.3.
fn keeps_open(response: &Response<Body>) -> bool {
    let options = response.headers().get_all(CONNECTION).iter();
    let mut options = options.filter_map(|value| value.to_str().ok()).flat_map(|value| value.split(','));
    let mut has = |option: &str| options.any(|found| found.trim().eq_ignore_ascii_case(option));
    if response.version() >= Version::HTTP_11 { !has("close") } else { has("keep-alive") }
}
