//! Why a verb failed: the lines for standard error and the exit code.

use kiestoon_config::Problem;
use kiestoon_control::ClientError;
use kiestoon_store::{ImportProblem, StoreError};

use super::Cli;
use super::language::Language;
use crate::dutch;
use crate::serve::ConfigurationError;

/// A failure of a verb.
#[derive(Debug)]
pub(super) enum Failure {
    /// The operator has to mend something first: exit code 64.
    Input(String),
    /// Anything else: exit code 1.
    Other(String),
    /// The database: 64 where the operator has to mend something, else 1.
    Store(StoreError),
    /// The running PBX: 64 where it refuses what the operator wrote, else 1.
    Client(ClientError),
}

impl Failure {
    pub(super) fn usage(error: &clap::Error) -> Self {
        Self::Input(error.render().to_string().trim_end().to_owned())
    }

    pub(super) fn configuration(problems: &[Problem], language: Language) -> Self {
        let told: Vec<String> =
            problems.iter().map(|problem| dutch::configuration(problem, language)).collect();
        Self::Input(told.join("\n"))
    }

    pub(super) fn import(problems: &[ImportProblem]) -> Self {
        Self::Input(lines(problems))
    }

    pub(super) fn code(&self) -> u8 {
        match self {
            Self::Input(_) => EX_USAGE,
            Self::Store(error) if error.must_be_mended() => EX_USAGE,
            Self::Client(ClientError::Refused(problem)) if problem.status == UNPROCESSABLE => EX_USAGE,
            Self::Other(_) | Self::Store(_) | Self::Client(_) => 1,
        }
    }

    /// The lines for standard error.
    pub(super) fn text(&self, language: Language) -> String {
        let dutch = match (language, self) {
            (Language::Dutch, Self::Store(error)) => dutch::store(error),
            (Language::Dutch, Self::Client(error)) => dutch::client(error),
            _ => None,
        };
        dutch.unwrap_or_else(|| match self {
            Self::Input(text) | Self::Other(text) => text.clone(),
            Self::Store(error) => error.to_string(),
            Self::Client(error) => error.to_string(),
        })
    }

    /// The same, with commands that can be pasted as they are.
    pub(super) fn shown_by(&self, cli: &Cli) -> Self {
        let text = cli.pasted(&self.text(cli.language));
        if self.code() == EX_USAGE { Self::Input(text) } else { Self::Other(text) }
    }

    pub(super) fn print(&self, language: Language) {
        let text = self.text(language);
        if !text.is_empty() {
            eprintln!("{text}");
        }
    }
}

fn lines<T: ToString>(items: &[T]) -> String {
    items.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<ClientError> for Failure {
    fn from(error: ClientError) -> Self {
        Self::Client(error)
    }
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        Self::Other(error.to_string())
    }
}

impl From<anyhow::Error> for Failure {
    fn from(error: anyhow::Error) -> Self {
        let error = match error.downcast::<ConfigurationError>() {
            Ok(configuration) => return Self::Input(configuration.to_string()),
            Err(error) => error,
        };
        match error.downcast::<StoreError>() {
            Ok(store) => store.into(),
            Err(error) => Self::Other(format!("{error:#}")),
        }
    }
}

/// A new state with faults in it: certificate, directory or dialplan (RFC 9110 section 15.5.21).
const UNPROCESSABLE: u16 = 422;
/// `EX_USAGE` of sysexits.h.
const EX_USAGE: u8 = 64;
