//! Peers that are not ours. `tests/rig/run.sh` installs and starts them; `HVCTL_TEST_RIG` names its
//! folder. Without it these tests say so and pass, unless `CI_REQUIRE_PEERS=1`.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

mod ntlm;
mod rig;
mod sealed;
mod simulator;
