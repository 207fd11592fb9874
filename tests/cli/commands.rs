//! Each command against the simulated host, as a session of an administrator.

use crate::{
    sim_host::SimHost,
    support::{run, without_times},
};
use std::fmt::Write as _;

/// Runs the commands in order and shows what each did.
fn session(host: &SimHost, format: &str) -> String {
    let mut shown = String::new();
    for command in COMMANDS {
        let ran = run(host.hvctl(command.iter().copied()).env("HVCTL_OUTPUT", format));
        let transcript = ran.transcript(&[(host.value("HVCTL_HOST"), "<url>")]);
        writeln!(shown, "$ hvctl {}", command.join(" ")).unwrap();
        writeln!(shown, "{}", without_times(&transcript)).unwrap();
    }
    shown
}

/// The ids of a simulated host are counted.
const SNAPSHOT: &str = "00000000-0000-4000-8000-000300000001";
const JOB: &str = "00000000-0000-4000-8000-000500000001";

const COMMANDS: &[&[&str]] = &[
    &["identify", "--anonymous"],
    &["identify"],
    &["group", "list"],
    &["group", "show", "web-tier"],
    &["group", "show", "empty"],
    &["snapshot", "list"],
    &["snapshot", "create", "--group", "web-tier", "--type", "recovery"],
    &["snapshot", "list"],
    &["snapshot", "list", "--group", "web-tier"],
    &["snapshot", "show", SNAPSHOT],
    &["snapshot", "export", SNAPSHOT, "--to", "D:\\Exports", "--copy-storage"],
    &["snapshot", "export", SNAPSHOT, "--to", "D:\\Other", "--config-only"],
    &["snapshot", "apply", SNAPSHOT, "--yes"],
    &["job", "list"],
    &["job", "show", JOB],
    &["job", "wait", JOB],
    &["snapshot", "delete", SNAPSHOT, "--yes"],
    &["snapshot", "list"],
];

#[test]
fn each_command_prints_text_for_people() {
    let host = SimHost::start();
    insta::assert_snapshot!("session_table", session(&host, "table"));
}

#[test]
fn each_command_prints_one_json_document() {
    let host = SimHost::start();
    insta::assert_snapshot!("session_json", session(&host, "json"));
}

#[test]
fn create_sends_what_was_asked_for_and_says_so() {
    let host = SimHost::start();
    let sent = |more: &[&str]| {
        let line = [&["snapshot", "create", "--group", "web-tier", "--output", "json"], more].concat();
        let ran = run(&mut host.hvctl(line));
        assert_eq!(ran.code, 0, "{ran:?}");
        ran.json()["sent"].clone()
    };
    let standard = sent(&["--type", "standard"]);
    assert_eq!(standard["SnapshotType"], 1);
    assert_eq!(standard["SnapshotSettings"], "");
    let recovery = sent(&["--type", "recovery"]);
    assert_eq!(recovery["SnapshotType"], 2);
    insta::assert_snapshot!("sent_recovery", recovery["SnapshotSettings"].as_str().unwrap());
    let crash = sent(&[
        "--type",
        "recovery",
        "--consistency",
        "crash",
        "--guest-backup",
        "full",
        "--ignore-unsnapshottable-disks",
    ]);
    insta::assert_snapshot!("sent_crash", crash["SnapshotSettings"].as_str().unwrap());
}

#[test]
fn raw_settings_are_sent_as_they_are() {
    let host = SimHost::start();
    let ran = run(&mut host
        .hvctl(["snapshot", "create", "--group", "web-tier", "--type", "recovery", "--output", "json"]));
    let settings = ran.json()["sent"]["SnapshotSettings"].as_str().unwrap().to_owned();
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("settings.xml");
    std::fs::write(&file, format!("\u{feff}{settings}")).unwrap();
    let line = [
        "snapshot",
        "create",
        "--group",
        "web-tier",
        "--type",
        "recovery",
        "--output",
        "json",
        "--settings-xml",
    ];
    let ran = run(host.hvctl(line).arg(&file));
    assert_eq!(ran.code, 0, "{ran:?}");
    assert_eq!(ran.json()["sent"]["SnapshotSettings"], settings);
}

