//! How long to wait before a request is sent again: a moment after a lost connection, seconds while the host is busy.

use super::{Options, retry::Again};
use std::time::Duration;

/// First pause after a failure that need not come again; each further one is twice as long.
const MOMENT: Duration = Duration::from_millis(100);
/// First pause while the host is busy; each further one is twice as long. A quota is free again when somebody else's
/// work is done, which takes seconds.
const BUSY: Duration = Duration::from_millis(500);
/// Longest pause.
const LONGEST: Duration = Duration::from_secs(8);

/// The pauses of one call.
#[derive(Debug)]
pub(super) struct Pace {
    /// How often it may be sent again after failures that are not the host being busy.
    tries: u32,
    /// Failures of that kind.
    failures: u32,
    /// How often the host was busy.
    refusals: u32,
    /// What is left of the time for waiting until it no longer is.
    left: Duration,
}

impl Pace {
    pub(super) fn new(options: &Options, wait: Duration) -> Self {
        let tries = options.attempts.saturating_sub(1);
        let left = if tries == 0 { Duration::ZERO } else { options.busy_time.min(wait) };
        Self { tries, failures: 0, refusals: 0, left }
    }

    /// Whether nothing was sent again yet.
    pub(super) fn is_first(&self) -> bool {
        self.failures == 0 && self.refusals == 0
    }

    /// The next pause at its longest; none where enough was tried. How many there are depends on nothing else, so
    /// that a recording is repeated as it was.
    pub(super) fn next(&mut self, again: Again) -> Option<Duration> {
        if again == Again::Later {
            let pause = grown(BUSY, self.refusals);
            self.left = self.left.checked_sub(pause)?;
            self.refusals += 1;
            return Some(pause);
        }
        let pause = grown(MOMENT, self.failures);
        self.tries = self.tries.checked_sub(1)?;
        self.failures += 1;
        Some(pause)
    }
}

/// Between half of a pause and all of it, so that clients that were refused together do not come back together.
pub(super) fn scattered(pause: Duration) -> Duration {
    let (_, random, ..) = uuid::Uuid::new_v4().as_fields();
    let half = pause / 2;
    half + half.mul_f64(f64::from(random) / f64::from(u16::MAX))
}

fn grown(first: Duration, times: u32) -> Duration {
    first.saturating_mul(1 << times.min(16)).min(LONGEST)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pauses(options: &Options, again: Again) -> Vec<u128> {
        let mut pace = Pace::new(options, options.answer_timeout());
        std::iter::from_fn(|| pace.next(again)).map(|pause| pause.as_millis()).collect()
    }

    #[test]
    fn a_busy_host_is_given_more_and_longer_pauses() {
        let options = Options::default();
        assert_eq!(pauses(&options, Again::Yes), [100, 200, 400]);
        assert_eq!(pauses(&options, Again::Later), [500, 1000, 2000, 4000, 8000, 8000]);
    }

    #[test]
    fn a_busy_host_is_not_waited_for_longer_than_for_an_answer() {
        let options = Options { request_timeout: Some(Duration::from_secs(4)), ..Options::default() };
        assert_eq!(pauses(&options, Again::Later), [500, 1000, 2000]);
    }

    #[test]
    fn one_attempt_is_one_attempt() {
        let options = Options { attempts: 1, ..Options::default() };
        assert!(pauses(&options, Again::Yes).is_empty() && pauses(&options, Again::Later).is_empty());
    }

    #[test]
    fn pauses_are_scattered_over_their_second_half() {
        let pause = Duration::from_secs(8);
        let scattered: Vec<_> = (0..100).map(|_| scattered(pause)).collect();
        assert!(scattered.iter().all(|one| (pause / 2..=pause).contains(one)));
        assert!(scattered.iter().any(|one| *one != scattered[0]));
    }
}
