//! Where the password comes from: standard input, a command, a file, the keyring, the environment, or a prompt.
//! Never an argument.

use super::{
    failure::Failure,
    interruption::{aside, nothing_changed},
    keyring,
    private_file::expect_private,
    settings::{Origin, Settings},
    text,
};
use crate::{
    error::{Error, ErrorKind},
    transport::Secret,
};
use std::{
    fs,
    io::{self, BufRead, IsTerminal, Read},
    path::Path,
    process::Stdio,
};
use tokio::process::Command;
use zeroize::Zeroizing;

/// Gets the password from the source that was said nearest to the command: by an option, by the environment, by the
/// profile; else from a prompt.
///
/// # Errors
/// `Usage` for several sources, `Config` for none, and for one that gives nothing.
pub(crate) async fn obtain(settings: &Settings, user: &str) -> Result<Secret, Failure> {
    match source(settings, std::env::var_os(VARIABLE).is_some())? {
        Some(Source::Stdin) => aside(from_stdin).await,
        Some(Source::Command(command)) => from_command(command).await,
        Some(Source::File(path)) => {
            let path = path.to_owned();
            aside(move || from_file(&path)).await
        }
        Some(Source::Keyring) => {
            let (host, user) = (settings.global.host.clone().unwrap_or_default(), user.to_owned());
            aside(move || keyring::read(&host, &user)).await
        }
        Some(Source::Variable) => from_environment(std::env::var_os(VARIABLE).unwrap_or_default()),
        None => from_prompt(user).await,
    }
}

/// Whether a source of a password was said, so that nobody has to be asked.
///
/// # Errors
/// `Usage` for several sources.
pub(crate) fn is_given(settings: &Settings) -> Result<bool, Failure> {
    Ok(source(settings, std::env::var_os(VARIABLE).is_some())?.is_some())
}

/// Where a password comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Source<'a> {
    /// Standard input.
    Stdin,
    /// What a command prints.
    Command(&'a str),
    /// A file.
    File(&'a Path),
    /// The system's keyring.
    Keyring,
    /// `HVCTL_PASSWORD`.
    Variable,
}

/// The source that holds; `None` is the prompt.
///
/// # Errors
/// `Usage` for several that were said equally near.
pub(crate) fn source(settings: &Settings, variable: bool) -> Result<Option<Source<'_>>, Failure> {
    let global = &settings.global;
    let options = [
        ("password-stdin", global.password_stdin.then_some(Source::Stdin)),
        ("password-command", global.password_command.as_deref().map(Source::Command)),
        ("password-file", global.password_file.as_deref().map(Source::File)),
        ("password-keyring", global.password_keyring.then_some(Source::Keyring)),
    ];
    let mut said: Vec<_> = options
        .into_iter()
        .filter_map(|(name, source)| Some((settings.origin_of_option(name), name, source?)))
        .filter(|(origin, ..)| *origin != Origin::Profile || is_of_profile(settings))
        .collect();
    // Stable: of what the environment says, the variable is the last.
    said.sort_by_key(|(origin, ..)| *origin);
    let (first, rest) = match said.split_first() {
        Some((first, rest)) if !variable || first.0 <= Origin::Environment => (first, rest),
        _ => return Ok(variable.then_some(Source::Variable)),
    };
    match rest.first() {
        Some(second) if second.0 == first.0 => Err(Failure::usage(
            format!("--{} and --{} exclude each other", first.1, second.1),
            "give one of them; look at HVCTL_PASSWORD_STDIN, HVCTL_PASSWORD_COMMAND, HVCTL_PASSWORD_FILE, \
             HVCTL_PASSWORD_KEYRING and the profile too",
        )),
        _ => Ok(Some(first.2)),
    }
}

/// Whether the profile's source is for the user who logs in.
fn is_of_profile(settings: &Settings) -> bool {
    let known = settings.profile.as_ref().and_then(|profile| profile.value("user"));
    known.is_none() || known == settings.global.user.as_deref()
}

