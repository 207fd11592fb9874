//! One command's conversation with a host: what it is doing, and how it ends when the user ends it.

use super::{
    cim::Scope,
    commands::Context,
    failure::Failure,
    interruption::nothing_changed,
    observe::{Flight, Holdback, Observe, Wire},
    output::Output,
    profiles::{self, ConfigFile, TLS_USED},
    settings::Settings,
};
use crate::{
    client::Client,
    error::{Error, ErrorKind, Evidence, UnknownOutcome},
    hyperv::HyperV,
    transport::{Record, Replay},
    wsman::RequestOption,
};
use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};
use url::Url;

/// A host to talk to, and what is going on with it.
#[derive(Debug)]
pub(crate) struct Session {
    pub(crate) client: Client,
    pub(crate) hyperv: HyperV,
    /// How long to wait for a job.
    pub(crate) timeout: Option<Duration>,
    /// How a command line begins that talks to this host.
    pub(crate) prefix: String,
    flight: Flight,
    wire: Wire,
    holdback: Holdback,
    replay: Option<Arc<Replay>>,
    record: Option<Arc<Record>>,
    stage: Mutex<Stage>,
    tls_memory: Option<TlsMemory>,
}

/// A profile in which to write down that TLS has worked, so that nothing without it is tried from then on.
#[derive(Debug, Clone)]
pub(crate) struct TlsMemory {
    profile: String,
    /// Whether a login or an answer over verified TLS stands.
    has_worked: Arc<AtomicBool>,
}

impl TlsMemory {
    /// Where that is of use: the host comes from the profile, whose text leaves TLS open, and it is not written down
    /// yet.
    pub(crate) fn of(settings: &Settings, url: &Url) -> Option<Self> {
        let profile = settings.profile.as_ref()?;
        let host = profile.value("host").filter(|host| settings.global.host.as_deref() == Some(*host))?;
        let is_open = url.scheme() == "https" && !host.contains("://") && !profile.tls_used;
        is_open.then(|| Self { profile: profile.name.clone(), has_worked: Arc::default() })
    }

    /// Says that it has.
    pub(crate) fn note(&self) {
        self.has_worked.store(true, Ordering::Relaxed);
    }

    fn write(&self) -> Result<(), Failure> {
        ConfigFile::locate()?.edit(|document| profiles::set(document, &self.profile, &[(TLS_USED, "true")]))
    }
}

/// What an interruption would interrupt.
#[derive(Debug, Clone, Default)]
enum Stage {
    /// Only reading.
    #[default]
    Reading,
    /// A change is being asked for; it is on its way once the transport has it.
    Changing(UnknownOutcome),
    /// The host works; the command that takes up the wait.
    Waiting(String),
    /// The host is done; what came of it is being read.
    Done,
}

impl Session {
    /// A session that has done nothing yet.
    pub(crate) fn new(
        client: Client,
        hyperv: HyperV,
        observed: &Observe,
        replay: Option<Arc<Replay>>,
        record: Option<Arc<Record>>,
        timeout: Option<Duration>,
        prefix: String,
    ) -> Self {
        Self {
            client,
            hyperv,
            timeout,
            prefix,
            flight: observed.flight(),
            wire: observed.wire(),
            holdback: observed.holdback(),
            replay,
            record,
            stage: Mutex::default(),
            tls_memory: None,
        }
    }

    /// Writes down at its end, however that comes, that TLS has worked.
    pub(crate) fn remembering(self, tls_memory: Option<TlsMemory>) -> Self {
        Self { tls_memory, ..self }
    }

