//! What holds for a command: what was typed, else the environment, else the profile, else the default. Each value
//! knows where it comes from.

use super::{
    args::{self, Args, Command, ConfigCommand, Global, ProfileCommand, is_identity_option},
    failure::Failure,
    mof,
    profiles::{ConfigFile, Key, Kind, Profile, Profiles, keys},
};
use crate::{
    cim::schema::Schema,
    error::{Error, ErrorKind},
    hyperv::shell,
};
use clap::{ArgMatches, parser::ValueSource};
use std::ffi::OsString;

/// The settings of a command.
#[derive(Debug)]
pub(crate) struct Settings {
    /// The values.
    pub(crate) global: Global,
    /// The profile that values may come from.
    pub(crate) profile: Option<Profile>,
    /// The classes that are compiled in and those of `--mof`.
    pub(crate) schema: Schema,
    /// How a command line begins that talks to the same host.
    pub(crate) prefix: String,
    matches: ArgMatches,
}

/// Where a value comes from; what is first wins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Origin {
    Flag,
    Environment,
    Profile,
    Default,
}

/// Adds the profile to what was typed.
///
/// # Errors
/// `Config` or `Io` for the file of profiles, if the command needs it, and for files of `--mof`.
pub(crate) fn settle(
    args: Args,
    matches: ArgMatches,
    typed: &[OsString],
) -> Result<(Command, Settings), Failure> {
    let prefix = command_prefix(&matches);
    let Some(profile) = chosen_profile(&args)? else {
        let schema = schema(&args)?;
        return Ok((args.command, Settings { global: args.global, profile: None, schema, prefix, matches }));
    };
    // What a profile says is to clap what holds when neither the command line nor the environment says anything.
    let with_profile = |grammar| {
        keys().iter().fold(grammar, |grammar: clap::Command, key| match profile.value(&key.name) {
            Some(value) => grammar.mut_arg(key.id(), |option| option.default_value(value.to_owned())),
            None => grammar,
        })
    };
    let (args, matches) = args::parse(typed, with_profile).map_err(|error| {
        let message = format!("failed to use profile `{}` of `{}`", profile.name, profile.path.display());
        Failure::from(Error::new(ErrorKind::Config, message).with_source(error))
    })?;
    let schema = schema(&args)?;
    Ok((args.command, Settings { global: args.global, profile: Some(profile), schema, prefix, matches }))
}

/// The schema of a command; those about settings do not need what the settings name.
fn schema(args: &Args) -> Result<Schema, Failure> {
    match &args.command {
        Command::Config(_) | Command::Profile(_) => Ok(Schema::default()),
        _ => mof::load(&args.global.mof),
    }
}

/// The profile that a command takes settings from.
fn chosen_profile(args: &Args) -> Result<Option<Profile>, Failure> {
    let named = match &args.command {
        Command::Profile(ProfileCommand::Test { name }) => Some(name),
        Command::Identify { .. }
        | Command::Group(_)
        | Command::Snapshot(_)
        | Command::Job(_)
        | Command::Get(_)
        | Command::Enumerate(_)
        | Command::Query(_)
        | Command::Associators(_)
        | Command::References(_)
        | Command::Invoke(_)
        | Command::Put(_)
        | Command::Create(_)
        | Command::Delete(_)
        | Command::Doctor
        | Command::Trust(_)
        | Command::Schema(_)
        | Command::Config(ConfigCommand::Show { .. }) => args.global.profile.as_ref(),
        _ => return Ok(None),
    };
    let trust = match &args.command {
        Command::Trust(trust) => trust.target.as_ref().or(args.global.host.as_ref()),
        _ => None,
    };
    let elsewhere = args.global.host.is_some() || args.global.replay.is_some();
    if named.is_none() && trust.is_none() && elsewhere {
        return Ok(None);
    }
    let file = ConfigFile::locate()?;
    let profiles = match file.read()? {
        Some(text) => Profiles::parse(file.path(), &text)?,
        None if named.is_some() && trust.is_none() && file.is_named() => {
            let message = format!("failed to find the file of profiles `{}`", file.path().display());
            return Err(Error::new(ErrorKind::Config, message)
                .with_hint("look at HVCTL_CONFIG, which names it")
                .into());
        }
        None => Profiles::none(file.path()),
    };
    match (named, trust) {
        // `trust` makes the profile if there is none.
        (Some(name), Some(_)) => Ok(profiles.find(name).cloned()),
        (None, Some(host)) => Ok(profiles.of_host(host).cloned()),
        (Some(name), None) => profiles.named(name).cloned().map(Some),
        (None, None) => profiles.default.as_deref().map(|name| profiles.named(name).cloned()).transpose(),
    }
}

impl Settings {
    /// Where the value of an option comes from.
    pub(crate) fn origin(&self, key: &Key) -> Origin {
        self.origin_of(key.id(), &key.name)
    }

    /// Where the value of an option comes from, by its name.
    pub(crate) fn origin_of_option(&self, name: &str) -> Origin {
        self.origin_of(&name.replace('-', "_"), name)
    }

    fn origin_of(&self, id: &str, name: &str) -> Origin {
        match self.matches.value_source(id) {
            Some(ValueSource::CommandLine) => Origin::Flag,
            Some(ValueSource::EnvVariable) => Origin::Environment,
            _ if self.profile.as_ref().is_some_and(|profile| profile.value(name).is_some()) => {
                Origin::Profile
            }
            _ => Origin::Default,
        }
    }

    /// The value of an option as it was written; `None` where nobody said anything and there is no default.
    pub(crate) fn written(&self, key: &Key) -> Option<String> {
        if key.kind == Kind::Switch {
            let on = self.matches.get_flag(key.id());
            return (on || self.origin(key) < Origin::Default).then(|| on.to_string());
        }
        let values: Vec<_> = self.matches.get_raw(key.id())?.map(|value| value.to_string_lossy()).collect();
        match key.kind {
            Kind::Files => Some(values.join(",")),
            _ => values.last().map(|value| value.clone().into_owned()),
        }
    }

    /// What was typed of the options that a profile may hold.
    pub(crate) fn typed(&self) -> Vec<(String, String)> {
        keys()
            .iter()
            .filter(|key| self.origin(key) == Origin::Flag)
            .filter_map(|key| Some((key.name.clone(), self.written(key)?)))
            .collect()
    }
}

/// The beginning of a command line that talks to the same host: `hvctl` and what was typed of the connection.
/// What came from the environment or a profile is still there for the next command.
fn command_prefix(matches: &ArgMatches) -> String {
    let mut words = vec!["hvctl".to_owned()];
    for option in args::shared().get_arguments().filter(|option| is_identity_option(option)) {
        let id = option.get_id().as_str();
        if matches.value_source(id) != Some(ValueSource::CommandLine) {
            continue;
        }
        let Some(value) = matches.get_raw(id).and_then(|mut values| values.next_back()) else { continue };
        words.push(format!("--{}", option.get_long().unwrap_or_default()));
        if option.get_action().takes_values() {
            words.push(shell::word(&value.to_string_lossy()));
        }
    }
    words.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::args::grammar;

    #[test]
    fn the_next_command_repeats_what_was_typed_and_quotes_it() {
        let matches = grammar().get_matches_from([
            "hvctl",
            "job",
            "list",
            "--host",
            "hv1",
            "--user",
            "CORP\\backup user",
            "--profile",
            "lab",
            "--timeout",
            "5s",
            "--output",
            "json",
        ]);
        assert_eq!(command_prefix(&matches), "hvctl --profile lab --host hv1 --user 'CORP\\backup user'");
    }
}
