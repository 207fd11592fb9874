//! Enumerations and queries, page by page.

use super::{
    Abandoned, Client,
    calls::mixed_up,
    per_call::per_call_options,
    retry::{Again, Failure, Proof},
};
use crate::{
    cim::{Epr, Instance, Text},
    error::{Error, ErrorKind, Result},
    transport::BoxFuture,
    wsman::{
        EnumerationMode, Filter,
        request::Operation,
        response::{Page, Response},
    },
};
use futures_core::Stream;
use std::{
    collections::VecDeque,
    fmt,
    future::IntoFuture,
    pin::Pin,
    task::{Context, Poll, ready},
};

/// Pages without an item that a host may send in a row.
const EMPTY_PAGES: u32 = 100;
/// How often one enumeration is started again.
const RESTARTS: u32 = 3;

/// One item of an enumeration, by mode.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Item {
    /// The instance (modes `Object`, `ObjectAndEpr`).
    pub instance: Option<Instance>,
    /// The reference (modes `Epr`, `ObjectAndEpr`).
    pub epr: Option<Epr>,
}

/// An enumeration: awaited for all items, or streamed.
#[must_use = "calls do nothing until awaited"]
#[derive(Debug)]
pub struct EnumerateCall {
    client: Client,
    resource_uri: String,
    mode: EnumerationMode,
    filter: Option<Filter>,
    max_elements: u32,
}

impl EnumerateCall {
    pub(super) fn new(client: Client, resource_uri: String) -> Self {
        let max_elements = client.options.max_elements;
        Self { client, resource_uri, mode: EnumerationMode::default(), filter: None, max_elements }
    }
    /// What comes for each instance.
    pub fn mode(mut self, mode: EnumerationMode) -> Self {
        self.mode = mode;
        self
    }
    /// Only what passes.
    pub fn filter(mut self, filter: Filter) -> Self {
        self.filter = Some(filter);
        self
    }
    /// Items of one page; at least one.
    pub fn max_elements(mut self, max_elements: u32) -> Self {
        self.max_elements = max_elements.max(1);
        self
    }
    /// Items as they arrive, one page in memory. Dropped early, its context is released before the
    /// client's next call, or by [`Client::close`].
    pub fn stream(self) -> impl Stream<Item = Result<Item>> + Send + Unpin {
        Items { cursor: Some(Cursor::new(self)), page: None, buffer: VecDeque::new(), yielded: false }
    }
    /// All instances (mode `Object`).
    ///
    /// # Errors
    /// As the call.
    pub async fn instances(self) -> Result<Vec<Instance>> {
        let items = self.mode(EnumerationMode::Object).await?;
        Ok(items.into_iter().filter_map(|item| item.instance).collect())
    }
}

per_call_options!(EnumerateCall);

impl IntoFuture for EnumerateCall {
    type Output = Result<Vec<Item>>;
    type IntoFuture = BoxFuture<'static, Self::Output>;
    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move {
            let mut cursor = Cursor::new(self);
            let mut items = Vec::new();
            loop {
                match cursor.step(true).await? {
                    Step::Page(page) => items.extend(page),
                    Step::Restarted => items.clear(),
                    Step::End => return Ok(items),
                }
            }
        })
    }
}

/// Where an enumeration is. Dropped while the host still holds its context, it leaves the context to
/// be released.
#[derive(Debug)]
struct Cursor {
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
enum Step {
    Page(Vec<Item>),
    /// What came so far is void; the next step begins anew.
    Restarted,
    End,
}

impl Cursor {
    fn new(call: EnumerateCall) -> Self {
        Self { call, state: State::Start, empty_pages: 0, restarts: 0 }
    }

    /// Gets one page. With `may_restart` an enumeration that cannot go on begins anew: one that
    /// expired, whose answer was lost, or whose page does not fit the envelope.
    async fn step(&mut self, may_restart: bool) -> Result<Step> {
        let Some(operation) = self.operation() else { return Ok(Step::End) };
        let page = match self.call.client.call(&operation, false, None).await {
            Ok(Response::Page(page)) => page,
            Ok(_) => return Err(mixed_up(&operation)),
            Err(failure) => return self.recover(failure, may_restart),
        };
        self.accept(page)
    }

    fn operation(&self) -> Option<Operation> {
        let EnumerateCall { resource_uri, mode, filter, max_elements, .. } = &self.call;
        match &self.state {
            State::Start => Some(Operation::Enumerate {
                resource_uri: resource_uri.clone(),
                mode: *mode,
                filter: filter.clone(),
                max_elements: *max_elements,
            }),
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

    fn accept(&mut self, page: Page) -> Result<Step> {
        self.state = match page.context {
            Some(context) if !page.end => State::Open(context),
            _ => State::Done,
        };
        self.empty_pages = if page.items.is_empty() { self.empty_pages + 1 } else { 0 };
        if self.empty_pages > EMPTY_PAGES {
            return Err(Error::new(
                ErrorKind::Protocol,
                format!(
                    "failed to enumerate: expected items or an end, got {EMPTY_PAGES} empty pages in a row"
                ),
            ));
        }
        let items = page.items.into_iter().map(|item| Item { instance: item.instance, epr: item.epr });
        Ok(Step::Page(items.collect()))
    }

    fn recover(&mut self, failure: Failure, may_restart: bool) -> Result<Step> {
        let pulling = matches!(self.state, State::Open(_));
        if pulling && failure.context_is_gone() {
            self.state = State::Done;
        }
        let smaller = failure.again == Again::Smaller && self.call.max_elements > 1;
        let lost = pulling
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
        self.abandon();
        self.state = State::Start;
        tracing::debug!(max_elements = self.call.max_elements, "the enumeration begins anew");
        Ok(Step::Restarted)
    }

    fn abandon(&mut self) {
        if let State::Open(context) = std::mem::replace(&mut self.state, State::Done) {
            let resource_uri = self.call.resource_uri.clone();
            self.call.client.abandon(Abandoned { resource_uri, context });
        }
    }
}

impl Drop for Cursor {
    fn drop(&mut self) {
        self.abandon();
    }
}

/// The stream of an enumeration.
struct Items {
    cursor: Option<Cursor>,
    page: Option<BoxFuture<'static, (Cursor, Result<Step>)>>,
    buffer: VecDeque<Item>,
    yielded: bool,
}

impl Stream for Items {
    type Item = Result<Item>;
    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = &mut *self;
        loop {
            if let Some(item) = this.buffer.pop_front() {
                this.yielded = true;
                return Poll::Ready(Some(Ok(item)));
            }
            if let Some(mut cursor) = this.cursor.take() {
                let may_restart = !this.yielded;
                this.page = Some(Box::pin(async move {
                    let step = cursor.step(may_restart).await;
                    (cursor, step)
                }));
            }
            let Some(page) = &mut this.page else { return Poll::Ready(None) };
            let (cursor, step) = ready!(page.as_mut().poll(context));
            this.page = None;
            match step {
                Ok(Step::Page(items)) => {
                    this.buffer.extend(items);
                    this.cursor = Some(cursor);
                }
                Ok(Step::Restarted) => this.cursor = Some(cursor),
                Ok(Step::End) => return Poll::Ready(None),
                Err(error) => return Poll::Ready(Some(Err(error))),
            }
        }
    }
}

impl fmt::Debug for Items {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Items")
            .field("cursor", &self.cursor)
            .field("buffered", &self.buffer.len())
            .finish_non_exhaustive()
    }
}
