//! How a connection is made: names looked up, one TCP and TLS connection, and never a second one.
//!
//! reqwest's pool quietly replaces a connection that the server closed, which would send a message
//! without its login. So the connector of a client connects once. A later attempt waits, because the
//! pool races it against the connection that is just coming back, and then fails as [`ConnectionLost`].

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use std::{
    error::Error as StdError,
    fmt,
    future::Future,
    io,
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

pub(super) type BoxError = Box<dyn StdError + Send + Sync>;

/// How long a second attempt waits for the connection that is coming back.
const GRACE: Duration = Duration::from_millis(500);

/// The one connection is gone, and the message that was to go over it was not sent.
#[derive(Debug)]
pub(super) struct ConnectionLost;

/// Neither refused nor accepted in time.
#[derive(Debug)]
pub(super) struct ConnectTimedOut;

/// The host's name has no address.
#[derive(Debug)]
pub(super) struct LookupFailed(io::Error);

/// Layer on reqwest's connector.
#[derive(Debug, Clone)]
pub(super) struct ConnectOnce {
    used: Arc<AtomicBool>,
    timeout: Duration,
}

impl ConnectOnce {
    /// `timeout` is for name, TCP and TLS together.
    pub(super) fn new(timeout: Duration) -> Self {
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
pub(super) struct ConnectOnceService<S> {
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
pub(super) struct SystemResolver;

impl Resolve for SystemResolver {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await.map_err(LookupFailed::from)?;
            let addresses: Addrs = Box::new(found.collect::<Vec<_>>().into_iter());
            Ok(addresses)
        })
    }
}

impl From<io::Error> for LookupFailed {
    fn from(error: io::Error) -> Self {
        Self(error)
    }
}

impl fmt::Display for ConnectionLost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the connection is gone")
    }
}

impl StdError for ConnectionLost {}

impl fmt::Display for ConnectTimedOut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("no answer in time")
    }
}

impl StdError for ConnectTimedOut {}

impl fmt::Display for LookupFailed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl StdError for LookupFailed {}

#[cfg(test)]
mod tests {
    use super::*;

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

    #[tokio::test(start_paused = true)]
    async fn only_the_first_connection_is_made_even_by_clones() {
        let mut service = ConnectOnce::new(Duration::from_secs(10)).layer(Connector);
        let mut clone = service.clone();
        assert!(service.call(()).await.is_ok());
        let started = tokio::time::Instant::now();
        assert!(clone.call(()).await.unwrap_err().is::<ConnectionLost>());
        assert_eq!(started.elapsed(), GRACE);
    }
}
