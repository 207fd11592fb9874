//! What carries the requests of one connection: hyper, over a connection that is made here; or reqwest, where the settings
//! ask for it.

mod line;
#[cfg(feature = "reqwest")]
mod reqwest;

#[cfg(feature = "reqwest")]
pub(super) use reqwest::check;

#[cfg(feature = "reqwest")]
use super::HttpCarrier;
use super::{
    HttpSettings,
    failure::{self, Circumstances},
};
use crate::transport::{Phase, TransportError};
use bytes::Bytes;
use http_body_util::BodyExt as _;
use hyper::{
    Response,
    body::{Body as _, Incoming},
    header::HeaderMap,
};
use line::{Line, LineError};
use rustls::ClientConfig;

/// How this crate names itself to hosts.
const USER_AGENT: &str = concat!("hyperv-wsman/", env!("CARGO_PKG_VERSION"));

/// Connects at its first request, and never a second time.
#[derive(Debug)]
pub(super) enum Carrier {
    Hyper(Box<Line>),
    #[cfg(feature = "reqwest")]
    Reqwest(Box<reqwest::Carrier>),
}

/// What is still to be read of an answer.
#[derive(Debug)]
pub(super) enum Body {
    Hyper(Incoming),
    #[cfg(feature = "reqwest")]
    Reqwest(::reqwest::Body),
}

impl Carrier {
    /// Over plain HTTP without `tls`.
    pub(super) fn new(settings: &HttpSettings, tls: Option<ClientConfig>) -> Result<Self, TransportError> {
        #[cfg(feature = "reqwest")]
        if settings.carrier == HttpCarrier::Reqwest {
            return Ok(Self::Reqwest(Box::new(reqwest::Carrier::new(settings, tls)?)));
        }
        let line = Line::new(settings, tls)
            .map_err(|error| TransportError::config("failed to set up HTTP").with_source(error))?;
        Ok(Self::Hyper(Box::new(line)))
    }

    /// Sends a request, and gives the head of its answer.
    pub(super) async fn post(
        &mut self,
        headers: HeaderMap,
        body: Bytes,
        circumstances: Circumstances<'_>,
    ) -> Result<Response<Body>, TransportError> {
        match self {
            Self::Hyper(line) => match line.post(headers, body).await {
                Ok(response) => Ok(response.map(Body::Hyper)),
                Err(error) => Err(explain(error, circumstances)),
            },
            #[cfg(feature = "reqwest")]
            Self::Reqwest(carrier) => carrier.post(headers, body, circumstances).await,
        }
    }

    /// Connects, where the first request is too late for it.
    #[cfg(feature = "kerberos")]
    pub(super) async fn open(&mut self, circumstances: Circumstances<'_>) -> Result<(), TransportError> {
        match self {
            Self::Hyper(line) => line.open().await.map_err(|error| explain(error, circumstances)),
            #[cfg(feature = "reqwest")]
            Self::Reqwest(_) => Ok(()),
        }
    }
}

impl Body {
    /// Bytes that were announced to come.
    pub(super) fn announced(&self) -> Option<u64> {
        match self {
            Self::Hyper(body) => body.size_hint().exact(),
            #[cfg(feature = "reqwest")]
            Self::Reqwest(body) => body.size_hint().exact(),
        }
    }

    /// The next bytes; `None` at the end.
    pub(super) async fn chunk(
        &mut self,
        circumstances: Circumstances<'_>,
    ) -> Result<Option<Bytes>, TransportError> {
        match self {
            Self::Hyper(body) => next(body).await.map_err(|error| failure::broken(&error, circumstances)),
            #[cfg(feature = "reqwest")]
            Self::Reqwest(body) => next(body).await.map_err(|error| reqwest::explain(error, circumstances)),
        }
    }
}

/// The next bytes of a body; trailers are passed over.
async fn next<B: hyper::body::Body<Data = Bytes> + Unpin>(body: &mut B) -> Result<Option<Bytes>, B::Error> {
    while let Some(frame) = body.frame().await.transpose()? {
        if let Ok(data) = frame.into_data() {
            return Ok(Some(data));
        }
    }
    Ok(None)
}

/// Why hyper did not do it, in words.
fn explain(error: LineError, circumstances: Circumstances<'_>) -> TransportError {
    let Circumstances { host, leaf, .. } = circumstances;
    match error {
        LineError::NotConnected(error) => failure::not_connected(&*error, host, leaf),
        // An alert says more than that it is gone.
        LineError::Lost(Some(error)) if failure::is_of_tls(&error) => {
            failure::broken(&error, Circumstances { phase: Phase::NotSent, ..circumstances })
        }
        LineError::Lost(_) => failure::lost(host),
        LineError::Broken(error) => failure::broken(&error, circumstances),
    }
}
