//! What the extensions of a story may call, and what it costs.

use kiestoon_call::{Event, Input, Profile, Rate};

use super::Story;

impl Story {
    /// Changes what an extension may call.
    #[must_use]
    pub fn profile(mut self, number: &str, change: impl FnOnce(&mut Profile)) -> Self {
        change(self.directory.profiles.entry(number.to_owned()).or_default());
        self
    }

    /// Changes what holds for the organisation.
    #[must_use]
    pub fn office_profile(mut self, change: impl FnOnce(&mut Profile)) -> Self {
        change(&mut self.directory.profile);
        self
    }

    /// Numbers that begin so cost this over a trunk.
    #[must_use]
    pub fn rate(mut self, trunk: &str, prefix: &str, rate: Rate) -> Self {
        self.directory.rates.push((trunk.to_owned(), prefix.to_owned(), rate));
        self
    }

    /// Numbers that begin so cost this over a trunk from now on, in a new snapshot.
    pub fn change_rate(&mut self, trunk: &str, prefix: &str, rate: Rate) {
        self.directory.rates.retain(|(of, begin, _)| of != trunk || begin != prefix);
        self.directory.rates.push((trunk.to_owned(), prefix.to_owned(), rate));
        self.swap();
    }

    /// Changes what an extension may call, in a new snapshot.
    pub fn change_profile(&mut self, number: &str, change: impl FnOnce(&mut Profile)) {
        change(self.directory.profiles.entry(number.to_owned()).or_default());
        self.swap();
    }

    /// An operator puts an extension on hold, or takes it off it; without a number, the organisation.
    pub fn set_hold(&mut self, number: Option<&str>, held: bool) {
        let (organisation, by) = ("kantoor".into(), "beheer".into());
        self.tell_pbx(Input::SetHold { organisation, number: number.map(Into::into), held, by });
    }

    /// Every call out that was refused: who would have been charged, the number, its class, and why.
    pub fn refused_out(&self) -> Vec<[&str; 4]> {
        let refused = self.the_pbx().events.iter().filter_map(|event| match event {
            Event::CallOutRefused { charged, number, class, why, .. } => {
                Some([charged.number().unwrap_or("organisation"), number, class.as_str(), why.as_str()])
            }
            _ => None,
        });
        refused.collect()
    }

    /// Everybody who was put on hold, and why.
    pub fn put_on_hold(&self) -> Vec<[&str; 2]> {
        let held = self.the_pbx().events.iter().filter_map(|event| match event {
            Event::FraudHeld { charged, reason, .. } => {
                Some([charged.number().unwrap_or("organisation"), reason.as_str()])
            }
            _ => None,
        });
        held.collect()
    }
}
