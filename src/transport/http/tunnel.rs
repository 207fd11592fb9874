//! One HTTP connection through a proxy, or one that has to be open before its first request.
//!
//! reqwest's own proxies cannot do this: they hide the status or reply by which a proxy refuses, and cannot name an
//! address of IPv6 in TLS. So the tunnel is opened here, TLS runs in it, and hyper speaks HTTP over it, as it does
//! below reqwest. reqwest does not connect before it has a request either.

use super::{
    Proxy,
    connect::BoxError,
    dial::{bare_host, dial, dial_tls},
};
use hyper::{
    Request, Uri,
    client::conn::http1::{self, SendRequest},
    header::{ACCEPT, HOST, HeaderMap, HeaderValue, USER_AGENT},
};
use hyper_util::rt::TokioIo;
use reqwest::{Body, Response};
use rustls::ClientConfig;
use rustls_pki_types::ServerName;
use std::{fmt, sync::Arc, time::Duration};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    time::Instant,
};
use url::Url;

/// A connection that is made at its first request or before it, and never a second time.
pub(super) struct Tunnel {
    way: Option<Way>,
    sender: Option<SendRequest<Body>>,
}

/// What it takes to make the connection.
struct Way {
    proxy: Option<Proxy>,
    tls: Option<Arc<ClientConfig>>,
    timeout: Duration,
}

/// Why a request got no answer.
#[derive(Debug)]
pub(super) enum TunnelError {
    /// No connection could be made.
    NotConnected(BoxError),
    /// The connection is gone, and the request was not sent.
    Lost,
    /// The request may have been sent.
    Broken(hyper::Error),
}

impl Tunnel {
    /// `timeout` is for the proxy, the way from there, and TLS together.
    pub(super) fn new(proxy: Option<Proxy>, tls: Option<ClientConfig>, timeout: Duration) -> Self {
        Self { way: Some(Way { proxy, tls: tls.map(Arc::new), timeout }), sender: None }
    }

    /// Connects to the host of the URL, if that has not been done.
    pub(super) async fn open(&mut self, url: &Url) -> Result<(), TunnelError> {
        if let Some(way) = self.way.take() {
            self.sender = Some(way.connect(url).await.map_err(TunnelError::NotConnected)?);
        }
        Ok(())
    }

    /// Posts to the URL.
    pub(super) async fn post(
        &mut self,
        url: &Url,
        headers: HeaderMap,
        body: Body,
    ) -> Result<Response, TunnelError> {
        let request = request(url, headers, body).map_err(TunnelError::NotConnected)?;
        self.open(url).await?;
        let Some(sender) = &mut self.sender else { return Err(TunnelError::Lost) };
        if sender.ready().await.is_err() {
            return Err(TunnelError::Lost);
        }
        match sender.try_send_request(request).await {
            Ok(response) => Ok(response.map(Body::wrap).into()),
            Err(mut error) => match error.take_message() {
                // Handed back: no byte of it was written.
                Some(_) => Err(TunnelError::Lost),
                None => Err(TunnelError::Broken(error.into_error())),
            },
        }
    }
}

impl Way {
    async fn connect(self, url: &Url) -> Result<SendRequest<Body>, BoxError> {
        let deadline = Instant::now() + self.timeout;
        let proxy = self.proxy.as_ref();
        let Some(tls) = self.tls else { return speak(dial(url, proxy, deadline).await?).await };
        let name = ServerName::try_from(bare_host(url))?;
        speak(dial_tls(url, proxy, tls, name, deadline).await?).await
    }
}

/// Speaks HTTP over a connection, until the sender of requests is dropped.
async fn speak(
    stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static,
) -> Result<SendRequest<Body>, BoxError> {
    let (sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    tokio::spawn(async move {
        if let Err(error) = connection.await {
            // Whoever waits for an answer is told by the sender.
            tracing::trace!(%error, "connection ended");
        }
    });
    Ok(sender)
}

/// As reqwest writes it.
fn request(url: &Url, headers: HeaderMap, body: Body) -> Result<Request<Body>, BoxError> {
    let host = match (url.host_str().unwrap_or_default(), url.port()) {
        (host, Some(port)) => format!("{host}:{port}"),
        (host, None) => host.to_owned(),
    };
    let path: Uri = match url.query() {
        Some(query) => format!("{}?{query}", url.path()).parse()?,
        None => url.path().parse()?,
    };
    let mut request = Request::post(path).body(body)?;
    *request.headers_mut() = headers;
    request.headers_mut().insert(HOST, HeaderValue::try_from(host)?);
    request.headers_mut().insert(ACCEPT, HeaderValue::from_static("*/*"));
    request.headers_mut().insert(USER_AGENT, HeaderValue::from_static(super::carrier::USER_AGENT));
    Ok(request)
}

impl fmt::Debug for Tunnel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tunnel").field("open", &self.sender.is_some()).finish_non_exhaustive()
    }
}
