//! Who reads standard output, and whether they are still there.

/// Waits until the reader of a pipe on standard output goes away: then nobody needs what is still to come. Where
/// standard output is something else, that is never.
pub(crate) async fn gone() {
    #[cfg(unix)]
    {
        let (tell, told) = tokio::sync::oneshot::channel();
        // A thread of its own: nobody waits for it when the command ends.
        std::thread::spawn(move || {
            if hung_up() {
                // Nobody listens any more when the command has ended.
                let _ = tell.send(());
            }
        });
        if told.await.is_ok() {
            return;
        }
    }
    std::future::pending::<()>().await;
}

/// Waits for the other end of standard output to be closed; `false` where that cannot be waited for.
#[cfg(unix)]
fn hung_up() -> bool {
    use rustix::{
        event::{PollFd, PollFlags, poll},
        io::Errno,
    };
    let stdout = std::io::stdout();
    // Errors and hang-ups are reported unasked.
    let mut watched = [PollFd::new(&stdout, PollFlags::empty())];
    loop {
        match poll(&mut watched, None) {
            Ok(_) => {
                let [stdout] = &watched;
                return stdout.revents().intersects(PollFlags::ERR | PollFlags::HUP);
            }
            Err(Errno::INTR) => {}
            Err(_) => return false,
        }
    }
}
