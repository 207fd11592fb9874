//! What may be sent again: retry by idempotence (see ARCHITECTURE.md).
//!
//! A request that changes the host is repeated only with proof that it did not run; without proof its
//! outcome is unknown, and that is what the caller is told. Everything that reads is repeated.

use super::{
    Client,
    answer::{self, action},
    pace::{Pace, scattered},
};
use crate::{
    error::{Error, ErrorKind, Evidence, Result, UnknownOutcome},
    transport::{Exchange, Phase, TransportError, TransportErrorKind},
    wsman::{
        Fault, FaultCode, RetryClass,
        request::{Headers, Operation},
        response::{Response, left_open},
    },
};
use std::time::Duration;
use tokio::time::Instant;

/// A transport that keeps its deadline ends before this; it knows better what was sent.
const GRACE: Duration = Duration::from_secs(1);

/// `ERROR_WSMAN_OPERATION_TIMEDOUT`.
const TIMED_OUT: FaultCode = FaultCode(2_150_858_793);
/// `ERROR_WSMAN_ENUMERATE_INVALID_CONTEXT`… the enumeration is over for the host.
const INVALID_CONTEXT: FaultCode = FaultCode(2_150_858_779);

/// A failed attempt: the error, what it proves, and whether another attempt makes sense.
#[derive(Debug)]
pub(super) struct Failure {
    pub(super) error: Error,
    pub(super) proof: Proof,
    pub(super) again: Again,
}

/// What a failure proves about the request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Proof {
    /// It did not run.
    NotRun,
    /// It ran into the host's own time limit; an enumeration's context still stands.
    TimedOut,
    /// Nothing.
    Unknown,
}

/// Whether the same request can succeed when sent again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Again {
    /// No.
    Never,
    /// Perhaps.
    Yes,
    /// Perhaps, when the host is no longer busy.
    Later,
    /// Perhaps, but only one more attempt is worth it.
    Once,
    /// Not this one: the enumeration has to be started again.
    Restart,
    /// Not this one: its answer does not fit the envelope.
    Smaller,
}

impl Failure {
    pub(super) fn from_fault(operation: &Operation, fault: Fault) -> Self {
        let class = fault.retry_class();
        let timed_out = fault.code() == Some(TIMED_OUT)
            || (fault.code().is_none() && fault.subcode() == Some("TimedOut"));
        let proof = match () {
            () if timed_out => Proof::TimedOut,
            () if operation.is_refused_by(&fault) => Proof::NotRun,
            () => Proof::Unknown,
        };
        let again = match class {
            _ if timed_out => Again::Yes,
            RetryClass::BackOff => Again::Later,
            RetryClass::ReadsOnly => Again::Yes,
            RetryClass::Once => Again::Once,
            RetryClass::RestartEnumeration => Again::Restart,
            RetryClass::SmallerEnvelope => Again::Smaller,
            RetryClass::Never => Again::Never,
        };
        Self { error: Error::from_fault(&action(operation), operation.namespace(), fault), proof, again }
    }

    fn from_transport(error: TransportError) -> Self {
        let proof = match error.phase {
            Phase::NotSent => Proof::NotRun,
            Phase::MaybeSent => Proof::Unknown,
        };
        // A deadline is the caller's: it does not start again. Everything but a lost connection
        // fails the same way next time.
        let again = match error.kind {
            TransportErrorKind::Connection => Again::Yes,
            _ => Again::Never,
        };
        Self { error: error.into(), proof, again }
    }

    /// Whether the host no longer knows the enumeration.
    pub(super) fn context_is_gone(&self) -> bool {
        self.error.fault().is_some_and(|fault| {
            fault.code() == Some(INVALID_CONTEXT) || fault.retry_class() == RetryClass::RestartEnumeration
        })
    }
}

/// How an operation may be repeated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Repeat {
    /// Whatever happened to the first attempt.
    Freely,
    /// While the context of the enumeration stands: an answer that was lost has moved it on.
    WithContext,
    /// Only when the first attempt did not run.
    WithProof,
}

impl Repeat {
    fn of(operation: &Operation) -> Self {
        match operation {
            Operation::Pull { .. } => Self::WithContext,
            _ if operation.changes_host() => Self::WithProof,
            _ => Self::Freely,
        }
    }

    fn allows(self, failure: &Failure, is_first: bool) -> bool {
        let promising = match failure.again {
            Again::Yes | Again::Later => true,
            Again::Once => is_first,
            Again::Never | Again::Restart | Again::Smaller => false,
        };
        promising
            && match self {
                Self::Freely => true,
                Self::WithContext => matches!(failure.proof, Proof::NotRun | Proof::TimedOut),
                Self::WithProof => failure.proof == Proof::NotRun,
            }
    }
}

