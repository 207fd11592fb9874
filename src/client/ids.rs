//! Ids of messages and sessions.

use std::{
    fmt,
    sync::atomic::{AtomicU64, Ordering},
};
use uuid::Uuid;

/// Makes the ids of messages; injected, so that tests can count.
pub(crate) trait IdSource: Send + Sync + fmt::Debug {
    /// A new id, `uuid:` and an upper-case GUID, as Windows' own client writes it.
    fn next(&self) -> String;
}

/// Ids of a random beginning (UUID version 4), of which the last 48 bits are counted on: ids have to be unique, not
/// secret, and the system is asked for randomness once.
#[derive(Debug)]
pub(crate) struct RandomIds {
    first: u128,
    made: AtomicU64,
}

impl RandomIds {
    pub(crate) fn new() -> Self {
        Self { first: Uuid::new_v4().as_u128(), made: AtomicU64::new(0) }
    }
}

impl IdSource for RandomIds {
    fn next(&self) -> String {
        const COUNTED: u128 = (1 << 48) - 1;

        let count = self.first.wrapping_add(self.made.fetch_add(1, Ordering::Relaxed).into()) & COUNTED;
        let id = Uuid::from_u128(self.first & !COUNTED | count);
        let mut buffer = Uuid::encode_buffer();
        format!("uuid:{}", id.hyphenated().encode_upper(&mut buffer))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_upper_case_guids_and_none_is_like_another() {
        let (one, other) = (RandomIds::new(), RandomIds::new());
        let ids: Vec<String> = (0..1000).flat_map(|_| [one.next(), other.next()]).collect();
        assert_eq!(ids.iter().collect::<std::collections::HashSet<_>>().len(), ids.len());
        for id in ids {
            let guid = id.strip_prefix("uuid:").unwrap();
            assert_eq!(guid, guid.to_uppercase());
            assert_eq!(Uuid::parse_str(guid).unwrap().get_version_num(), 4);
        }
    }

    #[test]
    fn counting_goes_round_at_the_end_and_leaves_the_version_alone() {
        let ids = RandomIds { first: Uuid::new_v4().as_u128() | 0xFFFF_FFFF_FFFF, made: AtomicU64::new(0) };
        let (last, first) = (ids.next(), ids.next());
        assert!(last.ends_with("-FFFFFFFFFFFF") && first.ends_with("-000000000000"));
        assert_eq!(last.get(..28), first.get(..28));
    }
}
