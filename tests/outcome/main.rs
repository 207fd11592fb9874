//! Nothing that changes a host is ever done twice, and nothing that may have been done is ever
//! reported as failed: every operation, with the connection cut and the answer damaged at every
//! place.
//!
//! The invariants, for each way an exchange can go wrong:
//! - the host has run the operation at most once;
//! - success means that it has run exactly once;
//! - an error of another kind than `OutcomeUnknown` means that it has not run.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stderr,
    reason = "tests"
)]

mod cuts;
mod damage;
mod operations;
mod proxy;
