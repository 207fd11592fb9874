//! Where the password comes from: standard input, a command, the environment, or a prompt. Never an argument.

use super::{args::Global, failure::Failure, text};
use crate::{
    error::{Error, ErrorKind},
    transport::Secret,
};
use std::{
    io::{self, BufRead, IsTerminal, Read},
    process::{Command, Stdio},
};
use zeroize::Zeroizing;

/// Gets the password, from the first of the sources that is there.
///
/// # Errors
/// `Usage` for several or no sources, `Config` for a source that gives nothing.
pub(crate) fn obtain(global: &Global, user: &str) -> Result<Secret, Failure> {
    match (global.password_stdin, &global.password_command) {
        (true, Some(_)) => Err(Failure::usage(
            "--password-stdin and --password-command exclude each other",
            "give one of them; look at HVCTL_PASSWORD_STDIN and HVCTL_PASSWORD_COMMAND too",
        )),
        (true, None) => from_stdin(),
        (false, Some(command)) => from_command(command),
        (false, None) => match std::env::var_os(VARIABLE) {
            Some(password) => from_environment(password),
            None => from_prompt(user),
        },
    }
}

const VARIABLE: &str = "HVCTL_PASSWORD";
/// Far longer than Windows lets passwords be (256 characters), far shorter than what is no password.
const LONGEST: usize = 4096;

fn from_stdin() -> Result<Secret, Failure> {
    // Room for all of it: a text that moves while it grows leaves a copy behind that is not wiped.
    let mut line = Zeroizing::new(Vec::with_capacity(LONGEST));
    io::stdin()
        .lock()
        .take(u64::try_from(LONGEST).unwrap_or(u64::MAX))
        .read_until(b'\n', &mut line)
        .map_err(|error| Failure::io("failed to read the password from standard input", error))?;
    if line.len() == LONGEST {
        return Err(config(format!("the password from standard input is longer than {LONGEST} bytes")));
    }
    secret(&line, "standard input")
}

fn from_environment(password: std::ffi::OsString) -> Result<Secret, Failure> {
    let password = password.into_string().map_err(|_| config("failed to read HVCTL_PASSWORD: not UTF-8"))?;
    secret(Zeroizing::new(password).as_bytes(), VARIABLE)
}

fn from_command(command: &str) -> Result<Secret, Failure> {
    let words = shlex::split(command).unwrap_or_default();
    let Some((program, arguments)) = words.split_first() else {
        return Err(config("failed to read --password-command: expected words as a shell quotes them"));
    };
    let output = Command::new(program)
        .args(arguments)
        .stdin(Stdio::inherit())
        .stderr(Stdio::inherit())
        .output()
        .map_err(|error| {
            Failure::from(
                Error::new(
                    ErrorKind::Config,
                    format!("failed to run the password command `{}`", text::line(program)),
                )
                .with_source(error),
            )
        })?;
    let printed = Zeroizing::new(output.stdout);
    if !output.status.success() {
        return Err(config(format!(
            "failed to get the password from the command `{}`: {}",
            text::line(program),
            output.status
        )));
    }
    secret(&printed, "the password command")
}

fn from_prompt(user: &str) -> Result<Secret, Failure> {
    if !io::stdin().is_terminal() {
        return Err(Failure::from(
            Error::new(
                ErrorKind::Config,
                "no password: HVCTL_PASSWORD is not set, and there is no terminal to ask on",
            )
            .with_hint("set HVCTL_PASSWORD, or give --password-stdin or --password-command"),
        ));
    }
    hear_interruptions()?;
    let password = rpassword::prompt_password(format!("Password of {}: ", text::line(user))).map_err(
        |error| match error.kind() {
            io::ErrorKind::Interrupted => {
                Error::new(ErrorKind::Interrupted, "interrupted: nothing was changed").into()
            }
            _ => Failure::io("failed to read the password from the terminal", error),
        },
    )?;
    secret(Zeroizing::new(password).as_bytes(), "the terminal")
}

/// From here on Ctrl-C does not end the process where it stands, so that the prompt can switch the terminal's echo on
/// again.
fn hear_interruptions() -> Result<(), Failure> {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        // That somebody listens is what changes the behaviour; whether it is still there does not matter.
        let _listener = signal(SignalKind::interrupt())
            .map_err(|error| Failure::io("failed to listen for Ctrl-C", error))?;
    }
    Ok(())
}

/// The first line, without its end.
fn secret(bytes: &[u8], source: &str) -> Result<Secret, Failure> {
    let line = bytes.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    let password = std::str::from_utf8(line)
        .map_err(|_| config(format!("failed to read the password from {source}: not UTF-8")))?;
    if password.is_empty() {
        return Err(config(format!("the password from {source} is empty")));
    }
    Ok(Secret::new(password.to_owned()))
}

fn config(message: impl Into<String>) -> Failure {
    Failure::from(Error::new(ErrorKind::Config, message))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_line_is_the_password() {
        assert_eq!(secret(b"p w\r\nrest\n", "x").unwrap().expose(), "p w");
        assert_eq!(secret(b"pw", "x").unwrap().expose(), "pw");
    }

    #[test]
    fn empty_and_broken_passwords_are_refused_and_not_shown() {
        for wrong in [&b""[..], b"\n", b"\xff\xfegeheim"] {
            let failure = secret(wrong, "standard input").unwrap_err();
            assert_eq!(failure.exit_code(), 3);
            assert!(!failure.to_text().contains("geheim"));
        }
    }

    #[cfg(unix)]
    #[test]
    fn commands_are_split_without_a_shell() {
        assert_eq!(from_command("printf '%s\\n' 'a $HOME b'").unwrap().expose(), "a $HOME b");
        assert_eq!(from_command("false").unwrap_err().exit_code(), 3);
        assert_eq!(from_command("'unclosed").unwrap_err().exit_code(), 3);
        assert_eq!(from_command("/no/such/program").unwrap_err().exit_code(), 3);
    }
}
