//! Rules of the project that no compiler checks: which layer may import which, where code may
//! print, what every template, fixture and exception must say.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod code;
mod files;
mod layers;
mod source;
