//! The variables of a file, each with the line that it begins in.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Read};
use std::path::Path;

use crate::cli::failure::Failure;
use crate::cli::language::{Language, say};

/// What a file says of a variable.
pub(super) struct Said {
    pub(super) value: String,
    /// From 1.
    pub(super) line: usize,
}

/// What a file says, by variable.
pub(super) type Variables = BTreeMap<String, Said>;

/// The variables of a file that have a value; of two of one name the later counts, as it does for a shell. What does not parse is told
/// by its line, without its text: that may be a secret.
pub(super) fn read(file: &Path, language: Language) -> Result<Variables, Failure> {
    let shown = file.display();
    let unreadable = |reason: String| {
        Failure::Input(say!(
            language,
            "{shown}: the file cannot be read ({reason})",
            "{shown}: het bestand kan niet worden gelezen ({reason})"
        ))
    };
    let bytes = fs::read(file).map_err(|error| unreadable(error.to_string()))?;
    let text = String::from_utf8(bytes)
        .map_err(|_| unreadable(language.pick("it is not UTF-8", "het is geen UTF-8").into()))?;
    let line = Cell::new(0);
    let lines = Lines { rest: text.trim_start_matches('\u{feff}').as_bytes(), line: &line, is_begun: false };
    let (mut variables, mut wrong) = (Variables::new(), Vec::new());
    for variable in dotenvy::from_read_iter(lines) {
        match variable {
            Ok((name, value)) => {
                // A value of several lines begins above the last one.
                let line = line.get().saturating_sub(value.matches('\n').count());
                let value = value.trim();
                if !value.is_empty() {
                    variables.insert(name, Said { value: value.to_owned(), line });
                }
            }
            Err(error) => {
                let below = match &error {
                    dotenvy::Error::LineParse(text, _) => text.trim_end_matches('\n').matches('\n').count(),
                    _ => 0,
                };
                let line = line.get().saturating_sub(below);
                wrong.push(say!(
                    language,
                    "{shown}:{line}: not written as NAME=VALUE, with quotes around a value with spaces",
                    "{shown}:{line}: niet geschreven als NAAM=WAARDE, met aanhalingstekens om een waarde met spaties"
                ));
            }
        }
    }
    if wrong.is_empty() { Ok(variables) } else { Err(Failure::Input(wrong.join("\n"))) }
}

/// Gives a text away line by line, and counts them: the reader of variables does not say where it is.
struct Lines<'a> {
    rest: &'a [u8],
    line: &'a Cell<usize>,
    /// Whether a part of this line was given already.
    is_begun: bool,
}

impl Read for Lines<'_> {
    fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
        let whole = self.rest.iter().position(|byte| *byte == b'\n').map_or(self.rest.len(), |end| end + 1);
        let count = whole.min(room.len());
        let (now, rest) = self.rest.split_at(count);
        if count > 0 && !self.is_begun {
            self.line.set(self.line.get() + 1);
        }
        self.is_begun = count < whole;
        self.rest = rest;
        room.iter_mut().zip(now).for_each(|(to, from)| *to = *from);
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Result<Vec<(String, String, usize)>, String> {
        let file = tempfile::NamedTempFile::new().unwrap();
        fs::write(file.path(), text).unwrap();
        let beginning = format!("{}:", file.path().display());
        match read(file.path(), Language::English) {
            Ok(variables) => {
                Ok(variables.into_iter().map(|(name, said)| (name, said.value, said.line)).collect())
            }
            Err(failure) => Err(failure.text(Language::English).replace(&beginning, "")),
        }
    }

    #[test]
    fn a_variable_has_the_line_that_it_begins_in() {
        let long = "x".repeat(20_000);
        let text = format!(
            "\u{feff}# comment\r\nexport A=1\r\n\r\nB = 'two words'\nC=\"three\nlines\nhere\"\nD=a#b # comment\nE=\nA=last\nF={long}\nG=end"
        );
        let read = of(&text).unwrap();
        let shown: Vec<_> = read.iter().map(|(name, value, line)| (&**name, value.len(), *line)).collect();
        assert_eq!(
            shown,
            [("A", 4, 10), ("B", 9, 4), ("C", 16, 5), ("D", 3, 8), ("F", 20_000, 11), ("G", 3, 12)]
        );
        assert_eq!((&*read[0].1, &*read[3].1), ("last", "a#b"));
    }

    #[test]
    fn every_line_that_cannot_be_read_is_told_without_its_text() {
        let fault = "not written as NAME=VALUE, with quotes around a value with spaces";
        assert_eq!(
            of("A=1\n\nno variable geheim\n# comment\nB=two words\nC=3\nD=\"geheim\nsecret\n").unwrap_err(),
            format!("3: {fault}\n5: {fault}\n7: {fault}")
        );
    }
}
