//! What calls of the library give.

/// What a library said of a call that failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Status {
    pub(super) major: u32,
    pub(super) minor: u32,
    pub(super) major_text: String,
    pub(super) minor_text: String,
}

/// Why a call gave nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Failure {
    /// The library lacks the function.
    Missing(&'static str),
    /// The library refused.
    Status(Status),
}

/// What a leg gave.
pub(super) struct Progress {
    pub(super) token: Vec<u8>,
    pub(super) complete: bool,
}

/// A text that was closed.
pub(super) struct Wrapped {
    pub(super) header: Vec<u8>,
    pub(super) text: Vec<u8>,
    pub(super) padding: Vec<u8>,
    /// Whether it is encrypted, not only signed.
    pub(super) encrypted: bool,
}

/// A text that was opened.
pub(super) struct Opened {
    pub(super) plain: Vec<u8>,
    /// Whether it had been encrypted, not only signed.
    pub(super) encrypted: bool,
    /// Replayed, old, or out of order.
    pub(super) out_of_order: bool,
}
