//! Requests by reqwest, where the settings ask for it.
//!
//! reqwest's pool quietly replaces a connection that the server closed, which would send a message without its login. So the
//! connector of a client connects once. A later attempt waits, because the pool races it against the connection that is just
//! coming back, and then fails as [`ConnectionLost`].

use super::{
    super::{
        HttpCarrier, HttpSettings,
        dial::{BoxError, ConnectTimedOut, LookupFailed},
        failure::{self, Circumstances},
        trust::no_tls,
    },
    Body, USER_AGENT,
};
use crate::transport::{TransportError, TransportErrorKind};
use bytes::Bytes;
use hyper::{Response, header::HeaderMap};
use hyper_util::client::legacy::connect::HttpInfo;
use reqwest::{
    Client,
    dns::{Addrs, Name, Resolve, Resolving},
};
use rustls::ClientConfig;
use std::{
    error::Error as StdError,
    fmt,
    future::Future,
    net::SocketAddr,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll},
    time::Duration,
};
use tower_layer::Layer;
use tower_service::Service;
use url::Url;

/// How long a second attempt waits for the connection that is coming back.
const GRACE: Duration = Duration::from_millis(500);

/// A client of its own, which connects once.
#[derive(Debug)]
pub(in super::super) struct Carrier {
    client: Client,
    url: Url,
    /// Our end, from the first answer on.
    local_addr: Option<SocketAddr>,
}

/// Whether reqwest, where it is asked for, can do what else is.
pub(in super::super) fn check(settings: &HttpSettings) -> Result<(), TransportError> {
    if settings.carrier != HttpCarrier::Reqwest {
        return Ok(());
    }
    let what = if settings.proxy.is_some() {
        // Its own hide how a proxy refuses, and cannot name an address of IPv6 in TLS.
        "a proxy"
    } else if settings.binds_first_request() {
        "a login by Kerberos with the first request"
    } else {
        return Ok(());
    };
    let message = format!("failed to use reqwest together with {what}");
    Err(TransportError::config(message).with_hint("take `HttpCarrier::Hyper`, which does both"))
}

impl Carrier {
    pub(super) fn new(settings: &HttpSettings, tls: Option<ClientConfig>) -> Result<Self, TransportError> {
        check(settings)?;
        Self::resolving(SystemResolver, settings, tls)
    }

    fn resolving(
        resolver: impl Resolve + 'static,
        settings: &HttpSettings,
        tls: Option<ClientConfig>,
    ) -> Result<Self, TransportError> {
        let client = Client::builder()
            .tls_backend_preconfigured(tls.map_or_else(no_tls, Ok)?)
            .connector_layer(ConnectOnce::new(settings.connect_timeout))
            .dns_resolver(resolver)
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
            .map_err(|error| TransportError::config("failed to set up reqwest").with_source(error))?;
        Ok(Self { client, url: settings.url.clone(), local_addr: None })
    }

    pub(super) async fn post(
        &mut self,
        headers: HeaderMap,
        body: Bytes,
        circumstances: Circumstances<'_>,
    ) -> Result<Response<Body>, TransportError> {
        let sent = self.client.post(self.url.clone()).headers(headers).body(body).send().await;
        let response = sent.map_err(|error| explain(error, circumstances))?;
        // A login belongs to a TCP connection: an answer over another one is not an answer to us.
        let got = response.extensions().get::<HttpInfo>().map(HttpInfo::local_addr);
        if got.is_some_and(|got| *self.local_addr.get_or_insert(got) == got) {
            return Ok(Response::<reqwest::Body>::from(response).map(Body::Reqwest));
        }
        let Circumstances { host, phase, .. } = circumstances;
        let message = format!("failed to talk to `{host}`: the answer came over another connection");
        Err(TransportError::new(TransportErrorKind::Connection, phase, message))
    }
}

/// Makes an error of reqwest's.
pub(super) fn explain(error: reqwest::Error, circumstances: Circumstances<'_>) -> TransportError {
    let Circumstances { host, leaf, .. } = circumstances;
    // The URL is known, and its text would repeat it.
    let error = error.without_url();
    if failure::find::<ConnectionLost>(&error).is_some() {
        return failure::lost(host);
    }
    if error.is_connect() {
        return failure::not_connected(&error, host, leaf);
    }
    failure::broken(&error, circumstances)
}

