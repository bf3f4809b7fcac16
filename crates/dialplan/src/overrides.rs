//! Day and night by hand: hours that somebody set open or closed, whatever the clock says, until they are set back.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

/// The hours of an organisation that are set by hand. Few, if any: share it by `Arc` and replace it whole. Serialises
/// as a map, `{"kantoor": "closed"}`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Overrides {
    hours: BTreeMap<String, Forced>,
}

/// What hours are set to by hand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Forced {
    /// Open, even when the clock says closed.
    Open,
    /// Closed, even when the clock says open.
    Closed,
}

/// What `override = "kantoor", to = "..."` does with hours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OverrideTo {
    /// Open until set otherwise.
    Open,
    /// Closed until set otherwise.
    Closed,
    /// By the clock again.
    Auto,
    /// The opposite of what holds now, until set otherwise.
    Toggle,
}

/// A word that is none of `open`, `closed`, `auto` and `toggle`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected `open`, `closed`, `auto` or `toggle`")]
pub struct UnknownOverride;

impl Overrides {
    /// The clock decides everything.
    pub const NONE: Self = Self { hours: BTreeMap::new() };

    /// What these hours are set to; nothing where the clock decides.
    #[must_use]
    pub fn get(&self, hours: &str) -> Option<Forced> {
        self.hours.get(hours).copied()
    }

    /// Sets hours by hand, or with `None` leaves them to the clock again.
    pub fn set(&mut self, hours: &str, forced: Option<Forced>) {
        match forced {
            Some(forced) => drop(self.hours.insert(hours.to_string(), forced)),
            None => drop(self.hours.remove(hours)),
        }
    }

    /// Whether the hours count as open: as they are set, else as the clock says.
    #[must_use]
    pub fn open(&self, hours: &str, by_the_clock: impl FnOnce() -> bool) -> bool {
        self.get(hours).map_or_else(by_the_clock, |forced| forced == Forced::Open)
    }

    /// All hours set by hand, by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, Forced)> {
        self.hours.iter().map(|(name, forced)| (name.as_str(), *forced))
    }

    /// Whether the clock decides everywhere.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.hours.is_empty()
    }
}

impl OverrideTo {
    /// The words of the language, for messages.
    pub const WORDS: [&'static str; 4] = ["open", "closed", "auto", "toggle"];

    /// Carries it out for the hours of that name and tells whether they are open now. What is set stays set, also
    /// where it equals what the clock says, until [`Auto`](Self::Auto).
    pub fn apply(self, overrides: &mut Overrides, hours: &str, open_by_the_clock: bool) -> bool {
        let forced = match self {
            Self::Open => Some(Forced::Open),
            Self::Closed => Some(Forced::Closed),
            Self::Auto => None,
            Self::Toggle if overrides.open(hours, || open_by_the_clock) => Some(Forced::Closed),
            Self::Toggle => Some(Forced::Open),
        };
        overrides.set(hours, forced);
        overrides.open(hours, || open_by_the_clock)
    }
}

impl FromStr for OverrideTo {
    type Err = UnknownOverride;

    fn from_str(word: &str) -> Result<Self, UnknownOverride> {
        match word {
            "open" => Ok(Self::Open),
            "closed" => Ok(Self::Closed),
            "auto" => Ok(Self::Auto),
            "toggle" => Ok(Self::Toggle),
            _ => Err(UnknownOverride),
        }
    }
}

impl fmt::Display for OverrideTo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Open => "open",
            Self::Closed => "closed",
            Self::Auto => "auto",
            Self::Toggle => "toggle",
        })
    }
}

impl fmt::Display for Forced {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Open => "open",
            Self::Closed => "closed",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_toggle_is_the_opposite_of_what_holds() {
        let mut overrides = Overrides::default();
        assert!(!OverrideTo::Toggle.apply(&mut overrides, "kantoor", true));
        assert_eq!(overrides.get("kantoor"), Some(Forced::Closed));
        // In the evening the clock says closed as well: what was set stays, and a toggle opens.
        assert!(OverrideTo::Toggle.apply(&mut overrides, "kantoor", false));
        assert_eq!(overrides.get("kantoor"), Some(Forced::Open));
        // In the morning the clock agrees; still a toggle closes.
        assert!(!OverrideTo::Toggle.apply(&mut overrides, "kantoor", true));
        assert_eq!(overrides.get("magazijn"), None);
    }

    #[test]
    fn what_is_set_stays_until_auto() {
        let mut overrides = Overrides::default();
        assert!(OverrideTo::Open.apply(&mut overrides, "kantoor", true));
        assert!(overrides.open("kantoor", || false), "the clock has moved on");
        assert!(!OverrideTo::Closed.apply(&mut overrides, "kantoor", true));
        assert!(!OverrideTo::Closed.apply(&mut overrides, "kantoor", true), "twice is once");
        assert!(OverrideTo::Auto.apply(&mut overrides, "kantoor", true));
        assert!(overrides.is_empty());
        assert!(!OverrideTo::Auto.apply(&mut overrides, "kantoor", false));
        assert!(!overrides.open("kantoor", || false));
    }

    #[test]
    fn words_are_read_as_they_are_written() {
        for word in OverrideTo::WORDS {
            assert_eq!(word.parse::<OverrideTo>().map(|to| to.to_string()).as_deref(), Ok(word));
        }
        assert_eq!("Open".parse::<OverrideTo>(), Err(UnknownOverride));
    }
}
