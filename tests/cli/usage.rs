//! Command lines that make no sense end with 2 or 3 before anything is sent.

use crate::support::{hvctl, run, run_alone};

/// A host that does not exist: these command lines never get to it.
const HOST: &str = "hv1.example.test";

#[test]
fn each_wrong_command_line_has_its_exit_code_and_says_what_to_do() {
    let table: &[(&str, &[&str], i32, &str)] = &[
        ("no command", &[], 2, "Usage:"),
        ("unknown command", &["snapshoot"], 2, "a similar subcommand exists"),
        ("no host", &["group", "list"], 2, "--replay"),
        ("no user", &["group", "list", "--host", HOST], 2, "--user"),
        ("no password", &["group", "list", "--host", HOST, "--user", "u"], 3, "HVCTL_PASSWORD"),
        (
            "a password as argument",
            &["group", "list", "--host", HOST, "--password", "geheim"],
            2,
            "--password-stdin",
        ),
        ("a password in the URL", &["group", "list", "--host", "https://u:geheim@hv1"], 2, "--user"),
        ("another scheme", &["identify", "--anonymous", "--host", "ws://hv1"], 2, "`https` or `http`"),
        (
            "two sources of the password",
            &[
                "group",
                "list",
                "--host",
                HOST,
                "--user",
                "u",
                "--password-stdin",
                "--password-command",
                "pass",
            ],
            2,
            "exclude each other",
        ),
        ("record and replay", &["group", "list", "--record", "a", "--replay", "b"], 2, "exclude each other"),
        ("snapshot of no type", &["snapshot", "create", "--group", "g", "--host", HOST], 2, "--type"),
        (
            "settings for a standard snapshot",
            &[
                "snapshot",
                "create",
                "--group",
                "g",
                "--type",
                "standard",
                "--consistency",
                "crash",
                "--host",
                HOST,
            ],
            2,
            "--type recovery",
        ),
        (
            "export without a word about storage",
            &["snapshot", "export", "ID", "--to", "D:\\E"],
            2,
            "--copy-storage",
        ),
        (
            "export with two words about storage",
            &["snapshot", "export", "ID", "--to", "D:\\E", "--copy-storage", "--config-only"],
            2,
            "cannot be used with",
        ),
        ("delete without asking or --yes", &["snapshot", "delete", "ID", "--host", HOST], 2, "--yes"),
        ("apply without asking or --yes", &["snapshot", "apply", "ID", "--host", HOST], 2, "--yes"),
        ("cancel without asking or --yes", &["job", "cancel", "ID", "--host", HOST], 2, "--yes"),
        ("control characters in a name", &["group", "show", "web\u{1b}[2J"], 2, "U+001B"),
        ("an empty name", &["group", "show", ""], 2, "got nothing"),
        ("control characters in a user", &["group", "list", "--user", "a\u{7}"], 2, "U+0007"),
        ("no length of time", &["group", "list", "--timeout", "soon"], 2, "length of time"),
        (
            "settings file that is not there",
            &["snapshot", "create", "--group", "g", "--type", "recovery", "--settings-xml", "/no/such/file"],
            17,
            "/no/such/file",
        ),
    ];
    for (what, line, code, says) in table {
        let ran = run_alone(line);
        assert_eq!(ran.code, *code, "{what}: {ran:?}");
        assert!(ran.stderr.contains(says), "{what}: {ran:?}");
        assert!(ran.stdout.is_empty(), "{what}: {ran:?}");
        assert!(!ran.stderr.contains("geheim"), "{what}: {ran:?}");
        assert!(!ran.stderr.contains('\u{1b}'), "{what}: {ran:?}");
    }
}

#[cfg(unix)]
#[test]
fn broken_unicode_is_refused() {
    use std::{ffi::OsStr, os::unix::ffi::OsStrExt as _};
    let ran = run(hvctl(["group", "show"]).arg(OsStr::from_bytes(b"web\xff")));
    assert_eq!(ran.code, 2, "{ran:?}");
    assert!(ran.stderr.contains("UTF-8"), "{ran:?}");
}

#[test]
fn a_wrong_command_line_is_json_when_json_was_asked_for() {
    let ran = run_alone(&["group", "list", "--output", "json"]);
    assert_eq!(ran.code, 2);
    let error = ran.json_error();
    assert_eq!(error["error"]["kind"], "usage");
    assert_eq!(error["error"]["code"], 2);
    let ran = run_alone(&["--output=json", "nonsense"]);
    assert_eq!(ran.json_error()["error"]["kind"], "usage");
}

#[test]
fn what_is_typed_wins_over_the_environment() {
    let ran = run(
        hvctl(["identify", "--anonymous", "--host", "ftp://typed"]).env("HVCTL_HOST", "ws://environment")
    );
    assert!(ran.stderr.contains("`ftp`"), "{ran:?}");
    let ran = run(hvctl(["identify", "--anonymous"]).env("HVCTL_HOST", "ws://environment"));
    assert!(ran.stderr.contains("`ws`"), "{ran:?}");
}
