//! WS-Management messages: each operation as request to text, each answer from bytes to types,
//! faults with their meaning. No sockets, no clocks, no random ids.
//!
//! ```
//! use hyperv_wsman::{
//!     cim::Text,
//!     wsman::{FaultCode, Filter},
//! };
//!
//! // What a number in a log of WinRM's stands for.
//! let code = FaultCode(0x8033_8000);
//! assert_eq!(code.name(), Some("ERROR_WSMAN_RESOURCE_NOT_FOUND"));
//! assert_eq!(code.to_string(), "2150858752 (0x80338000)");
//!
//! // A filter for `Client::enumerate`.
//! let filter = Filter::Selector(vec![("StartMode".to_owned(), Text::new("Auto")?)]);
//! assert!(matches!(filter, Filter::Selector(_)));
//! # Ok::<(), hyperv_wsman::cim::CimError>(())
//! ```

#[cfg(test)]
mod captures;
mod codes;
#[cfg(any(feature = "cli", test))]
pub(crate) mod explain;
pub(crate) mod fault;
pub(crate) mod request;
pub(crate) mod response;
#[cfg(feature = "cli")]
pub(crate) mod wire;

pub use fault::{Fault, FaultCode, RetryClass};
pub use request::{Association, Dialect, EnumerationMode, Filter, RequestOption};
pub use response::{Identity, Output};
