//! Options that every command takes. Each has an environment variable; what is typed wins.

use super::values;
use clap::{Args as ClapArgs, ValueEnum};
use std::{path::PathBuf, time::Duration};

/// Options of every command.
#[derive(Debug, Clone, ClapArgs)]
pub(crate) struct Global {
    /// Host: a name (`hv1.example.org`, port 5986 unless given), or a URL; over `http://` (port 5985) messages are sealed
    #[arg(
        long,
        global = true,
        value_name = "NAME|URL",
        value_parser = values::text,
        env = "HVCTL_HOST",
        help_heading = CONNECTION
    )]
    pub(crate) host: Option<String>,
    /// User: `DOMAIN\user`, `.\user` (account of the host), `user@realm`
    #[arg(
        long,
        global = true,
        value_name = "USER",
        value_parser = values::text,
        env = "HVCTL_USER",
        help_heading = CONNECTION
    )]
    pub(crate) user: Option<String>,
    /// How to log in
    #[arg(
        long,
        global = true,
        value_enum,
        value_name = "MECHANISM",
        default_value = "ntlm",
        env = "HVCTL_AUTH",
        help_heading = CONNECTION
    )]
    pub(crate) auth: Auth,
    /// WMI namespace
    #[arg(
        long,
        global = true,
        value_name = "NAMESPACE",
        value_parser = values::text,
        default_value = "root/virtualization/v2",
        env = "HVCTL_NAMESPACE",
        help_heading = CONNECTION
    )]
    pub(crate) namespace: String,

    /// Read the password from standard input (its first line)
    #[arg(
        long,
        global = true,
        env = "HVCTL_PASSWORD_STDIN",
        value_parser = clap::builder::FalseyValueParser::new(),
        help_heading = PASSWORD
    )]
    pub(crate) password_stdin: bool,
    /// Take the password from what this command prints (its first line); split into words, no shell
    #[arg(
        long,
        global = true,
        value_name = "COMMAND",
        value_parser = values::text,
        env = "HVCTL_PASSWORD_COMMAND",
        help_heading = PASSWORD
    )]
    pub(crate) password_command: Option<String>,

    /// Trust the certification authorities of this file (PEM) instead of the system's
    #[arg(long, global = true, value_name = "FILE", env = "HVCTL_CACERT", help_heading = TRUST)]
    pub(crate) cacert: Option<PathBuf>,
    /// Trust exactly the certificate with this SHA-256, whatever its chain, name and dates
    #[arg(
        long,
        global = true,
        value_name = "sha256:HEX",
        value_parser = values::text,
        env = "HVCTL_FINGERPRINT",
        help_heading = TRUST
    )]
    pub(crate) fingerprint: Option<String>,

    /// Give up waiting for a job after this long (it goes on; default: no limit)
    #[arg(
        long,
        global = true,
        value_name = "TIME",
        value_parser = values::duration,
        env = "HVCTL_TIMEOUT",
        help_heading = TIMEOUTS
    )]
    pub(crate) timeout: Option<Duration>,
    /// Longest wait for one answer (default: the operation timeout and 10 s)
    #[arg(
        long,
        global = true,
        value_name = "TIME",
        value_parser = values::duration,
        env = "HVCTL_REQUEST_TIMEOUT",
        help_heading = TIMEOUTS
    )]
    pub(crate) request_timeout: Option<Duration>,
    /// Longest time that the host may take for one request
    #[arg(
        long,
        global = true,
        value_name = "TIME",
        value_parser = values::duration,
        default_value = "60s",
        env = "HVCTL_OPERATION_TIMEOUT",
        help_heading = TIMEOUTS
    )]
    pub(crate) operation_timeout: Duration,
    /// Longest time for connecting
    #[arg(
        long,
        global = true,
        value_name = "TIME",
        value_parser = values::duration,
        default_value = "10s",
        env = "HVCTL_CONNECT_TIMEOUT",
        help_heading = TIMEOUTS
    )]
    pub(crate) connect_timeout: Duration,

    /// Record the conversation in this directory (new or empty), redacted
    #[arg(long, global = true, value_name = "DIR", env = "HVCTL_RECORD", help_heading = CASSETTES)]
    pub(crate) record: Option<PathBuf>,
    /// Answer from this recording: no network, no credentials; host and login options are not used
    #[arg(long, global = true, value_name = "DIR", env = "HVCTL_REPLAY", help_heading = CASSETTES)]
    pub(crate) replay: Option<PathBuf>,
    /// Keep names and notes of machines, groups and snapshots in a recording
    #[arg(
        long,
        global = true,
        env = "HVCTL_KEEP_NAMES",
        value_parser = clap::builder::FalseyValueParser::new(),
        help_heading = CASSETTES
    )]
    pub(crate) keep_names: bool,

    /// Format of the output
    #[arg(
        long,
        global = true,
        value_enum,
        value_name = "FORMAT",
        default_value = "table",
        env = "HVCTL_OUTPUT",
        help_heading = OUTPUT
    )]
    pub(crate) output: Format,
    /// Trace requests on standard error, redacted; twice: with the messages
    #[arg(
        long,
        short,
        global = true,
        action = clap::ArgAction::Count,
        env = "HVCTL_VERBOSE",
        help_heading = OUTPUT
    )]
    pub(crate) verbose: u8,
    /// No colours
    #[arg(
        long,
        global = true,
        env = "NO_COLOR",
        value_parser = values::present,
        help_heading = OUTPUT
    )]
    pub(crate) no_color: bool,
}

/// How to log in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Auth {
    /// NTLM, version 2
    Ntlm,
    /// Basic, over TLS only; hosts switch it off by default
    Basic,
}

/// Format of the output.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For people
    Table,
    /// One JSON document
    Json,
}

const CONNECTION: &str = "Connection";
const PASSWORD: &str = "Password (or HVCTL_PASSWORD, or a prompt)";
const TRUST: &str = "Trust";
const TIMEOUTS: &str = "Timeouts";
const CASSETTES: &str = "Record and replay";
const OUTPUT: &str = "Output";
