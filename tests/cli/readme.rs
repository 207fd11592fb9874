//! The session in README.md is what a terminal shows.
#![cfg(unix)]

use crate::{pseudo_terminal::Terminal, support::without_own_settings};
use std::{fmt::Write as _, path::Path, process::Command};

/// Stands for one or more lines that are left out.
const LEFT_OUT: &str = "…";

/// The lines of the block that begins a session.
fn session() -> Vec<&'static str> {
    let readme = include_str!("../../README.md");
    let (_, rest) = readme.split_once("```console\n").unwrap();
    let (block, rest) = rest.split_once("```\n").unwrap();
    assert!(!rest.contains("```console"), "another session, which nobody tries");
    block.lines().collect()
}

/// The session as a script that shows its commands. `hvctl` is installed already, its jobs take no time, and what a
/// command says in the background is not shown, as it may come at any moment.
fn script(session: &[&str]) -> String {
    let mut script = "trap 'kill $!' EXIT\n".to_owned();
    for line in session {
        let Some(command) = line.strip_prefix("$ ") else { continue };
        writeln!(script, "printf '%s\\n' {}", shlex::try_quote(line).unwrap()).unwrap();
        if !command.starts_with("cargo install") {
            let command = command.replace("hvctl simulate", "hvctl simulate --time-scale 0 2>/dev/null");
            writeln!(script, "{command}").unwrap();
        }
    }
    script
}

fn is_shown(expected: &[&str], shown: &[&str]) -> bool {
    match expected {
        [] => shown.is_empty(),
        [LEFT_OUT, rest @ ..] => (1..=shown.len()).any(|count| is_shown(rest, &shown[count..])),
        [line, rest @ ..] => shown.first() == Some(line) && is_shown(rest, &shown[1..]),
    }
}

#[test]
fn the_session_of_the_readme_is_what_a_terminal_shows() {
    let (session, directory) = (session(), tempfile::tempdir().unwrap());
    let binaries = Path::new(env!("CARGO_BIN_EXE_hvctl")).parent().unwrap();
    let path = format!("{}:{}", binaries.display(), std::env::var("PATH").unwrap());
    let mut shell = Command::new("sh");
    without_own_settings(&mut shell);
    shell.args(["-c", &script(&session)]).env("PATH", path).current_dir(directory.path());
    let left = Terminal::start(shell).end();
    assert_eq!(left.code, 0, "{left:?}");
    let shown: Vec<_> = left.screen.lines().map(str::trim_end).collect();
    assert!(is_shown(&session, &shown), "README.md:\n{}\nshown:\n{}", session.join("\n"), shown.join("\n"));
}

#[test]
fn what_is_left_out_is_at_least_a_line_and_nothing_else_may_differ() {
    let shown = ["a", "b", "c"];
    for (expected, is) in [
        (&["a", "b", "c"][..], true),
        (&["a", LEFT_OUT], true),
        (&["a", LEFT_OUT, "c"], true),
        (&["a", "b", LEFT_OUT, "c"], false),
        (&["a", "b"], false),
        (&["b", LEFT_OUT], false),
    ] {
        assert_eq!(is_shown(expected, &shown), is, "{expected:?}");
    }
}
