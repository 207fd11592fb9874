//! Arguments of `profile`, `config` and `trust`.

use super::{help, host::HostParser};
use crate::cli::profiles::profile_name;
use clap::{Args as ClapArgs, Subcommand};

/// Commands about profiles.
#[derive(Debug, Subcommand)]
pub(crate) enum ProfileCommand {
    /// List the profiles
    #[command(after_help = help::PROFILE_LIST)]
    List,
    /// Show one profile
    #[command(after_help = help::PROFILE_SHOW)]
    Show {
        /// Name of the profile
        #[arg(value_parser = profile_name)]
        name: String,
    },
    /// Make a profile of the options of this command line; on a terminal it asks for what is missing
    #[command(after_help = help::PROFILE_ADD)]
    Add {
        /// Name of the profile
        #[arg(value_parser = profile_name)]
        name: String,
        /// Change the profile of that name: what is not given stays
        #[arg(long)]
        update: bool,
        /// Take it where no profile is named
        #[arg(long)]
        default: bool,
    },
    /// Take a profile out
    #[command(after_help = help::PROFILE_REMOVE)]
    Remove {
        /// Name of the profile
        #[arg(value_parser = profile_name)]
        name: String,
        /// Do not ask
        #[arg(long, short)]
        yes: bool,
    },
    /// Connect, log in and ask who answers
    #[command(after_help = help::PROFILE_TEST)]
    Test {
        /// Name of the profile
        #[arg(value_parser = profile_name)]
        name: String,
    },
}

/// Commands about settings.
#[derive(Debug, Subcommand)]
pub(crate) enum ConfigCommand {
    /// Show the settings that a command would use
    #[command(after_help = help::CONFIG_SHOW)]
    Show {
        /// Say where each comes from
        #[arg(long)]
        origin: bool,
    },
    /// Print the place of the file of profiles
    Path,
}

/// Arguments of `trust`.
#[derive(Debug, ClapArgs)]
pub(crate) struct TrustArgs {
    /// Host, as for `--host`; without it the profile's
    #[arg(value_name = "HOST", value_parser = HostParser)]
    pub(crate) target: Option<String>,
    /// Do not ask; refused without `--fingerprint`
    #[arg(long, short)]
    pub(crate) yes: bool,
}
