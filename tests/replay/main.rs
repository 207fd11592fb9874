//! Recording, replaying, redaction and the fixture lint, through the public API.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod captures;
#[cfg(feature = "sim")]
mod cassettes;
mod fixtures;
mod lint;
mod recording;
mod redaction;
mod replaying;
mod support;
