//! `hvctl`: snapshots of groups of Hyper-V virtual machines over WinRM.

use std::process::ExitCode;

fn main() -> ExitCode {
    hyperv_wsman::cli::main()
}
