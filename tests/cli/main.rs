//! `hvctl` as a process: standard output, standard error and exit code, against the simulated host, odd servers,
//! recordings, and nothing at all.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod bad_answer;
mod bad_host;
mod commands;
mod interruption;
mod odd_server;
mod offline;
mod plain_http;
mod ports;
mod profiles;
mod recording;
mod sim_host;
mod support;
mod usage;
