//! Running `hvctl` and showing what came of it.

use assert_cmd::Command;
use serde_json::Value;
use std::{fmt::Write as _, path::Path};

/// `hvctl` with these arguments and nothing of this machine's own settings.
pub(crate) fn hvctl<'a>(arguments: impl IntoIterator<Item = &'a str>) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_hvctl"));
    for (name, _) in std::env::vars_os() {
        if name.to_str().is_some_and(|name| name.starts_with("HVCTL_") || name.ends_with("_PROXY")) {
            command.env_remove(&name);
        }
    }
    command.env_remove("RUST_BACKTRACE").env("NO_COLOR", "1").env("COLUMNS", "110").args(arguments);
    command
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
                let _ = write!(shown, "--- {name}\n{text}");
            }
        }
        hide.iter().fold(shown, |shown, (text, name)| shown.replace(text, name))
    }
}

/// A path as an argument.
pub(crate) fn arg(path: &Path) -> &str {
    path.to_str().unwrap()
}
