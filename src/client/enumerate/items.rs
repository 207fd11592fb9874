//! The items of an enumeration as a stream.

use super::{EnumerateCall, Item, Pages, Step};
use crate::error::Result;
use futures_core::Stream;
use std::{
    collections::VecDeque,
    pin::Pin,
    task::{Context, Poll, ready},
};

/// The stream of an enumeration.
#[derive(Debug)]
pub(super) struct Items {
    pages: Pages,
    /// What is left of the page that came last.
    page: VecDeque<Item>,
    /// Whether an item was handed out.
    yielded: bool,
}

impl Items {
    pub(super) fn new(call: EnumerateCall) -> Self {
        Self { pages: Pages::new(call), page: VecDeque::new(), yielded: false }
    }
}

impl Stream for Items {
    type Item = Result<Item>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = &mut *self;
        loop {
            if let Some(item) = this.page.pop_front() {
                this.yielded = true;
                return Poll::Ready(Some(Ok(item)));
            }
            match ready!(this.pages.poll_step(!this.yielded, context)) {
                Ok(Step::Page(items)) => this.page = items.into(),
                Ok(Step::Restarted) => {}
                Ok(Step::End) => return Poll::Ready(None),
                Err(error) => return Poll::Ready(Some(Err(error))),
            }
        }
    }
}
