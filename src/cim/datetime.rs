//! CIM datetimes: points in time and intervals (DSP0004 5.2.4), in the two spellings in use: DMTF
//! text inside CIM-XML and WQL, ISO 8601 inside WS-CIM (DSP0230).

use std::fmt;

use jiff::civil;

use super::{CimError, Interval, Timestamp};

/// A CIM `datetime`.
///
/// ```
/// use hyperv_wsman::cim::DateTime;
///
/// let started = DateTime::from_iso("2025-12-17T10:55:22.702341+01:00")?;
/// assert_eq!(started.to_iso(), "2025-12-17T09:55:22.702341Z");
/// assert_eq!(started.to_dmtf(), "20251217095522.702341+000");
///
/// let elapsed = DateTime::from_iso("P0DT0H0M1.00417S")?;
/// assert_eq!(elapsed.to_dmtf(), "00000000000001.004170:000");
///
/// let error = DateTime::from_dmtf("20251217******.******+000").unwrap_err();
/// assert!(error.to_string().starts_with("expected a datetime without `*` fields"));
/// # Ok::<(), hyperv_wsman::cim::CimError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum DateTime {
    /// A point in time.
    Timestamp(Timestamp),
    /// A length of time.
    Interval(Interval),
}

/// What a text should have been, for errors.
const DMTF_FORM: &str = "a DMTF datetime, `yyyymmddhhmmss.mmmmmm+uuu` or `ddddddddhhmmss.mmmmmm:000`";
const ISO_FORM: &str = "an ISO 8601 point in time or duration, `2025-12-17T09:55:22Z` or `P0DT0H5M0S`";
const WITHOUT_WILDCARDS: &str = "a datetime without `*` fields";
pub(super) const YEARS: &str = "a point in time of the years 0 to 9999";

impl DateTime {
    /// Reads either spelling.
    ///
    /// # Errors
    /// [`CimError::Form`].
    pub fn parse(text: &str) -> Result<Self, CimError> {
        let dmtf = text.len() == DMTF_LENGTH && text.as_bytes().get(14) == Some(&b'.');
        if dmtf { Self::from_dmtf(text) } else { Self::from_iso(text) }
    }

    /// Reads the DMTF text form, `yyyymmddhhmmss.mmmmmmsutc` or `ddddddddhhmmss.mmmmmm:000`.
    ///
    /// # Errors
    /// [`CimError::Form`]; also for a text with `*` in place of digits, which stands for a field
    /// that is not known and therefore is no one point in time.
    pub fn from_dmtf(text: &str) -> Result<Self, CimError> {
        if text.contains('*') {
            return Err(CimError::form(WITHOUT_WILDCARDS, text));
        }
        let fields = dmtf_fields(text).ok_or_else(|| CimError::form(DMTF_FORM, text))?;
        if fields.zone == ":000" {
            let interval = Interval::from_dmtf_fields(&fields);
            return interval.map(Self::Interval).ok_or_else(|| CimError::form(DMTF_FORM, text));
        }
        let civil = dmtf_civil(&fields).ok_or_else(|| CimError::form(DMTF_FORM, text))?;
        let (sign, minutes) = fields.zone.split_at(1);
        let minutes = number(minutes).and_then(|minutes| i64::try_from(minutes).ok());
        let offset = match (sign, minutes) {
            ("+", Some(minutes)) => minutes,
            ("-", Some(minutes)) => -minutes,
            _ => return Err(CimError::form(DMTF_FORM, text)),
        };
        Timestamp::from_civil(civil, offset * 60)
            .map(Self::Timestamp)
            .ok_or_else(|| CimError::form(YEARS, text))
    }

