//! What was typed: the grammar of the command line, and its help.

pub(crate) mod global;
pub(crate) mod snapshot;
pub(crate) mod values;

pub(crate) use global::{Auth, Format, Global};
pub(crate) use snapshot::SnapshotCommand;

use clap::{Args as ClapArgs, Parser, Subcommand};
use std::{net::SocketAddr, path::PathBuf};

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
    after_help = AFTER_HELP,
    after_long_help = AFTER_LONG_HELP
)]
pub(crate) struct Args {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Ask who answers: protocol, product, version
    #[command(after_help = "Examples:
  hvctl --host hv1.example.org identify --anonymous     is WinRM there? needs no credentials
  hvctl --host hv1.example.org --user 'CORP\\backup' identify")]
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
    /// Say in words what a WS-Management message is (offline)
    #[command(
        after_help = "Reads requests, answers and faults. A readable message ends with exit code 0, a \
                            fault included.

Examples:
  hvctl explain answer.xml
  curl … | hvctl explain -"
    )]
    Explain {
        /// File with the message; `-` is standard input
        #[arg(value_name = "FILE|-")]
        file: PathBuf,
    },
    /// Recorded conversations
    #[command(subcommand)]
    Fixture(FixtureCommand),
    /// Serve a simulated Hyper-V host over HTTPS, until Ctrl-C
    #[command(after_help = SIMULATE_HELP)]
    Simulate(SimulateArgs),
    /// Run the whole main job against a simulated host on this machine
    #[command(after_help = "Starts a simulated host on loopback (HTTPS, NTLM) and goes through the normal \
                            client: list the group, create a recovery snapshot, wait, resolve the result, \
                            export it, list. Needs no Hyper-V, no network and no credentials; the \
                            connection options are not used.

With `--output json`: one document with `group`, `snapshot` (`id`, `name`, `members`), `export` (`directory`, \
                            `job`), `snapshots` and `requests`, the number of SOAP requests of the whole job.")]
    Demo,
    /// Print a completion script
    #[command(after_help = "Example:
  hvctl completions bash > /etc/bash_completion.d/hvctl")]
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
    #[command(after_help = "JSON: an array of `id`, `name`.")]
    List,
    /// Show one group and its members
    #[command(after_help = "JSON: `id`, `name`, `members` (`id`, `name`, `state`, `state_name`).

Example:
  hvctl --host hv1.example.org --user 'CORP\\backup' group show web-tier")]
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
    #[command(after_help = JOB_JSON)]
    List,
    /// Show one job
    #[command(after_help = JOB_JSON)]
    Show {
        /// InstanceID of the job
        #[arg(value_name = "ID", value_parser = values::text)]
        id: String,
    },
    /// Wait for a job to end; fails with exit code 13 if the job failed
    #[command(after_help = JOB_JSON)]
    Wait {
        /// InstanceID of the job
        #[arg(value_name = "ID", value_parser = values::text)]
        id: String,
    },
    /// Ask a job to end
    #[command(after_help = JOB_JSON)]
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
    #[command(
        after_help = "Finds host names outside .test and .example, addresses outside the documentation \
                            ranges, GUIDs that are not counted, domain users, mail addresses, Authorization \
                            headers, NTLM and Kerberos tokens, and origins that do not fit. Ends with exit \
                            code 15 if there is any finding.

JSON: an array of `file`, `line`, `kind`, `excerpt`."
    )]
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
    /// Inventory (TOML): host, virtual machines, groups
    #[arg(long, value_name = "FILE", env = "HVCTL_SIM_INVENTORY")]
    pub(crate) inventory: Option<PathBuf>,
    /// How long jobs take: 1 as the inventory says, 0.1 a tenth of it, 0 no time
    #[arg(long, value_name = "X", value_parser = values::factor, env = "HVCTL_SIM_TIME_SCALE")]
    pub(crate) time_scale: Option<f64>,
    /// Fault, delay or cut at a chosen request; may be repeated
    #[arg(long = "rule", value_name = "RULE", value_parser = values::text)]
    pub(crate) rules: Vec<String>,
}

const JOB_JSON: &str = "JSON (`list`: an array): `id`, `class`, `caption`, `state` (number), `state_name`, \
                        `percent`, `job_type`, `job_type_name`, `status`, `error_code`, `error_description`, \
                        `error_summary`, `cancellable`, `elapsed_seconds`, `start_time`.";

const SIMULATE_HELP: &str =
    "Prints `export HVCTL_HOST='…'` and the same for HVCTL_USER, HVCTL_PASSWORD and HVCTL_FINGERPRINT, \
     which are all that the other commands need, then serves until Ctrl-C.

Example:
  hvctl simulate > sim.env &
  until [ -s sim.env ]; do sleep 0.1; done; eval \"$(cat sim.env)\"
  hvctl group list";

const AFTER_HELP: &str = "Examples:
  hvctl demo                                   the whole job against a simulated host
  hvctl --host hv1.example.org --user 'CORP\\backup' snapshot create --group web-tier --type recovery
  hvctl --host hv1.example.org --user 'CORP\\backup' snapshot export ID --to 'D:\\Exports' --copy-storage

`hvctl --help` tells about passwords, exit codes and what is not proven.";

const AFTER_LONG_HELP: &str = "Examples:
  hvctl demo                                   the whole job against a simulated host
  hvctl --host hv1.example.org identify --anonymous
  hvctl --host hv1.example.org --user 'CORP\\backup' snapshot create --group web-tier --type recovery
  hvctl --host hv1.example.org --user 'CORP\\backup' snapshot export ID --to 'D:\\Exports' --copy-storage

Password:
  From HVCTL_PASSWORD, --password-stdin, --password-command, or a prompt on a terminal. Never an argument:
  arguments are visible to every user of this machine.

Output:
  Data goes to standard output, everything else to standard error. With `--output json` a command prints one
  JSON document; an error is one line of JSON on standard error: `error` with `kind`, `code` (the exit code),
  `message`, `causes`, `hint`, `evidence`. Progress is then shown on a terminal only; a warning is a line of
  JSON of its own, `warning`.

Exit codes:
    0  done (also when the reader of a pipe goes away)
    1  internal error
    2  usage
    3  configuration or input
    4  not found, or ambiguous
    5  transport: no connection, or lost
    6  TLS trust
    7  authentication
    8  timeout
    9  protocol: the peer does not speak WS-Management as it should
   10  the host answered with a fault
   11  access denied
   12  a method was refused
   13  a job failed
   14  outcome unknown: a change may or may not have happened
   15  cassette (record and replay, fixture lint)
   16  a value could not be decoded
   17  local files and pipes
  130  interrupted (a job that was waited for goes on)

Not proven on a live host:
  The settings that `snapshot create` and `snapshot export` send follow the documents; no session with a real
  host stands behind them yet. `hvctl simulate` is written from the same documents.";

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_grammar_is_consistent() {
        Args::command().debug_assert();
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
    fn every_global_option_names_its_environment_variable() {
        let command = Args::command();
        let without: Vec<_> = command
            .get_arguments()
            .filter(|argument| argument.is_global_set() && !argument.is_hide_set())
            .filter(|argument| argument.get_env().is_none())
            .map(|argument| argument.get_id().as_str().to_owned())
            .collect();
        assert_eq!(without, Vec::<String>::new());
    }
}
