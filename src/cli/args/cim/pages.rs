//! How instances travel: on pages.

use crate::{
    cli::{args::Format, failure::Failure},
    client::{EnumerateCall, OnExpiry},
};
use clap::{Args as ClapArgs, ValueEnum};
use std::num::NonZeroU32;

/// How several instances are asked for.
#[derive(Debug, Clone, ClapArgs)]
pub(crate) struct PageArgs {
    /// Instances on one page at most; fewer are asked for where a page is too large (default: 32000)
    #[arg(long, value_name = "N")]
    pub(crate) max_elements: Option<NonZeroU32>,
    /// Largest answer that the host may send (default: 153600); hosts have a limit of their own
    #[arg(long, value_name = "BYTES", value_parser = clap::value_parser!(u32).range(8192..))]
    pub(crate) max_envelope_size: Option<u32>,
    /// What to do when the host cannot go on: it has forgotten the enumeration, or a page was lost or is too large
    #[arg(long, value_enum, value_name = "WHAT", default_value = "restart")]
    pub(crate) on_expiry: OnExpiryArg,
}

/// What becomes of an enumeration that cannot go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum OnExpiryArg {
    /// Begin anew, unless instances were printed already
    Restart,
    /// Fail
    Fail,
    /// Begin anew, and pass over the instances that were printed, by their keys, which are kept in memory
    Resume,
}

impl PageArgs {
    /// The call, told so. With `limit` no more than are wanted travel.
    pub(crate) fn of(&self, mut call: EnumerateCall, limit: Option<u64>, default: u32) -> EnumerateCall {
        let typed = self.max_elements.map_or(default, NonZeroU32::get);
        let wanted = limit.and_then(|limit| u32::try_from(limit).ok()).unwrap_or(u32::MAX);
        if typed.min(wanted) != default {
            call = call.max_elements(typed.min(wanted));
        }
        if let Some(bytes) = self.max_envelope_size {
            call = call.max_envelope_size(bytes);
        }
        call.on_expiry(match self.on_expiry {
            OnExpiryArg::Restart => OnExpiry::Restart,
            OnExpiryArg::Fail => OnExpiry::Fail,
            OnExpiryArg::Resume => OnExpiry::Resume,
        })
    }

    /// Whether what was printed is passed over when it comes again.
    pub(crate) fn resumes(&self) -> bool {
        self.on_expiry == OnExpiryArg::Resume
    }

    /// Refuses what cannot be done together.
    ///
    /// # Errors
    /// `Usage`.
    pub(crate) fn check(&self, format: Format) -> Result<(), Failure> {
        // What came over the wire is printed as it came, with what is to be passed over.
        if self.resumes() && format == Format::Xml {
            return Err(Failure::usage(
                "`--on-expiry resume` does not go with `--output xml`",
                "take another format, or `--on-expiry restart`",
            ));
        }
        Ok(())
    }
}
