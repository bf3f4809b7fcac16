//! A fault or a doubt about a dialplan, with the place where it stands and the words that help to mend it.

use std::fmt;

use crate::fault::Fault;

/// How bad a [`Problem`] is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Severity {
    /// The plan is refused.
    Error,
    /// The plan is taken, yet probably does not mean what its author thinks.
    Warning,
}

/// One fault of one file. `Display` gives it on one line; [`Problem::render`] also shows the line with a caret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The path as given in [`SourceFile`](crate::SourceFile).
    pub file: String,
    /// Counted from 1.
    pub line: u32,
    /// In characters, counted from 1.
    pub column: u32,
    /// Whether the plan is refused for it.
    pub severity: Severity,
    /// What is wrong and what was expected.
    pub message: String,
    /// A likely remedy, such as the nearest known word.
    pub hint: Option<String>,
    /// The same as `message`, where it is one of those that have a text in more languages.
    pub fault: Option<Fault>,
    /// The known word that `hint` asks for.
    pub near: Option<String>,
    /// The offending line.
    pub excerpt: Option<Excerpt>,
}

/// The part of a source line that a [`Problem`] points at. Control characters are shown as spaces.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Excerpt {
    /// The line, or the part of a very long line around the fault.
    pub text: String,
    /// How many characters of `text` stand before the fault.
    pub before: u32,
    /// How many characters the fault is long; at least 1.
    pub width: u32,
}

impl Problem {
    /// The problem over several lines: the one-line form, the offending line, a caret below it, and the hint.
    #[must_use]
    pub fn render(&self) -> String {
        self.rendered(&self.severity.to_string(), &self.message, self.hint.as_deref())
    }

    /// The same in other words.
    #[must_use]
    pub fn rendered(&self, severity: &str, message: &str, hint: Option<&str>) -> String {
        let mut text = format!("{}:{}:{}: {severity}: {message}\n", self.file, self.line, self.column);
        if let Some(excerpt) = &self.excerpt {
            let number = self.line.to_string();
            let margin = " ".repeat(number.len());
            let indent = " ".repeat(excerpt.before as usize);
            let caret = "^".repeat(excerpt.width as usize);
            text.push_str(&format!("{margin} |\n{number} | {}\n{margin} | {indent}{caret}\n", excerpt.text));
        }
        if let Some(hint) = hint {
            text.push_str(&format!("  = {hint}\n"));
        }
        text
    }

    /// Whether the plan is refused for it.
    #[must_use]
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }
}

/// Problems as a reader of the files would meet them.
pub(crate) fn sort(problems: &mut [Problem]) {
    problems.sort_by(|a, b| (&a.file, a.line, a.column).cmp(&(&b.file, b.line, b.column)));
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Error => "error",
            Self::Warning => "warning",
        })
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}: {}: {}", self.file, self.line, self.column, self.severity, self.message)?;
        match &self.hint {
            Some(hint) => write!(f, "; {hint}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Problem {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_caret_stands_below_the_fault() {
        let problem = Problem {
            file: "dialplans/kantoor.toml".into(),
            line: 12,
            column: 9,
            severity: Severity::Error,
            message: "unknown step `dail`".into(),
            hint: Some("did you mean `dial`?".into()),
            fault: None,
            near: None,
            excerpt: Some(Excerpt { text: "do = [{ dail = 1 }]".into(), before: 8, width: 4 }),
        };
        assert_eq!(
            problem.render(),
            "dialplans/kantoor.toml:12:9: error: unknown step `dail`\n   |\n12 | do = [{ dail = 1 }]\n   |         \
             ^^^^\n  = did you mean `dial`?\n"
        );
        assert_eq!(
            problem.to_string(),
            "dialplans/kantoor.toml:12:9: error: unknown step `dail`; did you mean `dial`?"
        );
    }
}
