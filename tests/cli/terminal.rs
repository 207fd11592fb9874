//! What only a terminal shows: questions and their answers, a password that is not shown, progress that goes away.
#![cfg(unix)]

use crate::{
    interruption::{hearing_hangup, signal},
    pseudo_terminal::{Left, Terminal},
    sim_host::SimHost,
    support::{arg, process, run},
};
use std::{fs, path::PathBuf};
use tempfile::TempDir;

const CTRL_C: &str = "\u{3}";

/// `hvctl group list` up to where it asks for the password.
fn asked_for_password(host: &SimHost) -> Terminal {
    let mut command = host.process(["group", "list"]);
    command.env_remove("HVCTL_PASSWORD");
    let mut terminal = Terminal::start(hearing_hangup(command));
    terminal.expect("Password of EXAMPLE\\operator: ");
    terminal.expect_silence();
    terminal
}

fn expect_nothing_changed(left: &Left) {
    assert_eq!(left.code, 130, "{left:?}");
    assert!(left.screen.ends_with("error: interrupted: nothing was changed"), "{left:?}");
    assert!(left.echoes, "{left:?}");
}

#[test]
fn a_password_is_asked_for_and_not_shown() {
    let host = SimHost::start();
    let terminal = asked_for_password(&host);
    terminal.press(&format!("{}\n", host.value("HVCTL_PASSWORD")));
    let left = terminal.end();
    assert!(left.code == 0 && left.screen.contains("web-tier"), "{left:?}");
    assert!(!left.text.contains(host.value("HVCTL_PASSWORD")), "{left:?}");
    assert!(left.echoes, "{left:?}");
}

#[test]
fn an_interrupted_password_prompt_leaves_a_terminal_that_shows_what_is_typed() {
    let host = SimHost::start();
    let terminal = asked_for_password(&host);
    terminal.press("gehe");
    terminal.press(CTRL_C);
    let left = terminal.end();
    expect_nothing_changed(&left);
    assert!(!left.text.contains("gehe"), "{left:?}");

    for name in ["INT", "TERM", "HUP"] {
        let terminal = asked_for_password(&host);
        signal(name, terminal.process());
        expect_nothing_changed(&terminal.end());
    }
}

/// A home for profiles.
struct Home {
    directory: TempDir,
}

impl Home {
    fn new() -> Self {
        Self { directory: tempfile::tempdir().unwrap() }
    }

    fn file(&self) -> PathBuf {
        self.directory.path().join("config.toml")
    }

    fn start(&self, line: &[&str]) -> Terminal {
        let mut command = process(line.iter().copied());
        command.env("HVCTL_CONFIG", arg(&self.file()));
        Terminal::start(command)
    }
}

/// `hvctl trust` up to its question.
fn asked_for_trust(home: &Home, host: &SimHost) -> Terminal {
    let mut terminal = home.start(&["trust", host.value("HVCTL_HOST"), "--profile", "sim"]);
    terminal.expect("CN=hyperv-wsman simulator");
    terminal.expect(host.value("HVCTL_FINGERPRINT"));
    terminal.expect("store it in profile sim? [y/N] ");
    terminal
}

#[test]
fn a_certificate_is_stored_by_a_yes_and_by_nothing_else() {
    let (host, home) = (SimHost::start(), Home::new());
    for answer in ["n\n", "\n", "oui\n"] {
        let terminal = asked_for_trust(&home, &host);
        terminal.press(answer);
        let left = terminal.end();
        assert_eq!(left.code, 130, "{left:?}");
        assert!(left.screen.ends_with("error: declined: nothing was changed"), "{left:?}");
        assert!(!home.file().exists());
    }
    let terminal = asked_for_trust(&home, &host);
    terminal.press(CTRL_C);
    expect_nothing_changed(&terminal.end());
    assert!(!home.file().exists());

    let terminal = asked_for_trust(&home, &host);
    terminal.press("yes\n");
    let left = terminal.end();
    assert!(left.code == 0 && left.screen.contains("sim (stored)"), "{left:?}");
    assert!(fs::read_to_string(home.file()).unwrap().contains(host.value("HVCTL_FINGERPRINT")));
}

#[test]
fn a_new_profile_asks_for_what_is_missing() {
    let home = Home::new();
    let mut terminal = home.start(&["profile", "add", "hv1", "--auth", "ntlm"]);
    terminal.expect("Host (name or URL): ");
    terminal.press("hv1.example.test\n");
    terminal.expect("User (DOMAIN\\user, user@realm; empty: ask each time): ");
    terminal.press("CORP\\backup\n");
    terminal.expect("Command that prints the password (empty: ask each time): ");
    terminal.press("\n");
    let left = terminal.end();
    assert_eq!(left.code, 0, "{left:?}");
    let text = fs::read_to_string(home.file()).unwrap();
    assert_eq!(
        text, "[profile.hv1]\nauth = \"ntlm\"\nhost = \"hv1.example.test\"\nuser = 'CORP\\backup'\n",
        "{left:?}"
    );

    let mut terminal = home.start(&["profile", "add", "hv2", "--host", "hv2", "--password-file", "/tmp/p"]);
    terminal.expect("User (");
    terminal.press("a\n");
    let left = terminal.end();
    assert!(left.code == 0 && !left.text.contains("Command that prints"), "{left:?}");
}

