//! A host that answers, and not well: the exit code of each bad input and each bad turn.

use crate::{sim_host::SimHost, support::run};
use std::fmt::Write as _;

const CREATE: &[&str] = &["snapshot", "create", "--group", "web-tier", "--type", "recovery"];

#[test]
fn each_bad_input_has_its_exit_code() {
    let host = SimHost::start();
    let ran = run(host.hvctl(CREATE.iter().copied()).env("HVCTL_OUTPUT", "json"));
    let snapshot = ran.json()["snapshot"]["id"].as_str().unwrap().to_owned();
    let export =
        |to: &'static str| vec!["snapshot", "export", snapshot.as_str(), "--to", to, "--copy-storage"];
    let table: Vec<(&str, Vec<&str>, i32)> = vec![
        ("unknown group", vec!["group", "show", "no-such-group"], 4),
        (
            "unknown group for a snapshot",
            vec!["snapshot", "create", "--group", "nope", "--type", "recovery"],
            4,
        ),
        ("group without members", vec!["snapshot", "create", "--group", "empty", "--type", "recovery"], 3),
        ("unknown snapshot", vec!["snapshot", "show", "00000000-0000-0000-0000-000000000000"], 4),
        ("unknown snapshot to be deleted", vec!["snapshot", "delete", "nope", "--yes"], 4),
        ("unknown job", vec!["job", "show", "nope"], 4),
        ("relative directory", export("Exports"), 3),
        ("empty directory", export(""), 3),
        ("directory with characters that Windows forbids", export("D:\\a|b"), 3),
        ("unreadable base", [export("D:\\E"), vec!["--base", "no path"]].concat(), 3),
        (
            "base that names no instance",
            [export("D:\\E"), vec!["--base", "Msvm_SnapshotCollection"]].concat(),
            3,
        ),
        ("wrong namespace", vec!["group", "list", "--namespace", "root/nonsense"], 10),
    ];
    for (what, line, code) in table {
        let ran = run(&mut host.hvctl(line));
        assert_eq!(ran.code, code, "{what}: {ran:?}");
        assert!(ran.stderr.starts_with("error: "), "{what}: {ran:?}");
        assert!(ran.stdout.is_empty(), "{what}: {ran:?}");
    }
    let listed = run(&mut host.hvctl(["snapshot", "list", "--output", "json"]));
    assert_eq!(listed.json().as_array().unwrap().len(), 1, "nothing half done: {listed:?}");
}

#[test]
fn an_ambiguous_group_is_told_with_its_ids() {
    let directory = tempfile::tempdir().unwrap();
    let inventory = directory.path().join("twins.toml");
    std::fs::write(
        &inventory,
        "[[vm]]\nname = \"a\"\n[[group]]\nname = \"twin\"\nmembers = [\"a\"]\n[[group]]\nname = \"twin\"\n",
    )
    .unwrap();
    let host = SimHost::with(&["--inventory", inventory.to_str().unwrap()]);
    let ran = run(&mut host.hvctl(["group", "show", "twin"]));
    assert_eq!(ran.code, 4, "{ran:?}");
    let groups = run(&mut host.hvctl(["group", "list", "--output", "json"])).json();
    for group in groups.as_array().unwrap() {
        assert!(ran.stderr.contains(group["id"].as_str().unwrap()), "{ran:?}");
    }
}

#[test]
fn wrong_logins_and_wrong_trust_are_told_apart() {
    let host = SimHost::start();
    let ran = run(host.hvctl(["group", "list"]).env("HVCTL_PASSWORD", "wrong"));
    assert_eq!(ran.code, 7, "{ran:?}");
    let ran = run(host.hvctl(["group", "list", "--auth", "basic"]).env("HVCTL_PASSWORD", "wrong"));
    assert_eq!(ran.code, 7, "{ran:?}");
    let ran = run(&mut host.hvctl(["group", "list", "--auth", "basic"]));
    assert_eq!(ran.code, 0, "{ran:?}");
    let ran = run(host.hvctl(["group", "list"]).env("HVCTL_PASSWORD", ""));
    assert_eq!(ran.code, 3, "{ran:?}");
    let ran = run(host.hvctl(["group", "list"]).env_remove("HVCTL_FINGERPRINT"));
    assert_eq!(ran.code, 6, "{ran:?}");
}

/// What leaves open whether a change has happened.
const LOST: &[&str] = &[
    "wrong-relatesto",
    "no-returnvalue",
    "no-job",
    "truncate:100",
    "garbage",
    "html",
    "redirect",
    "empty-500",
    "cut:after",
    "cut:100",
];

#[test]
fn a_snapshot_whose_answer_is_lost_is_found_by_its_effect() {
    for action in LOST.iter().filter(|action| **action != "redirect") {
        let host = SimHost::with_rules(&[&format!("{action}@CreateSnapshot")]);
        let ran = run(&mut host.hvctl(CREATE.iter().copied()));
        assert_eq!(ran.code, 0, "{action}: {ran:?}");
        assert!(ran.stdout.contains("web-03"), "{action}: {ran:?}");
    }
}

