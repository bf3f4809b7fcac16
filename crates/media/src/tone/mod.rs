//! The tones that a network says its mind with: dial, ring-back, busy, congestion, special information and call waiting,
//! as each country has them (ITU-T E.180 supplement 2).

mod countries;
mod fax;
mod purity;
mod render;
mod test_tone;

pub use countries::COUNTRIES;
pub use fax::{FaxEar, FaxTone};
pub use test_tone::{TestEar, TestTone};

use crate::prompt::Prompt;

/// What a tone says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Tone {
    /// Go on and dial.
    Dial,
    /// It rings there.
    Ringback,
    /// The other one is talking.
    Busy,
    /// There is no way through.
    Congestion,
    /// Something is wrong with the number; listen.
    Information,
    /// Another call is coming in.
    CallWaiting,
}

impl Tone {
    /// All of them.
    pub const ALL: [Self; 6] =
        [Self::Dial, Self::Ringback, Self::Busy, Self::Congestion, Self::Information, Self::CallWaiting];

    /// Its name as a prompt, behind `tone:`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Dial => "dial",
            Self::Ringback => "ringback",
            Self::Busy => "busy",
            Self::Congestion => "congestion",
            Self::Information => "information",
            Self::CallWaiting => "waiting",
        }
    }
}

/// A part of a tone's cadence: up to two frequencies in Hz at once (0: none), and how long in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Part {
    /// The frequencies; 0 is silence.
    pub hertz: (u16, u16),
    /// Milliseconds.
    pub ms: u16,
}

/// The tones of one country.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Country {
    /// Its code in ISO 3166, or `eu` for what ETSI recommends.
    pub code: &'static str,
    pub(crate) dial: &'static [Part],
    pub(crate) ringback: &'static [Part],
    pub(crate) busy: &'static [Part],
    pub(crate) congestion: &'static [Part],
    pub(crate) information: &'static [Part],
    pub(crate) waiting: &'static [Part],
}

impl Country {
    /// The country of a code, whatever its case.
    pub fn find(code: &str) -> Option<&'static Self> {
        COUNTRIES.iter().find(|country| country.code.eq_ignore_ascii_case(code))
    }

    /// One turn of a tone.
    pub fn cadence(&self, tone: Tone) -> &'static [Part] {
        match tone {
            Tone::Dial => self.dial,
            Tone::Ringback => self.ringback,
            Tone::Busy => self.busy,
            Tone::Congestion => self.congestion,
            Tone::Information => self.information,
            Tone::CallWaiting => self.waiting,
        }
    }

    /// The tones as prompts of one turn each, with their names.
    pub(crate) fn prompts(&self) -> impl Iterator<Item = (&'static str, Prompt)> {
        Tone::ALL.into_iter().map(|tone| (tone.name(), render::prompt(self.cadence(tone))))
    }
}
