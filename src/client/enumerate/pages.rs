//! An enumeration at work: a page is asked for, and read to its end even when nobody waits for it any more.

use super::{
    EnumerateCall,
    cursor::{Anew, Cursor, Step},
};
use crate::{client::Client, error::Result, transport::BoxFuture};
use std::{
    fmt,
    future::poll_fn,
    task::{Context, Poll, ready},
};

/// The pages of an enumeration.
pub(super) struct Pages {
    client: Client,
    at: At,
}

/// Where it is.
enum At {
    /// Between two pages.
    Rest(Cursor),
    /// A page is on its way.
    Page(BoxFuture<'static, (Cursor, Result<Step>)>),
    /// After the end, or after an error.
    End,
}

impl Pages {
    pub(super) fn new(call: EnumerateCall) -> Self {
        Self { client: call.client.clone(), at: At::Rest(Cursor::new(call)) }
    }

    /// The next page; see [`Cursor::step`].
    ///
    /// # Errors
    /// Of the call; after one comes the end.
    pub(super) async fn step(&mut self, anew: Anew) -> Result<Step> {
        poll_fn(|context| self.poll_step(|| anew.clone(), context)).await
    }

    /// As [`Self::step`].
    pub(super) fn poll_step(
        &mut self,
        anew: impl FnOnce() -> Anew,
        context: &mut Context<'_>,
    ) -> Poll<Result<Step>> {
        self.at = match std::mem::replace(&mut self.at, At::End) {
            At::Rest(mut cursor) => {
                let anew = anew();
                At::Page(Box::pin(async move {
                    let step = cursor.step(&anew).await;
                    (cursor, step)
                }))
            }
            at => at,
        };
        let At::Page(page) = &mut self.at else { return Poll::Ready(Ok(Step::End)) };
        let (cursor, step) = ready!(page.as_mut().poll(context));
        // A cursor that is dropped leaves what is still open to be released.
        self.at = match step {
            Ok(Step::Page(_) | Step::Restarted) => At::Rest(cursor),
            Ok(Step::End) | Err(_) => At::End,
        };
        Poll::Ready(step)
    }
}

/// The host moves an enumeration on with each page: one that is on its way has to come before it can be told what to
/// release.
impl Drop for Pages {
    fn drop(&mut self) {
        if let At::Page(page) = std::mem::replace(&mut self.at, At::End) {
            self.client.leave_page(Box::pin(async move { drop(page.await) }));
        }
    }
}

impl fmt::Debug for Pages {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let at: &dyn fmt::Debug = match &self.at {
            At::Rest(cursor) => cursor,
            At::Page(_) => &"a page is on its way",
            At::End => &"the end",
        };
        f.debug_tuple("Pages").field(at).finish()
    }
}
