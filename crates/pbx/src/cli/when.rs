//! Moments as operators write and read them.

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan, Zoned};

use super::failure::Failure;
use super::language::{Language, say};

/// Local date and time of microseconds UTC.
pub(super) fn local(micros: i64) -> String {
    match Timestamp::from_microsecond(micros) {
        Ok(time) => time.to_zoned(TimeZone::system()).strftime("%Y-%m-%d %H:%M:%S").to_string(),
        Err(_) => "-".into(),
    }
}

/// Local time of day of an RFC 3339 text; the text itself where it is none.
pub(super) fn local_time(rfc3339: &str) -> String {
    match rfc3339.parse::<Timestamp>() {
        Ok(time) => time.to_zoned(TimeZone::system()).strftime("%H:%M:%S").to_string(),
        Err(_) => rfc3339.to_owned(),
    }
}

/// Local date and time of an RFC 3339 text; the text itself where it is none.
pub(super) fn local_moment(rfc3339: &str) -> String {
    rfc3339.parse::<Timestamp>().map_or_else(|_| rfc3339.to_owned(), |time| local(time.as_microsecond()))
}

/// Seconds as `m:ss` or `h:mm:ss`.
pub(super) fn duration(secs: u64) -> String {
    let (hours, minutes, secs) = (secs / 3600, secs / 60 % 60, secs % 60);
    if hours > 0 { format!("{hours}:{minutes:02}:{secs:02}") } else { format!("{minutes}:{secs:02}") }
}

/// The moment of `--since`, in microseconds UTC: a date, a date with a time, or how long ago.
pub(super) fn since(text: &str, now: &Zoned, language: Language) -> Result<i64, Failure> {
    let ago = |unit: fn(i64) -> jiff::Span| {
        let count: i64 = text
            .get(..text.len().saturating_sub(1))?
            .parse()
            .ok()
            .filter(|count| (0..=100_000).contains(count))?;
        now.checked_sub(unit(count)).ok()
    };
    let moment = match text.as_bytes().last() {
        Some(b'm') => ago(|count| count.minutes()),
        Some(b'h') => ago(|count| count.hours()),
        Some(b'd') => ago(|count| count.days()),
        _ => None,
    };
    let moment = moment.map(|moment| moment.timestamp()).or_else(|| absolute(text, now.time_zone()));
    moment.map(Timestamp::as_microsecond).ok_or_else(|| {
        Failure::Input(say!(
            language,
            "`{text}` is no moment: write 2026-11-20, 2026-11-20T10:00, 90m, 24h or 7d",
            "`{text}` is geen moment: schrijf 2026-11-20, 2026-11-20T10:00, 90m, 24h of 7d"
        ))
    })
}

fn absolute(text: &str, zone: &TimeZone) -> Option<Timestamp> {
    if let Ok(moment) = text.parse::<Timestamp>() {
        return Some(moment);
    }
    let civil: DateTime = text.parse().ok()?;
    civil.to_zoned(zone.clone()).ok().map(|moment| moment.timestamp())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A Friday.
    fn now() -> Zoned {
        "2026-11-20T12:30:00[Europe/Amsterdam]".parse().unwrap()
    }

    #[test]
    fn since_takes_dates_and_spans() {
        let table = [
            ("2026-11-20", "2026-11-19T23:00:00Z"),
            ("90m", "2026-11-20T10:00:00Z"),
            ("24h", "2026-11-19T11:30:00Z"),
            ("7d", "2026-11-13T11:30:00Z"),
        ];
        for (text, expected) in table {
            let micros = since(text, &now(), Language::English).unwrap();
            assert_eq!(Timestamp::from_microsecond(micros).unwrap().to_string(), expected, "{text}");
        }
        for bad in ["", "d", "-3d", "999999999999d", "yesterday"] {
            assert!(since(bad, &now(), Language::English).is_err(), "{bad}");
        }
    }

    #[test]
    fn durations_read_as_on_a_phone() {
        assert_eq!([duration(5), duration(65), duration(3_725)], ["0:05", "1:05", "1:02:05"]);
    }
}
