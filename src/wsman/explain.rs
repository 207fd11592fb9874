//! A WS-Management message in words.

/// What a message is; for people and for JSON.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Explanation {
    /// One line: `request CreateSnapshot of Msvm_CollectionSnapshotService`.
    pub(crate) summary: String,
    /// Label and value lines, in order; indent by the number.
    pub(crate) lines: Vec<(u8, String, String)>,
    /// Present when the message is a fault.
    pub(crate) fault: Option<super::Fault>,
}

/// Reads any message, request or answer.
pub(crate) fn explain(body: &[u8]) -> Result<Explanation, super::response::ResponseError> {
    todo!("{body:?}")
}
