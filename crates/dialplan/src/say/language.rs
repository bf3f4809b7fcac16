//! The languages that are spoken, and the recordings that each of them has.

use super::calendar::{DAYS, MONTHS};
use super::spelled::{DIAL_SIGNS, GERMAN_LETTERS, SIGNS};
use super::{SayKind, Words, de, en, fr, nl, pt};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use std::fmt;

/// A language of prompts and of what `say` says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
pub enum Language {
    /// `nl`.
    #[default]
    Dutch,
    /// `en`, as in Britain.
    English,
    /// `de`.
    German,
    /// `fr`, as in France.
    French,
    /// `pt`, as in Portugal.
    Portuguese,
}

impl Language {
    /// All of them, Dutch first.
    pub const ALL: [Self; 5] = [Self::Dutch, Self::English, Self::German, Self::French, Self::Portuguese];

    /// The language of a code such as `nl`.
    #[must_use]
    pub fn of_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|language| language.code() == code)
    }

    /// Its code, and the name of its folder of prompts.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Dutch => "nl",
            Self::English => "en",
            Self::German => "de",
            Self::French => "fr",
            Self::Portuguese => "pt",
        }
    }

    /// The names of all recordings that a saying of this kind may play, each once.
    #[must_use]
    pub fn recordings(self, kind: SayKind) -> Vec<String> {
        let mut words = Words::default();
        match kind {
            SayKind::Digits => {
                (0..10).for_each(|number| words.small(number));
                DIAL_SIGNS.into_iter().for_each(|name| words.word(name));
            }
            SayKind::Spell => {
                (0..10).for_each(|number| words.small(number));
                let german = if self == Self::German { &GERMAN_LETTERS[..] } else { &[] };
                let signs = DIAL_SIGNS.iter().chain(&SIGNS).chain(german);
                ('a'..='z').for_each(|letter| words.word(letter.encode_utf8(&mut [0; 4])));
                signs.for_each(|name| words.word(name));
            }
            SayKind::Number => {
                self.numbers(&mut words);
                words.word("minus");
            }
            SayKind::Date => {
                self.numbers(&mut words);
                self.extra(self.dates(), &mut words);
                DAYS.into_iter().chain(MONTHS).for_each(|name| words.word(name));
            }
            SayKind::Time => {
                (0..60).for_each(|number| words.small(number));
                self.extra(self.times(), &mut words);
            }
        }
        words.0.sort_unstable();
        words.0.dedup();
        words.0
    }

    /// The name under which a prompt is played in this language: that of its own folder, else the plain one; None where neither is there.
    pub fn prompt(self, name: &str, is_there: impl Fn(&str) -> bool) -> Option<String> {
        [format!("{self}/{name}"), name.to_string()].into_iter().find(|name| is_there(name))
    }

    /// Whether all is there that a saying of this kind, by its word, may need.
    pub fn can_say(self, kind: &str, is_there: impl Fn(&str) -> bool) -> bool {
        let kind = SayKind::ALL.into_iter().find(|known| known.word() == kind);
        let mut needed = kind.map(|kind| self.recordings(kind)).unwrap_or_default().into_iter();
        needed.all(|name| self.prompt(&name, &is_there).is_some())
    }

    fn numbers(self, words: &mut Words) {
        (0..100).chain((100..1000).step_by(100)).for_each(|number| words.small(number));
        let names = match self {
            Self::Dutch => nl::NUMBERS,
            Self::English => en::NUMBERS,
            Self::German => de::NUMBERS,
            Self::French => fr::NUMBERS,
            Self::Portuguese => pt::NUMBERS,
        };
        names.iter().for_each(|name| words.word(name));
    }

    fn dates(self) -> &'static [Extra] {
        match self {
            Self::Dutch => &[],
            Self::English => en::DATES,
            Self::German => de::DATES,
            Self::French => fr::DATES,
            Self::Portuguese => pt::DATES,
        }
    }

    fn times(self) -> &'static [Extra] {
        match self {
            Self::Dutch => nl::TIMES,
            Self::English => en::TIMES,
            Self::German => de::TIMES,
            Self::French => fr::TIMES,
            Self::Portuguese => pt::TIMES,
        }
    }

    fn extra(self, list: &[Extra], words: &mut Words) {
        for extra in list {
            match *extra {
                Extra::Word(name) => words.word(name),
                Extra::Series(name, first, last) => (first..=last).for_each(|number| words.of(name, number)),
            }
        }
    }

    /// A number from 1 to below a thousand millions.
    pub(super) fn number(self, number: u64, words: &mut Words) {
        match self {
            Self::Dutch => nl::number(number, words),
            Self::English => en::number(number, words),
            Self::German => de::number(number, words),
            Self::French => fr::number(number, words),
            Self::Portuguese => pt::number(number, words),
        }
    }

    pub(super) fn date(self, date: Date, words: &mut Words) {
        match self {
            Self::Dutch => nl::date(date, words),
            Self::English => en::date(date, words),
            Self::German => de::date(date, words),
            Self::French => fr::date(date, words),
            Self::Portuguese => pt::date(date, words),
        }
    }

    pub(super) fn time(self, hour: u16, minute: u16, words: &mut Words) {
        match self {
            Self::Dutch => nl::time(hour, minute, words),
            Self::English => en::time(hour, minute, words),
            Self::German => de::time(hour, minute, words),
            Self::French => fr::time(hour, minute, words),
            Self::Portuguese => pt::time(hour, minute, words),
        }
    }
}

impl fmt::Display for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

/// Recordings that only some language has.
#[derive(Debug, Clone, Copy)]
pub(super) enum Extra {
    Word(&'static str),
    /// From the first to the last number, such as `hour-0` to `hour-23`.
    Series(&'static str, u16, u16),
}

/// The name of a recording without its folder; None for a prompt that is none.
#[cfg(test)]
pub(super) fn plain(name: &str) -> Option<&str> {
    name.strip_prefix(super::FOLDER)?.strip_prefix('/')
}