#[test]
fn an_export_whose_answer_is_lost_has_an_unknown_outcome() {
    for action in LOST {
        let host = SimHost::with_rules(&[&format!("{action}@ExportSnapshot")]);
        let ran = run(host.hvctl(CREATE.iter().copied()).env("HVCTL_OUTPUT", "json"));
        let snapshot = ran.json()["snapshot"]["id"].as_str().unwrap().to_owned();
        let ran = run(&mut host.hvctl(["snapshot", "export", &snapshot, "--to", "D:\\E", "--copy-storage"]));
        assert_eq!(ran.code, 14, "{action}: {ran:?}");
        assert!(ran.stdout.is_empty() && ran.stderr.contains("hint: "), "{action}: {ran:?}");
    }
}

#[test]
fn each_refusal_and_each_bad_end_of_a_job_has_its_exit_code() {
    let table = [
        ("a refusal with a fault", "fault:2150858843@CreateSnapshot", 10),
        ("access denied", "fault:5@CreateSnapshot", 11),
        ("a refused method", "return:4@CreateSnapshot", 12),
        ("a failed job", "job-fail:32773@CreateSnapshot", 13),
        ("a job lost with nothing done", "job-lost@CreateSnapshot", 14),
        ("a job lost with its work done", "job-vanish@CreateSnapshot", 0),
        ("a job with warnings", "job-warn@CreateSnapshot", 0),
        ("a method that is done at once", "sync@CreateSnapshot", 0),
        ("a result that is not associated", "no-affected@CreateSnapshot", 0),
    ];
    let mut shown = String::new();
    for (what, rule, code) in table {
        let host = SimHost::with_rules(&[rule]);
        let ran = run(&mut host.hvctl(CREATE.iter().copied()));
        assert_eq!(ran.code, code, "{what}: {ran:?}");
        assert_eq!(ran.stdout.is_empty(), code != 0, "{what}: {ran:?}");
        if code != 0 {
            writeln!(shown, "# {what}\n{}", ran.transcript(&[])).unwrap();
        }
    }
    insta::assert_snapshot!("refusals", shown);
}

#[test]
fn an_unknown_outcome_tells_what_was_there_and_where_to_look() {
    // The answer is lost, and so are the ways to find out.
    let host = SimHost::with_rules(&["cut:before@CreateSnapshot"]);
    let ran = run(&mut host.hvctl([CREATE, &["--output", "json"]].concat()));
    assert_eq!(ran.code, 14, "{ran:?}");
    let error = ran.json_error();
    assert_eq!(error["error"]["kind"], "outcome_unknown");
    assert_eq!(error["error"]["evidence"]["outcome"]["operation"], "CreateSnapshot");
    assert!(error["error"]["evidence"]["outcome"]["look"].as_str().unwrap().starts_with("hvctl "), "{ran:?}");
}

#[test]
fn bad_answers_to_reads_are_of_the_protocol() {
    for rule in ["wrong-relatesto@Enumerate", "garbage@Enumerate", "truncate:200@Enumerate"] {
        let host = SimHost::with_rules(&[rule]);
        let ran = run(&mut host.hvctl(["group", "list"]));
        assert_eq!(ran.code, 9, "{rule}: {ran:?}");
    }
}

#[test]
fn wrong_rules_and_inventories_are_refused() {
    let refused = |arguments: &[&str]| {
        let ran = crate::support::run_alone(&[&["simulate"], arguments].concat());
        assert!(ran.stdout.is_empty(), "{ran:?}");
        ran.code
    };
    assert_eq!(refused(&["--rule", "explode@Get"]), 3);
    assert_eq!(refused(&["--inventory", "/no/such/file"]), 17);
    assert_eq!(refused(&["--listen", "nowhere"]), 2);
}

#[test]
fn a_host_that_does_not_answer_in_time_is_left() {
    let host = SimHost::with_rules(&["delay:60s@Enumerate"]);
    let ran = run(&mut host.hvctl(["group", "list", "--request-timeout", "200ms"]));
    assert_eq!(ran.code, 8, "{ran:?}");
}

#[test]
fn a_snapshot_that_was_taken_is_told_even_if_its_members_cannot_be_read() {
    // Group, members, baseline, what the job created; the fifth reads the members of the snapshot.
    let host = SimHost::with_rules(&["fault:5:w:AccessDenied@Enumerate#5-"]);
    let create = ["snapshot", "create", "--group", "web-tier", "--type", "standard", "--output", "json"];
    let ran = run(&mut host.hvctl(create));
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(ran.stderr.contains("the snapshot was taken, but its members cannot be read"), "{ran:?}");
    assert!(ran.json()["snapshot"]["id"].is_string(), "{ran:?}");
}

#[test]
fn a_service_that_wants_all_its_keys_is_called_by_its_own_reference() {
    let host = SimHost::with_rules(&[
        "fault:2150858843:w:InvalidSelectors@CreateSnapshot#1",
        "fault:2150858843:w:InvalidSelectors@ExportSnapshot#1",
    ]);
    let create =
        ["snapshot", "create", "--group", "web-tier", "--type", "standard", "--output", "json", "-vv"];
    let ran = run(&mut host.hvctl(create));
    assert_eq!(ran.code, 0, "{ran:?}");
    assert_eq!(ran.stderr.matches("> CreateSnapshot (").count(), 2, "{ran:?}");
    assert_eq!(ran.stderr.matches("EnumerateEPR").count(), 1, "{ran:?}");
    let id = ran.json()["snapshot"]["id"].as_str().unwrap().to_owned();
    let export = ["snapshot", "export", &id, "--to", r"D:\Exports", "--copy-storage"];
    let ran = run(&mut host.hvctl(export));
    assert_eq!(ran.code, 0, "{ran:?}");
}
