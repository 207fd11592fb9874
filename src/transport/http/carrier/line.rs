//! One HTTP/1.1 connection by hyper: made here, straight or through a proxy, with TLS or without, and never a second time.
//!
//! What hyper hands back unsent was not sent: there is no pool that could put another connection in its place.

use super::{
    super::{
        HttpSettings, Proxy,
        dial::{BoxError, bare_host, dial, dial_tls},
    },
    USER_AGENT,
};
use bytes::Bytes;
use http_body_util::Full;
use hyper::{
    Request, Response, Uri,
    body::Incoming,
    client::conn::http1::{self, SendRequest},
    header::{self, HeaderMap, HeaderValue},
};
use hyper_util::rt::TokioIo;
use rustls::ClientConfig;
use rustls_pki_types::ServerName;
use std::{fmt, sync::Arc, time::Duration};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    time,
};
use url::{Position, Url};

/// A connection that is made at its first request or before it.
pub(in super::super) struct Line {
    way: Option<Way>,
    sender: Option<SendRequest<Full<Bytes>>>,
    /// Of all requests.
    target: Uri,
    host: HeaderValue,
}

/// What it takes to make the connection.
struct Way {
    url: Url,
    proxy: Option<Proxy>,
    tls: Option<Arc<ClientConfig>>,
    timeout: Duration,
}

/// Why a request got no answer.
#[derive(Debug)]
pub(super) enum LineError {
    /// No connection could be made.
    NotConnected(BoxError),
    /// The connection is gone, and the request was not sent.
    Lost,
    /// The request may have been sent.
    Broken(hyper::Error),
}

impl Line {
    pub(super) fn new(settings: &HttpSettings, tls: Option<ClientConfig>) -> Result<Self, BoxError> {
        let HttpSettings { url, proxy, connect_timeout, .. } = settings;
        Ok(Self {
            target: url[Position::BeforePath..Position::AfterQuery].parse()?,
            host: HeaderValue::from_str(&url[Position::BeforeHost..Position::AfterPort])?,
            way: Some(Way {
                url: url.clone(),
                proxy: proxy.clone(),
                tls: tls.map(Arc::new),
                timeout: *connect_timeout,
            }),
            sender: None,
        })
    }

    /// Connects, if that has not been tried.
    pub(super) async fn open(&mut self) -> Result<(), LineError> {
        if let Some(way) = self.way.take() {
            // Apart, so that requests do not carry the weight of it.
            self.sender = Some(Box::pin(way.connect()).await.map_err(LineError::NotConnected)?);
        }
        Ok(())
    }

    pub(super) async fn post(
        &mut self,
        headers: HeaderMap,
        body: Bytes,
    ) -> Result<Response<Incoming>, LineError> {
        self.open().await?;
        let request = self.request(headers, body);
        let Some(sender) = &mut self.sender else { return Err(LineError::Lost) };
        if sender.ready().await.is_err() {
            return Err(LineError::Lost);
        }
        let sent = sender.try_send_request(request).await;
        sent.map_err(|mut error| match error.take_message() {
            // Handed back: no byte of it was written.
            Some(_) => LineError::Lost,
            None => LineError::Broken(error.into_error()),
        })
    }

    fn request(&self, mut headers: HeaderMap, body: Bytes) -> Request<Full<Bytes>> {
        headers.insert(header::HOST, self.host.clone());
        headers.insert(header::ACCEPT, HeaderValue::from_static("*/*"));
        headers.insert(header::USER_AGENT, HeaderValue::from_static(USER_AGENT));
        let mut request = Request::new(Full::new(body));
        *request.method_mut() = hyper::Method::POST;
        *request.uri_mut() = self.target.clone();
        *request.headers_mut() = headers;
        request
    }
}

impl Way {
    /// `timeout` is for name, proxy, TCP and TLS together.
    async fn connect(self) -> Result<SendRequest<Full<Bytes>>, BoxError> {
        let Self { url, proxy, tls, timeout } = self;
        let deadline = time::Instant::now() + timeout;
        let Some(tls) = tls else { return speak(dial(&url, proxy.as_ref(), deadline).await?).await };
        let name = ServerName::try_from(bare_host(&url))?;
        speak(dial_tls(&url, proxy.as_ref(), tls, name, deadline).await?).await
    }
}

/// Speaks HTTP over a connection, until the sender of requests is dropped.
async fn speak(
    stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static,
) -> Result<SendRequest<Full<Bytes>>, BoxError> {
    let (sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    tokio::spawn(async move {
        if let Err(error) = connection.await {
            // Whoever waits for an answer is told by the sender.
            tracing::trace!(%error, "connection ended");
        }
    });
    Ok(sender)
}

impl fmt::Debug for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Line").field("open", &self.sender.is_some()).finish_non_exhaustive()
    }
}
