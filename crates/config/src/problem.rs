//! One thing that is wrong with a configuration: where, what, and what to do about it.

use std::fmt;

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
    pub message: String,
    /// What to do instead, where that is known.
    pub hint: Option<String>,
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

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.file)?;
        if self.line > 0 {
            write!(f, ":{}:{}", self.line, self.column)?;
        }
        write!(f, ": {}: {}", self.severity.as_str(), self.message)?;
        match &self.hint {
            Some(hint) => write!(f, "; {hint}"),
            None => Ok(()),
        }
    }
}
