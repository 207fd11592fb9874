//! Rules: what a host does wrong, at which request.

mod text;

use std::time::Duration;

/// A fault, delay or cut that a host does at chosen requests.
///
/// Written `ACTION@OPERATION[#WHEN]`.
///
/// `OPERATION` is `Identify`, `Get`, `Enumerate`, `Pull`, `Release`, the name of a method, or `*`
/// for every request. `WHEN` counts the requests that match: `#2` is the second, `#2-4` the second
/// to the fourth, `#2-` all from the second; without it the rule holds each time.
///
/// Instead of doing what was asked:
///
/// | action | what the host does |
/// |---|---|
/// | `fault:CODE[:SUBCODE]` | answers with this fault; `CODE` decimal or `0x…`, `SUBCODE` like `w:QuotaLimit` |
/// | `status:CODE` | answers with this HTTP status and no body |
/// | `redirect` | answers 307 with another location |
/// | `cut:before` | closes the connection |
/// | `return:CODE` | lets the method return this code |
///
/// After doing what was asked:
///
/// | action | what the host does |
/// |---|---|
/// | `delay:TIME` | answers only after `500ms`, `2s`, … |
/// | `cut:after` | closes the connection without an answer |
/// | `cut:BYTES` | closes it after so many bytes of the answer's body |
/// | `truncate:BYTES` | answers with the first bytes of the body only |
/// | `html` | answers 200 with a page |
/// | `garbage` | answers 200 with bytes that are not XML |
/// | `empty-500` | answers 500 with nothing |
/// | `wrong-relatesto` | answers to another message's id |
/// | `no-returnvalue` | leaves `ReturnValue` out |
///
/// With a method that starts a job:
///
/// | action | what the host does |
/// |---|---|
/// | `sync` | finishes at once and returns 0 with the result |
/// | `no-job` | returns 4096 with a null job; the job runs |
/// | `job-fail[:CODE]` | ends the job in Exception with this `ErrorCode` (32768) |
/// | `job-warn` | ends it as completed with warnings (32768) |
/// | `job-hang` | never ends it |
/// | `job-vanish` | forgets the job half way, with its work done |
/// | `job-lost` | forgets the job half way, with nothing done |
/// | `no-affected` | never shows what the job affected |
///
/// ```
/// use hyperv_wsman::sim::Rule;
///
/// let rule: Rule = "cut:after@CreateSnapshot#1".parse()?;
/// assert_eq!(rule.to_string(), "cut:after@CreateSnapshot#1");
/// # Ok::<(), hyperv_wsman::sim::SimError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    pub(super) action: Action,
    operation: String,
    when: When,
}

impl Rule {
    /// Whether it is about this operation; how often it has been so before is the caller's count.
    pub(super) fn is_about(&self, operation: &str) -> bool {
        self.operation == "*" || self.operation.eq_ignore_ascii_case(operation)
    }

    /// Whether it holds at the `nth` request it is about, counted from 1.
    pub(super) fn holds_at(&self, nth: u64) -> bool {
        nth >= self.when.first && self.when.last.is_none_or(|last| nth <= last)
    }
}

/// Which of the matching requests, counted from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct When {
    first: u64,
    last: Option<u64>,
}

/// What goes wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Action {
    Fault { code: u32, subcode: Option<String> },
    Status(u16),
    Redirect,
    CutBefore,
    Return(u32),
    Delay(Duration),
    CutAfter,
    CutAt(usize),
    Truncate(usize),
    Html,
    Garbage,
    EmptyError,
    WrongRelatesTo,
    NoReturnValue,
    Sync,
    NoJob,
    JobFail(u16),
    JobWarn,
    JobHang,
    JobVanish,
    JobLost,
    NoAffected,
}

impl Action {
    /// Whether it makes sense for a method only.
    fn needs_method(&self) -> bool {
        match self {
            Self::Return(_)
            | Self::NoReturnValue
            | Self::Sync
            | Self::NoJob
            | Self::JobFail(_)
            | Self::JobWarn
            | Self::JobHang
            | Self::JobVanish
            | Self::JobLost
            | Self::NoAffected => true,
            Self::Fault { .. }
            | Self::Status(_)
            | Self::Redirect
            | Self::CutBefore
            | Self::Delay(_)
            | Self::CutAfter
            | Self::CutAt(_)
            | Self::Truncate(_)
            | Self::Html
            | Self::Garbage
            | Self::EmptyError
            | Self::WrongRelatesTo => false,
        }
    }
}
