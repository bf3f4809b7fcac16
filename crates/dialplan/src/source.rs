//! The text of one dialplan file and where in it a byte stands.

use crate::fault::Fault;
use crate::problem::{Excerpt, Problem, Severity};
use crate::step::StepPlace;
use crate::words;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

/// One dialplan file, read by the caller.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceFile {
    /// As shown in errors, for example `dialplans/kantoor.toml`. Files merge in the order of their paths.
    pub path: String,
    /// The whole text.
    pub text: String,
}

/// A file with its line starts known, so that an offset becomes a line and a column.
#[derive(Debug)]
pub(crate) struct Source {
    pub(crate) path: Arc<str>,
    pub(crate) text: String,
    line_starts: Vec<usize>,
}

/// Where something is defined.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) file: Arc<str>,
    pub(crate) line: u32,
}

impl Source {
    pub(crate) fn new(file: &SourceFile) -> Self {
        let starts = file.text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n').map(|(at, _)| at + 1);
        let line_starts = std::iter::once(0).chain(starts).collect();
        Self { path: Arc::from(file.path.as_str()), text: file.text.clone(), line_starts }
    }

    /// A file that is not read, to point at.
    pub(crate) fn without_text(path: &str) -> Self {
        Self { path: Arc::from(path), text: String::new(), line_starts: vec![0] }
    }

    pub(crate) fn place(&self, span: &Range<usize>) -> Place {
        let (line, _) = self.line_at(span.start);
        Place { file: Arc::clone(&self.path), line: narrow(line + 1) }
    }

    /// Where a step stands.
    pub(crate) fn step_place(&self, span: &Range<usize>) -> StepPlace {
        let (line, start) = self.line_at(span.start);
        let before = self.text.get(start..span.start).unwrap_or_default().chars().count();
        StepPlace { file: Arc::clone(&self.path), line: narrow(line + 1), column: narrow(before + 1) }
    }

    /// The word of a step that stands there; where it is written otherwise, what begins there.
    pub(crate) fn span_of(&self, place: &StepPlace, word: &str) -> Option<Range<usize>> {
        let line = usize::try_from(place.line).ok()?.checked_sub(1)?;
        let start = *self.line_starts.get(line)?;
        let before = usize::try_from(place.column).ok()?.checked_sub(1)?;
        let rest = self.text.get(start..)?;
        let offset = start + rest.char_indices().nth(before)?.0;
        let written = self.text.get(offset..)?;
        if let Some(at) = written.starts_with('{').then(|| written.find(word)).flatten() {
            return Some(offset + at..offset + at + word.len());
        }
        let width = written.find([',', ' ', '}', ']', '\n', '\r']).unwrap_or(written.len());
        Some(offset..offset + width)
    }

    /// A problem that points at `span`.
    pub(crate) fn problem(
        &self,
        span: &Range<usize>,
        severity: Severity,
        message: String,
        hint: Option<String>,
    ) -> Problem {
        let (line, start) = self.line_at(span.start);
        let rest = self.text.get(start..).unwrap_or_default();
        let whole = rest.split('\n').next().unwrap_or_default().trim_end_matches('\r');
        let before = whole.get(..span.start.saturating_sub(start)).unwrap_or(whole).chars().count();
        let wanted = self.text.get(span.clone()).unwrap_or_default();
        let width = wanted.split(['\n', '\r']).next().unwrap_or_default().chars().count();
        Problem {
            file: self.path.to_string(),
            line: narrow(line + 1),
            column: narrow(before + 1),
            severity,
            message: words::printable(message),
            hint: hint.map(words::printable),
            fault: None,
            near: None,
            excerpt: Some(excerpt(whole, before, width)),
        }
    }

    /// The same of a fault that has a text in more languages; `near` is the word that was probably meant.
    pub(crate) fn fault(
        &self,
        span: &Range<usize>,
        severity: Severity,
        fault: Fault,
        near: Option<&str>,
    ) -> Problem {
        let problem = self.problem(span, severity, fault.to_string(), near.map(words::meant));
        Problem { fault: Some(fault), near: near.map(|near| words::printable(near.to_owned())), ..problem }
    }

    /// The start of the first line of more than `limit` bytes.
    pub(crate) fn long_line(&self, limit: usize) -> Option<Range<usize>> {
        let ends = self.line_starts.iter().skip(1).copied().chain(std::iter::once(self.text.len()));
        let mut lines = self.line_starts.iter().copied().zip(ends);
        lines.find(|(start, end)| end - start > limit).map(|(start, _)| start..start)
    }

    /// The line number (from 0) and the offset where that line starts.
    fn line_at(&self, offset: usize) -> (usize, usize) {
        let line = self.line_starts.partition_point(|start| *start <= offset).saturating_sub(1);
        (line, self.line_starts.get(line).copied().unwrap_or(0))
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.file, self.line)
    }
}

/// A window of a line: a file may be one endless line, and every problem carries its own excerpt.
fn excerpt(line: &str, before: usize, width: usize) -> Excerpt {
    let skip = before.saturating_sub(WINDOW / 2);
    let clean = |c: char| if c.is_control() { ' ' } else { c };
    let text: String = line.chars().skip(skip).take(WINDOW).map(clean).collect();
    let before = before - skip;
    let room = text.chars().count().saturating_sub(before).max(1);
    Excerpt { text, before: narrow(before), width: narrow(width.clamp(1, room)) }
}

fn narrow(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

const WINDOW: usize = 160;

#[cfg(test)]
mod tests {
    use super::*;

    fn source(text: &str) -> Source {
        Source::new(&SourceFile { path: "a.toml".into(), text: text.into() })
    }

    #[test]
    fn columns_count_characters_not_bytes() {
        let source = source("één = 1\r\ntwee = 2\n");
        let at = source.text.find("= 2").unwrap();
        let problem = source.problem(&(at..at + 1), Severity::Error, String::new(), None);
        assert_eq!((problem.line, problem.column), (2, 6));
        let at = source.text.find("= 1").unwrap();
        let problem = source.problem(&(at..at + 1), Severity::Error, String::new(), None);
        assert_eq!((problem.line, problem.column), (1, 5));
        assert_eq!(problem.excerpt.unwrap().text, "één = 1");
    }

    #[test]
    fn an_offset_past_the_end_is_the_last_line() {
        let problem = source("a\nb").problem(&(99..100), Severity::Error, String::new(), None);
        assert_eq!((problem.line, problem.column), (2, 2));
    }

    #[test]
    fn a_long_line_is_cut_around_the_fault() {
        let text = format!("{}!{}", "a".repeat(5_000), "b".repeat(5_000));
        let excerpt =
            source(&text).problem(&(5_000..5_001), Severity::Error, String::new(), None).excerpt.unwrap();
        assert_eq!(excerpt.text.chars().count(), WINDOW);
        assert_eq!(excerpt.text.chars().nth(excerpt.before as usize), Some('!'));
    }
}