#[test]
fn no_wait_prints_the_job_and_the_command_that_waits() {
    let host = SimHost::with(&["--time-scale", "0.05"]);
    let ran = run(&mut host.hvctl([
        "snapshot",
        "create",
        "--group",
        "web-tier",
        "--type",
        "recovery",
        "--no-wait",
        "--output",
        "json",
    ]));
    assert_eq!(ran.code, 0, "{ran:?}");
    let document = ran.json();
    let words = shlex::split(document["wait"].as_str().unwrap()).unwrap();
    assert_eq!(words[1..], ["job", "wait", document["job"]["id"].as_str().unwrap()]);
    let waited = run(&mut host.hvctl(words[1..].iter().map(String::as_str)));
    assert_eq!(waited.code, 0, "{waited:?}");
    assert!(waited.stderr.lines().all(|line| line.starts_with("job ")), "{waited:?}");
    assert!(waited.stdout.contains("(7)"), "{waited:?}");
    assert_eq!(
        run(&mut host.hvctl(["snapshot", "list", "--output", "json"])).json().as_array().unwrap().len(),
        1
    );
}

#[test]
fn a_job_is_cancelled_with_yes() {
    let host = SimHost::with(&["--time-scale", "1000"]);
    let ran = run(&mut host.hvctl([
        "snapshot",
        "create",
        "--group",
        "web-tier",
        "--type",
        "recovery",
        "--no-wait",
        "--output",
        "json",
    ]));
    let job = ran.json()["job"]["id"].as_str().unwrap().to_owned();
    let ran = run(&mut host.hvctl(["job", "list"]));
    assert!(ran.stdout.contains(&job), "{ran:?}");
    let ran = run(&mut host.hvctl(["job", "cancel", &job, "--yes"]));
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(ran.stderr.contains("this will cancel the job"), "{ran:?}");
    assert!(ran.stderr.contains("Msvm_ComputerSystem"), "what it affects is listed: {ran:?}");
    let ran = run(&mut host.hvctl(["job", "wait", &job, "--output", "json"]));
    assert_eq!(ran.code, 13, "{ran:?}");
    assert_eq!(ran.json_error()["error"]["evidence"]["job"]["id"], *job);
    let ran = run(&mut host.hvctl(["job", "cancel", &job, "--yes"]));
    assert_eq!(ran.code, 3, "{ran:?}");
    assert!(!ran.stderr.contains("this will"), "it has ended: {ran:?}");
}

#[test]
fn a_job_that_is_waited_for_says_what_it_created() {
    let host = SimHost::start();
    let create = ["snapshot", "create", "--group", "web-tier", "--type", "recovery", "--no-wait"];
    let ran = run(host.hvctl(create).env("HVCTL_OUTPUT", "json"));
    let job = ran.json()["job"]["id"].as_str().unwrap().to_owned();
    let ran = run(&mut host.hvctl(["job", "wait", &job, "--output", "json"]));
    let affected = ran.json()["affected"].clone();
    let created = affected.as_array().unwrap().iter().find(|row| row["effects"][0] == 5).unwrap();
    assert_eq!(created["class"], "Msvm_SnapshotCollection");
    assert_eq!(created["id"], SNAPSHOT);
}

#[test]
fn a_result_that_cannot_be_printed_is_told_with_the_error() {
    let Ok(full) = std::fs::OpenOptions::new().write(true).open("/dev/full") else { return };
    let host = SimHost::start();
    let create = ["snapshot", "create", "--group", "web-tier", "--type", "recovery"];
    let child = std::process::Command::new(env!("CARGO_BIN_EXE_hvctl"))
        .args(create)
        .envs(host.environment.iter().cloned())
        .stdout(full)
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let output = child.wait_with_output().unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(17), "{stderr}");
    assert!(stderr.contains("do not repeat it") && stderr.contains(SNAPSHOT), "{stderr}");
}

#[test]
fn what_went_not_quite_as_it_should_is_a_warning() {
    let table = [
        ("job-warn@CreateSnapshot", "completed with warnings"),
        ("cut:after@CreateSnapshot", "the host's answer was lost"),
    ];
    for (rule, says) in table {
        let host = SimHost::with_rules(&[rule]);
        let create = ["snapshot", "create", "--group", "web-tier", "--type", "recovery"];
        let ran = run(host.hvctl(create).env("HVCTL_OUTPUT", "json"));
        assert_eq!(ran.code, 0, "{ran:?}");
        assert!(ran.stderr.starts_with("{\"warning\":") && ran.stderr.contains(says), "{rule}: {ran:?}");
        assert_eq!(ran.json()["snapshot"]["id"], SNAPSHOT);
    }
}

