//! Points in time.

use std::{fmt, time::Duration};

use jiff::{SignedDuration, civil};

use super::{CimError, datetime::YEARS};

/// A point in time of the years 0 to 9999, exact to the microsecond, in UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp {
    unix_micros: i64,
}

const EPOCH: civil::DateTime = civil::date(1970, 1, 1).at(0, 0, 0, 0);
/// The first microsecond of the year 0, and the last one of the year 9999.
const FIRST: i64 = -62_167_219_200_000_000;
const LAST: i64 = 253_402_300_799_999_999;

impl Timestamp {
    /// 1601-01-01T00:00:00Z, which Windows writes where there is no time (the zero of FILETIME).
    pub const NEVER: Self = Self { unix_micros: -11_644_473_600_000_000 };

    /// The point in time so many microseconds after 1970-01-01T00:00:00Z.
    ///
    /// # Errors
    /// [`CimError::Form`] outside the years 0 to 9999.
    pub fn from_unix_micros(unix_micros: i64) -> Result<Self, CimError> {
        if (FIRST..=LAST).contains(&unix_micros) {
            Ok(Self { unix_micros })
        } else {
            Err(CimError::form(YEARS, &format!("{unix_micros} µs after 1970")))
        }
    }

    /// Microseconds since 1970-01-01T00:00:00Z; negative before.
    #[must_use]
    pub fn unix_micros(self) -> i64 {
        self.unix_micros
    }

    /// The time since `earlier`; `None` when it is later.
    #[must_use]
    pub fn checked_duration_since(self, earlier: Self) -> Option<Duration> {
        let micros = self.unix_micros.checked_sub(earlier.unix_micros)?;
        u64::try_from(micros).ok().map(Duration::from_micros)
    }

    /// A clock reading that is `offset_seconds` ahead of UTC.
    pub(super) fn from_civil(local: civil::DateTime, offset_seconds: i64) -> Option<Self> {
        let since_epoch = local.duration_since(EPOCH);
        let seconds = since_epoch.as_secs().checked_sub(offset_seconds)?;
        let micros = i64::from(since_epoch.subsec_nanos().div_euclid(1000));
        Self::from_unix_micros(seconds.checked_mul(1_000_000)?.checked_add(micros)?).ok()
    }

    /// The clock reading in UTC. The range was checked when the value was made, so the sum exists.
    fn civil(self) -> civil::DateTime {
        EPOCH.saturating_add(SignedDuration::from_micros(self.unix_micros))
    }

    pub(super) fn to_dmtf(self) -> String {
        let utc = self.civil();
        format!(
            "{:04}{:02}{:02}{:02}{:02}{:02}.{:06}+000",
            utc.year(),
            utc.month(),
            utc.day(),
            utc.hour(),
            utc.minute(),
            utc.second(),
            utc.subsec_nanosecond() / 1000,
        )
    }
}

/// RFC 3339 in UTC, as many digits of a second as needed.
impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&format!("{}Z", self.civil()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn points_in_time_are_microseconds_since_1970() {
        let stamp = crate::cim::DateTime::from_iso("1970-01-01T00:00:01.5Z").unwrap().as_timestamp().unwrap();
        assert_eq!(stamp.unix_micros(), 1_500_000);
        let earlier = Timestamp::from_unix_micros(-500_000).unwrap();
        assert_eq!(stamp.checked_duration_since(earlier), Some(Duration::from_secs(2)));
        assert_eq!(earlier.checked_duration_since(stamp), None);
        for outside in [i64::MIN, -62_167_219_200_000_001, 253_402_300_800_000_000, i64::MAX] {
            assert!(Timestamp::from_unix_micros(outside).is_err(), "{outside}");
        }
    }
}
