//! Ids of messages and sessions.

use std::fmt;
use uuid::Uuid;

/// Makes the ids of messages; injected, so that tests can count.
pub(crate) trait IdSource: Send + Sync + fmt::Debug {
    /// A new id, `uuid:` and an upper-case GUID, as Windows' own client writes it.
    fn next(&self) -> String;
}

/// Random ids (UUID version 4).
#[derive(Debug, Clone, Copy)]
pub(crate) struct RandomIds;

impl IdSource for RandomIds {
    fn next(&self) -> String {
        let mut buffer = Uuid::encode_buffer();
        format!("uuid:{}", Uuid::new_v4().hyphenated().encode_upper(&mut buffer))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn random_ids_are_upper_case_guids_and_differ() {
        let (one, two) = (RandomIds.next(), RandomIds.next());
        assert_ne!(one, two);
        let guid = one.strip_prefix("uuid:").unwrap();
        assert_eq!(guid, guid.to_uppercase());
        assert!(Uuid::parse_str(guid).is_ok());
    }
}
