//! Ticket caches in the memory of this process, one for each credential that needs one.

use std::{
    ffi::{CStr, CString},
    sync::{Mutex, PoisonError},
};

/// A cache, as long as this lives. The library keeps a cache until the process ends, so the next
/// credential takes over, and writes over, one that is free: there are never more than were in use
/// at once.
#[derive(Debug)]
pub(super) struct MemoryCache {
    number: usize,
    name: CString,
}

/// Which numbers are taken.
static TAKEN: Mutex<Vec<bool>> = Mutex::new(Vec::new());

impl MemoryCache {
    pub(super) fn take() -> Self {
        let mut taken = TAKEN.lock().unwrap_or_else(PoisonError::into_inner);
        let number = taken.iter().position(|taken| !taken).unwrap_or(taken.len());
        match taken.get_mut(number) {
            Some(free) => *free = true,
            None => taken.push(true),
        }
        let name = CString::new(format!("MEMORY:hvctl-{number}")).unwrap_or_default();
        Self { number, name }
    }

    pub(super) fn name(&self) -> &CStr {
        &self.name
    }
}

impl Drop for MemoryCache {
    fn drop(&mut self) {
        let mut taken = TAKEN.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(taken) = taken.get_mut(self.number) {
            *taken = false;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cache_is_never_in_use_twice() {
        let (first, second) = (MemoryCache::take(), MemoryCache::take());
        assert_ne!(first.name(), second.name());
        assert!(first.name().to_str().unwrap().starts_with("MEMORY:hvctl-"));
        drop(first);
        let third = MemoryCache::take();
        assert_ne!(third.name(), second.name());
    }
}
