//! An operation that the host has started.
use super::Job;
use crate::{cim::Epr, error::Result};
use futures_core::Stream;
use std::time::Duration;

/// A started operation. Dropping it stops nothing on the host: the job goes on.
#[must_use = "the operation runs on the host; call `wait` for its result"]
#[derive(Debug)]
pub struct Started<T> {
    _p: std::marker::PhantomData<fn() -> T>,
}

impl<T: Send + 'static> Started<T> {
    /// Reference of the job; `None` when the method completed at once.
    #[must_use]
    pub fn job(&self) -> Option<&Epr> {
        todo!()
    }
    /// InstanceID of the job.
    #[must_use]
    pub fn job_id(&self) -> Option<&str> {
        todo!()
    }
    /// Gives up waiting after this long (`Timeout`; the job goes on). Default: no limit.
    pub fn timeout(self, limit: Duration) -> Self {
        let _ = limit;
        self
    }
    /// Waits for the end and finds the result.
    ///
    /// # Errors
    /// `Job` with the decoded errors, `OutcomeUnknown` when the job vanished and its effect cannot
    /// be told, `Timeout` when a limit was set.
    pub async fn wait(self) -> Result<T> {
        todo!()
    }
    /// Looks at the job as it goes: a first look at once, then from 100 ms growing to 2 s. Ends
    /// after the finished job. The handle stays usable: `wait` afterwards gives the result.
    pub fn progress(&mut self) -> impl Stream<Item = Result<Job>> + Send + Unpin + '_ {
        Never(self)
    }
    /// Asks the host to end the job.
    ///
    /// # Errors
    /// As [`Jobs::cancel`](super::Jobs::cancel).
    pub async fn cancel(&self) -> Result<Job> {
        todo!()
    }
}
struct Never<'a, T>(#[allow(dead_code, reason = "stub")] &'a mut Started<T>);
impl<T> Stream for Never<'_, T> {
    type Item = Result<Job>;
    fn poll_next(
        self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Self::Item>> {
        todo!()
    }
}
