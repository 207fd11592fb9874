//! A transport around the real one: knows which change is on its way, and traces for `-v`.

use super::{args::Format, events::Events, output::Output, session::TlsMemory};
use crate::{
    transport::{
        Answer, BoxFuture, Clock, Exchange, Known, Peer, Phase, Redactor, Transport, TransportError,
        TransportErrorKind, replay::pretty,
    },
    wsman::wire,
};
use std::{
    collections::VecDeque,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

/// The change that was handed to the host and whose answer nobody has used yet.
#[derive(Debug, Clone, Default)]
pub(crate) struct Flight(Arc<Mutex<Option<String>>>);

impl Flight {
    /// Name of the request that may have changed the host.
    pub(crate) fn request(&self) -> Option<String> {
        self.lock().clone()
    }

    /// Says that its answer is at hand, or that another change begins.
    pub(crate) fn clear(&self) {
        *self.lock() = None;
    }

    fn set(&self, name: &str) {
        *self.lock() = Some(name.to_owned());
    }

    fn lock(&self) -> MutexGuard<'_, Option<String>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// For `--dry-run`: once it is wanted, no message is sent any more.
#[derive(Debug, Clone, Default)]
pub(crate) struct Holdback(Arc<Mutex<Held>>);

#[derive(Debug, Default)]
struct Held {
    wanted: bool,
    message: Option<String>,
}

impl Holdback {
    /// From now on nothing is sent.
    pub(crate) fn begin(&self) {
        self.lock().wanted = true;
    }

    /// The message that was not sent, indented.
    pub(crate) fn message(&self) -> Option<String> {
        self.lock().message.take()
    }

    /// The failure of an exchange that is held back: nothing was sent, and trying again does not help.
    fn keep(&self, exchange: &Exchange) -> Option<TransportError> {
        let mut held = self.lock();
        if !held.wanted {
            return None;
        }
        let message = String::from_utf8_lossy(&exchange.body);
        held.message = Some(pretty(&message).unwrap_or_else(|| message.into_owned()));
        Some(TransportError {
            kind: TransportErrorKind::Config,
            phase: Phase::NotSent,
            message: format!("`{}` is not sent: this is a dry run", exchange.name),
            hint: None,
            source: None,
        })
    }

    fn lock(&self) -> MutexGuard<'_, Held> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What came over the wire, for `--output xml`: the elements of answers that nobody has printed yet.
#[derive(Debug, Clone, Default)]
pub(crate) struct Wire(Arc<Mutex<VecDeque<String>>>);

impl Wire {
    /// The element of the item that comes next.
    pub(crate) fn next(&self) -> Option<String> {
        self.lock().pop_front()
    }

    /// The element of the last answer.
    pub(crate) fn last(&self) -> Option<String> {
        self.lock().pop_back()
    }

    /// Keeps the elements of an answer. An enumeration that begins anew has handed out nothing yet.
    fn keep(&self, operation: &str, answer: &Answer) {
        let mut elements = self.lock();
        if operation == "Enumerate" {
            elements.clear();
        }
        // What cannot be read fails where it is read for its values.
        elements.extend(wire::elements(&answer.body).unwrap_or_default());
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<String>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The transport of all commands.
#[derive(Debug)]
pub(crate) struct Observe {
    inner: Arc<dyn Transport>,
    flight: Flight,
    wire: Wire,
    keeps_wire: bool,
    holdback: Holdback,
    trace: Option<Arc<Trace>>,
    tls_memory: Option<TlsMemory>,
    not_tried: Option<String>,
    /// Whether the host has answered.
    is_reached: AtomicBool,
}

#[derive(Debug)]
struct Trace {
    messages: bool,
    output: Output,
    redactor: Mutex<Redactor>,
}

impl Observe {
    /// Around `inner`; `verbose` 1 traces requests, 2 their messages too. What is `known` does not get into the
    /// trace.
    pub(crate) fn new(inner: Arc<dyn Transport>, verbose: u8, output: Output, known: &[Known]) -> Self {
        let keeps_wire = output.format() == Format::Xml;
        let trace = (verbose > 0).then(|| {
            let redactor = Mutex::new(Redactor::new(known, false));
            let trace = Arc::new(Trace { messages: verbose > 1, output, redactor });
            let heard = Arc::clone(&trace);
            Events::listen(move |event| heard.line(event));
            trace
        });
        Self {
            inner,
            flight: Flight::default(),
            wire: Wire::default(),
            keeps_wire,
            holdback: Holdback::default(),
            trace,
            tls_memory: None,
            not_tried: None,
            is_reached: AtomicBool::new(false),
        }
    }

    /// What keeps messages from being sent.
    pub(crate) fn holdback(&self) -> Holdback {
        self.holdback.clone()
    }

    /// What came.
    pub(crate) fn wire(&self) -> Wire {
        self.wire.clone()
    }

    /// Notes the first answer over verified TLS.
    pub(crate) fn remembering(self, tls_memory: Option<TlsMemory>) -> Self {
        Self { tls_memory, ..self }
    }

    /// Adds to the hint for a host that cannot be reached what else was not tried, and why.
    pub(crate) fn telling(self, not_tried: Option<String>) -> Self {
        Self { not_tried, ..self }
    }

    fn told(&self, error: TransportError) -> TransportError {
        let TransportError { kind, phase, .. } = error;
        match &self.not_tried {
            Some(not_tried)
                if (kind, phase) == (TransportErrorKind::Connection, Phase::NotSent)
                    && !self.is_reached.load(Ordering::Relaxed) =>
            {
                let hint = error
                    .hint
                    .as_ref()
                    .map_or_else(|| not_tried.clone(), |hint| format!("{hint}; {not_tried}"));
                error.with_hint(hint)
            }
            _ => error,
        }
    }

    /// The change on its way.
    pub(crate) fn flight(&self) -> Flight {
        self.flight.clone()
    }
}

impl Transport for Observe {
    fn exchange(&self, exchange: Exchange) -> BoxFuture<'_, Result<Answer, TransportError>> {
        Box::pin(async move {
            if let Some(held_back) = self.holdback.keep(&exchange) {
                return Err(held_back);
            }
            let name = exchange.name.clone();
            let changes_host = exchange.changes_host;
            if changes_host {
                self.flight.set(&name);
            }
            let clock = self.inner.clock();
            let begin = clock.elapsed();
            if let Some(trace) = &self.trace {
                trace.request(&exchange);
            }
            let result = self.inner.exchange(exchange).await.map_err(|error| self.told(error));
            self.is_reached.fetch_or(result.is_ok(), Ordering::Relaxed);
            if let (Some(memory), Ok(Answer { peer: Peer { verified_tls: true, .. }, .. })) =
                (&self.tls_memory, &result)
            {
                memory.note();
            }
            if let Some(trace) = &self.trace {
                trace.result(&name, &result, clock.elapsed().saturating_sub(begin));
            }
            if let Ok(answer) = &result
                && self.keeps_wire
                && answer.status == 200
            {
                self.wire.keep(&name, answer);
            }
            if changes_host && matches!(&result, Err(TransportError { phase: Phase::NotSent, .. })) {
                self.flight.clear();
            }
            result
        })
    }

    fn clock(&self) -> Arc<dyn Clock> {
        self.inner.clock()
    }

    fn deferred_error(&self) -> Option<TransportError> {
        self.inner.deferred_error()
    }
}

impl Trace {
    fn request(&self, exchange: &Exchange) {
        let changes = if exchange.changes_host { ", changes the host" } else { "" };
        self.line(&format!("> {} ({} bytes{changes})", exchange.name, exchange.body.len()));
        self.message(&exchange.body);
    }

    fn result(&self, name: &str, result: &Result<Answer, TransportError>, duration: Duration) {
        let milliseconds = duration.as_millis();
        match result {
            Ok(answer) => {
                let peer = &answer.peer;
                self.line(&format!(
                    "< {name}: HTTP {} ({} bytes, {milliseconds} ms, {}, connection {})",
                    answer.status,
                    answer.body.len(),
                    peer.mechanism,
                    peer.connection,
                ));
                self.message(&answer.body);
            }
            Err(error) => self.line(&format!("< {name}: {error} ({milliseconds} ms)")),
        }
    }

    fn message(&self, body: &[u8]) {
        if self.messages {
            let shown = self.redacted(&String::from_utf8_lossy(body));
            self.output.trace(pretty(&shown).as_deref().unwrap_or(&shown).trim_end());
        }
    }

    fn line(&self, line: &str) {
        self.output.trace(&self.redacted(line));
    }

    fn redacted(&self, text: &str) -> String {
        self.redactor.lock().unwrap_or_else(PoisonError::into_inner).redact(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Fails each exchange in the given phase.
    #[derive(Debug)]
    struct Failing(Phase);
    impl Transport for Failing {
        fn exchange(&self, _: Exchange) -> BoxFuture<'_, Result<Answer, TransportError>> {
            let error = TransportError {
                kind: crate::transport::TransportErrorKind::Connection,
                phase: self.0,
                message: "failed to send".to_owned(),
                hint: None,
                source: None,
            };
            Box::pin(async { Err(error) })
        }
    }

    async fn flight_after(phase: Phase, changes_host: bool) -> Option<String> {
        let output = Output::standard(crate::cli::args::Format::Table, true);
        let observe = Observe::new(Arc::new(Failing(phase)), 0, output, &[]);
        let exchange = Exchange {
            body: bytes::Bytes::new(),
            name: "CreateSnapshot".to_owned(),
            changes_host,
            anonymous: false,
            lane: 0,
            deadline: None,
        };
        observe.exchange(exchange).await.unwrap_err();
        observe.flight().request()
    }

    #[tokio::test]
    async fn a_change_is_in_flight_unless_nothing_of_it_was_sent() {
        assert_eq!(flight_after(Phase::MaybeSent, true).await.as_deref(), Some("CreateSnapshot"));
        assert_eq!(flight_after(Phase::NotSent, true).await, None);
        assert_eq!(flight_after(Phase::MaybeSent, false).await, None);
    }
}
