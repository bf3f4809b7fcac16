//! Reading one file's tree: typed access to its values, and the collection of everything found wrong on the way.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use crate::fault::{Fault, Wanted};
use crate::hours::Hours;
use crate::live::NotLive;
use crate::plan::ReferenceKind;
use crate::problem::{self, Problem, Severity};
use crate::source::Source;
use crate::template::{FACTS, Template, VERIFIED};
use crate::tree::{Kind, Node, Table};
use crate::words;

/// One file being read.
pub(crate) struct Reader<'a> {
    pub(crate) source: &'a Source,
    pub(crate) notes: &'a mut Notes,
}

/// What reading finds besides the rules themselves.
#[derive(Default)]
pub(crate) struct Notes {
    problems: Vec<Problem>,
    errors: usize,
    warnings: usize,
    pub(crate) prompts: BTreeSet<String>,
    /// What the plan expects to exist elsewhere, with the warning for when it does not: one for each place, up to a bound.
    pub(crate) references: BTreeMap<(ReferenceKind, String), Vec<Problem>>,
    /// The keys of each `[ivr.*]`, and where they lead.
    pub(crate) ivrs: BTreeMap<String, Vec<(String, String)>>,
    /// What live calls cannot do yet, with the warning at its first place.
    pub(crate) not_live: BTreeMap<NotLive, Problem>,
    /// The files with secrets, with an empty warning for when one cannot be used.
    pub(crate) secret_files: BTreeMap<String, Problem>,
    /// Whether callers are asked for a secret.
    pub(crate) asks_secrets: bool,
    patterns: usize,
    regexes: usize,
    /// The variables that texts may name; with their text where they never change.
    pub(crate) variables: BTreeMap<String, Option<String>>,
    /// Whether a file could not be read, which may set others.
    pub(crate) is_incomplete: bool,
    /// Warnings for weights of members whose group is not weighted.
    pub(crate) weights: Vec<Problem>,
    /// Whether a strategy is `weighted` anywhere.
    pub(crate) is_weighted: bool,
    /// The names that something refers to.
    pub(crate) used: BTreeSet<(Named, String)>,
    /// Hours that conditions name, and the ranges written out in them.
    pub(crate) spans: HashMap<Box<str>, Arc<Hours>>,
}

/// A kind of thing that has a name in a plan, and is there to be named.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Named {
    Group,
    Set,
    Closure,
    Context,
}

impl Notes {
    pub(crate) fn has_errors(&self) -> bool {
        self.errors > 0
    }

    /// How many errors there are up to now.
    pub(crate) fn errors(&self) -> usize {
        self.errors
    }

    /// As a reader of the files would meet them, and whether there are more.
    pub(crate) fn take_problems(&mut self) -> Vec<Problem> {
        let mut problems = std::mem::take(&mut self.problems);
        problem::sort(&mut problems);
        let all = [(Severity::Error, self.errors, "errors"), (Severity::Warning, self.warnings, "warnings")];
        for (severity, count, what) in all {
            let last = problems.iter().rev().find(|problem| problem.severity == severity);
            if let Some(last) = last.filter(|_| count > MOST_PROBLEMS) {
                let message = format!("there are more than {MOST_PROBLEMS} {what}: only these are shown");
                problems.push(Problem {
                    message,
                    hint: None,
                    fault: None,
                    near: None,
                    excerpt: None,
                    ..last.clone()
                });
            }
        }
        problems
    }

    /// A warning for weights that nothing asks for.
    pub(crate) fn unweighted(&mut self) {
        if !self.is_weighted {
            std::mem::take(&mut self.weights).into_iter().for_each(|problem| self.add(problem));
        }
    }

    /// Adds a problem. A hopeless file would otherwise give one for each of its bytes.
    pub(crate) fn add(&mut self, problem: Problem) {
        let count = if problem.is_error() { &mut self.errors } else { &mut self.warnings };
        *count += 1;
        if *count <= MOST_PROBLEMS {
            self.problems.push(problem);
        }
    }
}

