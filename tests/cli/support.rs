//! Running `hvctl` and showing what came of it.

use assert_cmd::Command;
use serde_json::Value;
use std::{fmt::Write as _, path::Path};

/// `hvctl` with these arguments and nothing of this machine's own settings.
pub(crate) fn hvctl<'a>(arguments: impl IntoIterator<Item = &'a str>) -> Command {
    Command::from_std(process(arguments))
}

/// The same, to be spawned.
pub(crate) fn process<'a>(arguments: impl IntoIterator<Item = &'a str>) -> std::process::Command {
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_hvctl"));
    without_own_settings(&mut command);
    command.args(arguments);
    command
}

/// Leaves nothing of this machine's own settings to a command.
pub(crate) fn without_own_settings(command: &mut std::process::Command) {
    for (name, _) in std::env::vars_os() {
        if name
            .to_str()
            .is_some_and(|name| name.starts_with("HVCTL_") || name.to_uppercase().ends_with("_PROXY"))
        {
            command.env_remove(&name);
        }
    }
    // Not the profiles of who runs the tests.
    command.env("HVCTL_CONFIG", env!("CARGO_TARGET_TMPDIR").to_owned() + "/no-profiles.toml");
    // Nor their Kerberos tickets.
    command.env("KRB5CCNAME", env!("CARGO_TARGET_TMPDIR").to_owned() + "/no-tickets");
    command.env_remove("RUST_BACKTRACE").env("NO_COLOR", "1").env("COLUMNS", "110");
}

/// What a process left behind.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// Runs a command to its end.
pub(crate) fn run(command: &mut Command) -> Ran {
    let output = command.timeout(std::time::Duration::from_secs(60)).output().unwrap();
    Ran {
        code: output.status.code().expect("ended by a signal"),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

/// Runs `hvctl` with these arguments alone.
pub(crate) fn run_alone(arguments: &[&str]) -> Ran {
    run(&mut hvctl(arguments.iter().copied()))
}

impl Ran {
    /// Standard output as JSON.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// The last line of standard error as JSON.
    pub(crate) fn json_error(&self) -> Value {
        let line =
            self.stderr.lines().last().unwrap_or_else(|| panic!("nothing on standard error: {self:?}"));
        serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// Everything, for a snapshot; `hide` are texts that differ from run to run, and their names.
    pub(crate) fn transcript(&self, hide: &[(&str, &str)]) -> String {
        let mut shown = format!("exit code {}\n", self.code);
        for (name, text) in [("standard output", &self.stdout), ("standard error", &self.stderr)] {
            if !text.is_empty() {
                write!(shown, "--- {name}\n{text}").unwrap();
            }
        }
        hide.iter().fold(shown, |shown, (text, name)| shown.replace(text, name))
    }
}

/// A path as an argument.
pub(crate) fn arg(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// Replaces points in time (`2026-01-02T03:04:05.678Z`) and durations in seconds, which differ from run to run.
pub(crate) fn without_times(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for line in text.split_inclusive('\n') {
        if let Some((label, _)) = line.split_once("\"elapsed_seconds\": ") {
            writeln!(shown, "{label}\"elapsed_seconds\": <seconds>,").unwrap();
        } else if line.starts_with("elapsed ") {
            shown.push_str("elapsed      <seconds>\n");
        } else {
            shown.push_str(&without_dates(line));
        }
    }
    shown
}

fn without_dates(line: &str) -> String {
    let mut shown = String::new();
    let mut rest = line;
    while let Some(at) = rest.find('-') {
        let start = at.saturating_sub(4);
        let date = rest.get(start..).and_then(|text| text.get(..20)).filter(|text| is_date(text));
        if date.is_some() {
            shown.push_str(&rest[..start]);
            shown.push_str("<time>");
            let tail = &rest[start..];
            rest = &tail[tail.find('Z').map_or(tail.len(), |end| end + 1)..];
        } else {
            shown.push_str(&rest[..=at]);
            rest = &rest[at + 1..];
        }
    }
    shown + rest
}

fn is_date(text: &str) -> bool {
    text.bytes().zip("0000-00-00T00:00:00".bytes()).all(|(byte, form)| match form {
        b'0' => byte.is_ascii_digit(),
        _ => byte == form,
    })
}
