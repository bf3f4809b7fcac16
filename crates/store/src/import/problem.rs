//! A problem in an import file, and its place there.

use std::fmt;
use std::ops::Range;

/// One thing wrong with an import file. Displays as `file:line:column: error: message`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImportProblem {
    /// The file as the caller named it.
    pub file: String,
    /// From 1.
    pub line: u32,
    /// In characters, from 1.
    pub column: u32,
    /// Whether the import is refused for it.
    pub severity: Severity,
    /// What is wrong and what to write instead, in one sentence.
    pub message: String,
}

/// How bad a problem is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Severity {
    /// The import is refused.
    Error,
    /// The import is taken; somebody should look.
    Warning,
}

impl ImportProblem {
    /// An error in a whole line.
    pub(crate) fn of_line(file: &str, line: u32, message: String) -> Self {
        Self { file: file.to_owned(), line, column: 1, severity: Severity::Error, message }
    }
}

impl fmt::Display for ImportProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let severity = match self.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        };
        write!(f, "{}:{}:{}: {severity}: {}", self.file, self.line, self.column, self.message)
    }
}

/// Line and column, each from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Position {
    pub(super) line: u32,
    pub(super) column: u32,
}

/// Finds the line of a byte offset without reading the text from its start each time.
pub(super) struct Lines<'a> {
    text: &'a str,
    starts: Vec<usize>,
}

impl<'a> Lines<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        let after_newline = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n').map(|(at, _)| at + 1);
        Self { text, starts: std::iter::once(0).chain(after_newline).collect() }
    }

    pub(super) fn position(&self, span: Option<Range<usize>>) -> Position {
        let offset = span.map_or(0, |span| span.start).min(self.text.len());
        let line = self.starts.partition_point(|start| *start <= offset);
        let start = line.checked_sub(1).and_then(|index| self.starts.get(index)).copied().unwrap_or(0);
        let before = self.text.get(start..offset).unwrap_or_default();
        let number = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        Position { line: number(line), column: number(before.chars().count() + 1) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_count_lines_and_characters_from_one() {
        let lines = Lines::new("a\néb\n\nc");
        let at = |offset| lines.position(Some(offset..offset));
        assert_eq!(at(0), Position { line: 1, column: 1 });
        assert_eq!(at(4), Position { line: 2, column: 2 });
        assert_eq!(at(6), Position { line: 3, column: 1 });
        assert_eq!(at(7), Position { line: 4, column: 1 });
        assert_eq!(at(99), Position { line: 4, column: 2 });
        assert_eq!(lines.position(None), Position { line: 1, column: 1 });
    }
}
