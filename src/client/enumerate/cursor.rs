//! One enumeration from page to page: what is asked for next, and what becomes of it when that fails.

use super::{EnumerateCall, Item, OnExpiry, parts};
use crate::{
    cim::{Epr, Instance, Text, schema::Schema},
    client::{
        answer::action,
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

impl Cursor {
    pub(super) fn new(call: EnumerateCall) -> Self {
        Self { call, state: State::Start, empty_pages: 0, restarts: 0 }
    }

    /// Gets one page. With `may_restart` an enumeration that cannot go on begins anew: one that
    /// expired, whose answer was lost, or whose page does not fit the envelope.
    pub(super) async fn step(&mut self, may_restart: bool) -> Result<Step> {
        let Some(operation) = self.operation() else { return Ok(Step::End) };
        let page = match self.call.client.call(&operation, false, None).await {
            Ok(Response::Page(page)) => page,
            Ok(_) => return Err(mixed_up(&operation)),
            Err(failure) => return self.recover(failure, may_restart),
        };
        self.accept(page)
    }

    fn operation(&self) -> Option<Operation> {
        let EnumerateCall { resource_uri, mode, max_elements, .. } = &self.call;
        match &self.state {
            State::Start => Some(self.enumerate()),
            // Windows refuses a Pull whose MaxElements differs from the Enumerate's.
            State::Open(context) => Some(Operation::Pull {
                resource_uri: resource_uri.clone(),
                context: context.clone(),
                mode: *mode,
                max_elements: *max_elements,
            }),
            State::Done => None,
        }
    }

    fn enumerate(&self) -> Operation {
        let EnumerateCall { resource_uri, mode, filter, max_elements, .. } = &self.call;
        Operation::Enumerate {
            resource_uri: resource_uri.clone(),
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

    /// The class that all items have to be of; that of a query is the host's business.
    fn class(&self) -> Option<&str> {
        let class = self.call.resource_uri.rsplit('/').next().filter(|class| *class != "*");
        class.filter(|_| matches!(self.call.filter, None | Some(Filter::Selector(_))))
    }

    fn unusable(&self, reason: &str) -> Error {
        Error::new(ErrorKind::Protocol, format!("failed to {}: {reason}", action(&self.enumerate())))
    }

    fn recover(&mut self, failure: Failure, may_restart: bool) -> Result<Step> {
        let pulling = matches!(self.state, State::Open(_));
        if pulling && failure.context_is_gone() {
            self.state = State::Done;
        }
        let smaller = failure.again == Again::Smaller && self.call.max_elements > 1;
        let lost = pulling
            && self.call.on_expiry == OnExpiry::Restart
            && match failure.again {
                Again::Restart => true,
                Again::Yes | Again::Later | Again::Once => failure.proof == Proof::Unknown,
                Again::Never | Again::Smaller => false,
            };
        if !may_restart || !(smaller || lost && self.restarts < RESTARTS) {
            return Err(failure.error);
        }
        if smaller {
            self.call.max_elements /= 2;
        } else {
            self.restarts += 1;
        }
        self.leave();
        self.state = State::Start;
        tracing::debug!(max_elements = self.call.max_elements, "the enumeration begins anew");
        Ok(Step::Restarted)
    }

    fn leave(&mut self) {
        if let State::Open(context) = std::mem::replace(&mut self.state, State::Done) {
            let resource_uri = self.call.resource_uri.clone();
            self.call.client.leave(resource_uri, context);
        }
    }
}

impl Drop for Cursor {
    fn drop(&mut self) {
        self.leave();
    }
}

/// The classes that an item names.
fn classes(item: &Item) -> impl Iterator<Item = &str> {
    let reference = item.epr.as_ref().map(Epr::class);
    item.instance.as_ref().map(Instance::class).into_iter().chain(reference)
}

/// Whether a class is certainly neither the one that was asked for nor derived from it. Of one that the schema does not
/// know nobody can tell.
fn is_other(schema: &Schema, class: &str, asked: &str) -> bool {
    !class.eq_ignore_ascii_case(asked)
        && schema.class(asked).is_some()
        && schema.class(class).is_some_and(|class| !class.is_a(asked))
}
