//! What was typed: the grammar of the command line, and its help.

pub(crate) mod cim;
pub(crate) mod global;
mod help;
pub(crate) mod host;
mod profile;
pub(crate) mod proxy;
pub(crate) mod snapshot;
pub(crate) mod values;

pub(crate) use global::{Auth, ClassNames, Format, Global, TlsPolicy, is_identity_option, is_profile_option};
pub(crate) use profile::{ConfigCommand, ProfileCommand, TrustArgs};
pub(crate) use proxy::ProxyChoice;
pub(crate) use snapshot::SnapshotCommand;

use clap::{ArgMatches, Args as ClapArgs, CommandFactory as _, FromArgMatches as _, Parser, Subcommand};
use std::{ffi::OsString, net::SocketAddr, path::PathBuf};

/// Snapshots of groups of Hyper-V virtual machines over WinRM
///
/// `hvctl` talks WS-Management to the WinRM service that every Windows Server runs: no PowerShell, no agent
/// on the host. It takes one consistent snapshot of a group of virtual machines, follows the job to its end
/// and exports the result.
#[derive(Debug, Parser)]
#[command(
    name = "hvctl",
    version,
    subcommand_required = true,
    arg_required_else_help = true,
    max_term_width = 110,
    after_help = help::SHORT,
    after_long_help = help::LONG
)]
pub(crate) struct Args {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// The grammar of the command line. Help names environment variables, not what they hold.
pub(crate) fn grammar() -> clap::Command {
    Args::command().mut_args(|argument| argument.hide_env_values(true))
}

/// Reads a command line, by the grammar as `adapt` makes it.
///
/// Before it reads a word, clap gives each command a copy of all shared options, a megabyte in all. So the words are read with
/// the commands that they name alone. What cannot be read so is for the whole grammar to judge, with its usage and its
/// suggestions.
pub(crate) fn parse(
    typed: &[OsString],
    adapt: impl Fn(clap::Command) -> clap::Command,
) -> clap::error::Result<(Args, ArgMatches)> {
    let read = |grammar| {
        let matches = adapt(grammar).try_get_matches_from(typed)?;
        Ok((Args::from_arg_matches(&matches)?, matches))
    };
    match read(grammar_of_named(typed)) {
        Ok(read) => Ok(read),
        Err(_) => read(grammar()),
    }
}

/// The shared options, and the commands that are among the words.
fn grammar_of_named(typed: &[OsString]) -> clap::Command {
    let all = Command::augment_subcommands(clap::Command::default());
    let named = all.get_subcommands().filter(|command| typed.iter().any(|word| word == command.get_name()));
    shared().subcommand_required(true).subcommands(named.cloned())
}

/// The grammar of the shared options alone.
pub(crate) fn shared() -> clap::Command {
    Global::augment_args(clap::Command::new("hvctl"))
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Ask who answers: protocol, product, version
    #[command(after_help = help::IDENTIFY)]
    Identify {
        /// Ask without credentials; the host then does not tell its version
        #[arg(long)]
        anonymous: bool,
    },
    /// Groups of virtual machines
    #[command(subcommand)]
    Group(GroupCommand),
    /// Snapshots of groups
    #[command(subcommand)]
    Snapshot(Box<SnapshotCommand>),
    /// Jobs of the host
    #[command(subcommand)]
    Job(JobCommand),
    /// Read one instance of any class
    #[command(after_help = cim::help::GET)]
    Get(cim::GetArgs),
    /// Read the instances of a class
    #[command(after_help = cim::help::ENUMERATE)]
    Enumerate(cim::EnumerateArgs),
    /// Run a WQL query
    #[command(after_help = cim::help::QUERY)]
    Query(cim::QueryArgs),
    /// Read the instances that are associated with one
    #[command(after_help = cim::help::ASSOCIATORS)]
    Associators(cim::AssociatorsArgs),
    /// Read the associations that an instance is part of
    #[command(after_help = cim::help::REFERENCES)]
    References(cim::ReferencesArgs),
    /// Call a method, and follow the job that it starts
    #[command(after_help = cim::help::INVOKE)]
    Invoke(cim::InvokeArgs),
    /// Change properties of an instance
    #[command(after_help = cim::help::PUT)]
    Put(cim::PutArgs),
    /// Create an instance of a class
    #[command(after_help = cim::help::CREATE)]
    Create(cim::CreateArgs),
    /// Delete an instance
    #[command(after_help = cim::help::DELETE)]
    Delete(cim::DeleteArgs),
    /// Classes, properties and methods of Hyper-V (offline)
    #[command(subcommand, after_help = cim::help::SCHEMA)]
    Schema(cim::SchemaCommand),
    /// Go step by step to the main job, and say what is in the way and what mends it
    #[command(after_help = help::DOCTOR)]
    Doctor,
    /// Look at a host's certificate, and pin it in a profile
    #[command(after_help = help::TRUST)]
    Trust(TrustArgs),
    /// Profiles: settings of hosts, under a name
    #[command(subcommand, after_help = help::PROFILE)]
    Profile(ProfileCommand),
    /// Settings, and where they come from
    #[command(subcommand)]
    Config(ConfigCommand),
    /// Say in words what a WS-Management message is (offline)
    #[command(after_help = help::EXPLAIN)]
    Explain {
        /// File with the message; `-` is standard input
        #[arg(value_name = "FILE|-")]
        file: PathBuf,
    },
    /// Recorded conversations
    #[command(subcommand)]
    Fixture(FixtureCommand),
    /// Serve a simulated Hyper-V host until Ctrl-C
    #[command(after_help = help::SIMULATE)]
    Simulate(SimulateArgs),
    /// Run the whole main job against a simulated host on this machine
    #[command(after_help = help::DEMO)]
    Demo,
    /// Print a completion script
    #[command(after_help = help::COMPLETIONS)]
    Completions {
        /// Shell to complete for
        shell: clap_complete::Shell,
    },
    /// Print the manual page, or write all pages
    Man {
        /// Directory for the pages, one for each command; without it `hvctl(1)` goes to standard output
        #[arg(value_name = "DIR")]
        directory: Option<PathBuf>,
    },
}

/// Commands about groups.
#[derive(Debug, Subcommand)]
pub(crate) enum GroupCommand {
    /// List the groups of the host
    #[command(after_help = help::GROUP_LIST)]
    List,
    /// Show one group and its members
    #[command(after_help = help::GROUP_SHOW)]
    Show {
        /// Name of the group, or its id where the name is not unique
        #[arg(value_name = "NAME|ID", value_parser = values::text)]
        group: String,
    },
}

/// Commands about jobs.
#[derive(Debug, Subcommand)]
pub(crate) enum JobCommand {
    /// List the jobs that the host still knows (it forgets them some minutes after their end)
    #[command(after_help = help::JOB_LIST)]
    List,
    /// Show one job
    #[command(after_help = help::JOB)]
    Show {
        /// InstanceID of the job
        #[arg(value_name = "ID", value_parser = values::text)]
        id: String,
    },
    /// Wait for a job to end; fails with exit code 13 if the job failed
    #[command(after_help = help::JOB)]
    Wait {
        /// InstanceID of the job
        #[arg(value_name = "ID", value_parser = values::text)]
        id: String,
    },
    /// Ask a job to end
    #[command(after_help = help::JOB_CANCEL)]
    Cancel {
        /// InstanceID of the job
        #[arg(value_name = "ID", value_parser = values::text)]
        id: String,
        /// End it without letting it clean up (state 5 is requested instead of 4)
        #[arg(long)]
        kill: bool,
        /// Do not ask
        #[arg(long, short)]
        yes: bool,
    },
}

/// Commands about fixtures.
#[derive(Debug, Subcommand)]
pub(crate) enum FixtureCommand {
    /// Look for leaks and wrong origins in a folder of recordings
    #[command(after_help = help::LINT)]
    Lint {
        /// Folder to look through
        #[arg(value_name = "DIR")]
        directory: PathBuf,
    },
}

/// Arguments of `simulate`.
#[derive(Debug, ClapArgs)]
pub(crate) struct SimulateArgs {
    /// Address to listen on; port 0 takes a free one
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:0", env = "HVCTL_SIM_LISTEN")]
    pub(crate) listen: SocketAddr,
    /// Serve plain HTTP, where every message is sealed, instead of HTTPS
    #[arg(long, env = "HVCTL_SIM_PLAIN")]
    pub(crate) plain: bool,
    /// Inventory (TOML): host, virtual machines, groups
    #[arg(long, value_name = "FILE", env = "HVCTL_SIM_INVENTORY")]
    pub(crate) inventory: Option<PathBuf>,
    /// How long jobs take: 1 as the inventory says, 0.1 a tenth of it, 0 no time
    #[arg(long, value_name = "X", value_parser = values::factor, env = "HVCTL_SIM_TIME_SCALE")]
    pub(crate) time_scale: Option<f64>,
    /// Make up so many instances of every class of the schema, with values of every kind
    #[arg(long, value_name = "N", default_value_t = 0, env = "HVCTL_SIM_GENERATE")]
    pub(crate) generate: u16,
    /// Fault, delay or cut at a chosen request; may be repeated
    #[arg(long = "rule", value_name = "RULE", value_parser = values::text)]
    pub(crate) rules: Vec<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_grammar_is_consistent() {
        grammar().debug_assert();
    }

