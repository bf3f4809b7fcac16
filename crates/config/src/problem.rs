//! One thing that is wrong with a configuration: where, what, and what to do about it.

use std::fmt;

use crate::sentence::Sentence;

/// A problem in a configuration source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The file as it was named, or `environment variable NAME`.
    pub file: String,
    /// Line, from 1; 0 where the source has no lines (the environment, a missing file).
    pub line: u32,
    /// Column in characters, from 1; 0 where there is none.
    pub column: u32,
    /// What is wrong, naming the key.
    pub message: Sentence,
    /// What to do instead, where that is known.
    pub hint: Option<Sentence>,
    /// Whether the configuration is refused for it.
    pub severity: Severity,
}

/// How bad a [`Problem`] is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Severity {
    /// The configuration is refused.
    Error,
    /// It works, but not as the operator may think.
    Warning,
}

impl Severity {
    /// The word printed in a problem's line.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
        }
    }
}

impl Problem {
    /// The line of it in Dutch.
    pub fn dutch(&self) -> String {
        let severity = match self.severity {
            Severity::Error => "fout",
            Severity::Warning => "waarschuwing",
        };
        self.told(severity, |sentence| &sentence.nl)
    }

    fn told(&self, severity: &str, of: impl Fn(&Sentence) -> &str) -> String {
        let place = match self.line {
            0 => self.file.clone(),
            line => format!("{}:{line}:{}", self.file, self.column),
        };
        let hint = self.hint.as_ref().map(|hint| format!("; {}", of(hint))).unwrap_or_default();
        format!("{place}: {severity}: {}{hint}", of(&self.message))
    }
}

/// In English.
impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.told(self.severity.as_str(), |sentence| &sentence.en))
    }
}
