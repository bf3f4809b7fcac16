//! When hours open or close next.

use super::Hours;
use super::opening::DAY;
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
            let moments = self.moments(date, zone);
            let change = moments
                .into_iter()
                .find(|moment| *moment > at && self.is_open(zone.to_datetime(*moment)) != open);
            if change.is_some() {
                return change;
            }
            date = date.tomorrow().ok()?;
        }
        None
    }

    /// The moments of a local day at which anything may change, in their order.
    fn moments(&self, date: Date, zone: &TimeZone) -> BTreeSet<Timestamp> {
        let minutes = self.open.iter().flat_map(super::Opening::edges).chain([0]);
        let mut moments: BTreeSet<Timestamp> = minutes
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