impl Client {
    /// Sends an operation until it is answered, as often as its idempotence allows.
    pub(super) async fn call(
        &self,
        operation: &Operation,
        anonymous: bool,
        timeout: Option<Duration>,
    ) -> Result<Response, Failure> {
        self.reap();
        let repeat = Repeat::of(operation);
        let wait = self.options.answer_timeout().min(timeout.unwrap_or(Duration::MAX));
        let give_up = timeout.and_then(|timeout| Instant::now().checked_add(timeout));
        let mut pace = Pace::new(&self.options, wait);
        loop {
            let failure = match self.attempt(operation, anonymous, wait, give_up).await {
                Ok(response) => return Ok(response),
                Err(failure) => failure,
            };
            let pause = repeat.allows(&failure, pace.is_first()).then(|| pace.next(failure.again)).flatten();
            let in_time = |pause: &Duration| give_up.is_none_or(|give_up| Instant::now() + *pause < give_up);
            let Some(pause) = pause.filter(in_time) else {
                let unknown = repeat == Repeat::WithProof && failure.proof != Proof::NotRun;
                return Err(if unknown { outcome_unknown(operation, failure) } else { failure });
            };
            let pause = scattered(pause);
            tracing::debug!(
                operation = operation.name(),
                pause_ms = pause.as_millis(),
                error = ?failure.error.kind(),
                "sending it again"
            );
            self.shared.clock.sleep(pause).await;
        }
    }

    /// Sends an operation once; waits for `wait`, but not beyond `give_up`.
    pub(super) async fn attempt(
        &self,
        operation: &Operation,
        anonymous: bool,
        wait: Duration,
        give_up: Option<Instant>,
    ) -> Result<Response, Failure> {
        let message_id = self.shared.ids.next();
        let headers = Headers {
            to: self.shared.url.to_string(),
            message_id: message_id.clone(),
            session_id: self.shared.session_id.clone(),
            operation_timeout: self.options.operation_timeout.min(wait),
            max_envelope_size: self.options.max_envelope_size,
            locale: self.options.locale.clone(),
            data_locale: self.options.data_locale.as_ref().unwrap_or(&self.options.locale).clone(),
            options: self.options.request_options.clone(),
            dialect: self.options.dialect,
        };
        let body = operation.to_xml(&headers).map_err(|source| Failure {
            error: Error::new(
                ErrorKind::Config,
                format!("failed to {}: a value cannot be sent", action(operation)),
            )
            .with_source(source),
            proof: Proof::NotRun,
            again: Again::Never,
        })?;
        let deadline = match (Instant::now().checked_add(wait), give_up) {
            (Some(deadline), Some(give_up)) => Some(deadline.min(give_up)),
            (deadline, give_up) => deadline.or(give_up),
        };
        let exchange = Exchange {
            body: body.into(),
            name: operation.name().to_owned(),
            changes_host: operation.changes_host(),
            anonymous,
            lane: self.lane,
            deadline,
        };
        tracing::debug!(operation = operation.name(), %message_id, "request");
        let result = match deadline.and_then(|deadline| deadline.checked_add(GRACE)) {
            Some(end) => tokio::time::timeout_at(end, self.shared.transport.exchange(exchange))
                .await
                .unwrap_or_else(|_| Err(no_answer(operation, wait))),
            None => self.shared.transport.exchange(exchange).await,
        };
        if !matches!(&result, Err(TransportError { phase: Phase::NotSent, .. })) {
            self.shared.requests.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        }
        let answer = result.map_err(Failure::from_transport)?;
        tracing::debug!(operation = operation.name(), status = answer.status, "answer");
        let (limits, schema) = (&self.options.limits, &self.options.schema);
        let response = answer::read(operation, &message_id, &answer, limits, schema);
        if response.is_err()
            && let Operation::Enumerate { class, .. } | Operation::Pull { class, .. } = operation
            && let Some(context) = left_open(&message_id, &answer.body, limits)
        {
            self.leave(class.clone(), context);
        }
        response
    }
}

/// The error of a transport that did not keep its deadline.
fn no_answer(operation: &Operation, wait: Duration) -> TransportError {
    TransportError {
        kind: TransportErrorKind::Timeout,
        phase: Phase::MaybeSent,
        message: format!("failed to {}: no answer within {} s", action(operation), wait.as_secs_f64()),
        hint: None,
        source: None,
    }
}

/// A change that was sent and about which nothing is known.
fn outcome_unknown(operation: &Operation, failure: Failure) -> Failure {
    let outcome = UnknownOutcome {
        operation: operation.name().to_owned(),
        object: operation.target().map(|epr| epr.class().to_owned()).unwrap_or_default(),
        ..UnknownOutcome::default()
    };
    let message =
        format!("failed to {}: the outcome is unknown, it may or may not have happened", action(operation));
    let error = Error::new(ErrorKind::OutcomeUnknown, message)
        .with_evidence(Evidence::Outcome(Box::new(outcome)))
        .with_hint("look at the host before repeating it")
        .with_source(failure.error);
    Failure { error, ..failure }
}