#[test]
fn an_interrupted_profile_is_not_there() {
    let home = Home::new();
    let mut terminal = home.start(&["profile", "add", "hv1"]);
    terminal.expect("Host (name or URL): ");
    terminal.press("hv1.example.test\n");
    terminal.expect("User (");
    terminal.press(CTRL_C);
    expect_nothing_changed(&terminal.end());
    assert!(!home.file().exists());
}

#[test]
fn a_profile_is_removed_by_a_yes() {
    let home = Home::new();
    fs::write(home.file(), "[profile.hv1]\nhost = \"hv1\"\n").unwrap();
    for (answer, code, is_left) in [("n\n", 130, true), ("y\n", 0, false)] {
        let mut terminal = home.start(&["profile", "remove", "hv1"]);
        terminal.expect("remove the profile? [y/N] ");
        terminal.press(answer);
        let left = terminal.end();
        assert_eq!(left.code, code, "{left:?}");
        assert_eq!(fs::read_to_string(home.file()).unwrap().contains("hv1"), is_left);
    }
}

/// Takes a snapshot, and gives its id.
fn snapshot(host: &SimHost) -> String {
    let ran = run(&mut host
        .hvctl(["snapshot", "create", "--group", "web-tier", "--type", "standard", "--output", "json"]));
    ran.json()["snapshot"]["id"].as_str().unwrap().to_owned()
}

fn snapshots(host: &SimHost) -> String {
    run(&mut host.hvctl(["snapshot", "list"])).stdout
}

#[test]
fn a_snapshot_is_applied_and_destroyed_by_a_yes_and_by_nothing_else() {
    let host = SimHost::start();
    let id = snapshot(&host);
    for (command, question) in
        [("apply", "apply the snapshot? [y/N] "), ("delete", "destroy the snapshot? [y/N] ")]
    {
        let asked = || {
            let mut terminal = Terminal::start(host.process(["snapshot", command, &id]));
            terminal.expect("web-01");
            terminal.expect(question);
            terminal
        };
        for (answer, told) in [("no\n", "declined"), ("\u{4}", "declined"), (CTRL_C, "interrupted")] {
            let terminal = asked();
            terminal.press(answer);
            let left = terminal.end();
            assert_eq!(left.code, 130, "{left:?}");
            let last = format!("error: {told}: nothing was changed");
            assert_eq!(left.screen.lines().last(), Some(last.as_str()), "{left:?}");
            assert!(snapshots(&host).contains(&id));
        }
        let terminal = asked();
        terminal.press("y\n");
        let left = terminal.end();
        assert_eq!(left.code, 0, "{left:?}");
    }
    assert!(!snapshots(&host).contains(&id));
}

const CREATE: [&str; 6] = ["snapshot", "create", "--group", "web-tier", "--type", "recovery"];

#[test]
fn a_bar_shows_how_far_a_job_is_and_goes_away() {
    let host = SimHost::with(&["--time-scale", "0.2"]);
    let mut terminal = Terminal::start(host.process(CREATE));
    terminal.expect("%  Running");
    let left = terminal.end();
    assert_eq!(left.code, 0, "{left:?}");
    assert!(left.screen.starts_with("snapshot  "), "{left:?}");
    assert!(!left.screen.contains('%') && !left.text.contains("job 5%"), "{left:?}");
}

#[test]
fn what_an_interruption_means_stands_below_the_bar() {
    let host = SimHost::with(&["--time-scale", "10"]);
    let mut terminal = Terminal::start(host.process(CREATE));
    terminal.expect("%  Running");
    terminal.press(CTRL_C);
    let left = terminal.end();
    assert_eq!(left.code, 130, "{left:?}");
    // The key is shown behind the bar, which may end at the edge.
    let lines: Vec<_> = left.screen.lines().skip_while(|line| line.contains('%')).collect();
    assert_eq!(lines[0], "error: interrupted while waiting: the job goes on", "{left:?}");
    assert!(lines[1].starts_with("hint: take up the wait with: hvctl job wait "), "{left:?}");
}

#[test]
fn a_doctor_shows_what_it_does_and_leaves_what_it_found() {
    let host = SimHost::with_rules(&["delay:1s@Identify"]);
    let mut terminal = Terminal::start(host.process(["doctor"]));
    terminal.expect("logging in, once");
    let left = terminal.end();
    assert_eq!(left.code, 0, "{left:?}");
    assert!(left.screen.contains("ready: a snapshot of a group can be taken and exported"), "{left:?}");
    assert!(!left.screen.contains("logging in, once"), "{left:?}");
}