    /// The same values come of either grammar, and what is wrong is told by the whole one.
    #[test]
    fn reading_with_the_named_commands_alone_changes_nothing() {
        for words in [
            "hvctl group list --host hv1 --output json -vv",
            "hvctl --host get get Msvm_Job.InstanceID=1 --fields a,b",
            "hvctl snapshot delete create --yes",
            "hvctl invoke Msvm_Job.InstanceID=1 identify a=get",
        ] {
            let typed: Vec<OsString> = words.split(' ').map(OsString::from).collect();
            assert!(grammar_of_named(&typed).try_get_matches_from(&typed).is_ok(), "{words}");
            let (args, _) = parse(&typed, |grammar| grammar).unwrap();
            let whole = Args::try_parse_from(&typed).unwrap();
            assert_eq!(format!("{args:?}"), format!("{whole:?}"), "{words}");
        }
        for words in
            ["hvctl", "hvctl gte x", "hvctl get", "hvctl get x --nonsense", "hvctl help get", "hvctl get -h"]
        {
            let typed: Vec<OsString> = words.split(' ').map(OsString::from).collect();
            let error = parse(&typed, |grammar| grammar).unwrap_err();
            let whole = grammar().try_get_matches_from(&typed).unwrap_err();
            assert_eq!((error.kind(), error.to_string()), (whole.kind(), whole.to_string()), "{words}");
        }
    }

