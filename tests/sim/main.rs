//! The simulated host, spoken to in SOAP written by hand: not through this crate's client, so that
//! the two do not agree by construction.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod enumerating;
mod headers;
mod https;
mod invoking;
mod jobs;
mod rules;
mod soap;
mod transfer;
