//! One enumeration from page to page: what is asked for next, and what becomes of it when that fails.

use super::{EnumerateCall, Item, OnExpiry, parts};
use crate::{
    cim::{Epr, Instance, Text, wql},
    client::{
        answer::{action, is_other},
        calls::mixed_up,
        retry::{Again, Failure, Proof},
    },
    error::{Error, ErrorKind, Result},
    wsman::{
        Filter,
        request::Operation,
        response::{Page, Response},
    },
};

/// Pages without an item that a host may send in a row.
const EMPTY_PAGES: u32 = 100;
/// How often one enumeration is started again.
const RESTARTS: u32 = 3;

/// Where an enumeration is. Dropped while the host still holds its context, it leaves that to be released.
#[derive(Debug)]
pub(super) struct Cursor {
    call: EnumerateCall,
    state: State,
    empty_pages: u32,
    restarts: u32,
}

#[derive(Debug)]
enum State {
    Start,
    Open(Text),
    Done,
}

#[derive(Debug)]
pub(super) enum Step {
    Page(Vec<Item>),
    /// What came so far is void; the next step begins anew.
    Restarted,
    End,
}

/// Whether an enumeration may begin anew.
#[derive(Debug, Clone)]
pub(super) enum Anew {
    Allowed,
    /// Items that were handed out would come twice.
    Twice,
    /// Items of this class were handed out, and nothing tells them from those that would come again.
    Untold(String),
}

/// Why an enumeration cannot go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stop {
    /// The answer does not fit the envelope.
    TooLarge,
    /// The host has forgotten it.
    Forgotten,
    /// A page came that nobody can read, or none.
    LostPage,
}

impl Cursor {
    pub(super) fn new(call: EnumerateCall) -> Self {
        Self { call, state: State::Start, empty_pages: 0, restarts: 0 }
    }

    /// Gets one page. Where it may, an enumeration that cannot go on begins anew: one that expired, whose answer was
    /// lost, or whose page does not fit the envelope.
    pub(super) async fn step(&mut self, anew: &Anew) -> Result<Step> {
        let Some(operation) = self.operation() else { return Ok(Step::End) };
        let page = match self.call.client.call(&operation, false, None).await {
            Ok(Response::Page(page)) => page,
            Ok(_) => return Err(mixed_up(&operation)),
            Err(failure) => return self.recover(failure, anew),
        };
        self.accept(page)
    }

    fn operation(&self) -> Option<Operation> {
        let EnumerateCall { class, mode, max_elements, .. } = &self.call;
        match &self.state {
            State::Start => Some(self.enumerate()),
            // Windows refuses a Pull whose MaxElements differs from the Enumerate's.
            State::Open(context) => Some(Operation::Pull {
                class: class.clone(),
                context: context.clone(),
                mode: *mode,
                max_elements: *max_elements,
            }),
            State::Done => None,
        }
    }

    fn enumerate(&self) -> Operation {
        let EnumerateCall { class, mode, filter, max_elements, .. } = &self.call;
        Operation::Enumerate {
            class: class.clone(),
            mode: *mode,
            filter: filter.clone(),
            max_elements: *max_elements,
        }
    }

    fn accept(&mut self, page: Page) -> Result<Step> {
        self.state = match page.context {
            Some(context) if !page.end => State::Open(context),
            _ => State::Done,
        };
        self.empty_pages = if page.items.is_empty() { self.empty_pages + 1 } else { 0 };
        if self.empty_pages > EMPTY_PAGES {
            return Err(
                self.unusable(&format!("expected items or an end, got {EMPTY_PAGES} empty pages in a row"))
            );
        }
        let items: Vec<_> =
            page.items.into_iter().map(|item| Item { instance: item.instance, epr: item.epr }).collect();
        let schema = self.call.client.schema();
        let items = match &self.call.filter {
            Some(Filter::Wql(query)) => parts::of_their_class(schema, query.as_str(), items)
                .map_err(|error| parts::misfit(error, action(&self.enumerate())))?,
            _ => items,
        };
        if let Some(asked) = self.class()
            && let Some(class) = items.iter().flat_map(classes).find(|class| is_other(schema, class, asked))
        {
            return Err(self.unusable(&format!("expected instances of `{asked}`, got one of `{class}`")));
        }
        Ok(Step::Page(items))
    }