#[test]
fn a_wait_that_takes_too_long_ends_with_the_command_that_takes_it_up() {
    let host = SimHost::with(&["--time-scale", "1000"]);
    let ran = run(&mut host.hvctl([
        "snapshot",
        "create",
        "--group",
        "web-tier",
        "--type",
        "recovery",
        "--timeout",
        "300ms",
    ]));
    assert_eq!(ran.code, 8, "{ran:?}");
    assert!(ran.stderr.contains("hint: the job goes on; take up the wait with: hvctl job wait "), "{ran:?}");
}

#[test]
fn config_only_warns_about_disk_merging_and_names_the_repair() {
    let host = SimHost::start();
    let ran = run(&mut host
        .hvctl(["snapshot", "create", "--group", "web-tier", "--type", "recovery", "--output", "json"]));
    let id = ran.json()["snapshot"]["id"].as_str().unwrap().to_owned();
    let line = ["snapshot", "export", &id, "--to", "D:\\Exports", "--config-only"];
    let ran = run(&mut host.hvctl(line));
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(ran.stderr.contains("warning: ") && ran.stderr.contains("ModifyDiskMergeSettings"), "{ran:?}");
    let line = ["snapshot", "export", &id, "--to", "D:\\Other", "--config-only"];
    let ran = run(host.hvctl(line).env("HVCTL_OUTPUT", "json"));
    let warning: serde_json::Value = serde_json::from_str(ran.stderr.trim()).unwrap();
    assert!(warning["warning"].as_str().unwrap().contains("EnabledState is 1"), "{ran:?}");
}

#[test]
fn the_trace_shows_requests_and_no_secrets() {
    let host = SimHost::start();
    let ran = run(&mut host.hvctl(["group", "show", "web-tier", "-vv"]));
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(ran.stderr.contains("> Enumerate (") && ran.stderr.contains("HTTP 200"), "{ran:?}");
    assert!(ran.stderr.contains("\n  <s:Body>"), "{ran:?}");
    for secret in [host.value("HVCTL_PASSWORD"), "127.0.0.1", "web-01"] {
        assert!(!ran.stderr.contains(secret), "{secret}: {ran:?}");
    }
}

#[test]
fn the_demonstration_runs_the_whole_job() {
    let ran = run(&mut crate::support::hvctl(["demo", "--output", "json"]));
    assert_eq!(ran.code, 0, "{ran:?}");
    let document = ran.json();
    assert_eq!(document["group"], "web-tier");
    assert_eq!(document["snapshot"]["members"].as_array().unwrap().len(), 3);
    assert!(document["snapshot"]["id"].is_string());
    assert_eq!(document["export"]["directory"], "D:\\Exports");
    assert_eq!(document["export"]["job"]["state"], 7);
    assert!(document["requests"].as_u64().unwrap() >= 8);
    let ran = run(&mut crate::support::hvctl(["demo"]));
    assert_eq!(ran.code, 0, "{ran:?}");
    for step in [
        "1. hvctl group show",
        "2. hvctl snapshot create",
        "3. hvctl snapshot export",
        "4. hvctl snapshot list",
    ] {
        assert!(ran.stderr.contains(step), "{step}: {ran:?}");
    }
}

#[cfg(unix)]
#[test]
fn passwords_come_from_standard_input_or_a_command() {
    let host = SimHost::start();
    let password = host.value("HVCTL_PASSWORD").to_owned();
    let list = |more: &[&str]| {
        let mut command = host.hvctl([&["group", "list"], more].concat());
        command.env_remove("HVCTL_PASSWORD");
        command
    };
    let ran = run(list(&["--password-stdin"]).write_stdin(format!("{password}\n")));
    assert_eq!(ran.code, 0, "{ran:?}");
    let command = format!("printf %s '{password}'");
    let ran = run(&mut list(&["--password-command", &command]));
    assert_eq!(ran.code, 0, "{ran:?}");
    let ran = run(list(&["--password-stdin"]).write_stdin("wrong\n"));
    assert_eq!(ran.code, 7, "{ran:?}");
}

#[cfg(unix)]
#[test]
fn what_simulate_prints_is_all_that_a_shell_needs() {
    let host = SimHost::start();
    let lines = host
        .environment
        .iter()
        .fold(String::new(), |lines, (name, value)| lines + "export " + name + "='" + value + "'\n");
    let script = format!("eval \"$1\"; '{}' group list", env!("CARGO_BIN_EXE_hvctl"));
    let output = std::process::Command::new("sh").args(["-c", &script, "sh", &lines]).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    assert!(String::from_utf8(output.stdout).unwrap().contains("web-tier"));
}