impl Reader<'_> {
    pub(crate) fn error(&mut self, span: &Range<usize>, message: impl Into<String>) {
        self.error_hint(span, message, None);
    }

    pub(crate) fn error_hint(
        &mut self,
        span: &Range<usize>,
        message: impl Into<String>,
        hint: Option<String>,
    ) {
        if self.notes.errors >= MOST_PROBLEMS {
            self.notes.errors += 1;
            return;
        }
        let problem = self.source.problem(span, Severity::Error, message.into(), hint);
        self.notes.add(problem);
    }

    /// An error that has a text in more languages; `near` is the word that was probably meant.
    pub(crate) fn fault(&mut self, span: &Range<usize>, fault: Fault, near: Option<&str>) {
        if self.notes.errors >= MOST_PROBLEMS {
            self.notes.errors += 1;
            return;
        }
        let problem = self.source.fault(span, Severity::Error, fault, near);
        self.notes.add(problem);
    }

    pub(crate) fn warn(&mut self, span: &Range<usize>, message: impl Into<String>, hint: Option<String>) {
        if self.notes.warnings >= MOST_PROBLEMS {
            self.notes.warnings += 1;
            return;
        }
        let problem = self.source.problem(span, Severity::Warning, message.into(), hint);
        self.notes.add(problem);
    }

    /// The nearest of the names a plan defines, of which there may be very many.
    pub(crate) fn near<'n>(&self, word: &str, known: impl Iterator<Item = &'n String>) -> Option<&'n str> {
        self.has_room().then(|| words::nearest(word, known.take(1_000).map(String::as_str))).flatten()
    }

    /// The hint that names it.
    pub(crate) fn hint<'n>(&self, word: &str, known: impl Iterator<Item = &'n String>) -> Option<String> {
        self.near(word, known).map(words::meant)
    }

    /// Whether another error would be told.
    pub(crate) fn has_room(&self) -> bool {
        self.notes.errors < MOST_PROBLEMS
    }

    /// Notes that something refers to this name.
    pub(crate) fn uses(&mut self, kind: Named, name: &str) {
        self.notes.used.insert((kind, name.to_string()));
    }

    /// Notes something that live calls cannot do yet; true for the first of its kind.
    pub(crate) fn not_live(&mut self, what: NotLive, span: &Range<usize>) -> bool {
        let is_first = !self.notes.not_live.contains_key(&what);
        if is_first {
            let problem = self.source.problem(span, Severity::Warning, what.to_string(), None);
            self.notes.not_live.insert(what, problem);
        }
        is_first
    }

    /// Notes that the plan relies on something that lives elsewhere.
    pub(crate) fn refer(&mut self, kind: ReferenceKind, name: &str, span: &Range<usize>) {
        let shown = match kind {
            ReferenceKind::Saying => name.to_owned(),
            _ => words::quote(name),
        };
        let fault = Fault::Missing { kind, name: shown };
        let places = self.notes.references.entry((kind, name.to_string())).or_default();
        if places.len() < MOST_PLACES {
            places.push(self.source.fault(span, Severity::Warning, fault, None));
        }
    }

    /// A file with a secret, which whoever has files looks at.
    pub(crate) fn secret_file(&mut self, span: &Range<usize>, path: &str) {
        let problem = || self.source.problem(span, Severity::Warning, String::new(), None);
        self.notes.secret_files.entry(path.to_string()).or_insert_with(problem);
    }

    /// The node as a table.
    pub(crate) fn table<'n>(&mut self, node: &'n Node, what: &str) -> Option<&'n Table> {
        let Kind::Table(table) = &node.kind else {
            self.error(&node.span, format!("{what} must be a table, not {}", node.described()));
            return None;
        };
        Some(table)
    }

    /// Complains about every key that is not among `known`.
    pub(crate) fn only(&mut self, table: &Table, known: &[&str], what: &str) {
        for entry in table.entries.iter().filter(|entry| !known.contains(&entry.key.as_str())) {
            if self.notes.errors >= MOST_PROBLEMS {
                self.notes.errors += 1;
                return;
            }
            let near = words::nearest(&entry.key, known.iter().copied());
            self.fault(&entry.key_span, Fault::unknown_key(&entry.key, what, known), near);
        }
    }

    /// The node as a text. `example` shows what was expected.
    pub(crate) fn text<'n>(&mut self, node: &'n Node, key: &str, example: &str) -> Option<&'n str> {
        let Kind::Text(text) = &node.kind else {
            self.wrong_type(node, key, Wanted::Text(example.to_owned()));
            return None;
        };
        Some(text)
    }

    /// The node as one text or a list of texts, at least one.
    pub(crate) fn texts<'n>(&mut self, node: &'n Node, key: &str, example: &str) -> Vec<(&'n str, &'n Node)> {
        let Kind::List(list) = &node.kind else {
            return self.text(node, key, example).map(|text| vec![(text, node)]).unwrap_or_default();
        };
        if list.is_empty() {
            self.error(
                &node.span,
                format!("`{key}` is empty, expected at least one text such as \"{example}\""),
            );
        }
        list.iter().filter_map(|node| self.text(node, key, example).map(|text| (text, node))).collect()
    }

    fn wrong_type(&mut self, node: &Node, key: &str, wanted: Wanted) {
        let fault = Fault::Type { key: key.to_owned(), wanted, found: node.described() };
        self.fault(&node.span, fault, None);
    }

    pub(crate) fn boolean(&mut self, node: &Node, key: &str) -> Option<bool> {
        let Kind::Boolean(boolean) = node.kind else {
            self.wrong_type(node, key, Wanted::Flag);
            return None;
        };
        Some(boolean)
    }

    /// A ring or waiting time such as "25s", "2m" or "1m30s", 1 second to 10 minutes.
    pub(crate) fn time(&mut self, node: &Node, key: &str) -> Option<Duration> {
        let Kind::Text(text) = &node.kind else {
            self.wrong_type(node, key, Wanted::Time);
            return None;
        };
        let time = seconds(text).filter(|seconds| LONGEST_TIME.contains(seconds)).map(Duration::from_secs);
        if time.is_none() {
            let message =
                format!("{} is no time, expected \"25s\" or \"1m30s\", at most \"10m\"", words::quote(text));
            self.error(&node.span, message);
        }
        time
    }

    pub(crate) fn template(&mut self, node: &Node, key: &str, example: &str) -> Option<Template> {
        let text = self.text(node, key, example)?;
        self.template_at(node, 0, text)
    }

    /// A template that starts `skip` bytes into the text of `node`.
    pub(crate) fn template_at(&mut self, node: &Node, skip: usize, text: &str) -> Option<Template> {
        let template = match Template::parse(text) {
            Ok(template) => template,
            Err(error) => {
                let span = self.inside(node, skip + error.offset, error.width);
                self.error_hint(&span, error.message, error.hint);
                return None;
            }
        };
        for (name, offset, width) in template.named() {
            if self.notes.is_incomplete || VERIFIED.contains(&name) || self.notes.variables.contains_key(name)
            {
                continue;
            }
            let known = || FACTS.into_iter().chain(self.notes.variables.keys().map(String::as_str));
            // There may be very many, and very many that are wrong.
            let wanted = self.notes.errors < MOST_PROBLEMS;
            let near = wanted.then(|| words::nearest(name, known().take(1_000))).flatten().map(str::to_owned);
            let some = known().take(20).map(str::to_owned).collect();
            let fault = Fault::UnknownVariable { name: words::quote(name), known: some };
            let span = self.inside(node, skip + offset, width);
            self.fault(&span, fault, near.as_deref());
            return None;
        }
        Some(template.with_fixed(&self.notes.variables))
    }

    /// Counts a pattern; false, with a complaint, where there are too many.
    pub(crate) fn count_pattern(&mut self, text: &str, node: &Node) -> bool {
        self.notes.patterns += 1;
        self.notes.regexes += usize::from(text.starts_with("re:"));
        let fits = self.notes.patterns <= MOST_PATTERNS && self.notes.regexes <= MOST_REGEXES;
        if !fits {
            let message =
                format!("a plan has at most {MOST_PATTERNS} patterns and {MOST_REGEXES} regular expressions");
            self.error(&node.span, message);
        }
        fits
    }

    /// A whole number within a range.
    pub(crate) fn integer<T: TryFrom<i64>>(
        &mut self,
        node: &Node,
        key: &str,
        range: std::ops::RangeInclusive<i64>,
    ) -> Option<T> {
        let number = match node.kind {
            Kind::Integer(number) if range.contains(&number) => T::try_from(number).ok(),
            _ => None,
        };
        if number.is_none() {
            let (first, last) = range.into_inner();
            self.fault(&node.span, Fault::OutOfBounds { key: key.to_owned(), first, last }, None);
        }
        number
    }

    /// A part of a text as a span of the file. Where the text was written with escapes, the whole value.
    pub(crate) fn inside(&self, node: &Node, offset: usize, width: usize) -> Range<usize> {
        let Kind::Text(text) = &node.kind else { return node.span.clone() };
        let written = self.source.text.get(node.span.clone()).unwrap_or_default();
        let quotes = written.len().checked_sub(text.len()).filter(|rest| rest % 2 == 0).map(|rest| rest / 2);
        let plain = quotes.filter(|quotes| written.get(*quotes..quotes + text.len()) == Some(text.as_str()));
        match plain {
            Some(quotes) => {
                let start = node.span.start + quotes + offset;
                start..start + width.max(1)
            }
            None => node.span.clone(),
        }
    }
}

