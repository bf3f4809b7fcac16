//! Reading TOML with every problem at its place: it walks the syntax tree instead of using serde, which stops at the first
//! problem.

use std::ops::Range;

use toml_edit::{Item, Table, TomlError};

use super::Unread;
use super::problem::{ImportProblem, Lines, Position, Severity};
use crate::rules::{self, Refusal};
use crate::trunks::settings::Keyed;
use crate::trunks::word::nearest;

/// One file being read, and what is wrong with it.
pub(crate) struct Reader<'a> {
    pub(super) file: &'a str,
    lines: Lines<'a>,
    pub(super) problems: Vec<ImportProblem>,
    errors: usize,
    pub(super) unread: Unread,
}

impl<'a> Reader<'a> {
    pub(crate) fn new(file: &'a str, text: &'a str) -> Self {
        Self { file, lines: Lines::new(text), problems: Vec::new(), errors: 0, unread: Unread::default() }
    }

    /// The problems, in the order of the file.
    pub(crate) fn into_problems(mut self) -> Vec<ImportProblem> {
        self.problems.sort_by_key(|problem| (problem.line, problem.column));
        self.problems
    }

    /// What is wrong with a text that is no TOML.
    pub(crate) fn broken(mut self, error: &TomlError) -> Vec<ImportProblem> {
        let message = error.message().split_whitespace().collect::<Vec<_>>().join(" ");
        self.error(error.span(), message);
        self.problems
    }

    /// Takes the value of a key of a trunk, a preset or a profile.
    pub(crate) fn setting(&mut self, settings: &mut impl Keyed, key: &str, item: &Item) {
        let Some(value) = item.as_value() else {
            if settings.keys().contains(&key) {
                self.error(item.span(), format!("`{key}` must be a value, not {}", kind(item)));
            }
            return;
        };
        for fault in settings.take_value(key, value).err().unwrap_or_default() {
            self.error(fault.span.or_else(|| item.span()), format!("`{key}` {}", fault.wrong));
        }
    }

    /// The place of a piece of the text.
    pub(super) fn position(&self, span: Option<Range<usize>>) -> Position {
        self.lines.position(span)
    }

    pub(crate) fn required(&mut self, table: &Table, key: &str, rule: Rule) -> Option<String> {
        if !table.contains_key(key) {
            self.error(table.span(), format!("`{key}` is missing"));
        }
        self.text(table, key, rule)
    }

    pub(crate) fn text(&mut self, table: &Table, key: &str, rule: Rule) -> Option<String> {
        let item = table.get(key)?;
        let Some(text) = item.as_str() else {
            self.error(item.span(), format!("`{key}` must be text in quotes, not {}", kind(item)));
            return None;
        };
        match rule(text) {
            Ok(()) => Some(text.to_owned()),
            Err(refusal) => {
                self.error(item.span(), refusal.to_string());
                None
            }
        }
    }

    pub(crate) fn flag(&mut self, table: &Table, key: &str) -> Option<bool> {
        let item = table.get(key)?;
        let flag = item.as_bool();
        if flag.is_none() {
            self.error(item.span(), format!("`{key}` must be true or false, not {}", kind(item)));
        }
        flag
    }

    pub(crate) fn known(&mut self, table: &Table, known: &str) {
        for (key, _) in table.iter().filter(|(key, _)| known.split(", ").all(|name| name != *key)) {
            self.unknown(table, key, known);
        }
    }

    pub(crate) fn unknown(&mut self, table: &Table, key: &str, known: &str) {
        let at = table.key(key).and_then(toml_edit::Key::span);
        let at = at.or_else(|| table.get(key).and_then(Item::span));
        let key: String = key.chars().take(40).flat_map(char::escape_debug).collect();
        let words: Vec<&str> = known.split(", ").collect();
        let hint = match nearest(&key, &words) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("known here are {known}"),
        };
        self.error(at, format!("unknown key `{key}`: {hint}"));
    }

    pub(crate) fn error(&mut self, at: Option<Range<usize>>, message: String) {
        self.problem(at, Severity::Error, message);
    }

    pub(super) fn problem(&mut self, at: Option<Range<usize>>, severity: Severity, message: String) {
        self.problem_at(self.lines.position(at), severity, message);
    }

    pub(super) fn problem_at(&mut self, at: Position, severity: Severity, message: String) {
        self.errors += usize::from(severity == Severity::Error);
        self.problems.push(problem(self.file, at, severity, message));
    }

    /// How many there are so far.
    pub(super) fn errors(&self) -> usize {
        self.errors
    }

    /// What a block says of its organisation; the outer None: it cannot be read.
    pub(super) fn home(&mut self, table: &Table) -> Option<Option<String>> {
        let before = self.errors();
        let slug = self.text(table, "organisation", rules::slug);
        (self.errors() == before).then_some(slug)
    }
}

pub(super) fn problem(file: &str, at: Position, severity: Severity, message: String) -> ImportProblem {
    ImportProblem { file: file.to_owned(), line: at.line, column: at.column, severity, message }
}

pub(crate) type Rule = fn(&str) -> Result<(), Refusal>;

pub(super) fn kind(item: &Item) -> &'static str {
    match item.type_name() {
        "integer" | "float" => "a number",
        "boolean" => "true or false",
        "string" => "text",
        "datetime" => "a date",
        "array" | "array of tables" => "a list",
        _ => "a table",
    }
}
