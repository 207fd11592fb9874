//! An operation that the host has started.

use super::{Job, Jobs, is_not_found, shell, task::Task};
use crate::{
    cim::Epr,
    client::BoxFuture,
    error::{Error, ErrorKind, Result},
    wsman::RetryClass,
};
use futures_core::Stream;
use std::{
    fmt,
    future::Future,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

/// First pause between two looks; each further one is twice as long.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
/// Longest pause between two looks.
const LONGEST_PAUSE: Duration = Duration::from_secs(2);
/// How long nothing but errors is put up with, unless told otherwise.
const PATIENCE: Duration = Duration::from_secs(300);

/// A started operation. Dropping it stops nothing on the host: the job goes on.
///
/// ```
/// # #[cfg(feature = "sim")]
/// # #[tokio::main(flavor = "current_thread", start_paused = true)]
/// # async fn main() -> hyperv_wsman::Result<()> {
/// use hyperv_wsman::hyperv::CreateSettings;
/// use std::{future::poll_fn, pin::Pin};
/// # use futures_core::Stream as _;
/// # use hyperv_wsman::{Client, hyperv::HyperV, sim};
/// # let host = sim::Host::new(sim::Settings::default());
/// # let url = "https://hv01.example.test:5986/wsman".parse().unwrap();
/// # let hyperv = HyperV::new(Client::with_transport(url, host.transport()));
/// # let group = hyperv.group("web-tier").await?;
///
/// let snapshots = hyperv.collection_snapshots();
/// let mut started = snapshots.create(&group, &CreateSettings::recovery()).await?;
/// {
///     // `while let Some(job) = progress.next().await` with any crate of stream combinators.
///     let mut progress = started.progress();
///     while let Some(job) = poll_fn(|context| Pin::new(&mut progress).poll_next(context)).await {
///         println!("{}%", job?.percent.unwrap_or_default());
///     }
/// }
/// let snapshot = started.wait().await?;
/// # assert_eq!(host.snapshots(), [snapshot.id]);
/// # Ok(())
/// # }
/// # #[cfg(not(feature = "sim"))]
/// # fn main() {}
/// ```
#[must_use = "the operation runs on the host; call `wait` for its result"]
pub struct Started<T> {
    course: Course,
    jobs: Jobs,
    task: Task,
    finish: Finish<T>,
}

/// Where an operation stands, and by which word.
#[derive(Debug)]
enum Course {
    /// Over, as the host answered.
    Over,
    /// In this job, as the host answered.
    Job(Watch),
    /// The answer was lost; this job can be the operation's.
    Presumed(Watch),
    /// The answer was lost by this; a look at the host has shown that it is over.
    Found(String),
}

impl Course {
    fn watch(&self) -> Option<&Watch> {
        match self {
            Self::Job(watch) | Self::Presumed(watch) => Some(watch),
            Self::Over | Self::Found(_) => None,
        }
    }

    fn watch_mut(&mut self) -> Option<&mut Watch> {
        match self {
            Self::Job(watch) | Self::Presumed(watch) => Some(watch),
            Self::Over | Self::Found(_) => None,
        }
    }
}

/// Makes the result of the way it ended.
type Finish<T> = Box<dyn FnOnce(Ending) -> BoxFuture<'static, Result<T>> + Send>;

/// How an operation ended, when it did not fail.
#[derive(Debug)]
pub(super) enum Ending {
    /// Within the call, without a job.
    AtOnce,
    /// With its job; with one that is only presumed to be its own, however that job ended.
    Finished(Box<Job>),
    /// The host no longer knows the job.
    Vanished,
}

impl Ending {
    /// Why its effect is not told by the job itself.
    pub(super) fn cause(&self) -> Option<Error> {
        matches!(self, Self::Vanished).then(|| {
            Error::new(ErrorKind::NotFound, "the host no longer knows the job, and nobody saw its end")
        })
    }
}

impl<T: Send + 'static> Started<T> {
    /// An operation that goes on in a job.
    pub(super) fn follow<F>(
        jobs: Jobs,
        epr: Epr,
        task: Task,
        finish: impl FnOnce(Ending) -> F + Send + 'static,
    ) -> Self
    where
        F: Future<Output = Result<T>> + Send + 'static,
    {
        Self::new(Course::Job(Watch::new(jobs.clone(), epr)), jobs, task, finish)
    }
    /// An operation whose answer was lost, and a job that can be it: how the job ends proves nothing.
    pub(super) fn presume<F>(
        jobs: Jobs,
        epr: Epr,
        task: Task,
        finish: impl FnOnce(Ending) -> F + Send + 'static,
    ) -> Self
    where
        F: Future<Output = Result<T>> + Send + 'static,
    {
        Self::new(Course::Presumed(Watch::new(jobs.clone(), epr)), jobs, task, finish)
    }
    /// An operation that is already over.
    pub(super) fn over<F>(jobs: Jobs, task: Task, finish: impl FnOnce(Ending) -> F + Send + 'static) -> Self
    where
        F: Future<Output = Result<T>> + Send + 'static,
    {
        Self::new(Course::Over, jobs, task, finish)
    }
    /// An operation whose answer was lost by `cause`, and whose result was found by looking at the host.
    pub(super) fn found(jobs: Jobs, task: Task, cause: String, result: T) -> Self {
        Self::new(Course::Found(cause), jobs, task, |_| async move { Ok(result) })
    }

    fn new<F>(
        course: Course,
        jobs: Jobs,
        task: Task,
        finish: impl FnOnce(Ending) -> F + Send + 'static,
    ) -> Self
    where
        F: Future<Output = Result<T>> + Send + 'static,
    {
        Self { course, jobs, task, finish: Box::new(|ending| Box::pin(finish(ending))) }
    }

    /// Why the answer to the request was lost, where the operation was then found by looking at the host.
    #[must_use]
    pub fn lost_answer(&self) -> Option<&str> {
        match &self.course {
            Course::Found(cause) => Some(cause),
            _ => None,
        }
    }
    /// Reference of the job; `None` when the method completed at once.
    #[must_use]
    pub fn job(&self) -> Option<&Epr> {
        self.course.watch().map(|watch| &watch.epr)
    }
    /// InstanceID of the job.
    #[must_use]
    pub fn job_id(&self) -> Option<&str> {
        self.job()?.selector("InstanceID")
    }
    /// Whether the job is only presumed to be this operation's: the answer that names it was lost, and
    /// it is the one job of that kind that runs. Its end proves nothing; `wait` judges by what is there
    /// afterwards.
    #[must_use]
    pub fn is_presumed(&self) -> bool {
        matches!(self.course, Course::Presumed(_))
    }
    /// Gives up waiting after this long (`Timeout`; the job goes on). Default: no limit.
    pub fn timeout(mut self, limit: Duration) -> Self {
        if let Some(watch) = self.course.watch_mut() {
            watch.limit = Some((limit, watch.now().saturating_add(limit)));
        }
        self
    }
    /// How long nothing but transient errors is put up with while looking at the job (the host
    /// restarts, the network is away) before the wait ends; default five minutes.
    pub fn patience(mut self, patience: Duration) -> Self {
        if let Some(watch) = self.course.watch_mut() {
            watch.patience = patience;
        }
        self
    }
    /// Waits for the end and finds the result.
    ///
    /// # Errors
    /// `Job` with the decoded errors, `OutcomeUnknown` when the job vanished and its effect cannot
    /// be told, `Timeout` when a limit was set.
    pub async fn wait(mut self) -> Result<T> {
        let presumed = self.is_presumed();
        let ending = match self.course.watch_mut() {
            None => Ending::AtOnce,
            Some(watch) => loop {
                match watch.look().await? {
                    Look::Job(job) if job.is_failure() && !presumed => {
                        return Err(self.jobs.failed(&job, &self.task).await);
                    }
                    Look::Job(job) if job.state.is_finished() => break Ending::Finished(job),
                    Look::Job(_) => {}
                    Look::Vanished => break Ending::Vanished,
                }
            },
        };
        (self.finish)(ending).await
    }
    /// Looks at the job as it goes: a first look at once, then from 100 ms growing to 2 s. Ends
    /// after the finished job, or when the host no longer knows it. The handle stays usable: `wait`
    /// afterwards gives the result.
    pub fn progress(&mut self) -> impl Stream<Item = Result<Job>> + Send + Unpin + '_ {
        Progress { watch: self.course.watch_mut(), look: None }
    }
    /// Asks the host to end the job.
    ///
    /// # Errors
    /// As [`Jobs::cancel`].
    pub async fn cancel(&self) -> Result<Job> {
        match self.course.watch() {
            Some(watch) => {
                let job = self.jobs.get(&watch.epr).await?;
                self.jobs.cancel(&job, false).await
            }
            None => Err(self.task.impossible("it is already over, there is no job to cancel")),
        }
    }
}

