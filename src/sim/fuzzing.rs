//! What fuzzers feed with requests to the simulated host.

use super::{soap::Envelope, wql};

/// A SOAP request: it is an operation or gets a fault.
pub(crate) fn soap_request(data: &[u8]) {
    if let Ok(envelope) = Envelope::read(data) {
        let _ = (envelope.message_id(), envelope.name(), envelope.max_envelope_size());
        let _ = envelope.operation();
    }
}

/// A query.
pub(crate) fn wql(data: &[u8]) {
    if let Ok(text) = std::str::from_utf8(data) {
        let _ = wql::parse(text);
    }
}