    /// Reads ISO 8601 as WS-CIM carries it (`2025-12-17T09:55:22.702341Z`, `P0DT0H0M1.5S`). A point
    /// in time may have up to nine digits of a second, those beyond the microsecond are dropped, and
    /// any offset; one without offset is taken as UTC. A duration has no years or months.
    ///
    /// # Errors
    /// [`CimError::Form`].
    pub fn from_iso(text: &str) -> Result<Self, CimError> {
        if text.starts_with('P') {
            return Interval::from_iso(text)
                .map(Self::Interval)
                .ok_or_else(|| CimError::form(ISO_FORM, text));
        }
        let (civil, offset) = iso_civil(text).ok_or_else(|| CimError::form(ISO_FORM, text))?;
        Timestamp::from_civil(civil, offset).map(Self::Timestamp).ok_or_else(|| CimError::form(YEARS, text))
    }

    /// The 25 characters of the DMTF text form; a point in time in UTC.
    #[must_use]
    pub fn to_dmtf(&self) -> String {
        match self {
            Self::Timestamp(timestamp) => timestamp.to_dmtf(),
            Self::Interval(interval) => interval.to_dmtf(),
        }
    }

    /// RFC 3339 for a point in time, ISO 8601 for an interval.
    #[must_use]
    pub fn to_iso(&self) -> String {
        match self {
            Self::Timestamp(timestamp) => timestamp.to_string(),
            Self::Interval(interval) => interval.to_string(),
        }
    }

    /// The sentinel that Windows uses for "never": 1601-01-01T00:00:00Z.
    #[must_use]
    pub fn is_never(&self) -> bool {
        *self == Self::Timestamp(Timestamp::NEVER)
    }

    /// The point in time, if this is one.
    #[must_use]
    pub fn as_timestamp(&self) -> Option<Timestamp> {
        match self {
            Self::Timestamp(timestamp) => Some(*timestamp),
            Self::Interval(_) => None,
        }
    }

    /// The length of time, if this is one.
    #[must_use]
    pub fn as_interval(&self) -> Option<Interval> {
        match self {
            Self::Timestamp(_) => None,
            Self::Interval(interval) => Some(*interval),
        }
    }
}

impl fmt::Display for DateTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.to_iso())
    }
}

impl From<Timestamp> for DateTime {
    fn from(timestamp: Timestamp) -> Self {
        Self::Timestamp(timestamp)
    }
}

impl From<Interval> for DateTime {
    fn from(interval: Interval) -> Self {
        Self::Interval(interval)
    }
}

/// Characters of a DMTF datetime.
const DMTF_LENGTH: usize = 25;

/// The parts of a DMTF datetime: fourteen digits, six digits after the point, four of the zone.
pub(super) struct DmtfFields<'a> {
    pub(super) digits: &'a str,
    pub(super) micros: u64,
    zone: &'a str,
}

fn dmtf_fields(text: &str) -> Option<DmtfFields<'_>> {
    if text.len() != DMTF_LENGTH {
        return None;
    }
    let (digits, rest) = text.split_at_checked(14)?;
    let (micros, zone) = rest.strip_prefix('.')?.split_at_checked(6)?;
    zone.is_char_boundary(1).then_some(())?;
    Some(DmtfFields { digits, micros: number(micros)?, zone })
}

fn dmtf_civil(fields: &DmtfFields<'_>) -> Option<civil::DateTime> {
    let (year, rest) = fields.digits.split_at_checked(4)?;
    let field = |index: usize| -> Option<i8> { number(rest.get(index..index + 2)?)?.try_into().ok() };
    civil::DateTime::new(
        number(year)?.try_into().ok()?,
        field(0)?,
        field(2)?,
        field(4)?,
        field(6)?,
        field(8)?,
        i32::try_from(fields.micros).ok()? * 1000,
    )
    .ok()
}

/// The clock reading and the seconds by which it is ahead of UTC.
fn iso_civil(text: &str) -> Option<(civil::DateTime, i64)> {
    usual_civil(text).map(|utc| (utc, 0)).or_else(|| any_civil(text))
}

