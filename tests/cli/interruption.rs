//! Ctrl-C: what goes on, what is unknown, what was never begun.
#![cfg(unix)]

use crate::{sim_host::SimHost, support::Ran};
use std::{
    io::{BufRead, BufReader, Read},
    process::{Command, Stdio},
};

/// Runs a command, sends it SIGINT when a line of its standard error contains `at`, and waits for its end.
fn interrupted(host: &SimHost, arguments: &[&str], at: &str) -> Ran {
    during(host, arguments, at, |process| {
        let killed = Command::new("kill").args(["-INT", &process.to_string()]).status().unwrap();
        assert!(killed.success());
    })
}

/// Runs a command, acts when a line of its standard error contains `at`, and waits for its end.
pub(crate) fn during(host: &SimHost, arguments: &[&str], at: &str, act: impl FnOnce(u32)) -> Ran {
    let mut child = Command::new(env!("CARGO_BIN_EXE_hvctl"))
        .args(arguments)
        .envs(host.environment.iter().cloned())
        .env("NO_COLOR", "1")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap());
    let mut stderr = String::new();
    loop {
        let before = stderr.len();
        assert_ne!(lines.read_line(&mut stderr).unwrap(), 0, "ended before `{at}`: {stderr}");
        if stderr[before..].contains(at) {
            break;
        }
    }
    act(child.id());
    lines.read_to_string(&mut stderr).unwrap();
    let output = child.wait_with_output().unwrap();
    Ran {
        code: output.status.code().expect("ended by the signal"),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr,
    }
}

const CREATE: &[&str] = &["snapshot", "create", "--group", "web-tier", "--type", "recovery", "-v"];

#[test]
fn while_waiting_the_job_goes_on_and_the_wait_can_be_taken_up() {
    let host = SimHost::with(&["--time-scale", "1"]);
    let ran = interrupted(&host, CREATE, "job ");
    assert_eq!(ran.code, 130, "{ran:?}");
    let command =
        ran.stderr.lines().find_map(|line| line.strip_prefix("hint: take up the wait with: ")).unwrap();
    let words = shlex::split(command).unwrap();
    assert_eq!(words[..3], ["hvctl", "job", "wait"]);
    let waited = crate::support::run(&mut host.hvctl(words[1..].iter().map(String::as_str)));
    assert_eq!(waited.code, 0, "{waited:?}");
}

#[test]
fn while_a_change_is_on_its_way_the_outcome_is_unknown() {
    let host = SimHost::with_rules(&["delay:30s@CreateSnapshot"]);
    let ran = interrupted(&host, CREATE, "> CreateSnapshot");
    assert_eq!(ran.code, 14, "{ran:?}");
    assert!(
        ran.stderr.contains("hint: before doing it again, look with: hvctl snapshot list --group "),
        "{ran:?}"
    );
}

#[test]
fn before_a_change_nothing_has_happened() {
    let host = SimHost::with_rules(&["delay:30s@Enumerate"]);
    let ran = interrupted(&host, CREATE, "> Enumerate");
    assert_eq!(ran.code, 130, "{ran:?}");
    assert!(ran.stderr.contains("nothing was changed"), "{ran:?}");
}

#[test]
fn after_a_change_it_is_not_said_that_nothing_was_changed() {
    let host = SimHost::with_rules(&["sync@CreateSnapshot", "delay:30s@Get"]);
    let ran = interrupted(&host, CREATE, "> Get");
    assert_eq!(ran.code, 130, "{ran:?}");
    assert!(ran.stderr.contains("the operation itself is finished"), "{ran:?}");
}

#[test]
fn the_command_that_looks_names_the_host_that_was_typed() {
    let host = SimHost::with_rules(&["delay:30s@CreateSnapshot"]);
    let url = host.value("HVCTL_HOST").to_owned();
    let line = [CREATE, &["--host", &url, "--output", "json"]].concat();
    let ran = interrupted(&host, &line, "> CreateSnapshot");
    assert_eq!(ran.code, 14, "{ran:?}");
    let error = &ran.json_error()["error"];
    let look = error["evidence"]["outcome"]["look"].as_str().unwrap();
    assert!(look.starts_with(&format!("hvctl --host {url} snapshot list")), "{look}");
    assert!(error["hint"].as_str().unwrap().contains(look), "{error}");
}
