//! WS-Management client for Hyper-V.

#[cfg(any(feature = "http", feature = "sim"))]
mod auth;
pub mod cim;
#[cfg(feature = "cli")]
#[doc(hidden)]
pub mod cli;
mod client;
mod error;
pub mod hyperv;
#[cfg(feature = "sim")]
pub mod sim;
pub mod transport;
pub mod wsman;
mod xml;

#[cfg(feature = "http")]
pub use client::ClientBuilder;
pub use client::{Client, EnumerateCall, GetCall, IdentifyCall, InvokeCall, Item, Options};
pub use error::{Error, ErrorKind, Evidence, JobFailure, MethodFailure, Result, UnknownOutcome};
pub use xml::{Limits, XmlError};
