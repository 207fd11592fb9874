//! One connection: HTTP/1.1 with a login.

use super::{
    Access,
    body::Payload,
    login::{Login, Verdict},
};
use crate::sim::{
    Host,
    dispatch::Caller,
    host::{Reply, Response as HostResponse},
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
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::io::{AsyncRead, AsyncWrite};

/// `MaxPacketRetrievalTimeSeconds` of a real configuration; idle connections are kept as long.
const PATIENCE: Duration = Duration::from_secs(120);
/// The answer's `Server` header: not the one of Windows.
const SERVER: HeaderValue = HeaderValue::from_static("hyperv-wsman simulator");

pub(super) struct Connection {
    host: Host,
    access: Arc<Access>,
    login: Mutex<Login>,
}

/// The connection ends without an answer.
type Cut = io::Error;

impl Connection {
    pub(super) fn new(host: Host, access: Arc<Access>, certificate: Vec<u8>) -> Self {
        let login = Mutex::new(Login::new(&access, certificate));
        Self { host, access, login }
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
            let verdict = {
                let mut login = self.login.lock().unwrap_or_else(PoisonError::into_inner);
                login.judge(authorization, &self.access)
            };
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
        if !content_type.to_ascii_lowercase().starts_with("application/soap+xml") {
            return Ok(empty(StatusCode::UNSUPPORTED_MEDIA_TYPE));
        }
        match self.host.handle(&body, &caller).await {
            Reply::Whole(response) if response.status == 401 => Ok(self.unauthorized(None)),
            Reply::Whole(response) => Ok(whole(response)),
            Reply::Cut => Err(cut()),
            Reply::CutAt(mut response, bytes) => {
                let payload = Payload::cut(std::mem::take(&mut response.body), bytes);
                Ok(with_payload(&response, payload))
            }
        }
    }

    /// The body; nothing when it is larger than the host takes.
    async fn read(&self, body: Incoming) -> Result<Option<Bytes>, Cut> {
        let limit = self.host.inventory().limits.max_envelope_size;
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
    whole(HostResponse { status: status.as_u16(), ..HostResponse::default() })
}

fn whole(mut response: HostResponse) -> Response<Payload> {
    let payload = Payload::whole(std::mem::take(&mut response.body));
    with_payload(&response, payload)
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
