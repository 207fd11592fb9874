//! One HTTP/1.1 connection by hyper: made here, straight or through a proxy, with TLS or without, and never a second time.
//!
//! What hyper hands back unsent was not sent: there is no pool that could put another connection in its place.

use super::{
    super::{
        HttpSettings, Proxy,
        dial::{BoxError, bare_host, deadline_in, dial, dial_tls},
        failure,
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
    sync::oneshot,
};
use url::{Position, Url};

/// How long a connection that is gone may take to say why.
const CLOSING: Duration = Duration::from_millis(100);

/// A connection that is made at its first request or before it.
pub(in super::super) struct Line {
    way: Option<Way>,
    sender: Option<SendRequest<Full<Bytes>>>,
    /// Why it ended, if that was no usual end.
    ended: Option<oneshot::Receiver<hyper::Error>>,
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
    Lost(Option<hyper::Error>),
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
            ended: None,
        })
    }

    /// Connects, if that has not been tried.
    pub(super) async fn open(&mut self) -> Result<(), LineError> {
        if let Some(way) = self.way.take() {
            // Apart, so that requests do not carry the weight of it.
            let (sender, ended) = Box::pin(way.connect()).await.map_err(LineError::NotConnected)?;
            (self.sender, self.ended) = (Some(sender), Some(ended));
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
        let Some(sender) = &mut self.sender else { return Err(LineError::Lost(None)) };
        if sender.ready().await.is_err() {
            return Err(self.lost().await);
        }
        match sender.try_send_request(request).await {
            Ok(response) => Ok(response),
            Err(mut error) => match (error.take_message(), error.into_error()) {
                // Handed back: no byte of it was written. A request that waited already is told why, and then the task is not.
                (Some(_), error) if failure::is_of_tls(&error) => Err(LineError::Lost(Some(error))),
                (Some(_), _) => Err(self.lost().await),
                (None, error) => Err(LineError::Broken(error)),
            },
        }
    }

    /// With what the task of the connection has to say of its end: an alert of TLS above all. It is about to say it, unless
    /// closing the connection takes its time.
    async fn lost(&mut self) -> LineError {
        let Some(ended) = self.ended.take() else { return LineError::Lost(None) };
        let told = tokio::time::timeout(CLOSING, ended).await;
        LineError::Lost(told.ok().and_then(Result::ok))
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
    async fn connect(self) -> Result<Spoken, BoxError> {
        let Self { url, proxy, tls, timeout } = self;
        let deadline = deadline_in(timeout);
        let Some(tls) = tls else { return speak(dial(&url, proxy.as_ref(), deadline).await?).await };
        let name = ServerName::try_from(bare_host(&url))?;
        speak(dial_tls(&url, proxy.as_ref(), tls, name, deadline).await?).await
    }
}

/// What sends requests, and what tells how the connection ended.
type Spoken = (SendRequest<Full<Bytes>>, oneshot::Receiver<hyper::Error>);

/// Speaks HTTP over a connection, until the sender of requests is dropped.
async fn speak(stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static) -> Result<Spoken, BoxError> {
    let (sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    let (tell, ended) = oneshot::channel();
    tokio::spawn(async move {
        if let Err(error) = connection.await {
            tracing::trace!(%error, "connection ended");
            // Nobody may want to know.
            let _ = tell.send(error);
        }
    });
    Ok((sender, ended))
}

impl fmt::Debug for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Line").field("open", &self.sender.is_some()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transport::{
        Phase, TransportErrorKind,
        http::{carrier::explain, failure::Circumstances, trust::Leaf},
    };
    use rustls::AlertDescription;
    use std::{
        io,
        pin::Pin,
        task::{Context, Poll, ready},
    };
    use tokio::io::{ReadBuf, duplex, join, sink};

    /// A line over this connection, which is open.
    async fn line(stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static) -> Line {
        let settings = HttpSettings::new("http://hv1.example.test/wsman".parse().unwrap());
        let mut line = Line::new(&settings, None).unwrap();
        let (sender, ended) = speak(stream).await.unwrap();
        (line.way, line.sender, line.ended) = (None, Some(sender), Some(ended));
        // It ends before anything is sent.
        tokio::task::yield_now().await;
        line
    }

    /// What a message over it comes to.
    async fn told(line: &mut Line) -> (TransportErrorKind, Phase, String) {
        let error = line.post(HeaderMap::new(), "<message/>".into()).await.unwrap_err();
        let circumstances =
            Circumstances { host: "hv1", leaf: Some(&Leaf::default()), leg: None, phase: Phase::MaybeSent };
        let error = explain(error, circumstances);
        (error.kind, error.phase, error.to_string())
    }

    #[tokio::test]
    async fn over_a_line_that_is_gone_nothing_was_sent() {
        let (ours, theirs) = duplex(1024);
        drop(theirs);
        let mut line = line(ours).await;
        for _ in 0..2 {
            let lost = "failed to reach `hv1`: it closed the connection".to_owned();
            assert_eq!(told(&mut line).await, (TransportErrorKind::Connection, Phase::NotSent, lost));
        }
    }

    /// A server refuses the client's part of the handshake after the client has ended it.
    struct Alert {
        comes: oneshot::Receiver<()>,
    }

    impl AsyncRead for Alert {
        fn poll_read(
            mut self: Pin<&mut Self>,
            cx: &mut Context<'_>,
            _: &mut ReadBuf<'_>,
        ) -> Poll<io::Result<()>> {
            ready!(Pin::new(&mut self.comes).poll(cx)).unwrap();
            let alert = rustls::Error::AlertReceived(AlertDescription::CertificateRequired);
            Poll::Ready(Err(io::Error::new(io::ErrorKind::InvalidData, alert)))
        }
    }

    /// A line that will get an alert, and what makes it come.
    async fn line_with_alert() -> (Line, oneshot::Sender<()>) {
        let (alert, comes) = oneshot::channel();
        (line(join(Alert { comes }, sink())).await, alert)
    }

    fn refused() -> (TransportErrorKind, Phase, String) {
        (TransportErrorKind::Trust, Phase::NotSent, "failed to talk to `hv1` over TLS".to_owned())
    }

    #[tokio::test]
    async fn an_alert_that_comes_before_the_message_is_told() {
        let (mut line, alert) = line_with_alert().await;
        alert.send(()).unwrap();
        tokio::task::yield_now().await;
        assert_eq!(told(&mut line).await, refused());
    }

    #[tokio::test]
    async fn an_alert_that_comes_while_the_message_waits_is_told() {
        let (mut line, alert) = line_with_alert().await;
        // One thread runs all of this: the message waits until its turn ends, and then the connection reads before it writes.
        alert.send(()).unwrap();
        assert_eq!(told(&mut line).await, refused());
    }
}
