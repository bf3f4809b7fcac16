//! Numbers, digits, spelled text, dates and times in words, for a `say` step: as the names of short recordings that are
//! played one after the other. Each language has the recordings that its grammar asks for.

mod calendar;
mod de;
mod en;
mod fr;
mod language;
mod nl;
mod number;
mod pt;
mod spelled;
#[cfg(test)]
mod tests;

use crate::hours;
use jiff::civil::{Date, DateTime};
pub use language::Language;
use number::Group;
use serde::{Deserialize, Serialize};
use std::fmt;

/// Something to be said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Saying {
    /// How the text is to be read.
    pub kind: SayKind,
    /// What is to be said; it may come from the caller. Of a date or a time it may be empty: then it is the present one.
    pub text: String,
}

/// How a text is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum SayKind {
    /// Digit by digit, as a telephone number: `+31201234567`.
    Digits,
    /// As one number: `1985`.
    Number,
    /// Letter by letter: `AB-12`.
    Spell,
    /// As a day: `2026-12-25`.
    Date,
    /// As a time of the day: `14:30`.
    Time,
}

/// Why a text cannot be said.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` cannot be said as {kind}: expected {}", .kind.expects())]
pub struct SayError {
    /// How it was to be said.
    pub kind: SayKind,
    /// The beginning of the text.
    pub text: String,
}

/// Recordings in the order in which they are played.
#[derive(Debug, Default)]
struct Words(Vec<String>);

/// Characters of a text that are said; the rest is left out.
const MOST_SPOKEN: usize = 32;
/// Characters of a text that are looked at.
const MOST_READ: usize = 256;
/// Characters that a complaint shows.
const MOST_SHOWN: usize = 40;
/// From here on a number is said digit by digit: a thousand millions have another name in each country.
const TOO_LARGE: u64 = 1_000_000_000;

impl SayKind {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Digits, Self::Number, Self::Spell, Self::Date, Self::Time];

    /// Its word in the language of the dialplan.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Digits => "digits",
            Self::Number => "number",
            Self::Spell => "spell",
            Self::Date => "date",
            Self::Time => "time",
        }
    }

    fn expects(self) -> &'static str {
        match self {
            Self::Digits => "digits, `+`, `*` or `#`",
            Self::Number => "a whole number",
            Self::Spell => "letters, digits or one of + - . _ * # @ /",
            Self::Date => "a date such as `2026-12-25`",
            Self::Time => "a time such as `14:30`",
        }
    }
}

impl Saying {
    /// The names of the recordings, in the order in which they are played: at least one, and all of them of
    /// [`Language::recordings`]. `now` is the local time.
    ///
    /// # Errors
    /// When the text is not what its kind asks for. Of digits and of spelled text 32 characters are said, and the rest is
    /// left out.
    pub fn prompts(&self, language: Language, now: DateTime) -> Result<Vec<String>, SayError> {
        let mut words = Words::default();
        let said = match self.kind {
            SayKind::Digits => spelled::digits(&self.text, &mut words),
            SayKind::Spell => spelled::letters(&self.text, language, &mut words),
            SayKind::Number => number::say(&self.text, language, &mut words),
            SayKind::Date => self.date(now).map(|date| language.date(date, &mut words)),
            SayKind::Time => {
                self.minute(now).map(|minute| language.time(minute / 60, minute % 60, &mut words))
            }
        };
        match said {
            Some(()) if !words.0.is_empty() => Ok(words.0),
            _ => Err(self.error()),
        }
    }

    fn date(&self, now: DateTime) -> Option<Date> {
        let text = self.text.trim();
        if text.is_empty() {
            return Some(now.date());
        }
        let is_plain = text.len() == 10 && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-');
        text.parse::<Date>().ok().filter(|date| is_plain && date.year() > 0)
    }

    fn minute(&self, now: DateTime) -> Option<u16> {
        let text = self.text.trim();
        if text.is_empty() {
            return u16::try_from(i32::from(now.hour()) * 60 + i32::from(now.minute())).ok();
        }
        hours::minute(text).filter(|minute| *minute < 24 * 60)
    }

    fn error(&self) -> SayError {
        SayError { kind: self.kind, text: self.text.chars().take(MOST_SHOWN).collect() }
    }
}

impl Words {
    /// A recording by its name in the folder of what is said.
    fn word(&mut self, name: &str) {
        self.0.push(format!("{FOLDER}/{name}"));
    }

    /// A number that has a recording of its own: below 100, or whole hundreds below 1000.
    fn small(&mut self, number: u16) {
        self.word(&number.to_string());
    }

    /// One of a series, such as `hour-14`.
    fn of(&mut self, series: &str, number: u16) {
        self.word(&format!("{series}-{number}"));
    }

    /// Below 1000, as whole hundreds and the rest.
    fn group(&mut self, group: Group) {
        if let Some(hundreds) = group.hundreds() {
            self.small(hundreds);
        }
        if let Some(rest) = group.rest() {
            self.small(rest);
        }
    }
}

impl fmt::Display for SayKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// The sub-folder of the recordings, in the folder of each language.
const FOLDER: &str = "say";
