//! Options of all calls.

use crate::{
    cim::{Text, schema::Schema},
    wsman::{Dialect, RequestOption},
    xml::Limits,
};
use std::time::Duration;

/// Options of all calls.
///
/// ```
/// use std::time::Duration;
///
/// let mut options = hyperv_wsman::Options::default();
/// options.operation_timeout = Duration::from_secs(30);
/// assert_eq!(options.answer_timeout(), Duration::from_secs(40));
/// ```
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Options {
    /// `w:OperationTimeout`, the host's own limit for one answer; default 60 s (hosts cap at `MaxTimeoutms`).
    pub operation_timeout: Duration,
    /// How long this client waits for one answer; default operation timeout + 10 s.
    pub request_timeout: Option<Duration>,
    /// `w:MaxEnvelopeSize` in bytes; default 153600.
    pub max_envelope_size: u32,
    /// `w:MaxElements` of enumerations; default 32000.
    pub max_elements: u32,
    /// `w:Locale`; default `en-US`.
    pub locale: Text,
    /// `DataLocale`; default: the same as `locale`.
    pub data_locale: Option<Text>,
    /// `w:OptionSet`, sent with every message but Identify; default: none.
    pub request_options: Vec<RequestOption>,
    /// How classes are named to the server; default: as Windows does it.
    pub dialect: Dialect,
    /// Tries of a call that may be repeated; default 4, 1 to send everything once. A busy host does not count
    /// here, but for [`Self::busy_time`].
    pub attempts: u32,
    /// How long the pauses of one call may be, together, while the host refuses it for being busy (a quota); default
    /// 30 s, and never longer than [`Self::answer_timeout`] or the timeout of the call. They grow from half a second
    /// to 8 s, each shortened by up to a half, at random.
    pub busy_time: Duration,
    /// The classes that answers are typed by and calls are compared with; default: the compiled ones. Others are
    /// loaded with [`Schema::extended`].
    pub schema: Schema,
    /// Whether what changes a host (Invoke, Put, Create) is compared with the schema before it is sent; default: yes.
    /// One call alone is sent as it is with its `unchecked`.
    pub check: bool,
    /// Limits of the reader.
    pub limits: Limits,
}

impl Options {
    /// How long one answer is waited for: `request_timeout`, or what the host is given and 10 s.
    #[must_use]
    pub fn answer_timeout(&self) -> Duration {
        const MARGIN: Duration = Duration::from_secs(10);
        self.request_timeout.unwrap_or_else(|| self.operation_timeout.saturating_add(MARGIN))
    }
}

impl Default for Options {
    fn default() -> Self {
        Self {
            operation_timeout: Duration::from_secs(60),
            request_timeout: None,
            max_envelope_size: 153_600,
            max_elements: 32_000,
            locale: Text::new("en-US").unwrap_or_default(),
            data_locale: None,
            request_options: Vec::new(),
            dialect: Dialect::default(),
            attempts: 4,
            busy_time: Duration::from_secs(30),
            schema: Schema::default(),
            check: true,
            limits: Limits::default(),
        }
    }
}
