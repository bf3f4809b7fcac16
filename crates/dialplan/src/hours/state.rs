//! Hours as they stand at a moment, for views and feature codes.

use super::HoursReason;
use crate::overrides::{Forced, Overrides};
use crate::plan::Plan;
use jiff::Timestamp;

/// Hours as they stand at a moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HoursState {
    /// Whether they count as open.
    pub open: bool,
    /// What they are set to by hand, if they are.
    pub forced: Option<Forced>,
    /// What the clock says, and why.
    pub by_the_clock: HoursReason,
    /// When the clock next says otherwise; `None` where it does not within 400 days.
    pub next_change: Option<Timestamp>,
}

impl Plan {
    /// The `[hours.NAME]` at a moment; `None` where there are none of that name.
    #[must_use]
    pub fn hours_at(&self, name: &str, at: Timestamp, overrides: &Overrides) -> Option<HoursState> {
        let hours = self.hours.get(name)?;
        let by_the_clock = hours.why(self.local(at));
        Some(HoursState {
            open: overrides.open(name, || by_the_clock.is_open()),
            forced: overrides.get(name),
            by_the_clock,
            next_change: hours.next_change(at, &self.timezone),
        })
    }

    /// The names of all `[hours.*]`, in alphabetical order.
    pub fn hours_names(&self) -> impl Iterator<Item = &str> {
        self.hours.keys().map(String::as_str)
    }
}
