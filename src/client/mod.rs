//! The client: joins messages and transports, with options, ids, retry by idempotence, tracing.

use crate::{
    cim::{Epr, Instance, Text, Value},
    error::Result,
    transport::{BoxFuture, Clock, Transport, TransportError},
    wsman::{EnumerationMode, Filter, Identity, Output},
};
use futures_core::Stream;
use std::{future::IntoFuture, sync::Arc, time::Duration};
use url::Url;

/// A WS-Management client. Cloning is cheap; clones share connections and counters.
#[derive(Debug, Clone)]
pub struct Client {
    _inner: Arc<()>,
}

/// Settings of a client that do not belong to its transport.
#[derive(Debug, Clone)]
pub struct ClientBuilder {
    _url: Url,
}

/// One item of an enumeration, by mode.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Item {
    /// The instance (modes `Object`, `ObjectAndEpr`).
    pub instance: Option<Instance>,
    /// The reference (modes `Epr`, `ObjectAndEpr`).
    pub epr: Option<Epr>,
}

impl Client {
    /// A client over HTTPS with the crate's own transport.
    #[cfg(feature = "http")]
    #[must_use]
    pub fn builder(url: Url) -> ClientBuilder {
        todo!("{url}")
    }
    /// A client on any transport; `url` goes into `a:To`.
    #[must_use]
    pub fn with_transport(url: Url, transport: Arc<dyn Transport>) -> Self {
        todo!("{url} {transport:?}")
    }
    /// A client that talks as a conversation of its own (cassettes keep order within one).
    #[must_use]
    pub fn lane(&self) -> Self {
        todo!()
    }
    /// Settings on a finished client: timeouts, locale, envelope size.
    #[must_use]
    pub fn with_options(self, options: Options) -> Self {
        todo!("{options:?}")
    }
    /// The endpoint.
    #[must_use]
    pub fn url(&self) -> &Url {
        todo!()
    }
    /// Asks who is there.
    pub fn identify(&self) -> IdentifyCall {
        todo!()
    }
    /// Reads an instance.
    pub fn get(&self, epr: &Epr) -> GetCall {
        todo!("{epr:?}")
    }
    /// Enumerates a class (`resource_uri` from [`Epr::class_of`]).
    pub fn enumerate(&self, class: &Epr) -> EnumerateCall {
        todo!("{class:?}")
    }
    /// Runs a WQL query in a namespace (`root/virtualization/v2`).
    pub fn query(&self, namespace: &str, wql: Text) -> EnumerateCall {
        todo!("{namespace} {wql:?}")
    }
    /// Calls a method.
    pub fn invoke(&self, epr: &Epr, method: &str) -> InvokeCall {
        todo!("{epr:?} {method}")
    }
    /// Releases what is still open on the host (enumerations left early), within `deadline`.
    ///
    /// # Errors
    /// What could not be released.
    pub async fn close(&self, deadline: Duration) -> Result<()> {
        todo!("{deadline:?}")
    }
    /// SOAP requests sent so far by all clones.
    #[must_use]
    pub fn requests(&self) -> u64 {
        todo!()
    }
    /// The clock that waiting goes by.
    #[must_use]
    pub fn clock(&self) -> Arc<dyn Clock> {
        todo!()
    }
    /// A problem that did not stop a call: a recording that could not be written.
    #[must_use]
    pub fn deferred_error(&self) -> Option<TransportError> {
        todo!()
    }
}

/// Options of all calls.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Options {
    /// `w:OperationTimeout`, the host's own limit for one answer; default 60 s (hosts cap at MaxTimeoutms).
    pub operation_timeout: Duration,
    /// How long this client waits for one answer; default operation timeout + 10 s.
    pub request_timeout: Option<Duration>,
    /// `w:MaxEnvelopeSize` in bytes; default 153600.
    pub max_envelope_size: u32,
    /// `w:MaxElements` of enumerations; default 32000.
    pub max_elements: u32,
    /// `w:Locale`; default `en-US`.
    pub locale: Text,
    /// Tries of a call that may be repeated; default 4.
    pub attempts: u32,
    /// Limits of the reader.
    pub limits: crate::xml::Limits,
}
impl Default for Options {
    fn default() -> Self {
        todo!()
    }
}

/// Identify, to be awaited.
#[must_use = "calls do nothing until awaited"]
#[derive(Debug)]
pub struct IdentifyCall {
    _p: (),
}
impl IdentifyCall {
    /// Without credentials; the host then tells less.
    pub fn anonymous(self) -> Self {
        self
    }
}
impl IntoFuture for IdentifyCall {
    type Output = Result<Identity>;
    type IntoFuture = BoxFuture<'static, Self::Output>;
    fn into_future(self) -> Self::IntoFuture {
        todo!()
    }
}

/// Get, to be awaited.
#[must_use = "calls do nothing until awaited"]
#[derive(Debug)]
pub struct GetCall {
    _p: (),
}
impl GetCall {
    /// Longest wait for the answer.
    pub fn timeout(self, timeout: Duration) -> Self {
        let _ = timeout;
        self
    }
}
impl IntoFuture for GetCall {
    type Output = Result<Instance>;
    type IntoFuture = BoxFuture<'static, Self::Output>;
    fn into_future(self) -> Self::IntoFuture {
        todo!()
    }
}

/// An enumeration: awaited for all items, or streamed.
#[must_use = "calls do nothing until awaited"]
#[derive(Debug)]
pub struct EnumerateCall {
    _p: (),
}
impl EnumerateCall {
    /// What comes for each instance.
    pub fn mode(self, mode: EnumerationMode) -> Self {
        let _ = mode;
        self
    }
    /// Only what passes.
    pub fn filter(self, filter: Filter) -> Self {
        let _ = filter;
        self
    }
    /// Items of one page.
    pub fn max_elements(self, max_elements: u32) -> Self {
        let _ = max_elements;
        self
    }
    /// Items as they arrive, one page in memory. Dropped early, its context is released by
    /// [`Client::close`] or in the background.
    pub fn stream(self) -> impl Stream<Item = Result<Item>> + Send + Unpin {
        Empty
    }
    /// All instances (mode `Object`).
    ///
    /// # Errors
    /// As the call.
    pub async fn instances(self) -> Result<Vec<Instance>> {
        todo!()
    }
}
struct Empty;
impl Stream for Empty {
    type Item = Result<Item>;
    fn poll_next(
        self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Self::Item>> {
        todo!()
    }
}
impl IntoFuture for EnumerateCall {
    type Output = Result<Vec<Item>>;
    type IntoFuture = BoxFuture<'static, Self::Output>;
    fn into_future(self) -> Self::IntoFuture {
        todo!()
    }
}

/// A method call. Awaited, it gives the output whatever the return value is; a failure code is not
/// an error at this level.
#[must_use = "calls do nothing until awaited"]
#[derive(Debug)]
pub struct InvokeCall {
    _p: (),
}
impl InvokeCall {
    /// Adds an argument; they are sent in the order of the method's declaration where the schema
    /// knows it, else in the order given.
    pub fn argument(self, name: &str, value: impl Into<Value>) -> Self {
        let _ = (name, value.into());
        self
    }
    /// Longest wait for the answer.
    pub fn timeout(self, timeout: Duration) -> Self {
        let _ = timeout;
        self
    }
}
impl IntoFuture for InvokeCall {
    type Output = Result<Output>;
    type IntoFuture = BoxFuture<'static, Self::Output>;
    fn into_future(self) -> Self::IntoFuture {
        todo!()
    }
}