impl<T> fmt::Debug for Started<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Started")
            .field("task", &self.task)
            .field("course", &self.course)
            .finish_non_exhaustive()
    }
}

/// Follows one job.
#[derive(Debug, Clone)]
struct Watch {
    jobs: Jobs,
    epr: Epr,
    /// Before the next look; none before the first.
    pause: Option<Duration>,
    /// The last look, when nothing comes after it.
    last: Option<Look>,
    /// The limit and when it is reached, by the client's clock.
    limit: Option<(Duration, Duration)>,
    patience: Duration,
    /// Since when there have been nothing but errors.
    trouble_since: Option<Duration>,
}

#[derive(Debug, Clone)]
enum Look {
    Job(Box<Job>),
    Vanished,
}

impl Look {
    fn is_last(&self) -> bool {
        match self {
            Self::Job(job) => job.state.is_finished(),
            Self::Vanished => true,
        }
    }
}

impl Watch {
    fn new(jobs: Jobs, epr: Epr) -> Self {
        Self { jobs, epr, pause: None, last: None, limit: None, patience: PATIENCE, trouble_since: None }
    }

    fn id(&self) -> &str {
        self.epr.selector("InstanceID").unwrap_or_default()
    }

    fn now(&self) -> Duration {
        self.jobs.client().clock().elapsed()
    }

