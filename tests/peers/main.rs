//! Peers that are not ours. `tests/rig/run.sh` installs and starts them; `HVCTL_TEST_RIG` names its
//! folder. Without it these tests say so and pass, unless `CI_REQUIRE_PEERS=1`.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod broken;
mod cells;
mod certificate;
mod counting;
mod doctor;
mod hvctl;
mod logins;
mod matrix;
mod preemptive;
#[path = "../support/proxy.rs"]
#[allow(dead_code, reason = "the tests of the wire need more of it")]
mod proxies;
mod proxy;
mod refusals;
mod rig;
mod sealed;
#[path = "../wire/server.rs"]
#[allow(dead_code, reason = "the tests of the wire need more of it")]
mod server;
mod simulator;
mod sources;
mod way;