const VARIABLE: &str = "HVCTL_PASSWORD";
/// Far longer than Windows lets passwords be (256 characters), far shorter than what is no password.
const LONGEST: usize = 4096;

fn from_file(path: &Path) -> Result<Secret, Failure> {
    let failed = |error| Failure::io(format!("failed to read `{}`", path.display()), error);
    let file = fs::File::open(path).map_err(failed)?;
    expect_private("the password file", path, &file)?;
    let mut line = Zeroizing::new(Vec::with_capacity(LONGEST));
    let limit = u64::try_from(LONGEST).unwrap_or(u64::MAX);
    io::BufReader::new(file.take(limit)).read_until(b'\n', &mut line).map_err(failed)?;
    if line.len() == LONGEST {
        return Err(config(format!("the password from the password file is longer than {LONGEST} bytes")));
    }
    secret(&line, "the password file")
}

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

/// An interruption ends the command too.
async fn from_command(command: &str) -> Result<Secret, Failure> {
    let words = shlex::split(command).unwrap_or_default();
    let Some((program, arguments)) = words.split_first() else {
        return Err(config("failed to read --password-command: expected words as a shell quotes them"));
    };
    let output = Command::new(program)
        .args(arguments)
        .stdin(Stdio::inherit())
        .stderr(Stdio::inherit())
        .kill_on_drop(true)
        .output()
        .await
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

/// Whether there is a terminal to ask on.
pub(crate) fn can_ask() -> bool {
    io::stdin().is_terminal()
}

async fn from_prompt(user: &str) -> Result<Secret, Failure> {
    if !can_ask() {
        return Err(Failure::from(
            Error::new(
                ErrorKind::Config,
                "no password: HVCTL_PASSWORD is not set, and there is no terminal to ask on",
            )
            .with_hint("set HVCTL_PASSWORD, or give --password-stdin, --password-command or --password-file"),
        ));
    }
    ask(user).await
}

/// Asks at the terminal; the caller has made sure that there is one.
///
/// # Errors
/// `Io`; `Config` for an empty password.
pub(crate) async fn ask(user: &str) -> Result<Secret, Failure> {
    let prompt = format!("Password of {}: ", text::line(user));
    let _as_it_was = Terminal::remember();
    aside(move || {
        let password = rpassword::prompt_password(prompt).map_err(|error| match error.kind() {
            io::ErrorKind::Interrupted => nothing_changed(),
            _ => Failure::io("failed to read the password from the terminal", error),
        })?;
        secret(Zeroizing::new(password).as_bytes(), "the terminal")
    })
    .await
}

/// The terminal as it is now, and again when this is dropped: an interruption leaves a prompt behind that has
/// switched off what shows the typed text.
#[derive(Debug)]
struct Terminal {
    #[cfg(unix)]
    remembered: Option<(fs::File, rustix::termios::Termios)>,
}

impl Terminal {
    fn remember() -> Self {
        Self {
            #[cfg(unix)]
            remembered: fs::File::open("/dev/tty").ok().and_then(|terminal| {
                rustix::termios::tcgetattr(&terminal).ok().map(|state| (terminal, state))
            }),
        }
    }
}

#[cfg(unix)]
impl Drop for Terminal {
    fn drop(&mut self) {
        if let Some((terminal, state)) = &self.remembered {
            // There is nothing else to be done for it.
            let _ = rustix::termios::tcsetattr(terminal, rustix::termios::OptionalActions::Now, state);
        }
    }
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
    #[tokio::test]
    async fn commands_are_split_without_a_shell() {
        assert_eq!(from_command("printf '%s\\n' 'a $HOME b'").await.unwrap().expose(), "a $HOME b");
        assert_eq!(from_command("false").await.unwrap_err().exit_code(), 3);
        assert_eq!(from_command("'unclosed").await.unwrap_err().exit_code(), 3);
        assert_eq!(from_command("/no/such/program").await.unwrap_err().exit_code(), 3);
    }
}