    /// The next look at the job, at its time. After the last one, the last one again.
    async fn look(&mut self) -> Result<Look> {
        if let Some(last) = &self.last {
            return Ok(last.clone());
        }
        loop {
            if let Some(pause) = self.pause {
                let left = self.left()?.unwrap_or(pause);
                self.jobs.client().clock().sleep(pause.min(left)).await;
            }
            self.pause = Some(self.pause.map_or(FIRST_PAUSE, |pause| (pause * 2).min(LONGEST_PAUSE)));
            let left = self.left()?;
            let look = match left {
                // The call has its own deadlines; this one is only for a host that does not answer.
                Some(left) => match tokio::time::timeout(left, self.jobs.read(&self.epr)).await {
                    Ok(look) => look,
                    Err(_) => return Err(self.out_of_time()),
                },
                None => self.jobs.read(&self.epr).await,
            };
            let look = match look {
                Ok(job) => Look::Job(Box::new(job)),
                Err(error) if is_not_found(&error) => Look::Vanished,
                Err(error) => {
                    self.put_up_with(error)?;
                    continue;
                }
            };
            self.trouble_since = None;
            if look.is_last() {
                self.last = Some(look.clone());
            }
            return Ok(look);
        }
    }

    /// Time left until the limit.
    fn left(&self) -> Result<Option<Duration>> {
        let Some((_, end)) = self.limit else { return Ok(None) };
        match end.checked_sub(self.now()) {
            Some(left) if !left.is_zero() => Ok(Some(left)),
            _ => Err(self.out_of_time()),
        }
    }

    fn out_of_time(&self) -> Error {
        let limit = self.limit.map_or(Duration::ZERO, |(limit, _)| limit);
        Error::new(
            ErrorKind::Timeout,
            format!(
                "failed to wait for job `{}`: it has not ended within {} s",
                self.id(),
                limit.as_secs_f64()
            ),
        )
        .with_hint(self.go_on())
    }

    /// Passes over an error that may go away, as long as patience lasts.
    fn put_up_with(&mut self, error: Error) -> Result<()> {
        if !is_transient(&error) {
            let message = format!("failed to follow job `{}`: it cannot be looked at", self.id());
            return Err(Error::new(error.kind(), message).with_hint(self.go_on()).with_source(error));
        }
        let now = self.now();
        let since = *self.trouble_since.get_or_insert(now);
        if now.saturating_sub(since) < self.patience {
            tracing::debug!(%error, "a look at the job failed");
            return Ok(());
        }
        let message = format!(
            "failed to follow job `{}`: nothing but errors for {} s",
            self.id(),
            now.saturating_sub(since).as_secs()
        );
        Err(Error::new(error.kind(), message).with_hint(self.go_on()).with_source(error))
    }

    fn go_on(&self) -> String {
        format!("the job may go on; wait for it again with: hvctl job wait {}", shell::word(self.id()))
    }
}

/// Whether a look at a job may succeed later. Who is not let in, or asks for what cannot be, need
/// not try again.
fn is_transient(error: &Error) -> bool {
    match error.kind() {
        ErrorKind::Transport | ErrorKind::Timeout | ErrorKind::Protocol => true,
        ErrorKind::Fault => error.fault().is_some_and(|fault| {
            fault.retry_class() != RetryClass::Never || !fault.refused_before_dispatch()
        }),
        _ => false,
    }
}

/// The looks of a watch as a stream.
struct Progress<'a> {
    watch: Option<&'a mut Watch>,
    look: Option<BoxFuture<'static, (Watch, Result<Look>)>>,
}

impl Stream for Progress<'_> {
    type Item = Result<Job>;
    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = &mut *self;
        let Some(watch) = &mut this.watch else { return Poll::Ready(None) };
        let look = this.look.get_or_insert_with(|| {
            // A copy looks, so that a stream dropped half-way leaves the handle as it was.
            let mut watch = watch.clone();
            Box::pin(async move {
                let look = watch.look().await;
                (watch, look)
            })
        });
        let (looked, look) = ready!(look.as_mut().poll(context));
        this.look = None;
        **watch = looked;
        let over = !matches!(&look, Ok(look) if !look.is_last());
        if over {
            this.watch = None;
        }
        Poll::Ready(match look {
            Ok(Look::Job(job)) => Some(Ok(*job)),
            Ok(Look::Vanished) => None,
            Err(error) => Some(Err(error)),
        })
    }
}
