//! The host: its settings, its clock, its rules, and the transport that reaches it in process.

use super::{
    contexts::Contexts,
    dispatch::{Caller, Desk, Deviations, Written},
    environment::Environment,
    inventory::Inventory,
    rules::{Action, Rule},
    soap::{Envelope, Fault},
    world::{Ending, World},
};
use crate::transport::{
    Answer, BoxFuture, Exchange, Peer, Phase, Transport, TransportError, TransportErrorKind,
};
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::time::Instant;

/// Settings of a host.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct Settings {
    /// What it holds.
    pub inventory: Inventory,
    /// How fast jobs go: 1 as the inventory says, 0 at once, 10 ten times slower. Default 1.
    pub time_scale: Option<f64>,
    /// Faults, delays, cuts.
    pub rules: Vec<Rule>,
    /// So many made-up instances of every class of the schema, besides what the inventory holds: values of
    /// every kind, for readers that have to take all that a class may hold. Default 0.
    pub generate: usize,
}

/// A simulated host. Cloning is cheap; clones are the same host.
///
/// ```
/// # #[tokio::main(flavor = "current_thread", start_paused = true)]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use hyperv_wsman::{Client, sim::{Host, Settings}};
///
/// let host = Host::new(Settings::default());
/// let client = Client::with_transport("https://hv01.example.test:5986/wsman".parse()?, host.transport());
/// assert_eq!(client.identify().await?.product_vendor(), "hyperv-wsman simulator");
/// assert_eq!(host.requests(), 1);
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct Host {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    inventory: Inventory,
    started: Instant,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    desk: Desk,
    /// Rules, and how many requests each was about.
    rules: Vec<(Rule, u64)>,
    requests: u64,
}

/// What leaves the host.
#[derive(Debug)]
pub(super) enum Reply {
    Whole(Response),
    /// The connection ends before the answer.
    Cut,
    /// It ends after so many bytes of the answer's body.
    CutAt(Response, usize),
}

/// An HTTP answer.
#[derive(Debug, Clone, Default)]
pub(super) struct Response {
    pub(super) status: u16,
    pub(super) content_type: Option<&'static str>,
    pub(super) location: Option<&'static str>,
    pub(super) body: Vec<u8>,
}

/// Content type of SOAP 1.2 as Windows writes it.
pub(super) const SOAP_CONTENT: &str = "application/soap+xml;charset=UTF-8";

impl Host {
    /// A host.
    #[must_use]
    pub fn new(settings: Settings) -> Self {
        let Settings { inventory, time_scale, rules, generate } = settings;
        let desk = Desk {
            world: World::new(&inventory, time_scale.unwrap_or(1.0), generate),
            environment: Environment::default(),
            contexts: Contexts::default(),
            limits: inventory.limits.clone(),
            in_flight: BTreeMap::new(),
            invocations: BTreeMap::new(),
            basic: inventory.auth.basic,
            administrator: inventory.auth.administrator,
            now: Duration::ZERO,
        };
        let rules = rules.into_iter().map(|rule| (rule, 0)).collect();
        let state = Mutex::new(State { desk, rules, requests: 0 });
        Self { inner: Arc::new(Inner { inventory, started: Instant::now(), state }) }
    }

    /// A transport that reaches it in process, without HTTP or authentication.
    #[must_use]
    pub fn transport(&self) -> Arc<dyn Transport> {
        Arc::new(InProcess { host: self.clone() })
    }

    /// Adds a rule to a host that is at work; it counts from now on.
    pub fn add_rule(&self, rule: Rule) {
        self.state().rules.push((rule, 0));
    }

    /// Enumerations that were not released.
    #[must_use]
    pub fn open_contexts(&self) -> usize {
        self.state().desk.contexts.len()
    }

    /// SOAP requests so far.
    #[must_use]
    pub fn requests(&self) -> u64 {
        self.state().requests
    }

    /// How often a method ran (the requests for it that were refused aside).
    #[must_use]
    pub fn invocations(&self, method: &str) -> u64 {
        self.state().desk.invocations.get(method).copied().unwrap_or_default()
    }