    /// What names are looked up in that belong to this host.
    pub(crate) fn scope(&self, unchecked: bool) -> Scope<'_> {
        // A recording answers for any host.
        let host = self.replay.is_none().then(|| self.client.url().host_str()).flatten();
        Scope { schema: self.client.schema(), namespace: self.hyperv.namespace(), unchecked, host }
    }

    /// With these options in what is asked through `client`; what waits for jobs is not the caller's call.
    pub(crate) fn asking(mut self, options: &[RequestOption]) -> Self {
        if !options.is_empty() {
            let mut all = self.client.options().clone();
            all.request_options.extend_from_slice(options);
            self.client = self.client.with_options(all);
        }
        self
    }

    /// Does the work unless the user interrupts it, and closes what is open.
    ///
    /// # Errors
    /// Of the work; else of the recording.
    pub(crate) async fn run(
        self,
        context: &Context,
        work: impl AsyncFnOnce(&Self) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        let result = tokio::select! {
            biased;
            () = context.interruption.answered_here() => Err(self.interrupted()),
            result = work(&self) => result,
        };
        context.output.end_progress();
        let result = result.map_err(|failure| self.located(failure));
        self.finish(&context.output, result).await
    }

    /// From now on nothing is sent; [`Self::held_back`] is what would have been.
    pub(crate) fn hold_back(&self) {
        self.holdback.begin();
    }

    /// The message that was not sent, indented.
    pub(crate) fn held_back(&self) -> Option<String> {
        self.holdback.message()
    }

    /// What came over the wire; it is kept for `--output xml` alone.
    pub(crate) fn wire(&self) -> &Wire {
        &self.wire
    }

    /// Says that a change is about to be asked for, and where to look should its outcome stay unknown.
    pub(crate) fn changing(&self, operation: &str, object: &str, look: &str) {
        self.flight.clear();
        self.set(Stage::Changing(UnknownOutcome {
            operation: operation.to_owned(),
            object: object.to_owned(),
            look: Some(format!("hvctl {look}")),
            ..UnknownOutcome::default()
        }));
    }

    /// Says that the host works on a job.
    pub(crate) fn waiting(&self, job_id: &str) {
        self.flight.clear();
        self.set(Stage::Waiting(self.wait_command(job_id)));
    }

    /// Says that nothing is on its way any more, and that the host is done.
    pub(crate) fn done(&self) {
        self.flight.clear();
        self.set(Stage::Done);
    }

    /// The command that takes up the wait for a job.
    pub(crate) fn wait_command(&self, job_id: &str) -> String {
        self.command(&format!("job wait {}", super::shell::word(job_id)))
    }

    /// A command line for the same host.
    pub(crate) fn command(&self, rest: &str) -> String {
        format!("{} {rest}", self.prefix)
    }

    fn set(&self, stage: Stage) {
        *self.stage.lock().unwrap_or_else(PoisonError::into_inner) = stage;
    }

    /// What it means that the user ends the command now.
    fn interrupted(&self) -> Failure {
        let stage = self.stage.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let error = match stage {
            Stage::Waiting(resume) => {
                Error::new(ErrorKind::Interrupted, "interrupted while waiting: the job goes on")
                    .with_hint(format!("take up the wait with: {resume}"))
            }
            Stage::Changing(outcome) if self.flight.request().is_some() => {
                let look = outcome.look.clone().unwrap_or_default();
                Error::new(
                    ErrorKind::OutcomeUnknown,
                    format!(
                        "interrupted while `{}` of {} was on its way: it may or may not have happened",
                        outcome.operation, outcome.object
                    ),
                )
                .with_evidence(Evidence::Outcome(Box::new(outcome)))
                .with_hint(format!("before doing it again, look with: {look}"))
            }
            Stage::Done => Error::new(
                ErrorKind::Interrupted,
                "interrupted while reading the result: the operation itself is finished",
            ),
            Stage::Changing(_) | Stage::Reading => return nothing_changed(),
        };
        error.into()
    }

    /// Completes the command of a hint by the host that was typed.
    fn located(&self, failure: Failure) -> Failure {
        let Failure::Error(error) = failure else { return failure };
        let Some(mut outcome) = error.unknown_outcome().cloned() else { return error.into() };
        let Some(look) = outcome.look.take() else { return error.into() };
        let located = look.strip_prefix("hvctl ").map_or_else(|| look.clone(), |rest| self.command(rest));
        let hint = error.hint().unwrap_or_default().replace(&look, &located);
        outcome.look = Some(located);
        error.with_hint(hint).with_evidence(Evidence::Outcome(Box::new(outcome))).into()
    }

    fn remember_tls(&self, output: &Output) {
        if let Some(memory) = &self.tls_memory
            && memory.has_worked.load(Ordering::Relaxed)
            && let Err(failure) = memory.write()
        {
            output.warning(&format!(
                "profile `{}` cannot hold that TLS has worked (set `tls = \"require\"` in it): {}",
                memory.profile,
                failure.to_text().lines().next().unwrap_or_default()
            ));
        }
    }

    async fn finish(self, output: &Output, result: Result<(), Failure>) -> Result<(), Failure> {
        // What cannot be released now, the host releases by itself after its own time limit.
        let _ = self.client.close(CLOSE).await;
        self.remember_tls(output);
        let recorded = match &self.record {
            Some(record) => match record.finish() {
                Err(error) => Err(error),
                Ok(()) => self.client.deferred_error().map_or(Ok(()), Err),
            },
            None => Ok(()),
        };
        match (result, recorded) {
            (Ok(()), Ok(())) => {
                let unused = self.replay.iter().flat_map(|replay| replay.unused()).collect::<Vec<_>>();
                if let Some(first) = unused.first() {
                    output.warning(&format!(
                        "exchanges of the recording that were not asked for: {} (the first is `{first}`)",
                        unused.len()
                    ));
                }
                Ok(())
            }
            (Ok(()), Err(error)) => Err(Failure::from(
                Error::from(error)
                    .with_hint("the operation itself is finished; only its recording is incomplete"),
            )),
            (Err(failure), Ok(())) => Err(failure),
            (Err(failure), Err(error)) => {
                output.warning(&format!("the recording is incomplete: {error}"));
                Err(failure)
            }
        }
    }
}

/// How long to wait for enumerations to be released.
const CLOSE: Duration = Duration::from_secs(2);
