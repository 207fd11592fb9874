//! `hvctl`, the command line: what was typed (`args`) becomes valid settings (`settings`, with `profiles`) and
//! a way to a host (`config`), a command (`commands`) does its work, `output` prints, and `failure` knows the
//! exit code.

mod args;
mod cim;
mod client_certificate;
mod commands;
mod config;
mod detail;
mod events;
mod failure;
#[cfg(any(test, fuzzing))]
pub(crate) mod fuzzing;
mod interruption;
mod keyring;
mod login;
mod mof;
mod observe;
mod output;
mod password;
mod port;
mod private_file;
mod profiles;
mod proxy;
mod reader;
mod render;
mod session;
mod settings;
mod similar;
mod text;
mod view;
mod wait;

use crate::{
    error::{Error, ErrorKind},
    hyperv::shell,
};
use args::{Args, Command, Format};
use clap::{ArgMatches, error::ContextKind};
use commands::Context;
use failure::Failure;
use interruption::Interruption;
use output::Output;
use std::{
    ffi::OsString,
    panic::{self, AssertUnwindSafe},
    process::ExitCode,
};

/// Runs `hvctl` with the arguments of this process.
#[must_use]
pub fn main() -> ExitCode {
    let typed: Vec<OsString> = std::env::args_os().collect();
    match args::parse(&typed, |grammar| grammar) {
        Ok((args, matches)) => run(args, matches, &typed),
        Err(error) => refuse(&error, &typed),
    }
}

fn run(args: Args, matches: ArgMatches, typed: &[OsString]) -> ExitCode {
    let output = Output::standard(args.global.output, args.global.no_color);
    let work = AssertUnwindSafe(|| {
        let (command, settings) = settings::settle(args, matches, typed)?;
        execute(command, &Context { output: output.clone(), settings, interruption: Interruption::default() })
    });
    match panic::catch_unwind(work).unwrap_or_else(|_| Err(defect())) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            output.failure(&failure);
            ExitCode::from(failure.exit_code())
        }
    }
}

fn execute(command: Command, context: &Context) -> Result<(), Failure> {
    let runtime = runtime(&command).map_err(|error| Failure::io("failed to start the runtime", error))?;
    let result = runtime.block_on(context.interruption.guard(commands::run(command, context)));
    // Not waiting for what an interruption leaves behind: the look-up of a name, a command that prints a password.
    runtime.shutdown_background();
    result
}

/// What a panic is to the user; its message has been printed.
fn defect() -> Failure {
    Error::new(ErrorKind::Internal, "this command met a defect of hvctl")
        .with_hint("please report it, with what is printed above")
        .into()
}

/// One thread is enough for a client and starts faster; a server gets several.
fn runtime(command: &Command) -> std::io::Result<tokio::runtime::Runtime> {
    let mut builder = match command {
        Command::Simulate(_) | Command::Demo => tokio::runtime::Builder::new_multi_thread(),
        _ => tokio::runtime::Builder::new_current_thread(),
    };
    builder.enable_all().build()
}

/// Prints what clap has to say: help and version are data, everything else is an error of usage.
fn refuse(error: &clap::Error, typed: &[OsString]) -> ExitCode {
    let format = if wants_json(typed) { Format::Json } else { Format::Table };
    let output = Output::standard(format, true);
    let shown = error.render().to_string();
    let shown = shown.trim_end();
    if !error.use_stderr() {
        return match output.data(&format!("{shown}\n")) {
            Ok(()) => ExitCode::SUCCESS,
            Err(failure) => ExitCode::from(failure.exit_code()),
        };
    }
    if is_password(error) {
        let failure = Failure::usage(
            "--password is not an option: arguments are visible to every user of this machine",
            "set HVCTL_PASSWORD, or give --password-stdin, --password-command or --password-file",
        );
        output.failure(&failure);
    } else if output.is_json() {
        let message = shown.split("\n\n").next().unwrap_or(shown);
        let message = message.strip_prefix("error: ").unwrap_or(message);
        output.json_line(&failure::usage_json(message, Some("`hvctl help` shows the commands and options")));
    } else {
        output.trace(shown);
    }
    ExitCode::from(failure::USAGE)
}

/// Whether the password was given as an argument, which no option takes.
fn is_password(error: &clap::Error) -> bool {
    let argument = error.get(ContextKind::InvalidArg).map(ToString::to_string);
    argument.is_some_and(|argument| argument == "--password" || argument.starts_with("--password="))
}

/// Whether JSON was asked for on a command line that cannot be read.
fn wants_json(typed: &[OsString]) -> bool {
    let mut asked = std::env::var("HVCTL_OUTPUT").is_ok_and(|format| is_json(&format));
    let mut words = typed.iter().filter_map(|word| word.to_str()).peekable();
    while let Some(word) = words.next() {
        if let Some(format) = word.strip_prefix("--output=") {
            asked = is_json(format);
        } else if word == "--output" {
            asked = words.peek().copied().is_some_and(is_json);
        }
    }
    asked
}

fn is_json(format: &str) -> bool {
    matches!(format, "json" | "ndjson")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_is_recognised_on_a_broken_command_line() {
        let typed = |words: &[&str]| words.iter().map(OsString::from).collect::<Vec<_>>();
        assert!(wants_json(&typed(&["hvctl", "--output", "json", "nonsense"])));
        assert!(wants_json(&typed(&["hvctl", "nonsense", "--output=json"])));
        assert!(!wants_json(&typed(&["hvctl", "--output", "table", "json"])));
    }
}