/// The seconds of "90s", "2m" or "1m30s".
fn seconds(text: &str) -> Option<u64> {
    let (minutes, rest) = match text.split_once('m') {
        Some((minutes, rest)) => (whole(minutes)?, rest),
        None => (0, text),
    };
    let seconds = match rest.strip_suffix('s') {
        Some(seconds) => whole(seconds)?,
        None if rest.is_empty() && !text.is_empty() => 0,
        None => return None,
    };
    Some(minutes * 60 + seconds)
}

fn whole(digits: &str) -> Option<u64> {
    let valid = (1..=6).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit());
    valid.then(|| digits.parse().ok()).flatten()
}

const MOST_PROBLEMS: usize = 200;
/// Places of one name that lives elsewhere.
const MOST_PLACES: usize = 20;
const MOST_PATTERNS: usize = 10_000;
const MOST_REGEXES: usize = 500;
const LONGEST_TIME: std::ops::RangeInclusive<u64> = 1..=600;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_units() {
        assert_eq!(seconds("25s"), Some(25));
        assert_eq!(seconds("2m"), Some(120));
        assert_eq!(seconds("1m30s"), Some(90));
        for text in ["", "25", "s", "m", "-5s", "1h", "25 s", "1.5s", "99999999999999999999s", "1m2m", "5s1m"]
        {
            assert_eq!(seconds(text), None, "{text}");
        }
    }
}
