//! Ctrl-C, and the signal by which a service manager ends a job: heard from the first moment of a command to its last.

use super::failure::Failure;
use crate::error::{Error, ErrorKind};
use std::{
    panic,
    pin::pin,
    sync::atomic::{AtomicBool, Ordering},
};
use tokio::sync::Notify;

/// What ends a command from outside, and who says what that means.
#[derive(Debug, Default)]
pub(crate) struct Interruption {
    came: Notify,
    answered: AtomicBool,
}

impl Interruption {
    /// Does the work of a command unless it is interrupted. Until somebody else answers for that, nothing was changed.
    ///
    /// # Errors
    /// Of the work; `Interrupted`.
    pub(crate) async fn guard(&self, work: impl Future<Output = Result<(), Failure>>) -> Result<(), Failure> {
        let mut work = pin!(work);
        tokio::select! {
            // First, so that signals are listened to before anything is done.
            biased;
            () = signal() => {}
            result = &mut work => return result,
        }
        if !self.answered.load(Ordering::Relaxed) {
            return Err(nothing_changed());
        }
        self.came.notify_one();
        work.await
    }

    /// Waits for the interruption. Who does knows better than [`Self::guard`] what it means, and ends the command.
    pub(crate) async fn answered_here(&self) {
        self.answered.store(true, Ordering::Relaxed);
        self.came.notified().await;
    }
}

/// What an interruption means as long as nothing was asked for that changes anything.
pub(crate) fn nothing_changed() -> Failure {
    Error::new(ErrorKind::Interrupted, "interrupted: nothing was changed").into()
}

/// Does what blocks in a thread that nobody has to wait for, so that an interruption is heard meanwhile.
///
/// # Errors
/// Of the work.
pub(crate) async fn aside<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Failure> + Send + 'static,
) -> Result<T, Failure> {
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => result,
        Err(error) => match error.try_into_panic() {
            Ok(panicked) => panic::resume_unwind(panicked),
            // The runtime ends, and with it the command.
            Err(_) => Err(nothing_changed()),
        },
    }
}

/// SIGINT or SIGTERM; Ctrl-C where there are no signals. Where it cannot be listened to, nothing interrupts.
async fn signal() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let (Ok(mut interrupt), Ok(mut terminate)) =
            (signal(SignalKind::interrupt()), signal(SignalKind::terminate()))
        {
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
            }
            return;
        }
    }
    #[cfg(not(unix))]
    if tokio::signal::ctrl_c().await.is_ok() {
        return;
    }
    std::future::pending::<()>().await;
}
