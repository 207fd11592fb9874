//! Dates moved to a fixed epoch: the first one seen falls on 2026-01-01, the others keep their
//! distance from it. Times of day stay.

use jiff::{Span, civil::Date};
use std::collections::BTreeSet;

/// The day on which every recording begins.
const EPOCH: Date = jiff::civil::date(2026, 1, 1);

/// Years in which something may have happened; CIM's "no date" (1601) and limits are outside.
const YEARS: std::ops::RangeInclusive<i16> = 1980..=2200;

/// The shift of one recording.
#[derive(Debug, Default)]
pub(super) struct Epoch {
    days: Option<i32>,
    moved: BTreeSet<Date>,
}

impl Epoch {
    /// The moment at the beginning of the text, if there is one, with its date moved: the length
    /// of the date here, and the date to be written.
    pub(super) fn moved(&mut self, rest: &str) -> Option<(usize, String)> {
        let (length, date, compact) = date_of_moment(rest)?;
        if !YEARS.contains(&date.year()) {
            return None;
        }
        let moved = if self.moved.contains(&date) {
            date
        } else {
            let days = *self.days.get_or_insert_with(|| days_between(date, EPOCH));
            date.checked_add(Span::new().days(days)).ok()?
        };
        self.moved.insert(moved);
        let format = if compact { "%Y%m%d" } else { "%Y-%m-%d" };
        Some((length, moved.strftime(format).to_string()))
    }
}

fn days_between(from: Date, to: Date) -> i32 {
    // `Date::since` counts in days unless asked otherwise.
    to.since(from).map_or(0, |span| span.get_days())
}

/// The date of a CIM datetime (`20260102030405.000000+000`, DSP0004 5.2.4) or of an ISO 8601 moment
/// (`2026-01-02T03:04:05Z`); whether it is written without hyphens. Intervals are no moments.
fn date_of_moment(rest: &str) -> Option<(usize, Date, bool)> {
    let matches = |pattern: &str| {
        rest.len() >= pattern.len()
            && rest.bytes().zip(pattern.bytes()).all(|(byte, wanted)| match wanted {
                b'0' => byte.is_ascii_digit(),
                b'+' => matches!(byte, b'+' | b'-'),
                _ => byte == wanted,
            })
    };
    let number =
        |range: std::ops::Range<usize>| rest.get(range).and_then(|digits| digits.parse::<i16>().ok());
    let date = |year, month, day| {
        Date::new(number(year)?, number(month)?.try_into().ok()?, number(day)?.try_into().ok()?).ok()
    };
    if matches("00000000000000.000000+000") {
        Some((8, date(0..4, 4..6, 6..8)?, true))
    } else if matches("0000-00-00T00:00:00") {
        Some((10, date(0..4, 5..7, 8..10)?, false))
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_date_becomes_the_epoch_and_distances_stay() {
        let mut epoch = Epoch::default();
        assert_eq!(epoch.moved("20270315101112.000000+060"), Some((8, "20260101".to_owned())));
        assert_eq!(epoch.moved("2027-03-17T00:00:00Z"), Some((10, "2026-01-03".to_owned())));
        assert_eq!(epoch.moved("2019-03-17T00:00:00Z"), Some((10, "2018-01-03".to_owned())));
    }

    #[test]
    fn moving_twice_is_moving_once() {
        let mut epoch = Epoch::default();
        epoch.moved("2027-03-15T00:00:00Z");
        assert_eq!(epoch.moved("2026-01-01T00:00:00Z"), Some((10, "2026-01-01".to_owned())));
        assert_eq!(Epoch::default().moved("2026-01-01T00:00:00Z"), Some((10, "2026-01-01".to_owned())));
    }

    #[test]
    fn intervals_and_no_dates_stay() {
        let mut epoch = Epoch::default();
        for text in
            ["00000000000105.000000:000", "16010101000000.000000-000", "2027-13-45T00:00:00", "20270315"]
        {
            assert_eq!(epoch.moved(text), None, "{text}");
        }
    }
}
