//! When hours open or close next.

use super::Hours;
use super::opening::{DAY, Opening};
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use std::collections::BTreeSet;

impl Hours {
    /// The first moment after `at` at which they are no longer what they are at `at`; `None` where none comes in the
    /// next 400 days. On days when the clock is put forward or back, that itself may open or close them.
    pub(crate) fn next_change(&self, at: Timestamp, zone: &TimeZone) -> Option<Timestamp> {
        let open = self.is_open(zone.to_datetime(at));
        let mut date = zone.to_datetime(at).date();
        for _ in 0..=SEARCHED {
            let day = self.day(date);
            let change = day
                .moments(date, zone)
                .into_iter()
                .find(|moment| *moment > at && day.is_open(zone.to_datetime(*moment)) != open);
            if change.is_some() {
                return change;
            }
            date = date.tomorrow().ok()?;
        }
        None
    }

    /// What counts on a day: closed days are asked once, and openings of other days are left out.
    fn day(&self, date: Date) -> Day<'_> {
        let counts = |date: Date| {
            let mut is_free = None;
            move |opening: &&Opening| {
                opening.starts_on(date)
                    && (opening.is_dated()
                        || *is_free.get_or_insert_with(|| {
                            self.closed_on(date).is_none() && self.dated_on(date).is_none()
                        }))
            }
        };
        let yesterday = date.yesterday().ok();
        let since_yesterday = yesterday.map(|date| {
            let nights = self.open.iter().filter(|opening| opening.reaches(0));
            nights.filter(counts(date)).collect()
        });
        Day {
            since_today: self.open.iter().filter(counts(date)).collect(),
            since_yesterday: since_yesterday.unwrap_or_default(),
        }
    }
}

/// The openings that count on a day.
struct Day<'a> {
    since_today: Vec<&'a Opening>,
    since_yesterday: Vec<&'a Opening>,
}

impl Day<'_> {
    fn is_open(&self, local: DateTime) -> bool {
        let minute = u16::try_from(i32::from(local.hour()) * 60 + i32::from(local.minute())).unwrap_or(0);
        self.since_today.iter().any(|opening| opening.has(minute))
            || self.since_yesterday.iter().any(|opening| opening.reaches(minute))
    }

    /// The moments of a local day at which anything may change, in their order.
    fn moments(&self, date: Date, zone: &TimeZone) -> BTreeSet<Timestamp> {
        let openings = self.since_today.iter().chain(&self.since_yesterday);
        let minutes: BTreeSet<u16> = openings.flat_map(|opening| opening.edges()).chain([0]).collect();
        let mut moments: BTreeSet<Timestamp> = minutes
            .into_iter()
            .filter(|minute| *minute < DAY)
            .filter_map(|minute| date.at(0, 0, 0, 0).checked_add(i64::from(minute).minutes()).ok())
            .flat_map(|local| both(local, zone))
            .collect();
        let Some(first) = moments.first().copied() else { return moments };
        let last = first.checked_add(LONGEST_DAY.hours()).unwrap_or(Timestamp::MAX);
        let just_before = first.checked_sub(1.nanosecond()).unwrap_or(Timestamp::MIN);
        let clock_changes = zone.following(just_before).map(|transition| transition.timestamp());
        moments.extend(clock_changes.take_while(|moment| *moment <= last));
        moments.retain(|moment| zone.to_datetime(*moment).date() == date);
        moments
    }
}

/// The one moment at which the clock shows this, the two where it repeats it, or two beside where it skips it.
fn both(local: DateTime, zone: &TimeZone) -> impl Iterator<Item = Timestamp> {
    let ambiguous = zone.to_ambiguous_timestamp(local);
    [ambiguous.earlier().ok(), ambiguous.later().ok()].into_iter().flatten()
}

/// Days.
const SEARCHED: u16 = 400;
/// Hours of a day on which the clock is put back, and more.
const LONGEST_DAY: i32 = 27;