    /// `CollectionID` of each snapshot collection that there is.
    #[must_use]
    pub fn snapshots(&self) -> Vec<String> {
        self.state().desk.world.snapshot_ids()
    }

    /// Directories that hold an export.
    #[must_use]
    pub fn exports(&self) -> Vec<String> {
        self.state().desk.world.exports().to_vec()
    }

    pub(super) fn inventory(&self) -> &Inventory {
        &self.inner.inventory
    }

    /// The state, at this moment.
    fn state(&self) -> MutexGuard<'_, State> {
        let mut state = self.inner.state.lock().unwrap_or_else(PoisonError::into_inner);
        let now = self.inner.started.elapsed();
        let desk = &mut state.desk;
        desk.now = now;
        desk.world.advance(now);
        desk.contexts.expire(now, desk.limits.context_timeout);
        state
    }

    /// Answers a message.
    pub(super) async fn handle(&self, body: &[u8], caller: &Caller) -> Reply {
        // HTTP 413 (MS-WSMV 3.1.4.1.5: MaxEnvelopeSizekb holds for requests too).
        if body.len() > self.inner.inventory.limits.max_envelope_size {
            return Reply::Whole(Response { status: 413, ..Response::default() });
        }
        let envelope = Envelope::read(body);
        let is_identify = envelope.as_ref().is_ok_and(Envelope::is_identify);
        if *caller == Caller::Anonymous && !is_identify {
            return Reply::Whole(Response { status: 401, ..Response::default() });
        }
        let _in_flight = InFlight::new(self, caller);
        match self.work(&envelope, caller) {
            Worked::Instead(reply) => reply,
            Worked::Done(written, actions) => {
                for action in &actions {
                    if let Action::Delay(time) = action {
                        tokio::time::sleep(*time).await;
                    }
                }
                damaged(written, &actions)
            }
        }
    }

    /// Works on a message, or does what a rule says instead.
    fn work(&self, envelope: &Result<Envelope, Fault>, caller: &Caller) -> Worked {
        let operation = envelope.as_ref().map(Envelope::name).unwrap_or_default();
        let mut state = self.state();
        state.requests += 1;
        let actions = state.actions(&operation);
        match state.instead(&actions, envelope) {
            Some(reply) => Worked::Instead(reply),
            None => Worked::Done(state.desk.answer(envelope, caller, deviations(&actions)), actions),
        }
    }
}

/// What became of a message.
enum Worked {
    /// A rule did not let it be worked on.
    Instead(Reply),
    /// The answer, and the rules that have to do with its way back.
    Done(Written, Vec<Action>),
}

impl State {
    /// What the rules say about this request; counts it.
    fn actions(&mut self, operation: &str) -> Vec<Action> {
        let mut actions = Vec::new();
        for (rule, count) in self.rules.iter_mut().filter(|(rule, _)| rule.is_about(operation)) {
            *count += 1;
            if rule.holds_at(*count) {
                actions.push(rule.action.clone());
            }
        }
        actions
    }

    /// The reply of a rule that does not let the request be worked on.
    fn instead(&mut self, actions: &[Action], envelope: &Result<Envelope, Fault>) -> Option<Reply> {
        actions.iter().find_map(|action| {
            Some(match action {
                Action::CutBefore => Reply::Cut,
                Action::Status(status) => Reply::Whole(Response { status: *status, ..Response::default() }),
                Action::Redirect => Reply::Whole(Response {
                    status: 307,
                    location: Some("https://elsewhere.example.test/wsman"),
                    ..Response::default()
                }),
                Action::Fault { code, subcode } => {
                    let fault = Fault::custom(*code, subcode.as_deref());
                    Reply::Whole(self.desk.refuse(envelope, &fault).into())
                }
                _ => return None,
            })
        })
    }
}

