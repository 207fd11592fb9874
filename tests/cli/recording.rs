//! `--record` and `--replay`: the same output and the same exit code, without network and credentials.

use crate::{
    sim_host::SimHost,
    support::{Ran, arg, hvctl, run},
};
use std::path::Path;

fn replay(cassette: &Path, line: &[&str]) -> Ran {
    run(hvctl(line.iter().copied()).args(["--replay", arg(cassette)]))
}

#[test]
fn a_replay_prints_what_the_live_run_printed() {
    let host = SimHost::start();
    let directory = tempfile::tempdir().unwrap();
    let lines: &[&[&str]] = &[
        &["group", "list"],
        &["group", "show", "no-such-group"],
        &["snapshot", "create", "--group", "web-tier", "--type", "recovery"],
        &["snapshot", "list", "--output", "json"],
        &["snapshot", "create", "--group", "empty", "--type", "recovery", "--output", "json"],
        &["identify"],
    ];
    for (number, line) in lines.iter().enumerate() {
        let cassette = directory.path().join(number.to_string());
        let live = run(host.hvctl(line.iter().copied()).args(["--record", arg(&cassette)]));
        let recorded = std::fs::read_to_string(cassette.join("cassette.json")).unwrap();
        let recorded: serde_json::Value = serde_json::from_str(&recorded).unwrap();
        let live = live.transcript(&[(host.value("HVCTL_HOST"), recorded["url"].as_str().unwrap())]);
        assert_eq!(replay(&cassette, line).transcript(&[]), live, "{line:?}");
        assert_eq!(replay(&cassette, line).transcript(&[]), live, "{line:?}, again");
    }
}

