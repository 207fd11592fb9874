//! A host that answers, and not well: the exit code of each bad input and each bad turn.

use crate::{sim_host::SimHost, support::run};

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

#[test]
fn each_bad_turn_of_a_change_has_its_exit_code() {
    let table = [
        ("answer relates to another message", "wrong-relatesto@CreateSnapshot", 14),
        ("no ReturnValue", "no-returnvalue@CreateSnapshot", 14),
        ("truncated answer", "truncate:100@CreateSnapshot", 14),
        ("garbage", "garbage@CreateSnapshot", 14),
        ("an HTML page", "html@CreateSnapshot", 14),
        ("an empty 500", "empty-500@CreateSnapshot", 14),
        ("a refusal with a fault", "fault:2150858843@CreateSnapshot", 10),
        ("access denied", "fault:5@CreateSnapshot", 11),
        ("a refused method", "return:4@CreateSnapshot", 12),
        ("a failed job", "job-fail:32773@CreateSnapshot", 13),
        ("a job lost with nothing done", "job-lost@CreateSnapshot", 14),
    ];
    for (what, rule, code) in table {
        let host = SimHost::with_rules(&[rule]);
        let ran = run(&mut host.hvctl(CREATE.iter().copied()));
        // A change that can be proven to have happened is adopted.
        let adopted = code == 14 && ran.code == 0 && !ran.stdout.is_empty();
        assert!(ran.code == code || adopted, "{what}: {ran:?}");
        if !adopted {
            assert!(ran.stderr.contains("error: "), "{what}: {ran:?}");
        }
    }
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
    let host = SimHost::with_rules(&["delay:60s@CreateSnapshot"]);
    let ran = run(&mut host.hvctl([CREATE, &["--request-timeout", "1s"]].concat()));
    assert!(ran.code == 14 || ran.code == 0, "unknown, unless its effect is found: {ran:?}");
}
