//! A transport around the real one: knows which change is on its way, and traces for `-v`.

use super::output::Output;
use crate::transport::{Answer, BoxFuture, Clock, Exchange, Phase, Transport, TransportError, replay::Known};
use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
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

/// The transport of all commands.
#[derive(Debug)]
pub(crate) struct Observe {
    inner: Arc<dyn Transport>,
    flight: Flight,
    trace: Option<Trace>,
}

#[derive(Debug)]
struct Trace {
    bodies: bool,
    output: Output,
}

impl Observe {
    /// Around `inner`; `verbose` 1 traces requests, 2 their messages too.
    pub(crate) fn new(inner: Arc<dyn Transport>, verbose: u8, output: Output, known: &[Known]) -> Self {
        let _ = known;
        let trace = (verbose > 0).then(|| Trace { bodies: verbose > 1, output });
        Self { inner, flight: Flight::default(), trace }
    }

    /// The change on its way.
    pub(crate) fn flight(&self) -> Flight {
        self.flight.clone()
    }
}

impl Transport for Observe {
    fn exchange(&self, exchange: Exchange) -> BoxFuture<'_, Result<Answer, TransportError>> {
        Box::pin(async move {
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
            let result = self.inner.exchange(exchange).await;
            if let Some(trace) = &self.trace {
                trace.result(&name, &result, clock.elapsed().saturating_sub(begin));
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
        self.output.trace(&format!("> {} ({} bytes{changes})", exchange.name, exchange.body.len()));
        if self.bodies {
            self.body(&exchange.body);
        }
    }

    fn result(&self, name: &str, result: &Result<Answer, TransportError>, duration: Duration) {
        let milliseconds = duration.as_millis();
        match result {
            Ok(answer) => {
                let peer = &answer.peer;
                self.output.trace(&format!(
                    "< {name}: HTTP {}, {} bytes, {milliseconds} ms, connection {}, {}",
                    answer.status,
                    answer.body.len(),
                    peer.connection,
                    peer.mechanism
                ));
                if self.bodies {
                    self.body(&answer.body);
                }
            }
            Err(error) => self.output.trace(&format!("< {name}: {error}, {milliseconds} ms")),
        }
    }

    fn body(&self, body: &[u8]) {
        let _ = body;
        let _ = &self.output;
    }
}
