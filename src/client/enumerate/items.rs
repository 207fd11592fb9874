//! The items of an enumeration as a stream.

use super::{Anew, EnumerateCall, Item, OnExpiry, Pages, Step, handed_out::HandedOut};
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
    /// Which these were, for an enumeration that is to be resumed.
    handed_out: Option<HandedOut>,
}

impl Items {
    pub(super) fn new(call: EnumerateCall) -> Self {
        let handed_out =
            (call.on_expiry == OnExpiry::Resume).then(|| HandedOut::new(call.client.schema().clone()));
        Self { pages: Pages::new(call), page: VecDeque::new(), yielded: false, handed_out }
    }
}

/// Whether the enumeration may begin anew.
fn anew(yielded: bool, handed_out: Option<&HandedOut>) -> Anew {
    match handed_out.map(HandedOut::untold) {
        _ if !yielded => Anew::Allowed,
        None => Anew::Twice,
        Some(None) => Anew::Allowed,
        Some(Some(class)) => Anew::Untold(class.to_owned()),
    }
}

impl Stream for Items {
    type Item = Result<Item>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = &mut *self;
        loop {
            while let Some(item) = this.page.pop_front() {
                if this.handed_out.as_mut().is_none_or(|handed_out| handed_out.is_new(&item)) {
                    this.yielded = true;
                    return Poll::Ready(Some(Ok(item)));
                }
            }
            let anew = || anew(this.yielded, this.handed_out.as_ref());
            match ready!(this.pages.poll_step(anew, context)) {
                Ok(Step::Page(items)) => this.page = items.into(),
                Ok(Step::Restarted) => this.handed_out.iter_mut().for_each(HandedOut::begin_anew),
                Ok(Step::End) => return Poll::Ready(None),
                Err(error) => return Poll::Ready(Some(Err(error))),
            }
        }
    }
}
