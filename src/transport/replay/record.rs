//! Recording what passes through another transport.

use super::{
    Origin, RecordSettings, Redactor,
    cassette::{self, Entry, Failure, FailureKind, Index, Response},
    encoded, files, lexical,
};
use crate::{
    transport::{Answer, BoxFuture, Clock, Exchange, Phase, Transport, TransportError, TransportErrorKind},
    xml::{Element, Limits, names},
};
use std::{
    collections::HashMap,
    fs, io,
    path::{Path, PathBuf},
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
/// How this crate's simulator names itself.
pub(super) const SIMULATOR: &str = "hyperv-wsman simulator";
/// The endpoint of a cassette in which no request names one.
const NO_ENDPOINT: &str = "https://hv01.example.test:5986/wsman";

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
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    directory: PathBuf,
    index: Index,
    redactor: Redactor,
    /// The caller's lanes, as numbered here.
    lanes: HashMap<u32, u32>,
    requests: u32,
    /// The first thing that went wrong; nothing is written after it.
    failed: Option<io::Error>,
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
        let index = Index {
            version: cassette::VERSION,
            about: settings.about,
            origin: Origin::Unknown,
            url: NO_ENDPOINT.to_owned(),
            names_kept: settings.keep_names,
            lanes: 0,
            pseudonyms: Vec::new(),
            exchanges: Vec::new(),
        };
        files::create_private_dir(directory)
            .and_then(|()| cassette::write_index(directory, &index))
            .map_err(|source| cannot_write(directory, source))?;
        let clock = inner.clock();
        Ok(Self {
            started: clock.elapsed(),
            clock,
            inner,
            asked: tokio::sync::OnceCell::new(),
            state: Mutex::new(State {
                directory: directory.to_owned(),
                index,
                redactor: Redactor::new(&settings.known, settings.keep_names),
                lanes: HashMap::new(),
                requests: 0,
                failed: None,
            }),
        })
    }

    /// Looks through all files once more for values that were learned after they had been written,
    /// and tells whether the recording is complete. What was recorded is on disk without this.
    ///
    /// # Errors
    /// Kind `Io`, with the first thing that went wrong.
    pub fn finish(&self) -> Result<(), TransportError> {
        let mut state = self.state();
        state.redact_again();
        state.failure().map_or(Ok(()), Err)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn elapsed(&self) -> Duration {
        self.clock.elapsed().saturating_sub(self.started)
    }

    async fn pass_on(&self, exchange: Exchange) -> Result<Answer, TransportError> {
        let mut pending = Pending::new(self, exchange.clone());
        let result = self.inner.exchange(exchange).await;
        pending.took = self.elapsed().saturating_sub(pending.at);
        match &result {
            Ok(answer) => {
                pending.outcome = Outcome::Answered(answer.clone());
                self.find_origin(&pending.exchange, answer).await;
            }
            Err(error) => pending.outcome = Outcome::Failed(Failure::new(error)),
        }
        result
    }

    /// Learns who answers, before the first answer is written. A changing request is never held
    /// up by this: its answer must reach the caller at once.
    async fn find_origin(&self, exchange: &Exchange, answer: &Answer) {
        if let Some(origin) = origin_of(&answer.body) {
            self.state().set_origin(origin);
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
            && let Some(origin) = origin_of(&answer.body)
        {
            self.state().set_origin(origin);
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
        self.state().failure().or_else(|| self.inner.deferred_error())
    }
}

/// An exchange under way. It is written when it is dropped: after its answer, or when the caller
/// has abandoned it.
struct Pending<'a> {
    record: &'a Record,
    exchange: Exchange,
    n: u32,
    lane: u32,
    at: Duration,
    took: Duration,
    outcome: Outcome,
}

enum Outcome {
    Abandoned,
    Answered(Answer),
    Failed(Failure),
}

impl<'a> Pending<'a> {
    fn new(record: &'a Record, exchange: Exchange) -> Self {
        let at = record.elapsed();
        let mut state = record.state();
        state.requests += 1;
        let next_lane = state.index.lanes + 1;
        let lane = *state.lanes.entry(exchange.lane).or_insert(next_lane);
        state.index.lanes = state.index.lanes.max(lane);
        let n = state.requests;
        drop(state);
        Self { record, exchange, n, lane, at, took: Duration::ZERO, outcome: Outcome::Abandoned }
    }
}

impl Drop for Pending<'_> {
    fn drop(&mut self) {
        if matches!(self.outcome, Outcome::Abandoned) {
            self.took = self.record.elapsed().saturating_sub(self.at);
        }
        self.record.state().write(self);
    }
}

impl State {
    fn set_origin(&mut self, origin: Origin) {
        if matches!(origin, Origin::Simulated { .. }) {
            self.redactor.trust_the_host();
            self.index.names_kept = true;
        }
        // Asked anonymously, a host hides its build (MS-WSMV 3.1.4.1.23).
        let hidden = matches!(&origin, Origin::Host { product } if product.contains("OS: 0.0.0"));
        if !hidden || self.index.origin == Origin::Unknown {
            self.index.origin = origin;
        }
    }

    fn write(&mut self, pending: &Pending<'_>) {
        if self.failed.is_none()
            && let Err(error) = self.try_write(pending)
        {
            self.failed = Some(error);
        }
    }

