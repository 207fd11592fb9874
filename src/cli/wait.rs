//! Waiting for a started operation, visibly.

use super::{failure::Failure, output::Output, session::Session};
use crate::{
    error::{ErrorKind, Result},
    hyperv::{Job, Started},
};
use futures_core::Stream;
use std::{future::poll_fn, pin::Pin};

/// Follows an operation to its end. The job is as last seen; `None` when the host was done at once.
///
/// # Errors
/// Of [`Started::wait`]; a timeout comes with the command that takes up the wait.
pub(crate) async fn follow<T: Send + 'static>(
    session: &Session,
    output: &Output,
    started: Started<T>,
) -> Result<(T, Option<Job>), Failure> {
    let job_id = started.job_id().map(str::to_owned);
    warn_of_presumption(output, &started);
    match &job_id {
        Some(id) => session.waiting(id),
        None => session.done(),
    }
    let mut started = match session.timeout {
        Some(limit) => started.timeout(limit),
        None => started,
    };
    let last = watch(&mut started, output).await;
    let result = started.wait().await;
    output.end_progress();
    session.done();
    match result {
        Ok(value) => Ok((value, last)),
        Err(error) => Err(match job_id {
            Some(id) if error.kind() == ErrorKind::Timeout => error
                .with_hint(format!("the job goes on; take up the wait with: {}", session.wait_command(&id)))
                .into(),
            _ => error.into(),
        }),
    }
}

/// Says that nobody knows for certain whether the job is the operation's.
pub(crate) fn warn_of_presumption<T: Send + 'static>(output: &Output, started: &Started<T>) {
    if let Some(id) = started.job_id()
        && started.is_presumed()
    {
        output.warning(&format!(
            "the host's answer was lost; job `{id}` can be the one that it has started, and nothing was repeated"
        ));
    }
}

/// Shows each look at the job. A look that fails ends the watching; `wait` then says what is the matter.
async fn watch<T: Send + 'static>(started: &mut Started<T>, output: &Output) -> Option<Job> {
    let mut last = None;
    let mut looks = started.progress();
    while let Some(Ok(job)) = next(&mut looks).await {
        output.progress(&job);
        last = Some(job);
    }
    last
}

async fn next<S: Stream + Unpin>(stream: &mut S) -> Option<S::Item> {
    poll_fn(|context| Pin::new(&mut *stream).poll_next(context)).await
}
