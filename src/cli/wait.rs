//! Waiting for a started operation, visibly.

use super::{failure::Failure, output::Output, session::Session};
use crate::{
    error::{ErrorKind, Result},
    hyperv::{Job, JobState, Started},
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
        Ok(value) => {
            if let Some(job) = last.as_ref().filter(|job| job.state == JobState::COMPLETED_WITH_WARNINGS) {
                output.warning(&with_warnings(job));
            }
            Ok((value, last))
        }
        Err(error) => Err(match (job_id, error.hint()) {
            (Some(id), _) if error.kind() == ErrorKind::Timeout => error
                .with_hint(format!("the job goes on; take up the wait with: {}", session.wait_command(&id)))
                .into(),
            (Some(id), Some(hint)) => {
                let hint = hint.replace(&format!("hvctl job wait {id}"), &session.wait_command(&id));
                error.with_hint(hint).into()
            }
            _ => error.into(),
        }),
    }
}

/// Says that the host's answer was lost, and what the result is taken from.
pub(crate) fn warn_of_presumption<T: Send + 'static>(output: &Output, started: &Started<T>) {
    if let Some(id) = started.job_id()
        && started.is_presumed()
    {
        output.warning(&format!(
            "the host's answer was lost; job `{id}` can be the one that it has started, and nothing was repeated"
        ));
    } else if let Some(cause) = started.lost_answer() {
        output.warning(&format!(
            "the host's answer was lost ({cause}); the result was found by looking, and nothing was repeated"
        ));
    }
}

/// What the host says of a job that did its work, but not all of it as it should.
fn with_warnings(job: &Job) -> String {
    let told = [&job.error_description, &job.error_summary, &job.status];
    let told = told.into_iter().find_map(Option::as_deref).map(|told| format!("; the host says: {told}"));
    format!("job `{}` completed with warnings{}", job.id, told.unwrap_or_default())
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