    fn try_write(&mut self, pending: &Pending<'_>) -> io::Result<()> {
        let request = &pending.exchange.body;
        if let Outcome::Answered(answer) = &pending.outcome {
            // What the answer teaches counts for the request, too.
            self.redacted(&answer.body);
        }
        let stem = format!("{:02}-{}", pending.n, label(&pending.exchange));
        let request_text = self.redacted(request);
        if self.index.exchanges.is_empty()
            && let Some(url) = endpoint(&request_text)
        {
            self.index.url = url;
        }
        let mut entry = Entry {
            n: pending.n,
            lane: pending.lane,
            name: pending.exchange.name.clone(),
            request: cassette::write_body(&self.directory, &format!("{stem}.request"), &request_text)?,
            response: None,
            error: None,
            at_ms: milliseconds(pending.at),
            took_ms: milliseconds(pending.took),
            changes_host: pending.exchange.changes_host,
            anonymous: pending.exchange.anonymous,
        };
        match &pending.outcome {
            Outcome::Answered(answer) => {
                let body = self.redacted(&answer.body);
                let file = cassette::write_body(&self.directory, &format!("{stem}.response"), &body)?;
                entry.response = Some(Response::new(file, answer));
            }
            Outcome::Failed(failure) => entry.error = Some(self.redacted_failure(failure)),
            Outcome::Abandoned => entry.error = Some(abandoned()),
        }
        let at = self.index.exchanges.partition_point(|other| other.n < entry.n);
        self.index.exchanges.insert(at, entry);
        self.index.pseudonyms = self.redactor.issued();
        cassette::write_index(&self.directory, &self.index)
    }

    fn redacted(&mut self, body: &[u8]) -> Vec<u8> {
        if let Ok(text) = std::str::from_utf8(body) {
            return self.redactor.redact(text).into_bytes();
        }
        match encoded::as_text(body) {
            Some((text, coding)) => coding.encode(&self.redactor.redact(&text)),
            None if self.redactor.is_clean(body) => body.to_vec(),
            None => b"\xffredacted".to_vec(),
        }
    }

    fn redacted_failure(&mut self, failure: &Failure) -> Failure {
        Failure {
            kind: failure.kind,
            maybe_sent: failure.maybe_sent,
            message: self.redactor.redact(&failure.message),
            hint: failure.hint.as_ref().map(|hint| self.redactor.redact(hint)),
            causes: failure.causes.iter().map(|cause| self.redactor.redact(cause)).collect(),
        }
    }

    /// A value may have been learned after a message that holds it had been written.
    fn redact_again(&mut self) {
        if self.failed.is_none()
            && let Err(error) = self.try_redact_again()
        {
            self.failed = Some(error);
        }
    }

    fn try_redact_again(&mut self) -> io::Result<()> {
        let names = self.index.exchanges.iter().flat_map(|entry| {
            [Some(entry.request.clone()), entry.response.as_ref().map(|response| response.file.clone())]
        });
        for name in names.flatten().collect::<Vec<_>>() {
            let path = self.directory.join(&name);
            let content = fs::read(&path)?;
            let Ok(text) = String::from_utf8(content) else { continue };
            let again = self.redactor.redact(&text);
            if again != text {
                files::write_private(&path, again.as_bytes())?;
            }
        }
        self.index.pseudonyms = self.redactor.issued();
        cassette::write_index(&self.directory, &self.index)
    }

    fn failure(&self) -> Option<TransportError> {
        let error = self.failed.as_ref()?;
        let copy = io::Error::new(error.kind(), error.to_string());
        let mut failure = cannot_write(&self.directory, copy);
        failure.hint = Some(format!(
            "{} of {} exchanges were recorded; what was asked of the host was done all the same",
            self.index.exchanges.len(),
            self.requests
        ));
        Some(failure)
    }
}

fn cannot_write(directory: &Path, source: io::Error) -> TransportError {
    let hint = (source.kind() == io::ErrorKind::AlreadyExists)
        .then(|| "name a folder that does not exist or is empty".to_owned());
    TransportError {
        kind: TransportErrorKind::Io,
        phase: Phase::NotSent,
        message: format!("failed to write recording `{}`", directory.display()),
        hint,
        source: Some(Box::new(source)),
    }
}

fn abandoned() -> Failure {
    Failure {
        kind: FailureKind::Timeout,
        maybe_sent: true,
        message: "failed to wait for the answer: the caller had abandoned the exchange".to_owned(),
        hint: None,
        causes: Vec::new(),
    }
}

/// Who answered, if this is the answer to Identify.
fn origin_of(body: &[u8]) -> Option<Origin> {
    let answer = Element::parse(body, &Limits::default()).ok()?;
    let text = |local| answer.find(names::IDENTITY, local).map(Element::text);
    let vendor = text("ProductVendor")?;
    let product = match text("ProductVersion") {
        Some(version) => format!("{vendor} {version}"),
        None => vendor.clone(),
    };
    Some(if vendor.contains(SIMULATOR) { Origin::Simulated { product } } else { Origin::Host { product } })
}

/// `enumerate-Msvm_ComputerSystem`, `invoke-CreateSnapshot`.
fn label(exchange: &Exchange) -> String {
    let name = &exchange.name;
    let plain = ["Identify", "Get", "Enumerate", "Pull", "Release"].contains(&name.as_str());
    let label = match (plain, class(&exchange.body)) {
        (true, Some(class)) => format!("{}-{class}", name.to_lowercase()),
        (true, None) => name.to_lowercase(),
        (false, _) => format!("invoke-{name}"),
    };
    label.chars().filter(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_')).take(80).collect()
}

fn class(request: &[u8]) -> Option<String> {
    let request = Element::parse(request, &Limits::default()).ok()?;
    let uri = request.find(names::WSMAN, "ResourceURI")?.text();
    let (_, class) = uri.rsplit_once('/')?;
    (class != "*").then(|| class.to_owned())
}

fn endpoint(request: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(request).ok()?;
    let mut endpoint = None;
    lexical::rewrite(text, &mut |place, text| {
        if place.name == "To" && url::Url::parse(text).is_ok() {
            endpoint.get_or_insert_with(|| text.to_owned());
        }
        None
    });
    endpoint
}

fn milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
