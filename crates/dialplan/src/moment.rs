//! A moment as a person writes it for `explain --at` and in tests, read on the plan's own clock.

use crate::hours;
use crate::plan::Plan;
use jiff::civil::{Date, DateTime};
use jiff::{Timestamp, ToSpan, Zoned};

/// Why a text is no moment.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MomentError {
    /// None of the forms fits.
    #[error("`{0}` is no moment, expected \"2026-11-20T10:00\", \"za 10:00\" or \"10:00\"")]
    Form(String),
    /// It lies beyond the calendar.
    #[error("the calendar does not reach `{0}`")]
    Range(String),
}

impl Plan {
    /// Reads `2026-11-20T10:00` (local, or with an offset), `za 10:00` (today if it is such a day, else the next one)
    /// or `10:00` (today), where today is the local day of `now`.
    ///
    /// # Errors
    /// When the text has another form, or the moment is out of the calendar.
    pub fn moment(&self, text: &str, now: Timestamp) -> Result<Timestamp, MomentError> {
        let text = text.trim();
        if let Ok(moment) = text.parse() {
            return Ok(moment);
        }
        // A time with the name of its zone, which a local one would be read without.
        if text.contains('[') {
            let zoned =
                text.parse::<Zoned>().map_err(|_| MomentError::Form(text.chars().take(64).collect()))?;
            return Ok(zoned.timestamp());
        }
        let local = self.day_and_time(text, now).or_else(|| text.parse::<DateTime>().ok());
        let local = local.ok_or_else(|| MomentError::Form(text.chars().take(64).collect()))?;
        // A time that the clock skips or repeats is taken as most clocks take it.
        let zoned = self.timezone.to_ambiguous_zoned(local).compatible();
        zoned.map(|zoned| zoned.timestamp()).map_err(|_| MomentError::Range(text.to_string()))
    }

    fn day_and_time(&self, text: &str, now: Timestamp) -> Option<DateTime> {
        let today = self.local(now).date();
        let (date, time) = match text.split_once(' ') {
            Some((day, time)) => (next(today, hours::weekday(day)?)?, time.trim_start()),
            None => (today, text),
        };
        let minute = hours::minute(time)?;
        date.at(0, 0, 0, 0).checked_add(i32::from(minute).minutes()).ok()
    }
}

fn next(today: Date, weekday: u8) -> Option<Date> {
    let ahead = (i32::from(weekday) - i32::from(today.weekday().to_monday_zero_offset())).rem_euclid(7);
    today.checked_add(ahead.days()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::SourceFile;

    #[test]
    fn people_write_moments_in_several_ways() {
        let text = "version = 1\ntimezone = \"Europe/Amsterdam\"\n".to_string();
        let plan = Plan::load(&[SourceFile { path: "a.toml".into(), text }]).unwrap().plan;
        // A Friday, 23:30 in UTC: already Saturday in Amsterdam.
        let now = "2026-11-20T23:30Z".parse().unwrap();
        for (text, expected) in [
            ("2026-07-01T10:00", "2026-07-01T08:00:00Z"),
            ("2026-07-01T10:00Z", "2026-07-01T10:00:00Z"),
            ("2026-11-20T10:00[America/New_York]", "2026-11-20T15:00:00Z"),
            ("za 24:00", "2026-11-21T23:00:00Z"),
            ("2026-07-01 10:00:30+02", "2026-07-01T08:00:30Z"),
            ("za 10:00", "2026-11-21T09:00:00Z"),
            ("vrijdag 8:05", "2026-11-27T07:05:00Z"),
            ("12:00", "2026-11-21T11:00:00Z"),
            ("2026-03-29T02:30", "2026-03-29T01:30:00Z"),
        ] {
            assert_eq!(
                plan.moment(text, now).map(|moment| moment.to_string()).as_deref(),
                Ok(expected),
                "{text}"
            );
        }
        for text in ["", "za", "xx 10:00", "25:00", "10", "2026-11-20T10:00[Atlantis]", "2026-13-01T10:00"] {
            assert!(matches!(plan.moment(text, now), Err(MomentError::Form(_))), "{text}");
        }
    }
}