    #[test]
    fn every_global_option_is_accepted_after_the_command() {
        let args =
            Args::try_parse_from(["hvctl", "group", "list", "--host", "hv1", "--output", "json", "-vv"])
                .unwrap();
        assert_eq!(args.global.host.as_deref(), Some("hv1"));
        assert_eq!(args.global.output, Format::Json);
        assert_eq!(args.global.verbose, 2);
    }

    #[test]
    fn colours_go_with_any_value_that_is_not_empty() {
        assert_eq!(
            ["1", "0", "false", ""].map(|value| values::present(value).unwrap_or_default()),
            [true, true, true, false]
        );
        assert!(Args::try_parse_from(["hvctl", "demo", "--no-color"]).unwrap().global.no_color);
    }

    /// Variables that others have named before, and what they mean.
    const NAMED_ELSEWHERE: &[(&str, &str)] = &[("no-color", "NO_COLOR")];

    #[test]
    fn every_shared_option_has_a_variable_of_its_name_and_help_tells_both() {
        let mut command = grammar();
        let help = command.render_long_help().to_string();
        let shared = command.get_arguments().filter(|option| option.is_global_set() && !option.is_hide_set());
        let mut count = 0;
        for option in shared {
            let long = option.get_long().unwrap();
            let by_name = format!("HVCTL_{}", long.to_uppercase().replace('-', "_"));
            let elsewhere = NAMED_ELSEWHERE.iter().find(|(name, _)| *name == long);
            let expected = elsewhere.map_or(by_name.as_str(), |(_, variable)| variable);
            assert_eq!(option.get_env().and_then(|name| name.to_str()), Some(expected), "--{long}");

            let named = |line: &str| {
                line.trim_start().starts_with('-')
                    && line.split([' ', '.']).any(|word| word == format!("--{long}"))
            };
            let mut entry = help.lines().skip_while(|line| !named(line));
            let told = entry.find_map(|line| line.trim().strip_prefix("[env: ")?.strip_suffix(']'));
            assert_eq!(told, Some(expected), "--{long}: {help}");
            count += 1;
        }
        assert!(count > 20, "only {count} options");
    }
}
