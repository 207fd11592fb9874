//! The public API over a scripted transport: what is sent, what is repeated, what is told.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod cancel;
mod checks;
mod concurrency;
mod create;
mod dialects;
mod enumerate;
mod groups;
mod messages;
mod operations;
mod pages;
mod retry;
mod streams;
mod support;
mod transfer;
mod waiting;