/// In the form that hosts write, `2025-12-17T09:55:22.702341Z`; `None` for any other.
fn usual_civil(text: &str) -> Option<civil::DateTime> {
    let (clock, rest) = text.as_bytes().split_first_chunk()?;
    let &[c1, c2, y1, y2, b'-', mo1, mo2, b'-', d1, d2, b'T', h1, h2, b':', m1, m2, b':', s1, s2] = clock
    else {
        return None;
    };
    let digit = |digit: u8| digit.is_ascii_digit().then(|| i8::try_from(digit - b'0').ok()).flatten();
    let two = |tens: u8, ones: u8| Some(digit(tens)? * 10 + digit(ones)?);
    let nanoseconds = match rest {
        [b'Z'] => 0,
        [b'.', digits @ .., b'Z'] if (1..=9).contains(&digits.len()) => {
            let number =
                digits.iter().try_fold(0, |number, next| Some(number * 10 + i32::from(digit(*next)?)))?;
            (digits.len()..9).fold(number, |number, _| number * 10)
        }
        _ => return None,
    };
    let year = i16::from(two(c1, c2)?) * 100 + i16::from(two(y1, y2)?);
    civil::DateTime::new(
        year,
        two(mo1, mo2)?,
        two(d1, d2)?,
        two(h1, h2)?,
        two(m1, m2)?,
        two(s1, s2)?,
        nanoseconds,
    )
    .ok()
}

/// In any form of ISO 8601.
fn any_civil(text: &str) -> Option<(civil::DateTime, i64)> {
    let pieces = jiff::fmt::temporal::Pieces::parse(text).ok()?;
    if pieces.time_zone_annotation().is_some() {
        return None;
    }
    let offset = pieces.to_numeric_offset().map_or(0, |offset| i64::from(offset.seconds()));
    Some((pieces.date().to_datetime(pieces.time()?), offset))
}

