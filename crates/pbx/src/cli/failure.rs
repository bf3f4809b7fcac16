//! Why a verb failed: the lines for standard error and the exit code.

use kiestoon_config::Problem;
use kiestoon_control::ClientError;
use kiestoon_store::{ImportProblem, StoreError};

use crate::serve::ConfigurationError;

/// A failure of a verb.
#[derive(Debug)]
pub(super) enum Failure {
    /// The operator has to mend something first: exit code 64.
    Input(String),
    /// Anything else: exit code 1.
    Other(String),
}

impl Failure {
    pub(super) fn usage(error: &clap::Error) -> Self {
        Self::Input(error.render().to_string().trim_end().to_owned())
    }

    pub(super) fn configuration(problems: Vec<Problem>) -> Self {
        Self::Input(lines(&problems))
    }

    pub(super) fn import(problems: &[ImportProblem]) -> Self {
        Self::Input(lines(problems))
    }

    pub(super) fn code(&self) -> u8 {
        match self {
            Self::Input(_) => EX_USAGE,
            Self::Other(_) => 1,
        }
    }

    pub(super) fn print(&self) {
        let (Self::Input(text) | Self::Other(text)) = self;
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
        match error {
            StoreError::Import(problems) => Self::import(&problems),
            // Nothing gets better by trying again: the operator must name, mend or put back a file first.
            StoreError::Refused(_)
            | StoreError::Url { .. }
            | StoreError::Missing { .. }
            | StoreError::Open { .. }
            | StoreError::NotADatabase { .. }
            | StoreError::Foreign { .. }
            | StoreError::Corrupt { .. }
            | StoreError::NewerSchema { .. }
            | StoreError::KeyFile { .. }
            | StoreError::KeyExposed { .. }
            | StoreError::KeyFormat { .. }
            | StoreError::WrongKey { .. } => Self::Input(error.to_string()),
            other => Self::Other(other.to_string()),
        }
    }
}

impl From<ClientError> for Failure {
    fn from(error: ClientError) -> Self {
        Self::Other(error.to_string())
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

/// `EX_USAGE` of sysexits.h.
const EX_USAGE: u8 = 64;
