//! Answering from a cassette.

use super::{
    Origin,
    cassette::{self, Entry, Index, Response, broken},
    clock::VirtualClock,
    matching::{Bindings, Mismatch},
};
use crate::{
    transport::{
        Answer, BoxFuture, Clock, Exchange, Peer, Phase, Transport, TransportError, TransportErrorKind,
    },
    xml::{Element, Limits, names},
};
use bytes::Bytes;
use std::{
    collections::{BTreeSet, HashMap},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

/// Answers from a cassette.
///
/// Requests have to come as recorded, in order within each lane; `a:To`, message and session ids,
/// and texts in the place of pseudonyms may differ (see the module documentation). Answers relate
/// to the live request, unless the recorded one did not relate to its own. The clock follows the
/// recording and does not wait.
///
/// ```
/// # use hyperv_wsman::{Client, transport::Replay};
/// # use std::{path::Path, sync::Arc};
/// # #[tokio::main(flavor = "current_thread", start_paused = true)]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let replay = Arc::new(Replay::open(Path::new("fixtures/cassettes/main-job"))?);
/// let client = Client::with_transport(replay.url(), replay.clone());
/// assert_eq!(client.identify().await?.product_vendor(), "hyperv-wsman simulator");
/// // What has not been asked for.
/// assert!(replay.unused().iter().all(|exchange| !exchange.contains("identify")));
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Replay {
    directory: PathBuf,
    index: Index,
    url: url::Url,
    exchanges: Vec<Recorded>,
    clock: Arc<VirtualClock>,
    state: Mutex<State>,
}

#[derive(Debug)]
struct Recorded {
    entry: Entry,
    request: Element,
    response: Option<(Response, Bytes)>,
}

#[derive(Debug)]
struct State {
    /// One for each exchange.
    used: Vec<bool>,
    /// Recorded lanes by live lane.
    lanes: HashMap<u32, u32>,
    bindings: Bindings,
}

impl Replay {
    /// Opens a cassette.
    ///
    /// # Errors
    /// Kind `Cassette`: missing, corrupt, newer version.
    pub fn open(directory: &Path) -> Result<Self, TransportError> {
        let index = cassette::read_index(directory)?;
        let url = index.url.parse().map_err(|source| {
            let mut error = broken(directory, &format!("its endpoint `{}` is not a URL", index.url));
            error.source = Some(Box::new(source));
            error
        })?;
        let mut budget = cassette::Budget::default();
        let read = |entry: &Entry| read_exchange(directory, entry, &mut budget);
        let exchanges = index.exchanges.iter().map(read).collect::<Result<Vec<_>, _>>()?;
        Ok(Self {
            directory: directory.to_owned(),
            url,
            clock: Arc::default(),
            state: Mutex::new(State {
                used: vec![false; exchanges.len()],
                lanes: HashMap::new(),
                bindings: Bindings::new(&index.pseudonyms),
            }),
            exchanges,
            index,
        })
    }

    /// Where it comes from.
    #[must_use]
    pub fn origin(&self) -> &Origin {
        &self.index.origin
    }

    /// What it is about.
    #[must_use]
    pub fn about(&self) -> &str {
        &self.index.about
    }

    /// Exchanges that were not asked for.
    #[must_use]
    pub fn unused(&self) -> Vec<String> {
        let state = self.state();
        let unused = self.exchanges.iter().zip(&state.used).filter(|(_, used)| !**used);
        unused.map(|(recorded, _)| recorded.title()).collect()
    }

    /// The endpoint URL of the recording (pseudonymised), for a client without one.
    #[must_use]
    pub fn url(&self) -> url::Url {
        self.url.clone()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn answer(&self, exchange: &Exchange) -> Result<Answer, TransportError> {
        let live = Element::parse(&exchange.body, &Limits::default()).map_err(|source| {
            let mut error = self.failed(exchange, "the request is not XML");
            error.source = Some(Box::new(source));
            error
        })?;
        let mut state = self.state();
        let position = self.next_in_lane(&mut state, exchange, &live)?;
        let Some(recorded) = self.exchanges.get(position) else {
            return Err(self.used_up(exchange));
        };
        state.bindings = recorded
            .matched(&state.bindings, exchange, &live)
            .map_err(|mismatch| self.mismatch(&state, exchange, &live, recorded, mismatch))?;
        if let Some(used) = state.used.get_mut(position) {
            *used = true;
        }
        let answered_at = recorded.entry.at_ms.saturating_add(recorded.entry.took_ms);
        self.clock.advance_to(Duration::from_millis(answered_at));
        recorded.outcome(&mut state.bindings, &live)
    }

    /// The next exchange of the caller's lane. A lane seen for the first time takes the first
    /// recorded one that is free and begins with this request.
    fn next_in_lane(
        &self,
        state: &mut State,
        exchange: &Exchange,
        live: &Element,
    ) -> Result<usize, TransportError> {
        let lane = if let Some(lane) = state.lanes.get(&exchange.lane) {
            Some(*lane)
        } else {
            let free = |lane: &u32| state.lanes.values().all(|taken| taken != lane);
            let recorded: BTreeSet<u32> = self.exchanges.iter().map(|recorded| recorded.entry.lane).collect();
            let lanes: Vec<u32> = recorded.into_iter().filter(free).collect();
            let begins = |lane: &&u32| {
                let first = self.first_unused(state, **lane).and_then(|at| self.exchanges.get(at));
                first.is_some_and(|first| first.matched(&state.bindings, exchange, live).is_ok())
            };
            lanes.iter().find(begins).or(lanes.first()).copied()
        };
        let lane = lane.ok_or_else(|| self.used_up(exchange))?;
        state.lanes.insert(exchange.lane, lane);
        self.first_unused(state, lane).ok_or_else(|| self.used_up(exchange))
    }

    fn first_unused(&self, state: &State, lane: u32) -> Option<usize> {
        let mut exchanges = self.exchanges.iter().zip(&state.used);
        exchanges.position(|(recorded, used)| !used && recorded.entry.lane == lane)
    }

    fn used_up(&self, exchange: &Exchange) -> TransportError {
        let count = self.exchanges.len();
        let mut error = self.failed(
            exchange,
            &format!("expected no further request in this conversation, got `{}` (the cassette holds {count} exchanges)", exchange.name),
        );
        error.hint = Some(
            "the recording ended earlier, or the command is another one: replay what was recorded, or record again"
                .to_owned(),
        );
        error
    }

    fn mismatch(
        &self,
        state: &State,
        exchange: &Exchange,
        live: &Element,
        next: &Recorded,
        mismatch: Box<Unlike>,
    ) -> TransportError {
        let expected = next.title();
        let unused = || {
            self.exchanges.iter().zip(&state.used).filter(|(_, used)| !**used).map(|(recorded, _)| recorded)
        };
        let another = unused().find(|other| other.matched(&state.bindings, exchange, live).is_ok());
        let (nearest, mismatch) = match another {
            Some(_) => (next, mismatch),
            None => nearest(unused(), &state.bindings, exchange, live, (next, mismatch)),
        };
        let reason = match (&*mismatch, another) {
            (_, Some(another)) => format!("expected `{expected}`, got the request of `{}`", another.title()),
            (Unlike::Anonymous { recorded }, None) => {
                let word = |anonymous| if anonymous { "an anonymous" } else { "an authenticated" };
                format!("expected {} request, got {} one", word(*recorded), word(!*recorded))
            }
            (Unlike::Body(mismatch), None) => {
                let difference = &mismatch.difference;
                let nearest = nearest.title();
                let near =
                    if nearest == expected { String::new() } else { format!(", nearest is `{nearest}`") };
                format!(
                    "next is `{expected}`{near}, which differs at `{}`: expected {}, got {}",
                    difference.path, difference.expected, difference.found
                )
            }
        };
        let mut error = self.failed(exchange, &reason);
        error.hint = Some(
            "a cassette answers the requests that it was recorded with: the same command and options, in the same order"
                .to_owned(),
        );
        if let Unlike::Body(mismatch) = &*mismatch {
            error.source = Some(Box::new(mismatch.diff()));
        }
        error
    }

    fn failed(&self, exchange: &Exchange, reason: &str) -> TransportError {
        TransportError {
            kind: TransportErrorKind::Cassette,
            phase: Phase::NotSent,
            message: format!(
                "failed to replay `{}` from cassette `{}`: {reason}",
                exchange.name,
                self.directory.display()
            ),
            hint: None,
            source: None,
        }
    }
}

impl Transport for Replay {
    fn exchange(&self, exchange: Exchange) -> BoxFuture<'_, Result<Answer, TransportError>> {
        Box::pin(async move { self.answer(&exchange) })
    }

    fn clock(&self) -> Arc<dyn Clock> {
        let clock: Arc<VirtualClock> = Arc::clone(&self.clock);
        clock
    }
}

/// The exchange that is most like the request; the one given wins over its equals.
fn nearest<'a>(
    candidates: impl Iterator<Item = &'a Recorded>,
    bindings: &Bindings,
    exchange: &Exchange,
    live: &Element,
    next: (&'a Recorded, Box<Unlike>),
) -> (&'a Recorded, Box<Unlike>) {
    candidates.fold(next, |best, recorded| match recorded.matched(bindings, exchange, live) {
        Err(mismatch) if mismatch.likeness() > best.1.likeness() => (recorded, mismatch),
        _ => best,
    })
}

/// Why a request is not the recorded one.
#[derive(Debug)]
enum Unlike {
    Anonymous { recorded: bool },
    Body(Box<Mismatch>),
}

impl Unlike {
    fn likeness(&self) -> f32 {
        match self {
            Self::Anonymous { .. } => 1.0,
            Self::Body(mismatch) => mismatch.likeness(),
        }
    }
}

impl Recorded {
    /// `07-invoke-CreateSnapshot`.
    fn title(&self) -> String {
        let file = &self.entry.request;
        file.split_once(".request").map_or(file.as_str(), |(title, _)| title).to_owned()
    }

    fn matched(
        &self,
        bindings: &Bindings,
        exchange: &Exchange,
        live: &Element,
    ) -> Result<Bindings, Box<Unlike>> {
        let bindings =
            bindings.matched(&self.request, live).map_err(|mismatch| Box::new(Unlike::Body(mismatch)))?;
        if self.entry.anonymous == exchange.anonymous {
            Ok(bindings)
        } else {
            Err(Box::new(Unlike::Anonymous { recorded: self.entry.anonymous }))
        }
    }

    fn outcome(&self, bindings: &mut Bindings, live: &Element) -> Result<Answer, TransportError> {
        let (response, body) = match (&self.response, &self.entry.error) {
            (Some(response), _) => response,
            (None, Some(failure)) => {
                return Err(failure.with_texts(|text| bindings.restored(text, None)).to_error());
            }
            (None, None) => return Err(broken_entry(&self.entry)),
        };
        let ids = message_id(&self.request).zip(message_id(live));
        let body = match std::str::from_utf8(body) {
            Ok(text) => {
                let ids = ids.as_ref().map(|(recorded, live)| (recorded.as_str(), live.as_str()));
                Bytes::from(bindings.restored(text, ids))
            }
            Err(_) => body.clone(),
        };
        let peer = Peer {
            mechanism: "replay".to_owned(),
            sealed: response.sealed,
            verified_tls: response.verified_tls,
            connection: 1,
            ..Peer::default()
        };
        Ok(Answer { status: response.status, content_type: response.content_type.clone(), body, peer })
    }
}

fn read_exchange(
    directory: &Path,
    entry: &Entry,
    budget: &mut cassette::Budget,
) -> Result<Recorded, TransportError> {
    if entry.response.is_some() == entry.error.is_some() {
        return Err(broken(
            directory,
            &format!(
                "expected an answer or an error in exchange {}, got {}",
                entry.n,
                if entry.error.is_some() { "both" } else { "neither" }
            ),
        ));
    }
    let request = cassette::read_body(directory, &entry.request, budget)?;
    let request = Element::parse(&request, &Limits::default()).map_err(|source| {
        let mut error = broken(directory, &format!("its request `{}` is not XML", entry.request));
        error.source = Some(Box::new(source));
        error
    })?;
    let response = match &entry.response {
        Some(response) => Some((response.clone(), cassette::read_body(directory, &response.file, budget)?)),
        None => None,
    };
    Ok(Recorded { entry: entry.clone(), request, response })
}

/// Opening refuses an exchange with neither answer nor error.
fn broken_entry(entry: &Entry) -> TransportError {
    broken(Path::new(&entry.request), "expected an answer or an error, got neither")
}

fn message_id(request: &Element) -> Option<String> {
    request.find(names::ADDRESSING, "MessageID").map(Element::text)
}
