//! Ctrl-C, a terminal that is closed, and the signal by which a service manager ends a job: heard from the first moment of
//! a command to its last.

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

/// SIGINT, SIGTERM or SIGHUP; on Windows Ctrl-C, Ctrl-Break, a window that is closed, the end of the system. Where they
/// cannot be listened to, nothing interrupts.
async fn signal() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        let mut hangup = if is_hangup_ignored() { None } else { signal(SignalKind::hangup()).ok() };
        if let (Ok(mut interrupt), Ok(mut terminate)) =
            (signal(SignalKind::interrupt()), signal(SignalKind::terminate()))
        {
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
                Some(()) = async { hangup.as_mut()?.recv().await } => {}
            }
            return;
        }
    }
    #[cfg(windows)]
    {
        use tokio::signal::windows::{ctrl_break, ctrl_c, ctrl_close, ctrl_shutdown};
        if let (Ok(mut interrupt), Ok(mut stop), Ok(mut close), Ok(mut shutdown)) =
            (ctrl_c(), ctrl_break(), ctrl_close(), ctrl_shutdown())
        {
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = stop.recv() => {}
                _ = close.recv() => {}
                _ = shutdown.recv() => {}
            }
            return;
        }
    }
    std::future::pending::<()>().await;
}

/// Whether whoever started the command wants it to outlive its terminal, as `nohup` does. Listening would undo that.
#[cfg(unix)]
fn is_hangup_ignored() -> bool {
    use std::io::IsTerminal;
    // Linux tells. Elsewhere there is only what else `nohup` does: it leaves no terminal as standard error.
    std::fs::read_to_string("/proc/self/status")
        .ok()
        .and_then(|status| ignores_hangup(&status))
        .unwrap_or_else(|| !std::io::stderr().is_terminal())
}

/// Whether the signals that a process ignores, as Linux lists them, have SIGHUP among them, the first of all.
#[cfg(unix)]
fn ignores_hangup(status: &str) -> Option<bool> {
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:"))?;
    Some(u128::from_str_radix(ignored.trim(), 16).ok()? & 1 == 1)
}

#[cfg(all(test, unix))]
mod tests {
    use super::ignores_hangup;

    #[test]
    fn a_hangup_is_ignored_where_the_system_says_so() {
        let of = |ignored: &str| ignores_hangup(&format!("Name:\thvctl\nSigBlk:\t0001\n{ignored}\n"));
        assert_eq!(of("SigIgn:\t0000000000001001"), Some(true));
        assert_eq!(of("SigIgn:\t0000000000001000"), Some(false));
        assert_eq!((of("SigIgn:\tx"), of("")), (None, None));
    }
}
