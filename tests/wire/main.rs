//! The HTTPS transport against a scripted server: what goes on the wire, and what every failure proves.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod answers;
mod basic;
mod client;
mod login;
mod secrets;
mod server;
mod stress;
mod trust;