/// The one connection is gone, and the message that was to go over it was not sent.
#[derive(Debug)]
struct ConnectionLost;

/// Layer on reqwest's connector.
#[derive(Debug, Clone)]
struct ConnectOnce {
    used: Arc<AtomicBool>,
    timeout: Duration,
}

impl ConnectOnce {
    /// `timeout` is for name, TCP and TLS together.
    fn new(timeout: Duration) -> Self {
        Self { used: Arc::default(), timeout }
    }
}

impl<S> Layer<S> for ConnectOnce {
    type Service = ConnectOnceService<S>;

    fn layer(&self, inner: S) -> Self::Service {
        ConnectOnceService { inner, rule: self.clone() }
    }
}

/// See [`ConnectOnce`].
#[derive(Debug, Clone)]
struct ConnectOnceService<S> {
    inner: S,
    rule: ConnectOnce,
}

impl<S, R> Service<R> for ConnectOnceService<S>
where
    S: Service<R, Error = BoxError>,
    S::Future: Send + 'static,
    S::Response: 'static,
{
    type Response = S::Response;
    type Error = BoxError;
    type Future = Pin<Box<dyn Future<Output = Result<S::Response, BoxError>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: R) -> Self::Future {
        if self.rule.used.swap(true, Ordering::SeqCst) {
            return Box::pin(async {
                tokio::time::sleep(GRACE).await;
                Err(ConnectionLost.into())
            });
        }
        let connecting = tokio::time::timeout(self.rule.timeout, self.inner.call(request));
        Box::pin(async { connecting.await.unwrap_or_else(|_| Err(ConnectTimedOut.into())) })
    }
}

/// The system's resolver, with an error of its own type.
#[derive(Debug)]
struct SystemResolver;

impl Resolve for SystemResolver {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await.map_err(LookupFailed::from)?;
            let addresses: Addrs = Box::new(found.collect::<Vec<_>>().into_iter());
            Ok(addresses)
        })
    }
}

impl fmt::Display for ConnectionLost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the connection is gone")
    }
}

impl StdError for ConnectionLost {}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transport::{Phase, http::trust::Leaf};
    use std::io;

    /// A connector that always succeeds.
    #[derive(Clone)]
    struct Connector;

    impl Service<()> for Connector {
        type Response = ();
        type Error = BoxError;
        type Future = std::future::Ready<Result<(), BoxError>>;

        fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
            Poll::Ready(Ok(()))
        }

        fn call(&mut self, (): ()) -> Self::Future {
            std::future::ready(Ok(()))
        }
    }

    struct NoNames;

    impl Resolve for NoNames {
        fn resolve(&self, _: Name) -> Resolving {
            Box::pin(async { Err(LookupFailed::from(io::Error::other("no such host is known")).into()) })
        }
    }

    #[tokio::test(start_paused = true)]
    async fn only_the_first_connection_is_made_even_by_clones() {
        let mut service = ConnectOnce::new(Duration::from_secs(10)).layer(Connector);
        let mut clone = service.clone();
        assert!(service.call(()).await.is_ok());
        let started = tokio::time::Instant::now();
        assert!(clone.call(()).await.unwrap_err().is::<ConnectionLost>());
        assert_eq!(started.elapsed(), GRACE);
    }

    #[tokio::test]
    async fn a_name_without_an_address_is_told_from_a_host_that_is_down() {
        let mut settings = HttpSettings::new("http://hv1.example.test:5985/wsman".parse().unwrap());
        settings.carrier = HttpCarrier::Reqwest;
        let mut carrier = Carrier::resolving(NoNames, &settings, None).unwrap();
        let circumstances = Circumstances {
            host: "hv1.example.test:5985",
            leaf: Some(&Leaf::default()),
            leg: None,
            phase: Phase::MaybeSent,
        };
        let error = carrier.post(HeaderMap::new(), Bytes::new(), circumstances).await.unwrap_err();
        insta::assert_snapshot!(error, @"failed to connect to `hv1.example.test:5985`: its name has no address");
        insta::assert_snapshot!(error.source().unwrap(), @"no such host is known");
        assert_eq!((error.kind, error.phase), (TransportErrorKind::Connection, Phase::NotSent));
    }
}