/// What rules change about the work and the text of the answer.
fn deviations(actions: &[Action]) -> Deviations {
    let mut deviations = Deviations::default();
    let plan = &mut deviations.plan;
    for action in actions {
        match action {
            Action::Return(code) => plan.return_code = Some(*code),
            Action::Sync => plan.sync = true,
            Action::NoJob => plan.no_job = true,
            Action::NoAffected => plan.no_affected = true,
            Action::JobFail(code) => plan.ending = Ending::Fail(*code),
            Action::JobWarn => plan.ending = Ending::Warn,
            Action::JobHang => plan.ending = Ending::Hang,
            Action::JobVanish => plan.ending = Ending::Vanish { done: true },
            Action::JobLost => plan.ending = Ending::Vanish { done: false },
            Action::WrongRelatesTo => deviations.wrong_relates_to = true,
            Action::NoReturnValue => deviations.no_return_value = true,
            _ => {}
        }
    }
    deviations
}

/// What rules do to the bytes of the answer.
fn damaged(written: Written, actions: &[Action]) -> Reply {
    let mut response = Response::from(written);
    for action in actions {
        match action {
            Action::CutAfter => return Reply::Cut,
            // A cut after the last byte is none.
            Action::CutAt(bytes) if *bytes < response.body.len() => return Reply::CutAt(response, *bytes),
            Action::Truncate(bytes) => response.body.truncate(*bytes),
            Action::Html => {
                response = Response {
                    status: 200,
                    content_type: Some("text/html"),
                    body: b"<!DOCTYPE html><html><body>It works!</body></html>".to_vec(),
                    ..Response::default()
                }
            }
            Action::Garbage => response.body = b"\x00\xff<not xml".to_vec(),
            Action::EmptyError => response = Response { status: 500, ..Response::default() },
            _ => {}
        }
    }
    Reply::Whole(response)
}

impl From<Written> for Response {
    fn from(written: Written) -> Self {
        Self {
            status: written.status,
            content_type: Some(SOAP_CONTENT),
            location: None,
            body: written.xml.into_bytes(),
        }
    }
}

/// Counts a request against its user's quota as long as it is being worked on.
struct InFlight<'a> {
    host: &'a Host,
    user: Option<String>,
}

impl<'a> InFlight<'a> {
    fn new(host: &'a Host, caller: &Caller) -> Self {
        let Caller::User(user) = caller else { return Self { host, user: None } };
        *host.state().desk.in_flight.entry(user.clone()).or_default() += 1;
        Self { host, user: Some(user.clone()) }
    }
}

impl Drop for InFlight<'_> {
    fn drop(&mut self) {
        let Some(user) = &self.user else { return };
        if let Some(count) = self.host.state().desk.in_flight.get_mut(user) {
            *count = count.saturating_sub(1);
        }
    }
}

/// Reaches a host without a socket.
#[derive(Debug)]
struct InProcess {
    host: Host,
}

impl Transport for InProcess {
    fn exchange(&self, exchange: Exchange) -> BoxFuture<'_, Result<Answer, TransportError>> {
        Box::pin(async move {
            let caller = if exchange.anonymous {
                Caller::Anonymous
            } else {
                Caller::User(self.host.inventory().auth.user.clone())
            };
            let handling = self.host.handle(&exchange.body, &caller);
            let reply = match exchange.deadline {
                None => handling.await,
                Some(deadline) => tokio::time::timeout_at(deadline, handling)
                    .await
                    .map_err(|_| failed(TransportErrorKind::Timeout, "the deadline passed"))?,
            };
            match reply {
                Reply::Whole(response) => Ok(Answer {
                    status: response.status,
                    content_type: response.content_type.map(str::to_owned),
                    body: response.body.into(),
                    peer: Peer {
                        mechanism: "simulated".to_owned(),
                        verified_tls: true,
                        connection: 1,
                        ..Peer::default()
                    },
                }),
                Reply::Cut | Reply::CutAt(..) => {
                    Err(failed(TransportErrorKind::Connection, "the connection was cut"))
                }
            }
        })
    }
}

/// From outside nobody can tell whether the host got the message.
fn failed(kind: TransportErrorKind, reason: &str) -> TransportError {
    TransportError {
        kind,
        phase: Phase::MaybeSent,
        message: format!("failed to get an answer from the simulated host: {reason}"),
        hint: None,
        source: None,
    }
}
