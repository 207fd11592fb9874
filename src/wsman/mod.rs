//! WS-Management messages: each operation as request to text, each answer from bytes to types,
//! faults with their meaning. No sockets, no clocks, no random ids.

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