    /// The class that all items have to be of, where that was said.
    fn class(&self) -> Option<&str> {
        match &self.call.filter {
            None | Some(Filter::Selector(_)) => Some(self.call.class.class()).filter(|class| *class != "*"),
            Some(Filter::Wql(query)) => wql::class_of(query.as_str()),
            Some(Filter::Association(association)) => association.result_class.as_deref(),
        }
    }

    fn unusable(&self, reason: &str) -> Error {
        Error::new(ErrorKind::Protocol, format!("failed to {}: {reason}", action(&self.enumerate())))
    }

    fn recover(&mut self, failure: Failure, anew: &Anew) -> Result<Step> {
        let pulling = matches!(self.state, State::Open(_));
        if pulling && failure.context_is_gone() {
            self.state = State::Done;
        }
        let stop = match failure.again {
            Again::Smaller => Some(Stop::TooLarge),
            Again::Restart if pulling => Some(Stop::Forgotten),
            Again::Yes | Again::Later | Again::Once if pulling && failure.proof == Proof::Unknown => {
                Some(Stop::LostPage)
            }
            _ => None,
        };
        let Some(stop) = stop else { return Err(failure.error) };
        let helps = match stop {
            Stop::TooLarge => self.call.max_elements > 1,
            Stop::Forgotten | Stop::LostPage => {
                self.call.on_expiry != OnExpiry::Fail && self.restarts < RESTARTS
            }
        };
        match anew {
            Anew::Allowed if helps => Ok(self.begin_anew(stop)),
            Anew::Allowed => Err(failure.error),
            Anew::Twice => Err(stop.after_items(failure.error)),
            Anew::Untold(class) => Err(self.not_resumed(class, failure.error)),
        }
    }

    fn begin_anew(&mut self, stop: Stop) -> Step {
        let before = self.call.max_elements;
        match stop {
            Stop::TooLarge => {
                self.call.max_elements = before / 2;
                let after = self.call.max_elements;
                tracing::info!("the answer exceeds MaxEnvelopeSize: MaxElements {before} -> {after}");
            }
            Stop::Forgotten => tracing::info!("the host has forgotten the enumeration: it begins anew"),
            Stop::LostPage => tracing::info!("a page was lost on its way: the enumeration begins anew"),
        }
        if stop != Stop::TooLarge {
            self.restarts += 1;
        }
        self.leave();
        self.state = State::Start;
        Step::Restarted
    }

    /// Items were handed out that nothing tells from those that would come again.
    fn not_resumed(&self, class: &str, cause: Error) -> Error {
        let message = format!(
            "failed to {}: it cannot be resumed, as nothing tells instances of `{class}` apart",
            action(&self.enumerate())
        );
        Error::new(cause.kind(), message)
            .with_hint("ask for references too (mode `ObjectAndEpr`, `--mode both`), which tell them apart")
            .with_source(cause)
    }

    fn leave(&mut self) {
        if let State::Open(context) = std::mem::replace(&mut self.state, State::Done) {
            self.call.client.leave(self.call.class.clone(), context);
        }
    }
}

impl Drop for Cursor {
    fn drop(&mut self) {
        self.leave();
    }
}

impl Stop {
    /// The error of an enumeration that would have begun anew, had it not handed out items before.
    fn after_items(self, error: Error) -> Error {
        error.with_hint(match self {
            Self::TooLarge => {
                "items were handed out before: ask for fewer on each page from the start (`max_elements`), allow \
                 larger answers (`max_envelope_size`), or let it resume (`OnExpiry::Resume`)"
            }
            Self::Forgotten | Self::LostPage => {
                "items were handed out before, and would come again: start it again, or let it resume \
                 (`OnExpiry::Resume`)"
            }
        })
    }
}

/// The classes that an item names.
fn classes(item: &Item) -> impl Iterator<Item = &str> {
    let reference = item.epr.as_ref().map(Epr::class);
    item.instance.as_ref().map(Instance::class).into_iter().chain(reference)
}
