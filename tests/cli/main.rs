//! `hvctl` as a process: standard output, standard error and exit code, against the simulated host, odd servers,
//! recordings, and nothing at all.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod associations;
mod bad_answer;
mod bad_host;
mod changes;
mod client_certificate;
mod commands;
mod doctor;
mod instances;
mod interruption;
mod local_host;
mod login;
#[allow(dead_code, reason = "other tests need the rest")]
#[path = "../wire/middle.rs"]
mod middle;
mod mof;
mod odd_server;
mod offline;
mod on_the_way;
mod pages;
mod plain_http;
mod ports;
mod profiles;
#[allow(dead_code, reason = "other tests need the rest")]
#[path = "../support/proxy.rs"]
mod proxies;
mod proxy;
#[cfg(unix)]
mod pseudo_terminal;
mod readme;
mod recording;
mod schema;
mod sim_host;
mod support;
mod terminal;
#[allow(dead_code, reason = "other tests need the rest")]
#[path = "../wire/server.rs"]
mod tls_server;
mod usage;
mod variables;
