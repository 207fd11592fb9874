//! A simulated Hyper-V host: the documented schema made strict, with real TLS and NTLM.
//!
//! It reads requests and writes answers with code of its own, so that it does not agree with this
//! crate's client by construction. What it does is written from documents (MS-WSMV, DSP0226,
//! DSP0227, the Hyper-V WMI provider's pages) and from published answers of Windows hosts; nothing
//! of it is recorded. Comments name the source of each behaviour; what no source says is marked
//! *chosen*.
//!
//! A request passes through these modules: `server` or the in-process transport → `host` (rules,
//! counters) → `soap` (reading) → `dispatch` (quota, pages) → `world` (the objects, the methods, the
//! jobs) → `soap` (writing).
//!
//! ```
//! use hyperv_wsman::sim::{Host, Settings};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let mut settings = Settings::default();
//! settings.rules.push("fault:0x803381E8@Get#1".parse()?);
//! let host = Host::new(settings);
//! let transport = host.transport();
//! assert_eq!(host.requests(), 0);
//! # drop(transport);
//! # Ok(())
//! # }
//! ```

mod contexts;
mod dispatch;
mod environment;
#[cfg(all(feature = "cli", any(test, fuzzing)))]
pub(crate) mod fuzzing;
mod host;
mod ids;
mod inventory;
mod rules;
mod server;
mod soap;
mod texts;
mod world;
mod wql;

pub use host::{Host, Settings};
pub use inventory::Inventory;
pub use rules::Rule;
pub use server::{PlainServer, Server};

/// Namespace of the Hyper-V provider, as resource URIs spell it.
const NAMESPACE: &str = "root/virtualization/v2";

/// Why a simulated host cannot be set up.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SimError {
    /// An inventory or a rule that does not read.
    #[error("{0}")]
    Input(String),
    /// Sockets and files.
    #[error("{action}")]
    Io {
        /// What was tried.
        action: String,
        /// Why not.
        source: std::io::Error,
    },
}

/// Reads `500ms`, `2s`, `5m`, `1h30m`.
fn parse_duration(text: &str) -> Option<std::time::Duration> {
    text.parse::<jiff::SignedDuration>().ok()?.try_into().ok()
}
