//! What an import relies on and no database knows: names of the dialplan.

use super::problem::Position;
use super::reader::problem;
use super::{Import, ImportProblem, Severity};
use crate::callers::BlockAction;

/// A name of the dialplan that a block of the file has.
#[derive(Debug)]
pub struct DialplanName<'a> {
    /// The slug of its organisation, where that is said.
    pub organisation: Option<&'a str>,
    /// What it names.
    pub kind: DialplanNameKind,
    /// The name.
    pub name: &'a str,
    file: &'a str,
    at: Position,
}

/// What a name is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DialplanNameKind {
    /// The context that a `[[block]]` sends calls to.
    Context,
    /// The opening hours of a `[[profile]]`.
    Hours,
}

impl DialplanName<'_> {
    /// That it is not there.
    #[must_use]
    pub fn missing(&self, message: String) -> NameFault {
        let organisation = self.organisation.map(str::to_owned);
        NameFault { organisation, problem: problem(self.file, self.at, Severity::Error, message) }
    }
}

/// A name that the dialplan of an organisation does not have.
#[derive(Debug, Clone)]
pub struct NameFault {
    /// The slug of that organisation, where it was said. Of one that is nowhere nothing is to be said.
    pub(super) organisation: Option<String>,
    pub(super) problem: ImportProblem,
}

impl Import {
    /// The names of the dialplan that it relies on, in the order of their kinds.
    pub fn dialplan_names(&self) -> impl Iterator<Item = DialplanName<'_>> {
        let named =
            |organisation, kind, name, at| DialplanName { organisation, kind, name, file: &self.file, at };
        let contexts = self.blocks.iter().filter_map(move |entry| match &entry.action {
            BlockAction::Context(name) => {
                Some(named(entry.organisation.as_deref(), DialplanNameKind::Context, name.as_str(), entry.at))
            }
            _ => None,
        });
        let hours = self.profiles.iter().filter_map(move |entry| {
            let hours = entry.settings.hours.as_deref()?;
            Some(named(entry.organisation.as_deref(), DialplanNameKind::Hours, hours, entry.at))
        });
        contexts.chain(hours)
    }
}
