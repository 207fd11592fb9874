//! The HTTP transport against a scripted server, and through somebody in the middle: what goes on the wire,
//! and what every failure proves.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod answers;
mod basic;
#[cfg(feature = "reqwest")]
mod by_reqwest;
mod certificate;
mod client;
mod forged;
mod intercept;
mod login;
mod middle;
#[path = "../support/proxy.rs"]
mod proxies;
mod proxy;
mod sealed;
mod secrets;
mod server;
mod stress;
mod trust;
