//! CIM intervals: a length of time in days, hours, minutes, seconds (DSP0004 5.2.4).

use std::{fmt, time::Duration};

use super::{
    CimError,
    datetime::{DmtfFields, number},
};

/// A CIM interval: 0 to 99,999,999 days and a time of day, in microseconds.
///
/// ```
/// use hyperv_wsman::cim::Interval;
///
/// let five_minutes = Interval::from_micros(300_000_000)?;
/// assert_eq!(five_minutes.to_string(), "P0DT0H5M0S");
/// # Ok::<(), hyperv_wsman::cim::CimError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Interval {
    microseconds: u64,
}

const SECOND: u64 = 1_000_000;
const MINUTE: u64 = 60 * SECOND;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;
/// 99,999,999 days, 23:59:59.999999: what eight digits of days hold.
const LONGEST: u64 = 100_000_000 * DAY - 1;

impl Interval {
    /// The interval of so many microseconds.
    ///
    /// # Errors
    /// [`CimError::Form`] at 100,000,000 days and above.
    pub fn from_micros(microseconds: u64) -> Result<Self, CimError> {
        if microseconds > LONGEST {
            return Err(CimError::form("an interval below 100000000 days", &format!("{microseconds} µs")));
        }
        Ok(Self { microseconds })
    }

    /// The whole length in microseconds.
    #[must_use]
    pub fn micros(self) -> u64 {
        self.microseconds
    }

    /// The whole length.
    #[must_use]
    pub fn as_duration(self) -> Duration {
        Duration::from_micros(self.microseconds)
    }

    /// `ddddddddhhmmss` and microseconds.
    pub(super) fn from_dmtf_fields(fields: &DmtfFields<'_>) -> Option<Self> {
        let field = |from: usize, to: usize, below: u64| {
            number(fields.digits.get(from..to)?).filter(|value| *value < below)
        };
        let days = field(0, 8, 100_000_000)?;
        let hours = field(8, 10, 24)?;
        let minutes = field(10, 12, 60)?;
        let seconds = field(12, 14, 60)?;
        let microseconds = days * DAY + hours * HOUR + minutes * MINUTE + seconds * SECOND + fields.micros;
        Some(Self { microseconds })
    }

    /// `PnDTnHnMn.nS`, any part missing but not all.
    pub(super) fn from_iso(text: &str) -> Option<Self> {
        let body = text.strip_prefix('P')?;
        let (mut date, mut time) = match body.split_once('T') {
            Some((_, "")) => return None,
            Some(parts) => parts,
            None if body.is_empty() => return None,
            None => (body, ""),
        };
        let days = whole(&mut date, 'D')?;
        let hours = whole(&mut time, 'H')?;
        let minutes = whole(&mut time, 'M')?;
        let seconds = fractional_seconds(time)?;
        if !date.is_empty() {
            return None;
        }
        let microseconds = days
            .checked_mul(DAY)?
            .checked_add(hours.checked_mul(HOUR)?)?
            .checked_add(minutes.checked_mul(MINUTE)?)?
            .checked_add(seconds)?;
        Self::from_micros(microseconds).ok()
    }

    pub(super) fn to_dmtf(self) -> String {
        let Parts { days, hours, minutes, seconds, micros } = self.parts();
        format!("{days:08}{hours:02}{minutes:02}{seconds:02}.{micros:06}:000")
    }

    fn parts(self) -> Parts {
        Parts {
            days: self.microseconds / DAY,
            hours: self.microseconds / HOUR % 24,
            minutes: self.microseconds / MINUTE % 60,
            seconds: self.microseconds / SECOND % 60,
            micros: self.microseconds % SECOND,
        }
    }
}

/// ISO 8601 as Windows spells it: every part, as many digits of a second as needed.
impl fmt::Display for Interval {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Parts { days, hours, minutes, seconds, micros } = self.parts();
        let fraction = format!(".{micros:06}");
        let fraction = fraction.trim_end_matches('0').trim_end_matches('.');
        f.pad(&format!("P{days}DT{hours}H{minutes}M{seconds}{fraction}S"))
    }
}

struct Parts {
    days: u64,
    hours: u64,
    minutes: u64,
    seconds: u64,
    micros: u64,
}

/// Takes `n` and `unit` off the front of `rest`; 0 where the unit is missing.
fn whole(rest: &mut &str, unit: char) -> Option<u64> {
    let Some((digits, tail)) = rest.split_once(unit) else {
        return Some(0);
    };
    *rest = tail;
    number(digits)
}

/// The microseconds of `n.nS`; digits beyond the sixth are dropped.
fn fractional_seconds(text: &str) -> Option<u64> {
    if text.is_empty() {
        return Some(0);
    }
    let text = text.strip_suffix('S')?;
    let (seconds, fraction) = text.split_once('.').unwrap_or((text, "0"));
    number(fraction)?;
    let micros: String = fraction.chars().chain("000000".chars()).take(6).collect();
    number(seconds)?.checked_mul(SECOND)?.checked_add(number(&micros)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn iso(text: &str) -> Option<String> {
        Interval::from_iso(text).map(|interval| interval.to_string())
    }

    #[test]
    fn durations_are_read_with_any_of_their_parts() {
        for (text, canonical) in [
            ("P0DT0H0M1.00417S", "P0DT0H0M1.00417S"),
            ("P0DT0H5M0S", "P0DT0H5M0S"),
            ("P1D", "P1DT0H0M0S"),
            ("PT90M", "P0DT1H30M0S"),
            ("PT60S", "P0DT0H1M0S"),
            ("PT0.1234569S", "P0DT0H0M0.123456S"),
            ("P99999999DT23H59M59.999999S", "P99999999DT23H59M59.999999S"),
        ] {
            assert_eq!(iso(text).as_deref(), Some(canonical), "{text}");
        }
    }

    #[test]
    fn what_has_no_fixed_length_or_no_part_is_refused() {
        for text in [
            "",
            "P",
            "PT",
            "P1DT",
            "P1Y",
            "P1M",
            "P1YT1S",
            "-P1D",
            "P-1D",
            "PT1S1M",
            "PT1M1H",
            "P1D1D",
            "PT1",
            "PT.S",
            "PT1.S",
            "PT.5S",
            "PT1.5M",
            "PTS",
            "P1.5D",
            "PT1S ",
            "P100000000D",
            "P18446744073709551616D",
            "PT1,5S",
        ] {
            assert_eq!(iso(text), None, "{text}");
        }
    }

    #[test]
    fn the_length_is_exact() {
        let interval = Interval::from_iso("P1DT2H3M4.000005S").unwrap();
        assert_eq!(interval.as_duration(), Duration::from_micros(93_784_000_005));
        assert_eq!(interval.to_dmtf(), "00000001020304.000005:000");
        assert!(Interval::from_micros(LONGEST + 1).is_err());
    }
}
