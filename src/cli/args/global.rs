//! Options that every command takes. Each has an environment variable; what is typed wins.

use super::{
    host::HostParser,
    proxy::{ProxyChoice, ProxyParser},
    values,
};
use crate::{cim::Text, cli::profiles::profile_name};
use clap::{Arg, Args as ClapArgs, ValueEnum};
use std::{path::PathBuf, time::Duration};

/// Options of every command.
#[derive(Debug, Clone, ClapArgs)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of the command line")]
pub(crate) struct Global {
    /// Profile to take settings from (default: `default-profile` of the file, unless a host is named)
    #[arg(
        long,
        global = true,
        value_name = "NAME",
        value_parser = profile_name,
        env = "HVCTL_PROFILE",
        help_heading = CONNECTION
    )]
    pub(crate) profile: Option<String>,
    /// Host: a name (`hv1.example.org`; ports as `--tls` says), or a URL; over `http://` (port 5985) messages are sealed
    #[arg(
        long,
        global = true,
        value_name = "NAME|URL",
        value_parser = HostParser,
        env = "HVCTL_HOST",
        help_heading = CONNECTION
    )]
    pub(crate) host: Option<String>,
    /// User: `DOMAIN\user`, `.\user` (account of the host), `user@realm`; with a Kerberos ticket not needed
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
        default_value = "negotiate",
        env = "HVCTL_AUTH",
        help_heading = CONNECTION
    )]
    pub(crate) auth: Auth,
    /// Log in with the first request, without asking what the host offers: for servers that never answer one without a
    /// login
    #[arg(
        long,
        global = true,
        env = "HVCTL_AUTH_PREEMPTIVE",
        value_parser = clap::builder::FalseyValueParser::new(),
        help_heading = CONNECTION
    )]
    pub(crate) auth_preemptive: bool,
    /// Log in by this certificate (PEM or PKCS#12), without a user; `--auth certificate` is implied. If it is encrypted,
    /// the password comes from where passwords come from
    #[arg(long, global = true, value_name = "FILE", env = "HVCTL_CLIENT_CERT", help_heading = CONNECTION)]
    pub(crate) client_cert: Option<PathBuf>,
    /// The private key of `--client-cert` (PEM), if it is in a file of its own
    #[arg(long, global = true, value_name = "FILE", env = "HVCTL_CLIENT_KEY", help_heading = CONNECTION)]
    pub(crate) client_key: Option<PathBuf>,
    /// Proxy to connect through: `http://HOST:PORT` (TLS alone), `socks5h://HOST:PORT`, or `env` for what the environment names
    #[arg(
        long,
        global = true,
        value_name = "URL|env|none",
        value_parser = ProxyParser,
        default_value = "none",
        env = "HVCTL_PROXY",
        help_heading = CONNECTION
    )]
    pub(crate) proxy: ProxyChoice,
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
    /// How classes are named to the host
    #[arg(
        long,
        global = true,
        value_enum,
        value_name = "DIALECT",
        default_value = "windows",
        env = "HVCTL_DIALECT",
        help_heading = CONNECTION
    )]
    pub(crate) dialect: ClassNames,
    /// Language of the host's texts, where it has them in that language
    #[arg(
        long,
        global = true,
        value_name = "LANGUAGE",
        value_parser = values::language,
        default_value = "en-US",
        env = "HVCTL_LOCALE",
        help_heading = CONNECTION
    )]
    pub(crate) locale: Text,

    /// Load further classes from this MOF file; several times, or with commas, for several files
    #[arg(
        long,
        global = true,
        action = clap::ArgAction::Append,
        value_delimiter = ',',
        value_name = "FILE",
        env = "HVCTL_MOF",
        help_heading = SCHEMA
    )]
    pub(crate) mof: Vec<PathBuf>,

    /// Realm of a user whose name has none
    #[arg(
        long,
        global = true,
        value_name = "REALM",
        value_parser = values::text,
        env = "HVCTL_REALM",
        help_heading = KERBEROS
    )]
    pub(crate) realm: Option<String>,
    /// Log in with the keys of this file; it needs `--principal`, or `--user`
    #[arg(long, global = true, value_name = "FILE", env = "HVCTL_KEYTAB", help_heading = KERBEROS)]
    pub(crate) keytab: Option<PathBuf>,
    /// Whose keys or ticket to take: `user@REALM` (default: the user; without one, whose ticket there is)
    #[arg(
        long,
        global = true,
        value_name = "PRINCIPAL",
        value_parser = values::text,
        env = "HVCTL_PRINCIPAL",
        help_heading = KERBEROS
    )]
    pub(crate) principal: Option<String>,
    /// Service class in the host's principal name; `WSMAN` is the other one that WinRM registers
    #[arg(
        long,
        global = true,
        value_name = "CLASS",
        value_parser = values::text,
        default_value = "HTTP",
        env = "HVCTL_SPN_SERVICE",
        help_heading = KERBEROS
    )]
    pub(crate) spn_service: String,
    /// Host in the host's principal name (default: as in `--host`)
    #[arg(
        long,
        global = true,
        value_name = "NAME",
        value_parser = values::text,
        env = "HVCTL_SPN_HOST",
        help_heading = KERBEROS
    )]
    pub(crate) spn_host: Option<String>,
    /// Let the host act for the user on other hosts
    #[arg(
        long,
        global = true,
        env = "HVCTL_DELEGATE",
        value_parser = clap::builder::FalseyValueParser::new(),
        help_heading = KERBEROS
    )]
    pub(crate) delegate: bool,

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
    /// Take the password from this file (its first line), which only its owner may read
    #[arg(
        long,
        global = true,
        value_name = "FILE",
        env = "HVCTL_PASSWORD_FILE",
        help_heading = PASSWORD
    )]
    pub(crate) password_file: Option<PathBuf>,
    /// Take the password from the system's keyring (in builds with the feature `keyring`)
    #[arg(
        long,
        global = true,
        env = "HVCTL_PASSWORD_KEYRING",
        value_parser = clap::builder::FalseyValueParser::new(),
        help_heading = PASSWORD
    )]
    pub(crate) password_keyring: bool,

    /// Whether to insist on TLS, where `--host` is a bare name; `require` is for automation
    #[arg(
        long,
        global = true,
        value_enum,
        value_name = "POLICY",
        default_value = "prefer",
        env = "HVCTL_TLS",
        help_heading = TRUST
    )]
    pub(crate) tls: TlsPolicy,
    /// Trust the certification authorities of this file (PEM) instead of the system's
    #[arg(long, global = true, value_name = "FILE", env = "HVCTL_CACERT", help_heading = TRUST)]
    pub(crate) cacert: Option<PathBuf>,
    /// Trust exactly the certificate with this SHA-256, whatever its chain, name and dates
    #[arg(
        long,
        global = true,
        value_name = "sha256:HEX",
        value_parser = values::fingerprint,
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
    /// Longest wait for the domain controller that gives Kerberos tickets
    #[arg(
        long,
        global = true,
        value_name = "TIME",
        value_parser = values::duration,
        default_value = "30s",
        env = "HVCTL_KDC_TIMEOUT",
        help_heading = TIMEOUTS
    )]
    pub(crate) kdc_timeout: Duration,

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

    /// Format of the output; `csv` and `xml` are for commands that print instances
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
    /// Kerberos where there is a ticket, else NTLM with the password; standard error tells which
    Negotiate,
    /// Kerberos, and nothing else
    Kerberos,
    /// NTLM, version 2
    Ntlm,
    /// Basic, over TLS only; hosts switch it off by default
    Basic,
    /// The certificate of `--client-cert`, over TLS only; hosts switch it off by default
    Certificate,
}

