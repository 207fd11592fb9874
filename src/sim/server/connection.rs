//! One connection: HTTP/1.1 with a login, and with messages sealed by it.

use super::{
    Access,
    body::Payload,
    login::{Login, Verdict},
};
use crate::{
    auth::sealing,
    sim::{
        Host,
        dispatch::Caller,
        host::{Reply, Response as HostResponse, SOAP_CONTENT},
    },
};
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use hyper::{
    Method, Request, Response, StatusCode,
    body::{Bytes, Incoming},
    header::{self, HeaderValue},
    server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::{TokioIo, TokioTimer};
use std::{
    io,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::io::{AsyncRead, AsyncWrite};

/// `MaxPacketRetrievalTimeSeconds` of a real configuration; idle connections are kept as long.
const PATIENCE: Duration = Duration::from_secs(120);
/// By how much sealing may lengthen a message (chosen; NTLM needs 300 bytes).
const SEALING: usize = 1024;
/// The answer's `Server` header: not the one of Windows.
const SERVER: HeaderValue = HeaderValue::from_static("hyperv-wsman simulator");

pub(super) struct Connection {
    host: Host,
    access: Arc<Access>,
    login: Mutex<Login>,
    is_tls: bool,
}

/// A SOAP message.
struct Message {
    body: Bytes,
    was_sealed: bool,
}

/// The connection ends without an answer.
type Cut = io::Error;

impl Connection {
    /// `certificate`: of the server, over TLS.
    pub(super) fn new(host: Host, access: Arc<Access>, certificate: Option<Vec<u8>>) -> Self {
        let is_tls = certificate.is_some();
        let login = Mutex::new(Login::new(&access, certificate));
        Self { host, access, login, is_tls }
    }

    /// Whether the client has proven in the handshake that it holds a certificate that is mapped to the user.
    pub(super) fn set_client_certificate(&mut self, is_shown: bool) {
        self.login().has_certificate = is_shown;
    }

    /// Serves it until either side closes it.
    pub(super) async fn serve(self, stream: impl AsyncRead + AsyncWrite + Unpin) {
        let service = service_fn(|request| self.respond(request));
        let served = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(PATIENCE)
            .serve_connection(TokioIo::new(stream), service)
            .await;
        if let Err(error) = served {
            tracing::debug!(%error, "connection ended");
        }
    }

    async fn respond(&self, request: Request<Incoming>) -> Result<Response<Payload>, Cut> {
        if request.uri().path() != "/wsman" {
            return Ok(empty(StatusCode::NOT_FOUND));
        }
        if request.method() != Method::POST {
            let mut response = empty(StatusCode::METHOD_NOT_ALLOWED);
            response.headers_mut().insert(header::ALLOW, HeaderValue::from_static("POST"));
            return Ok(response);
        }
        let (head, body) = request.into_parts();
        let header = |name| head.headers.get(name).and_then(|value| value.to_str().ok());
        // [MS-WSMV] 3.1.4.1.23: this header asks for Identify without a login.
        let is_anonymous = header("wsmanidentify").is_some_and(|v| v.eq_ignore_ascii_case("unauthenticated"));
        let Some(body) = self.read(body).await? else {
            return Ok(empty(StatusCode::PAYLOAD_TOO_LARGE));
        };
        let caller = if is_anonymous {
            Caller::Anonymous
        } else {
            let authorization = header(header::AUTHORIZATION.as_str());
            let verdict = self.login().judge(authorization, &self.access);
            match verdict {
                Verdict::User(user) => Caller::User(user),
                Verdict::Challenge(challenge) => return Ok(self.unauthorized(Some(&challenge))),
                Verdict::Refused => return Ok(self.unauthorized(None)),
            }
        };
        // The last leg of a login may come without a message.
        if body.is_empty() {
            return Ok(empty(StatusCode::OK));
        }
        let content_type = header(header::CONTENT_TYPE.as_str()).unwrap_or_default();
        let Message { body, was_sealed } = match self.open(content_type, body, is_anonymous) {
            Ok(message) => message,
            Err(status) => return Ok(empty(status)),
        };
        match self.host.handle(&body, &caller).await {
            Reply::Whole(response) if response.status == 401 => Ok(self.unauthorized(None)),
            Reply::Whole(response) => self.answer(response, None, was_sealed),
            Reply::Cut => Err(cut()),
            Reply::CutAt(response, bytes) => self.answer(response, Some(bytes), was_sealed),
        }
    }

    /// The message in a body, or the status that refuses it. Without TLS it has to be sealed, as a host
    /// with `AllowUnencrypted=false` wants it (the statuses are chosen, not those of a recorded host).
    fn open(&self, content_type: &str, body: Bytes, is_anonymous: bool) -> Result<Message, StatusCode> {
        if sealing::is_sealed(content_type) {
            let mut login = self.login();
            let sealer = login.sealer.as_mut().ok_or(StatusCode::BAD_REQUEST)?;
            return match sealer.unseal(content_type, &body) {
                Ok(opened) => Ok(Message { body: opened.body.into(), was_sealed: true }),
                Err(error) => {
                    tracing::debug!(%error, "sealed message refused");
                    login.end();
                    Err(StatusCode::BAD_REQUEST)
                }
            };
        }
        if !self.is_tls && !is_anonymous {
            return Err(StatusCode::INTERNAL_SERVER_ERROR);
        }
        if !content_type.to_ascii_lowercase().starts_with("application/soap+xml") {
            return Err(StatusCode::UNSUPPORTED_MEDIA_TYPE);
        }
        Ok(Message { body, was_sealed: false })
    }

    /// A sealed message gets a sealed answer, faults included; what is no SOAP does not come from WinRM,
    /// and is not sealed.
    fn answer(
        &self,
        mut response: HostResponse,
        cut_at: Option<usize>,
        was_sealed: bool,
    ) -> Result<Response<Payload>, Cut> {
        let mut body = std::mem::take(&mut response.body);
        let mut content_type = None;
        if was_sealed && response.content_type == Some(SOAP_CONTENT) {
            let mut login = self.login();
            let sealer = login.sealer.as_mut().ok_or_else(cut)?;
            body = sealer.seal(&body).map_err(io::Error::other)?;
            content_type = HeaderValue::from_str(&sealer.content_type()).ok();
        }
        let payload = match cut_at {
            Some(bytes) => Payload::cut(body, bytes),
            None => Payload::whole(body),
        };
        let mut http = with_payload(&response, payload);
        if let Some(content_type) = content_type {
            http.headers_mut().insert(header::CONTENT_TYPE, content_type);
        }
        Ok(http)
    }

    fn login(&self) -> MutexGuard<'_, Login> {
        self.login.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The body; nothing when it is larger than the host takes.
    async fn read(&self, body: Incoming) -> Result<Option<Bytes>, Cut> {
        let limit = self.host.inventory().limits.max_envelope_size.saturating_add(SEALING);
        let collecting = Limited::new(body, limit).collect();
        match tokio::time::timeout(PATIENCE, collecting).await {
            Ok(Ok(body)) => Ok(Some(body.to_bytes())),
            Ok(Err(error)) if error.is::<LengthLimitError>() => Ok(None),
            Ok(Err(error)) => Err(io::Error::other(error)),
            Err(_) => Err(io::ErrorKind::TimedOut.into()),
        }
    }

    /// 401: the next leg of a login, or the ways to log in.
    fn unauthorized(&self, challenge: Option<&str>) -> Response<Payload> {
        let mut response = empty(StatusCode::UNAUTHORIZED);
        let headers = response.headers_mut();
        let mut offer = |value| {
            headers.append(header::WWW_AUTHENTICATE, value);
        };
        if let Some(Ok(challenge)) = challenge.map(HeaderValue::from_str) {
            offer(challenge);
        } else {
            offer(HeaderValue::from_static("Negotiate"));
            if self.access.basic {
                offer(HeaderValue::from_static("Basic realm=\"WSMAN\""));
            }
        }
        response
    }
}

fn cut() -> Cut {
    io::ErrorKind::ConnectionAborted.into()
}

fn empty(status: StatusCode) -> Response<Payload> {
    let response = HostResponse { status: status.as_u16(), ..HostResponse::default() };
    with_payload(&response, Payload::whole(Vec::new()))
}

fn with_payload(response: &HostResponse, payload: Payload) -> Response<Payload> {
    let mut http = Response::new(payload);
    *http.status_mut() = StatusCode::from_u16(response.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = http.headers_mut();
    headers.insert(header::SERVER, SERVER);
    if let Some(content_type) = response.content_type {
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    }
    if let Some(location) = response.location {
        headers.insert(header::LOCATION, HeaderValue::from_static(location));
    }
    http
}
