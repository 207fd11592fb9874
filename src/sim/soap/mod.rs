//! The host's own reading of requests and writing of answers, independent of `wsman`.

pub(super) mod answer;
pub(super) mod family;
pub(super) mod fault;
pub(super) mod filter;
pub(super) mod fragment;
pub(super) mod parameters;
pub(super) mod request;

pub(super) use fault::Fault;
pub(super) use request::{Envelope, Operation};

use crate::xml::names;

/// The methods of WS-Transfer and WS-Enumeration (MS-WSMV 3.1.4.1.28).
fn transfer(operation: &str) -> String {
    format!("{}/{operation}", names::TRANSFER)
}

fn enumeration(operation: &str) -> String {
    format!("{}/{operation}", names::ENUMERATION)
}

/// The `a:Action` of the answer to a request with this one.
fn response_action(action: &str) -> String {
    format!("{action}Response")
}
