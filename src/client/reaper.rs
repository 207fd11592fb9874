//! Enumerations that were left before their end: given back to the host in the background.
//!
//! An open enumeration counts against the user's quota of operations ([MS-WSMV] 3.1.4.1.34.3.1: 15 at a time), until
//! the host forgets it after some minutes. So one task releases what was left, one after the other. It runs on the
//! runtime in which the enumeration was left. Where there is none, or where it ends before its work is done, what is
//! left waits for the next call, or for [`Client::close`].

use super::{Client, Options};
use crate::{
    cim::{Epr, Text},
    error::{Error, ErrorKind, Result},
    transport::BoxFuture,
    wsman::request::Operation,
};
use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::{runtime::Handle, sync::Notify, time::timeout};

/// How long one enumeration is worth waiting for.
const LIMIT: Duration = Duration::from_secs(5);

/// What was left, and who is at it.
#[derive(Debug, Default)]
pub(super) struct Reaper {
    left: Mutex<Left>,
    changed: Notify,
}

#[derive(Debug, Default)]
struct Left {
    contexts: VecDeque<Open>,
    /// Whether a task releases them.
    at_work: bool,
    /// Pages that were on their way when they were left, and are read to their end.
    pages: usize,
    /// The first that could not be released.
    failed: Option<Error>,
}

/// An enumeration that is open on the host.
#[derive(Debug, Clone)]
struct Open {
    class: Epr,
    context: Text,
    /// Of the call that has opened it.
    options: Arc<Options>,
}

impl Reaper {
    fn left(&self) -> MutexGuard<'_, Left> {
        self.left.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes what is left, and says so.
    fn change<T>(&self, change: impl FnOnce(&mut Left) -> T) -> T {
        let changed = change(&mut self.left());
        self.changed.notify_waiters();
        changed
    }
}

impl Client {
    /// Takes over an enumeration that is left open.
    pub(super) fn leave(&self, class: Epr, context: Text) {
        let context = Open { class, context, options: Arc::clone(&self.options) };
        self.shared.reaper.change(|left| left.contexts.push_back(context));
        self.reap();
    }

    /// Takes over a page that is on its way. Whether the host has moved the enumeration on, and to which context, is
    /// known only when it has come.
    pub(super) fn leave_page(&self, page: BoxFuture<'static, ()>) {
        // Without a runtime it is dropped, and leaves the context that it was asked for with.
        let Ok(runtime) = Handle::try_current() else { return };
        self.shared.reaper.change(|left| left.pages += 1);
        let on_its_way = OnItsWay { client: self.clone(), page: Some(page) };
        drop(runtime.spawn(on_its_way.read()));
    }

    /// Sees to it that somebody releases what is left, if there is a runtime.
    pub(super) fn reap(&self) {
        let Ok(runtime) = Handle::try_current() else { return };
        let needed = {
            let mut left = self.shared.reaper.left();
            let needed = !left.at_work && !left.contexts.is_empty();
            left.at_work |= needed;
            needed
        };
        if needed {
            drop(runtime.spawn(Worker::new(self.clone()).work()));
        }
    }

    /// Waits until nothing is left.
    pub(super) async fn reaped(&self, deadline: Duration) -> Result<()> {
        let done = async {
            loop {
                let changed = self.shared.reaper.changed.notified();
                self.reap();
                if self.shared.reaper.left().is_empty() {
                    return;
                }
                changed.await;
            }
        };
        let in_time = timeout(deadline, done).await;
        let mut left = self.shared.reaper.left();
        match (left.failed.take(), in_time) {
            (Some(error), _) => Err(error),
            (None, Ok(())) => Ok(()),
            (None, Err(_)) => Err(Error::new(
                ErrorKind::Timeout,
                format!("failed to release what is open on the host within {} s", deadline.as_secs_f64()),
            )
            .with_hint("the host forgets open enumerations by itself after some minutes")),
        }
    }
}

impl Left {
    fn is_empty(&self) -> bool {
        self.contexts.is_empty() && !self.at_work && self.pages == 0
    }
}

/// The task that releases.
struct Worker {
    client: Client,
    in_hand: Option<Open>,
    done: bool,
}

impl Worker {
    fn new(client: Client) -> Self {
        Self { client, in_hand: None, done: false }
    }

    async fn work(mut self) {
        while let Some(Open { class, context, options }) = self.next() {
            let release = Operation::Release { class, context };
            // A conversation of its own: it stands in no order with what the user does meanwhile.
            let client = Client { options, ..self.client.lane() };
            let released = client.call(&release, false, Some(LIMIT)).await;
            self.in_hand = None;
            // What the host no longer knows is released.
            if let Err(failure) = released
                && !failure.context_is_gone()
            {
                tracing::debug!(error = %failure.error, "an enumeration was not released");
                self.client.shared.reaper.left().failed.get_or_insert(failure.error);
            }
        }
    }

    /// Takes the next one. Where there is none the work is done, at that very moment for all who look.
    fn next(&mut self) -> Option<Open> {
        self.client.shared.reaper.change(|left| {
            self.in_hand = left.contexts.pop_front();
            self.done = self.in_hand.is_none();
            left.at_work = !self.done;
        });
        self.in_hand.clone()
    }
}

/// A task ends with its runtime, whatever it is at.
impl Drop for Worker {
    fn drop(&mut self) {
        if !self.done {
            self.client.shared.reaper.change(|left| {
                left.contexts.extend(self.in_hand.take());
                left.at_work = false;
            });
        }
    }
}

/// The task that reads a page to its end.
struct OnItsWay {
    client: Client,
    page: Option<BoxFuture<'static, ()>>,
}

impl OnItsWay {
    async fn read(mut self) {
        if let Some(page) = &mut self.page {
            // A page that does not come is dropped, and leaves the context that it was asked for with.
            let _ = timeout(LIMIT, page).await;
        }
    }
}

impl Drop for OnItsWay {
    fn drop(&mut self) {
        // First, as what is dropped with it may be left in turn.
        self.page = None;
        self.client.shared.reaper.change(|left| left.pages -= 1);
    }
}
