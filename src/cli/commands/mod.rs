//! What each command does, from valid settings to output.

mod cim;
mod config;
mod demo;
mod doctor;
mod generate;
mod group;
mod identify;
mod job;
mod local;
mod profile;
mod schema;
mod simulate;
mod snapshot;
mod trust;

use super::{
    args::{Command, FixtureCommand, Format},
    config::Login,
    failure::Failure,
    interruption::Interruption,
    output::Output,
    session::Session,
    settings::Settings,
};
use crate::{
    error::{Error, ErrorKind},
    hyperv::HyperV,
    transport::endpoint,
    wsman::RequestOption,
};
use std::io::IsTerminal;
use url::Url;

/// What a command works with.
#[derive(Debug)]
pub(crate) struct Context {
    pub(crate) output: Output,
    pub(crate) settings: Settings,
    pub(crate) interruption: Interruption,
}

impl Context {
    async fn connect(&self, login: Login) -> Result<Session, Failure> {
        super::config::connect(&self.settings, &self.output, login).await
    }

    /// Does the work over a session as the user.
    async fn with_session(
        &self,
        work: impl AsyncFnOnce(&Session) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        self.connect(Login::User).await?.run(self, work).await
    }

    /// The same, with options of `w:OptionSet` in what is asked.
    async fn with_options(
        &self,
        options: &[RequestOption],
        work: impl AsyncFnOnce(&Session) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        self.connect(Login::User).await?.asking(options).run(self, work).await
    }

    /// The namespace of names without one.
    fn namespace(&self) -> String {
        HyperV::normalised(&self.settings.global.namespace)
    }

    /// The host, as it was typed; none where a recording answers, which does so for any. What is none fails where it is
    /// connected to.
    fn host(&self) -> Option<String> {
        let global = &self.settings.global;
        let typed = global.host.as_deref().filter(|_| global.replay.is_none());
        let url = typed.and_then(|host| endpoint(host).ok());
        url.as_ref().and_then(Url::host_str).map(str::to_owned)
    }

    /// Whether somebody could answer a question.
    fn is_watched() -> bool {
        std::io::stdin().is_terminal() && std::io::stderr().is_terminal()
    }

    /// Makes sure that a question can be asked, before anything is done.
    fn can_ask(yes: bool) -> Result<(), Failure> {
        if yes || Self::is_watched() {
            return Ok(());
        }
        Err(Failure::usage(
            "this command asks before it does anything, and there is no terminal to ask on",
            "give --yes",
        ))
    }

    /// Asks, unless the answer was given. Whoever declines ends the command, and not as if it were done.
    async fn confirm(&self, yes: bool, question: &str) -> Result<(), Failure> {
        if yes || self.output.confirm(question).await? {
            return Ok(());
        }
        Err(Error::new(ErrorKind::Interrupted, "declined: nothing was changed").into())
    }
}

/// Runs a command.
///
/// # Errors
/// Why it ended early.
pub(crate) async fn run(command: Command, context: &Context) -> Result<(), Failure> {
    check_format(&command, context.output.format())?;
    match command {
        Command::Identify { anonymous } => identify::run(context, anonymous).await,
        Command::Group(command) => group::run(context, command).await,
        Command::Snapshot(command) => snapshot::run(context, *command).await,
        Command::Job(command) => job::run(context, command).await,
        Command::Get(args) => cim::get(context, args).await,
        Command::Enumerate(args) => cim::enumerate(context, args).await,
        Command::Query(args) => cim::query(context, args).await,
        Command::Associators(args) => cim::associators(context, args).await,
        Command::References(args) => cim::references(context, args).await,
        Command::Invoke(args) => cim::invoke(context, args).await,
        Command::Put(args) => cim::put(context, args).await,
        Command::Create(args) => cim::create(context, args).await,
        Command::Delete(args) => cim::delete(context, args).await,
        Command::Schema(command) => schema::run(context, &command),
        Command::Doctor => Box::pin(doctor::run(context)).await,
        Command::Trust(args) => trust::run(context, args).await,
        Command::Profile(command) => profile::run(context, command).await,
        Command::Config(command) => config::run(context, &command),
        Command::Explain { file } => local::explain(&context.output, file, &context.settings.schema).await,
        Command::Fixture(FixtureCommand::Lint { directory }) => local::lint(&context.output, directory).await,
        Command::Simulate(args) => simulate::run(context, args).await,
        Command::Demo => demo::run(context).await,
        Command::Completions { shell } => generate::completions(&context.output, shell),
        Command::Man { directory } => generate::man(&context.output, directory.as_deref()),
    }
}

/// Makes sure that a command has something to say in the format that was asked for, before it does anything.
fn check_format(command: &Command, format: Format) -> Result<(), Failure> {
    let instances = matches!(
        command,
        Command::Get(_)
            | Command::Enumerate(_)
            | Command::Query(_)
            | Command::Associators(_)
            | Command::References(_)
    );
    let (name, takes) = match format {
        Format::Table | Format::Json | Format::Ndjson | Format::Yaml => return Ok(()),
        Format::Csv => ("csv", instances),
        Format::Xml => ("xml", instances || matches!(command, Command::Invoke(_))),
    };
    // What these print has a format of its own.
    let own = matches!(command, Command::Simulate(_) | Command::Completions { .. } | Command::Man { .. });
    if takes || own {
        return Ok(());
    }
    Err(Failure::usage(
        format!("--output {name} is for commands that print instances: get, enumerate, query, …"),
        "this one takes table, json, ndjson and yaml; look at HVCTL_OUTPUT too",
    ))
}
