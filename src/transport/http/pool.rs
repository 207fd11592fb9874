//! The connections of a transport: few, each with one request at a time, each with its own login.

use super::connection::Connection;
use std::{
    num::NonZeroUsize,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};
use tokio::sync::{Semaphore, SemaphorePermit};

/// The connections that are not in use, and who may use one.
#[derive(Debug)]
pub(super) struct Pool {
    turns: Semaphore,
    idle: Mutex<Vec<Idle>>,
    opened: AtomicU64,
    logins: AtomicU64,
}

/// A connection between two requests.
#[derive(Debug)]
pub(super) struct Idle {
    pub(super) connection: Connection,
    /// Whether it has logged in.
    pub(super) logged_in: bool,
}

impl Pool {
    pub(super) fn new(max_connections: NonZeroUsize) -> Self {
        Self {
            // Whoever has come first gets a turn first.
            turns: Semaphore::new(max_connections.get().min(Semaphore::MAX_PERMITS)),
            idle: Mutex::default(),
            opened: AtomicU64::new(0),
            logins: AtomicU64::new(0),
        }
    }

    /// Waits until a connection may be used; `None` cannot happen, as the pool is never closed.
    pub(super) async fn turn(&self) -> Option<SemaphorePermit<'_>> {
        self.turns.acquire().await.ok()
    }

    /// The connection used last: of several the others may rest, and be closed by the host.
    pub(super) fn take(&self, logged_in: bool) -> Option<Connection> {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        let at = idle.iter().rposition(|idle| idle.logged_in == logged_in)?;
        Some(idle.remove(at).connection)
    }

    pub(super) fn give_back(&self, idle: Idle) {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(idle);
    }

    /// Closes what is idle: where one connection was lost, the others are too.
    pub(super) fn clear(&self) {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// The number of a new connection, from 1. What is idle makes room for it: connections that are logged in, and
    /// those that are not, do not replace each other.
    pub(super) fn next_number(&self) -> u64 {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        let too_many = idle.len().saturating_sub(self.turns.available_permits());
        idle.drain(..too_many);
        self.opened.fetch_add(1, Ordering::Relaxed) + 1
    }

    pub(super) fn count_login(&self) {
        self.logins.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn logins(&self) -> u64 {
        self.logins.load(Ordering::Relaxed)
    }
}