/// Decimal digits and nothing else.
pub(super) fn number(digits: &str) -> Option<u64> {
    if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    digits.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cim::strategies;
    use proptest::prelude::*;

    fn iso(text: &str) -> String {
        DateTime::from_iso(text).map_or_else(|error| error.to_string(), |value| value.to_iso())
    }

    fn dmtf(text: &str) -> String {
        DateTime::from_dmtf(text).map_or_else(|error| error.to_string(), |value| value.to_dmtf())
    }

    #[test]
    fn iso_stamps_have_up_to_nine_digits_of_a_second_and_any_offset() {
        for (text, utc) in [
            ("2026-10-05T04:23:50Z", "2026-10-05T04:23:50Z"),
            ("2026-10-05T04:23:50.5Z", "2026-10-05T04:23:50.5Z"),
            ("2026-10-05T04:23:50.123456789Z", "2026-10-05T04:23:50.123456Z"),
            ("2026-10-05T04:23:50+09:00", "2026-10-04T19:23:50Z"),
            ("2026-10-05T04:23:50-03:30", "2026-10-05T07:53:50Z"),
            ("2026-10-05T04:23:50", "2026-10-05T04:23:50Z"),
            ("0000-01-01T00:00:00Z", "0000-01-01T00:00:00Z"),
            ("9999-12-31T23:59:59.999999Z", "9999-12-31T23:59:59.999999Z"),
        ] {
            assert_eq!(iso(text), utc, "{text}");
        }
    }

    #[test]
    fn digits_beyond_the_microsecond_are_dropped_before_1970_too() {
        assert_eq!(iso("1969-12-31T23:59:59.9999999Z"), "1969-12-31T23:59:59.999999Z");
    }

    #[test]
    fn what_is_no_point_in_time_is_refused() {
        for text in [
            "",
            "P",
            "2026-10-05",
            "04:23:50",
            "2026-13-05T04:23:50Z",
            "2026-02-29T00:00:00Z",
            "2026-10-05T24:30:00Z",
            "2026-10-05T04:23:50.1234567890Z",
            "2026-10-05T04:23:50+09:00[Asia/Tokyo]",
            "20261005042350.000000+000",
        ] {
            assert!(
                iso(text).starts_with("expected an ISO 8601 point in time or duration"),
                "{text}: {}",
                iso(text)
            );
        }
        for text in ["0000-01-01T00:00:00+01:00", "9999-12-31T23:59:59-01:00", "-000001-01-01T00:00:00Z"] {
            assert!(
                iso(text).starts_with("expected a point in time of the years 0 to 9999"),
                "{text}: {}",
                iso(text)
            );
        }
    }

    #[test]
    fn dmtf_stamps_are_taken_to_utc() {
        assert_eq!(dmtf("20251217095522.702341+000"), "20251217095522.702341+000");
        assert_eq!(dmtf("20251217185522.702341+540"), "20251217095522.702341+000");
        assert_eq!(dmtf("20251217042522.702341-330"), "20251217095522.702341+000");
    }

    #[test]
    fn dmtf_intervals_keep_their_fields() {
        assert_eq!(dmtf("00000000003000.000000:000"), "00000000003000.000000:000");
        assert_eq!(dmtf("99999999235959.999999:000"), "99999999235959.999999:000");
        assert_eq!(DateTime::from_dmtf("00000000003000.000000:000").unwrap().to_iso(), "P0DT0H30M0S");
    }

    #[test]
    fn wildcard_fields_are_refused_by_name() {
        for text in ["20251217******.******+000", "************************", "00000001******.******:000"] {
            assert_eq!(dmtf(text), format!("expected a datetime without `*` fields, got `{text}`"));
        }
    }

    #[test]
    fn what_is_no_dmtf_datetime_is_refused() {
        for text in [
            "",
            "20251217095522.702341",
            "20251317095522.702341+000",
            "20251217245522.702341+000",
            "20251217095522,702341+000",
            "20251217095522.702341 000",
            "20251217095522.702341+0 0",
            "00000000240000.000000:000",
            "00000000006000.000000:000",
            "00000000003000.000000:001",
            "20251217095522.70234ä+00",
            "2025121709552ä.702341+00",
            "+0251217095522.702341+000",
        ] {
            assert!(dmtf(text).starts_with("expected a DMTF datetime"), "{text}: {}", dmtf(text));
        }
    }

    #[test]
    fn the_zero_of_windows_is_never() {
        assert!(DateTime::from_iso("1601-01-01T00:00:00Z").unwrap().is_never());
        assert!(DateTime::from_dmtf("16010101000000.000000+000").unwrap().is_never());
        assert!(!DateTime::from_iso("1601-01-01T00:00:00.000001Z").unwrap().is_never());
        assert!(!DateTime::from_iso("P0DT0H0M0S").unwrap().is_never());
    }

    proptest! {
        #[test]
        fn both_spellings_round_trip(value in strategies::datetime()) {
            prop_assert_eq!(DateTime::from_iso(&value.to_iso()), Ok(value));
            prop_assert_eq!(DateTime::from_dmtf(&value.to_dmtf()), Ok(value));
            prop_assert_eq!(DateTime::parse(&value.to_iso()), Ok(value));
            prop_assert_eq!(DateTime::parse(&value.to_dmtf()), Ok(value));
            prop_assert_eq!(value.to_dmtf().len(), DMTF_LENGTH);
        }

        #[test]
        fn the_usual_form_is_read_as_any_other_is(
            text in r"[0-9]{4}-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-6][0-9]:[0-6][0-9](\.[0-9]{0,10})?(Z|z|\+00:00)?",
        ) {
            let any = any_civil(&text);
            match usual_civil(&text) {
                Some(usual) => prop_assert_eq!(any, Some((usual, 0))),
                // A leap second is left to the others.
                None => prop_assert!(any.is_none() || !text.ends_with('Z') || text.contains(":60")),
            }
        }

        #[test]
        fn any_other_text_is_refused_and_nothing_worse(text in "\\PC{0,30}") {
            let _ = DateTime::from_iso(&text);
            let _ = DateTime::from_dmtf(&text);
        }
    }
}
