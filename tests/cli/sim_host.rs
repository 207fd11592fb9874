//! A simulated host as `hvctl simulate` serves it.

use crate::support::process;
use assert_cmd::Command;
use std::{
    io::{BufRead, BufReader},
    process::{Child, Stdio},
};

/// A process that serves a simulated host until this is dropped, and expects that nothing was left open on it then.
#[derive(Debug)]
pub(crate) struct SimHost {
    process: Child,
    /// What it printed, as `eval` takes it.
    pub(crate) environment: Vec<(String, String)>,
}

impl SimHost {
    /// With jobs that take no time.
    pub(crate) fn start() -> Self {
        Self::with(&["--time-scale", "0"])
    }

    /// With jobs that take no time, and these rules.
    pub(crate) fn with_rules(rules: &[&str]) -> Self {
        let mut arguments = vec!["--time-scale", "0"];
        for rule in rules {
            arguments.extend(["--rule", rule]);
        }
        Self::with(&arguments)
    }

    /// With these arguments of `hvctl simulate`.
    pub(crate) fn with(arguments: &[&str]) -> Self {
        let mut process = std::process::Command::new(env!("CARGO_BIN_EXE_hvctl"))
            .arg("simulate")
            .args(arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let environment: Vec<_> = lines
            .take(5)
            .map(Result::unwrap)
            .filter(|line| line != "unset HVCTL_FINGERPRINT")
            .map(|line| {
                let (name, value) = line.strip_prefix("export ").unwrap().split_once('=').unwrap();
                (name.to_owned(), shlex::split(value).unwrap().remove(0))
            })
            .collect();
        assert!(environment.len() >= 4, "{environment:?}");
        Self { process, environment }
    }

    /// `hvctl` with what `eval` of the printed lines sets.
    pub(crate) fn hvctl<'a>(&self, arguments: impl IntoIterator<Item = &'a str>) -> Command {
        Command::from_std(self.process(arguments))
    }

    /// The same, to be spawned.
    pub(crate) fn process<'a>(&self, arguments: impl IntoIterator<Item = &'a str>) -> std::process::Command {
        let mut command = process(arguments);
        command.envs(self.environment.iter().cloned());
        command
    }

    /// One of the printed values.
    pub(crate) fn value(&self, name: &str) -> &str {
        &self.environment.iter().find(|(known, _)| known == name).unwrap().1
    }
}

impl Drop for SimHost {
    fn drop(&mut self) {
        #[cfg(unix)]
        if !std::thread::panicking() {
            // It tells at its end what its clients have left behind.
            crate::interruption::signal("TERM", self.process.id());
            let told = std::io::read_to_string(self.process.stderr.take().unwrap()).unwrap();
            assert!(told.contains("enumerations left open: 0\n"), "{told}");
        }
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
