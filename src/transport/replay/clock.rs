//! A clock that waits without waiting.

use crate::transport::{BoxFuture, Clock};
use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

/// Time as the recording saw it: a sleep moves it on at once, and an answer moves it to the moment
/// at which it was recorded. Two replays of a cassette see the same times.
#[derive(Debug, Default)]
pub(super) struct VirtualClock {
    now: Mutex<Duration>,
}

impl VirtualClock {
    /// Moves on to `time`, never back.
    pub(super) fn advance_to(&self, time: Duration) {
        let mut now = self.now.lock().unwrap_or_else(PoisonError::into_inner);
        *now = (*now).max(time);
    }
}

impl Clock for VirtualClock {
    fn sleep(&self, duration: Duration) -> BoxFuture<'_, ()> {
        // Sleeps of several tasks begin at their own times: they overlap and do not add up.
        let until = self.elapsed().saturating_add(duration);
        Box::pin(async move {
            tokio::task::yield_now().await;
            self.advance_to(until);
        })
    }

    fn elapsed(&self) -> Duration {
        *self.now.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn sleeping_takes_no_time_and_moves_the_clock() {
        let clock = VirtualClock::default();
        let started = std::time::Instant::now();
        clock.sleep(Duration::from_secs(86_400)).await;
        assert_eq!(clock.elapsed(), Duration::from_secs(86_400));
        assert!(started.elapsed() < Duration::from_secs(60));
    }

    #[tokio::test]
    async fn sleeps_side_by_side_overlap() {
        let clock = VirtualClock::default();
        tokio::join!(clock.sleep(Duration::from_secs(2)), clock.sleep(Duration::from_secs(3)));
        assert_eq!(clock.elapsed(), Duration::from_secs(3));
    }

    #[test]
    fn time_never_goes_back() {
        let clock = VirtualClock::default();
        clock.advance_to(Duration::from_secs(5));
        clock.advance_to(Duration::from_secs(1));
        assert_eq!(clock.elapsed(), Duration::from_secs(5));
    }
}
