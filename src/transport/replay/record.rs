//! Recording what passes through another transport.

use super::{
    Origin, RecordSettings,
    cassette::Failure,
    writer::{Outcome, Passed, Writer},
};
use crate::transport::{Answer, BoxFuture, Clock, Exchange, Transport, TransportError};
use std::{
    path::Path,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

/// Identify (DSP0226 11), sent by the recorder itself when it does not know yet who answers.
const IDENTIFY: &str = concat!(
    r#"<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope""#,
    r#" xmlns:i="http://schemas.dmtf.org/wbem/wsman/identity/1/wsmanidentity.xsd">"#,
    r"<s:Header/><s:Body><i:Identify/></s:Body></s:Envelope>",
);
/// Longest wait for the answer to it.
const IDENTIFY_TIMEOUT: Duration = Duration::from_secs(10);

/// Records what passes through another transport. A recording that fails never fails an exchange:
/// see [`Transport::deferred_error`].
///
/// Each exchange is on disk, redacted, before its answer is handed on, and `cassette.json` is
/// replaced as a whole, so that a crash leaves a readable cassette. Failures of the transport are
/// recorded too, and so are exchanges that the caller abandoned.
///
/// The [`Origin`] is what Identify answered. When the first answer to a reading request is not that
/// of Identify, the recorder asks once itself, over the same connection and as the same user (or as
/// no one, when the request was anonymous). This request is not part of the cassette.
///
/// ```
/// # use hyperv_wsman::transport::*;
/// # use std::sync::Arc;
/// # #[derive(Debug)] struct Host;
/// # impl Transport for Host {
/// #     fn exchange(&self, _: Exchange) -> BoxFuture<'_, Result<Answer, TransportError>> {
/// #         let body = "<E><ProductVendor xmlns='http://schemas.dmtf.org/wbem/wsman/identity/1/wsmanidentity.xsd'>hyperv-wsman simulator</ProductVendor></E>";
/// #         Box::pin(async move { Ok(Answer { status: 200, content_type: None, body: body.into(), peer: Peer::default() }) })
/// #     }
/// # }
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let temp = tempfile::tempdir()?;
/// # let directory = temp.path().join("cassette");
/// # let host: Arc<dyn Transport> = Arc::new(Host);
/// # let request = Exchange { body: "<E/>".into(), name: "Identify".into(), changes_host: false, anonymous: true, lane: 1, deadline: None };
/// let record = Record::start(host, &directory, RecordSettings::default())?;
/// record.exchange(request.clone()).await?;
/// record.finish()?;
///
/// let replay = Replay::open(&directory)?;
/// assert!(matches!(replay.origin(), Origin::Simulated { .. }));
/// assert_eq!(replay.exchange(request).await?.status, 200);
/// assert!(replay.unused().is_empty());
/// # Ok(()) }
/// ```
#[derive(Debug)]
pub struct Record {
    inner: Arc<dyn Transport>,
    clock: Arc<dyn Clock>,
    started: Duration,
    /// Done when the recorder has found out who answers, or tried to.
    asked: tokio::sync::OnceCell<()>,
    writer: Mutex<Writer>,
}

impl Record {
    /// Starts a cassette in `directory`, which must not exist or be empty.
    ///
    /// # Errors
    /// Kind `Io`.
    pub fn start(
        inner: Arc<dyn Transport>,
        directory: &Path,
        settings: RecordSettings,
    ) -> Result<Self, TransportError> {
        let writer = Writer::start(directory, settings)?;
        let clock = inner.clock();
        Ok(Self {
            started: clock.elapsed(),
            clock,
            inner,
            asked: tokio::sync::OnceCell::new(),
            writer: Mutex::new(writer),
        })
    }

    /// Looks through all files once more for values that were learned after they had been written,
    /// and tells whether the recording is complete. What was recorded is on disk without this.
    ///
    /// # Errors
    /// Kind `Io`, with the first thing that went wrong.
    pub fn finish(&self) -> Result<(), TransportError> {
        let mut writer = self.writer();
        writer.redact_again();
        writer.failure().map_or(Ok(()), Err)
    }

    /// Makes `directory`, as [`Record::start`] would, which still has to be called: for who wants to know early
    /// whether there can be a recording.
    ///
    /// # Errors
    /// Kind `Io`, if it is there and not empty, or cannot be made.
    pub fn prepare(directory: &Path) -> Result<(), TransportError> {
        Writer::prepare(directory)
    }

    fn writer(&self) -> MutexGuard<'_, Writer> {
        self.writer.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn elapsed(&self) -> Duration {
        self.clock.elapsed().saturating_sub(self.started)
    }

    async fn pass_on(&self, exchange: Exchange) -> Result<Answer, TransportError> {
        let mut pending = Pending::new(self, exchange.clone());
        let result = self.inner.exchange(exchange).await;
        pending.ended(match &result {
            Ok(answer) => Outcome::Answered(answer.clone()),
            Err(error) => Outcome::Failed(Failure::new(error)),
        });
        if let Ok(answer) = &result {
            self.find_origin(&pending.passed.exchange, answer).await;
        }
        result
    }

    /// Learns who answers, before the first answer is written. A changing request is never held
    /// up by this: its answer must reach the caller at once.
    async fn find_origin(&self, exchange: &Exchange, answer: &Answer) {
        if let Some(origin) = Origin::of_identity(&answer.body) {
            self.writer().set_origin(origin);
            let _ = self.asked.set(());
        } else if !exchange.changes_host && matches!(answer.status, 200 | 500) {
            self.asked.get_or_init(|| self.ask(exchange)).await;
        }
    }

    async fn ask(&self, exchange: &Exchange) {
        let latest = tokio::time::Instant::now() + IDENTIFY_TIMEOUT;
        let identify = Exchange {
            body: IDENTIFY.into(),
            name: "Identify".to_owned(),
            changes_host: false,
            anonymous: exchange.anonymous,
            lane: exchange.lane,
            deadline: Some(exchange.deadline.map_or(latest, |deadline| deadline.min(latest))),
        };
        // Without an answer the origin stays unknown, and the cassette says so.
        if let Ok(answer) = self.inner.exchange(identify).await
            && let Some(origin) = Origin::of_identity(&answer.body)
        {
            self.writer().set_origin(origin);
        }
    }
}

impl Transport for Record {
    fn exchange(&self, exchange: Exchange) -> BoxFuture<'_, Result<Answer, TransportError>> {
        Box::pin(self.pass_on(exchange))
    }

    fn clock(&self) -> Arc<dyn Clock> {
        Arc::clone(&self.clock)
    }

    fn deferred_error(&self) -> Option<TransportError> {
        self.writer().failure().or_else(|| self.inner.deferred_error())
    }
}

/// An exchange under way. It is written when it is dropped: after its answer, or when the caller
/// has abandoned it.
struct Pending<'a> {
    record: &'a Record,
    passed: Passed,
}

impl<'a> Pending<'a> {
    fn new(record: &'a Record, exchange: Exchange) -> Self {
        let (n, lane) = record.writer().number(exchange.lane);
        let (at, took, outcome) = (record.elapsed(), Duration::ZERO, Outcome::Abandoned);
        Self { record, passed: Passed { exchange, n, lane, at, took, outcome } }
    }

    fn ended(&mut self, outcome: Outcome) {
        self.passed.took = self.record.elapsed().saturating_sub(self.passed.at);
        self.passed.outcome = outcome;
    }
}

impl Drop for Pending<'_> {
    fn drop(&mut self) {
        if matches!(self.passed.outcome, Outcome::Abandoned) {
            self.ended(Outcome::Abandoned);
        }
        self.record.writer().write(&self.passed);
    }
}
