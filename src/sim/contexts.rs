//! Open enumerations.

use super::soap::{Fault, request::Batch};
use std::{collections::VecDeque, time::Duration};

/// The enumerations that have not ended.
#[derive(Debug, Default)]
pub(super) struct Contexts {
    open: Vec<Context>,
}

/// An enumeration: what was found when it began, and how it is to be handed out.
#[derive(Debug)]
pub(super) struct Context {
    /// Changes with each Pull ([MS-WSMV] 4.1.2).
    pub(super) id: String,
    pub(super) user: String,
    /// Written instances and references.
    pub(super) items: VecDeque<String>,
    pub(super) batch: Batch,
    pub(super) last_used: Duration,
}

impl Contexts {
    /// Forgets those that nobody pulled for `timeout` (`EnumerationTimeoutms`).
    pub(super) fn expire(&mut self, now: Duration, timeout: Duration) {
        self.open.retain(|context| now.saturating_sub(context.last_used) < timeout);
    }

    pub(super) fn open(&mut self, context: Context) {
        self.open.push(context);
    }

    /// Takes out the enumeration of this id; its user alone has it.
    ///
    /// # Errors
    /// `n:InvalidEnumerationContext`.
    pub(super) fn take(&mut self, id: &str, user: &str) -> Result<Context, Fault> {
        let id = id.trim_start_matches("uuid:");
        let at = self.open.iter().position(|context| context.id == id && context.user == user);
        at.map(|at| self.open.remove(at)).ok_or_else(Fault::invalid_context)
    }

    pub(super) fn of_user(&self, user: &str) -> usize {
        self.open.iter().filter(|context| context.user == user).count()
    }

    pub(super) fn len(&self) -> usize {
        self.open.len()
    }
}

impl Context {
    /// The next items: as many as were asked for, one where nothing was (capture: each recorded
    /// Pull without MaxElements brought one), and no more than fit into `room` bytes.
    ///
    /// # Errors
    /// `w:EncodingLimit` when not even one fits; `overhead` is what the envelope takes.
    pub(super) fn page(&mut self, limit: usize, overhead: usize) -> Result<String, Fault> {
        // MaxBatchItems of a real configuration.
        let most = self.batch.max_elements.unwrap_or(1).min(32_000);
        let mut page = String::new();
        for count in 0..most {
            let Some(next) = self.items.front() else { break };
            let size = overhead + page.len() + next.len();
            if size > limit {
                if count == 0 {
                    return Err(Fault::envelope_exceeded(size, limit));
                }
                break;
            }
            page.push_str(next);
            self.items.pop_front();
        }
        Ok(page)
    }
}