#[test]
fn exchanges_that_nobody_asked_for_are_a_warning() {
    let host = SimHost::start();
    let directory = tempfile::tempdir().unwrap();
    let cassette = directory.path().join("cassette");
    run(&mut host.hvctl(["group", "show", "web-tier", "--record", arg(&cassette)]));
    let ran = replay(&cassette, &["group", "list"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(
        ran.stderr.starts_with("warning: exchanges of the recording that were not asked for: 1 "),
        "{ran:?}"
    );
}

#[test]
fn a_request_that_does_not_match_is_compared_line_by_line() {
    let host = SimHost::start();
    let directory = tempfile::tempdir().unwrap();
    let cassette = directory.path().join("cassette");
    let query = |state: u8| format!("SELECT * FROM Msvm_ComputerSystem WHERE EnabledState = {state}");
    run(&mut host.hvctl(["query", &query(2), "--record", arg(&cassette)]));
    let other = replay(&cassette, &["query", &query(3)]);
    assert_eq!(other.code, 15, "{other:?}");
    let compared: Vec<&str> = other
        .stderr
        .lines()
        .filter(|line| line.contains("EnabledState = ") && line.starts_with("  "))
        .collect();
    assert_eq!(compared.len(), 2, "{}", other.stderr);
    assert!(compared[0].contains("= 2") && compared[1].contains("= 3"), "{}", other.stderr);
}

#[test]
fn a_recording_holds_no_secret_and_passes_the_lint() {
    let host = SimHost::start();
    let directory = tempfile::tempdir().unwrap();
    let cassette = directory.path().join("cassette");
    let line =
        ["snapshot", "create", "--group", "web-tier", "--type", "recovery", "--record", arg(&cassette)];
    let ran = run(&mut host.hvctl(line));
    assert_eq!(ran.code, 0, "{ran:?}");
    let mut files = 0;
    for entry in std::fs::read_dir(&cassette).unwrap() {
        let text = std::fs::read_to_string(entry.unwrap().path()).unwrap();
        assert!(!text.contains(host.value("HVCTL_PASSWORD")));
        assert!(!text.contains("127.0.0.1"));
        files += 1;
    }
    assert!(files > 4);
    let linted = run(&mut hvctl(["fixture", "lint", arg(&cassette)]));
    assert_eq!(linted.code, 0, "{linted:?}");
}

#[test]
fn each_bad_cassette_has_exit_code_15() {
    let host = SimHost::start();
    let directory = tempfile::tempdir().unwrap();
    let cassette = directory.path().join("cassette");
    let live = run(&mut host.hvctl(["group", "list", "--record", arg(&cassette)]));
    assert_eq!(live.code, 0, "{live:?}");

    let expect = |what: &str, ran: &Ran| {
        assert_eq!(ran.code, 15, "{what}: {ran:?}");
        assert!(ran.stdout.is_empty() && ran.stderr.starts_with("error: "), "{what}: {ran:?}");
    };
    expect("missing", &replay(&directory.path().join("nowhere"), &["group", "list"]));
    expect("another request", &replay(&cassette, &["job", "list"]));
    expect("exhausted", &replay(&cassette, &["group", "show", "web-tier"]));
    let index = cassette.join("cassette.json");
    let text = std::fs::read_to_string(&index).unwrap();
    std::fs::write(&index, &text[..text.len() / 2]).unwrap();
    expect("corrupt", &replay(&cassette, &["group", "list"]));
    let mut newer: serde_json::Value = serde_json::from_str(&text).unwrap();
    newer["version"] = 99.into();
    std::fs::write(&index, newer.to_string()).unwrap();
    expect("of a newer version", &replay(&cassette, &["group", "list"]));
}

#[test]
fn a_recording_that_cannot_begin_sends_nothing() {
    let host = SimHost::start();
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("file");
    std::fs::write(&file, "in the way").unwrap();
    let ran = run(&mut host.hvctl([
        "snapshot",
        "create",
        "--group",
        "web-tier",
        "--type",
        "recovery",
        "--record",
        arg(&file),
    ]));
    assert_eq!(ran.code, 17, "{ran:?}");
    assert_eq!(run(&mut host.hvctl(["job", "list", "--output", "json"])).json().as_array().unwrap().len(), 0);
}

#[cfg(unix)]
#[test]
fn a_recording_that_fails_lets_the_operation_finish_and_ends_with_17() {
    let host = SimHost::with_rules(&["delay:500ms@CreateSnapshot"]);
    let directory = tempfile::tempdir().unwrap();
    let cassette = directory.path().join("cassette");
    let line = [
        "snapshot",
        "create",
        "--group",
        "web-tier",
        "--type",
        "recovery",
        "--output",
        "json",
        "-v",
        "--record",
        arg(&cassette),
    ];
    let ran = crate::interruption::during(&host, &line, "> CreateSnapshot", |_| {
        std::fs::remove_dir_all(&cassette).unwrap();
        std::fs::write(&cassette, "in the way").unwrap();
    });
    assert_eq!(ran.code, 17, "{ran:?}");
    assert_eq!(ran.json()["job"]["state"], 7);
    assert_eq!(ran.json_error()["error"]["kind"], "io");
    assert_eq!(
        run(&mut host.hvctl(["snapshot", "list", "--output", "json"])).json().as_array().unwrap().len(),
        1
    );
}

#[cfg(unix)]
#[test]
fn the_error_of_the_operation_wins_over_the_one_of_the_recording() {
    let host = SimHost::with_rules(&["delay:500ms@CreateSnapshot", "return:4@CreateSnapshot"]);
    let directory = tempfile::tempdir().unwrap();
    let cassette = directory.path().join("cassette");
    let line =
        ["snapshot", "create", "--group", "web-tier", "--type", "recovery", "-v", "--record", arg(&cassette)];
    let ran = crate::interruption::during(&host, &line, "> CreateSnapshot", |_| {
        std::fs::remove_dir_all(&cassette).unwrap();
        std::fs::write(&cassette, "in the way").unwrap();
    });
    assert_eq!(ran.code, 12, "{ran:?}");
    assert!(ran.stderr.contains("warning: the recording is incomplete"), "{ran:?}");
}
