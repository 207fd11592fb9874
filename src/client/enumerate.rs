//! Enumerations and queries: all items at once, or as a stream.
//!
//! `cursor` knows what an enumeration asks for next, `pages` asks for it, `parts` makes instances
//! of what a query with a list of properties brings, `items` hands out what came, and `handed_out`
//! knows what that was.

mod cursor;
mod handed_out;
mod items;
mod pages;
mod parts;

use super::{Client, per_call::per_call_options};
use crate::{
    cim::{Epr, Instance},
    error::Result,
    transport::BoxFuture,
    wsman::{EnumerationMode, Filter},
};
use cursor::{Anew, Step};
use futures_core::Stream;
use items::Items;
use pages::Pages;
use std::future::IntoFuture;

/// One item of an enumeration, by mode.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Item {
    /// The instance (modes `Object`, `ObjectAndEpr`).
    pub instance: Option<Instance>,
    /// The reference (modes `Epr`, `ObjectAndEpr`).
    pub epr: Option<Epr>,
}

/// What becomes of an enumeration that cannot go on where it was: the host has forgotten it (Windows does after
/// four minutes without a request), a page was lost on its way, or one does not fit the envelope.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum OnExpiry {
    /// It begins anew, up to three times, as long as no item has been handed out. After that it fails, as items would
    /// come twice.
    #[default]
    Restart,
    /// It fails, but for pages that do not fit the envelope before an item has been handed out: fewer items are asked
    /// for then.
    Fail,
    /// It begins anew, up to three times, and passes over the items that were handed out: by their references, or in the
    /// mode `Object` by the keys that the schema knows of their classes. It fails where these cannot tell. The items are
    /// those of several moments: one that was changed, deleted or created meanwhile is as it was, or is, when it came.
    ///
    /// A stream keeps the keys of all its items in memory, and is no longer bounded by one page.
    Resume,
}

/// An enumeration: awaited for all items, or streamed.
#[must_use = "calls do nothing until awaited"]
#[derive(Debug)]
pub struct EnumerateCall {
    pub(super) client: Client,
    class: Epr,
    mode: EnumerationMode,
    filter: Option<Filter>,
    max_elements: u32,
    on_expiry: OnExpiry,
}

impl EnumerateCall {
    pub(super) fn new(client: Client, class: Epr) -> Self {
        let max_elements = client.options.max_elements;
        Self {
            client,
            class,
            mode: EnumerationMode::default(),
            filter: None,
            max_elements,
            on_expiry: OnExpiry::default(),
        }
    }
    /// What comes for each instance.
    pub fn mode(mut self, mode: EnumerationMode) -> Self {
        self.mode = mode;
        self
    }
    /// Only what passes.
    ///
    /// ```
    /// # #[cfg(feature = "sim")]
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)]
    /// # async fn main() -> hyperv_wsman::Result<()> {
    /// # use hyperv_wsman::{Client, cim::{Epr, Text}, sim, wsman::Filter};
    /// # let host = sim::Host::new(sim::Settings::default());
    /// # let url = "https://hv01.example.test:5986/wsman".parse().unwrap();
    /// # let client = Client::with_transport(url, host.transport());
    /// let machines = Epr::class_of("Msvm_ComputerSystem", "root/virtualization/v2");
    /// let filter = Filter::Selector(vec![("ElementName".to_owned(), Text::new("web-01")?)]);
    /// let found = client.enumerate(&machines).filter(filter).instances().await?;
    /// assert_eq!(found.len(), 1);
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "sim"))]
    /// # fn main() {}
    /// ```
    pub fn filter(mut self, filter: Filter) -> Self {
        self.filter = Some(filter);
        self
    }
    /// Items of one page; at least one.
    pub fn max_elements(mut self, max_elements: u32) -> Self {
        self.max_elements = max_elements.max(1);
        self
    }
    /// What becomes of it when it cannot go on where it was; [`OnExpiry::Restart`] unless told otherwise.
    ///
    /// ```
    /// # #[cfg(feature = "sim")]
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)]
    /// # async fn main() -> hyperv_wsman::Result<()> {
    /// # use hyperv_wsman::{Client, OnExpiry, cim::Epr, sim};
    /// # let host = sim::Host::new(sim::Settings::default());
    /// # let url = "https://hv01.example.test:5986/wsman".parse().unwrap();
    /// # let client = Client::with_transport(url, host.transport());
    /// let machines = Epr::class_of("Msvm_ComputerSystem", "root/virtualization/v2");
    /// let call = client.enumerate(&machines).max_elements(2).on_expiry(OnExpiry::Fail);
    /// assert_eq!(call.instances().await?.len(), 7);
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "sim"))]
    /// # fn main() {}
    /// ```
    pub fn on_expiry(mut self, on_expiry: OnExpiry) -> Self {
        self.on_expiry = on_expiry;
        self
    }
    /// Items as they arrive, with one page in memory; the next one is asked for when the last item of a page has been
    /// taken. Several streams of one client run side by side.
    ///
    /// A stream that has ended, with or without an error, holds nothing on the host. One that is dropped before its
    /// end is released in the background, if a Tokio runtime is running; [`Client::close`] waits for that. Where no
    /// runtime is running it is released with the client's next call.
    ///
    /// ```
    /// # #[cfg(feature = "sim")]
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use futures_core::Stream;
    /// use hyperv_wsman::{Client, cim::Epr, sim};
    /// use std::{future::poll_fn, pin::Pin, time::Duration};
    ///
    /// let host = sim::Host::new(sim::Settings::default());
    /// let client = Client::with_transport("https://hv01.example.test:5986/wsman".parse()?, host.transport());
    ///
    /// let machines = Epr::class_of("Msvm_ComputerSystem", "root/virtualization/v2");
    /// let mut stream = client.enumerate(&machines).max_elements(1).stream();
    /// // With the `futures` crate: `stream.next().await`.
    /// let first = poll_fn(|context| Pin::new(&mut stream).poll_next(context)).await;
    /// assert!(first.is_some_and(|item| item.is_ok()));
    /// assert_eq!(host.open_contexts(), 1);
    ///
    /// drop(stream);
    /// client.close(Duration::from_secs(2)).await?;
    /// assert_eq!(host.open_contexts(), 0);
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "sim"))]
    /// # fn main() {}
    /// ```
    pub fn stream(self) -> impl Stream<Item = Result<Item>> + Send + Unpin {
        Items::new(self)
    }
    /// All instances (mode `Object`).
    ///
    /// # Errors
    /// As the call.
    pub async fn instances(self) -> Result<Vec<Instance>> {
        self.mode(EnumerationMode::Object).collect(|item| Ok(item.instance)).await
    }

    /// What is kept of all items; of each page as it comes, so that nothing stands beside what it became.
    pub(super) async fn collect<T>(self, keep: impl Fn(Item) -> Result<Option<T>>) -> Result<Vec<T>> {
        let mut pages = Pages::new(self);
        let mut kept = Vec::new();
        loop {
            match pages.step(Anew::Allowed).await? {
                Step::Page(items) => {
                    for item in items {
                        kept.extend(keep(item)?);
                    }
                }
                Step::Restarted => kept.clear(),
                Step::End => return Ok(kept),
            }
        }
    }
}

per_call_options!(EnumerateCall);

impl IntoFuture for EnumerateCall {
    type Output = Result<Vec<Item>>;
    type IntoFuture = BoxFuture<'static, Self::Output>;
    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.collect(|item| Ok(Some(item))))
    }
}