/// How classes are named to a host.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ClassNames {
    /// As Windows does it, the namespace in the URI
    Windows,
    /// As the DMTF has standardised it, for CIM servers other than Windows: the namespace in a selector
    Dmtf,
}

/// Whether to insist on TLS.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum TlsPolicy {
    /// Port 5986, over TLS
    Require,
    /// Port 5986, over TLS; if nothing listens there, 5985 with sealed messages
    Prefer,
    /// Port 5985, with sealed messages
    Never,
}

/// Format of the output.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For people
    Table,
    /// One JSON document
    Json,
    /// One JSON document on each line, as they come
    Ndjson,
    /// One YAML document
    Yaml,
    /// Comma-separated values (RFC 4180) with a header
    Csv,
    /// What came over the wire, indented
    Xml,
}

/// Whether an option of every command may stand in a profile.
pub(crate) fn is_profile_option(option: &Arg) -> bool {
    let of_connection = option
        .get_help_heading()
        .is_some_and(|heading| [CONNECTION, SCHEMA, KERBEROS, PASSWORD, TRUST, TIMEOUTS].contains(&heading));
    of_connection
        && !option.is_hide_set()
        && !["profile", "password_stdin"].contains(&option.get_id().as_str())
}

/// Whether an option says where and as whom to connect, so that the next command has to repeat it.
pub(crate) fn is_identity_option(option: &Arg) -> bool {
    let says_how = |heading| [SCHEMA, TIMEOUTS].contains(&heading);
    option.get_id() == "profile"
        || is_profile_option(option) && !option.get_help_heading().is_some_and(says_how)
}

const CONNECTION: &str = "Connection";
const SCHEMA: &str = "Schema";
const KERBEROS: &str = "Kerberos";
const PASSWORD: &str = "Password (or HVCTL_PASSWORD, or a prompt)";
const TRUST: &str = "Trust";
const TIMEOUTS: &str = "Timeouts";
const CASSETTES: &str = "Record and replay";
const OUTPUT: &str = "Output";
