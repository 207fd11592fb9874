//! CIM datetimes: points in time and intervals (DSP0004 5.2.4).

use super::CimError;

/// A CIM `datetime`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum DateTime {
    /// A point in time, microseconds exact.
    Timestamp(jiff_timestamp::Timestamp),
    /// A length of time.
    Interval(Interval),
}

mod jiff_timestamp {
    pub(crate) use jiff::Timestamp;
}

/// A CIM interval: 0 to 99,999,999 days and a time of day, in microseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Interval {
    microseconds: u64,
}

impl Interval {
    /// # Errors
    /// [`CimError::Form`] above 99,999,999 days.
    pub fn from_micros(microseconds: u64) -> Result<Self, CimError> {
        todo!("{microseconds}")
    }
    /// The whole length.
    #[must_use]
    pub fn as_duration(self) -> std::time::Duration {
        std::time::Duration::from_micros(self.microseconds)
    }
}

impl DateTime {
    /// Reads the DMTF text form, `yyyymmddhhmmss.mmmmmmsutc` or `ddddddddhhmmss.mmmmmm:000`.
    ///
    /// # Errors
    /// [`CimError::Form`].
    pub fn from_dmtf(text: &str) -> Result<Self, CimError> {
        todo!("{text}")
    }
    /// Reads ISO 8601 as WS-CIM carries it (`2025-12-17T09:55:22.702341Z`, `P0DT0H0M1.5S`).
    ///
    /// # Errors
    /// [`CimError::Form`].
    pub fn from_iso(text: &str) -> Result<Self, CimError> {
        todo!("{text}")
    }
    /// The 25 characters of the DMTF text form.
    #[must_use]
    pub fn to_dmtf(&self) -> String {
        todo!()
    }
    /// RFC 3339 for a point in time, ISO 8601 for an interval.
    #[must_use]
    pub fn to_iso(&self) -> String {
        todo!()
    }
    /// The sentinel that Windows uses for "never": 1601-01-01T00:00:00Z.
    #[must_use]
    pub fn is_never(&self) -> bool {
        todo!()
    }
}
