//! Digits, however they come and go: as events in RTP (RFC 4733), as tones in the sound, or in the body of an INFO.

use serde::{Deserialize, Serialize};

mod detector;
mod event;
mod info;
mod tone;

pub use detector::Detector;
pub use event::{EventPacket, EventReceiver, EventSender, Pressed};
pub use info::{info_body, read_info};
pub use tone::ToneGenerator;

/// A key: `0` to `9`, `*`, `#`, `A` to `D`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "char", into = "char")]
pub struct Digit(u8);

/// The keys in the order of their event codes (RFC 4733 section 3.2).
const KEYS: [char; 16] = ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', '*', '#', 'A', 'B', 'C', 'D'];
/// How long a digit is sent of which nothing is known, in milliseconds.
pub const USUAL_MS: u32 = 120;

impl TryFrom<char> for Digit {
    type Error = &'static str;

    fn try_from(key: char) -> Result<Self, &'static str> {
        Self::of_char(key).ok_or("no key")
    }
}

impl From<Digit> for char {
    fn from(digit: Digit) -> Self {
        digit.as_char()
    }
}

impl Digit {
    /// The key of an event code; None for those that are no key, such as a hook flash.
    pub fn of_event(event: u8) -> Option<Self> {
        (usize::from(event) < KEYS.len()).then_some(Self(event))
    }

    /// The key as written; letters without case.
    pub fn of_char(key: char) -> Option<Self> {
        let place = KEYS.iter().position(|known| known.eq_ignore_ascii_case(&key))?;
        u8::try_from(place).ok().map(Self)
    }

    /// Its event code.
    pub fn event(self) -> u8 {
        self.0
    }

    /// The key.
    pub fn as_char(self) -> char {
        KEYS.get(usize::from(self.0)).copied().unwrap_or('?')
    }

    /// Its row and column on the keypad of 16.
    fn place(self) -> (usize, usize) {
        LAYOUT
            .iter()
            .enumerate()
            .find_map(|(row, keys)| keys.iter().position(|key| *key == self.0).map(|column| (row, column)))
            .unwrap_or_default()
    }

    fn at(row: usize, column: usize) -> Option<Self> {
        LAYOUT.get(row)?.get(column).copied().map(Self)
    }
}

/// The keypad, by event code.
const LAYOUT: [[u8; 4]; 4] = [[1, 2, 3, 12], [4, 5, 6, 13], [7, 8, 9, 14], [10, 0, 11, 15]];
/// The tones of its rows and columns in Hz (ITU-T Q.23).
const ROWS: [f64; 4] = [697.0, 770.0, 852.0, 941.0];
const COLUMNS: [f64; 4] = [1209.0, 1336.0, 1477.0, 1633.0];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_has_its_place() {
        for (event, key) in (0_u8..).zip(KEYS) {
            let digit = Digit::of_char(key.to_ascii_lowercase()).unwrap();
            assert_eq!((digit.event(), digit.as_char(), Digit::of_event(event)), (event, key, Some(digit)));
            let (row, column) = digit.place();
            assert_eq!(Digit::at(row, column), Some(digit));
        }
        assert_eq!((Digit::of_char('E'), Digit::of_event(16)), (None, None));
    }
}
