//! What an import makes of contacts and blocks: their numbers read as the organisation's country dials them, then written where they
//! differ.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use sqlx::AnyConnection;

use super::apply::{ImportReport, home};
use super::problem::Position;
use super::reader::problem;
use super::{Counts, Import, ImportProblem, Severity};
use crate::Refusal;
use crate::callers::{self, BlockDetails, Countries, NewRow};
use crate::error::Fault;
use crate::organisations::{self, Organisation};
use crate::presets::Presets;
use crate::trunks;

/// Contacts and blocks as they will be, by organisation.
#[derive(Default)]
pub(super) struct Plan {
    contacts: BTreeMap<String, Vec<NewRow>>,
    blocks: BTreeMap<String, Vec<BlockDetails>>,
    /// The slugs of these organisations.
    slugs: HashMap<String, String>,
}

/// Reads the numbers; whatever is wrong goes to `problems`. The trunks are those from before the import.
pub(super) async fn plan(
    connection: &mut AnyConnection,
    import: &Import,
    presets: &Presets,
    organisations: &[Organisation],
    problems: &mut Vec<ImportProblem>,
) -> Result<Plan, Fault> {
    if import.contacts.is_empty() && import.blocks.is_empty() {
        return Ok(Plan::default());
    }
    let countries = Countries::read(connection, presets).await?;
    let trunks = trunk_names(connection, import, organisations).await?;
    let mut planning = Planning { import, organisations, countries, trunks, problems, plan: Plan::default() };
    planning.contacts();
    planning.blocks();
    Ok(planning.plan)
}

/// The trunks that an organisation has, by its id, those of the import with them.
async fn trunk_names(
    connection: &mut AnyConnection,
    import: &Import,
    organisations: &[Organisation],
) -> Result<HashMap<String, BTreeSet<String>>, Fault> {
    let mut names: HashMap<String, BTreeSet<String>> = HashMap::new();
    for row in trunks::all(connection).await? {
        names.entry(row.organisation_id).or_default().insert(row.name);
    }
    for entry in &import.trunks {
        // One that is of no organisation is told where trunks are read.
        if let Ok(home) = organisations::choose(organisations, entry.organisation.as_deref()) {
            names.entry(home.id.clone()).or_default().insert(entry.name.clone());
        }
    }
    Ok(names)
}

struct Planning<'a> {
    import: &'a Import,
    organisations: &'a [Organisation],
    countries: Countries<'a>,
    trunks: HashMap<String, BTreeSet<String>>,
    problems: &'a mut Vec<ImportProblem>,
    plan: Plan,
}

impl Planning<'_> {
    fn contacts(&mut self) {
        let mut seen = HashMap::new();
        for entry in &self.import.contacts {
            let Some(home) = self.home(entry.organisation.as_deref(), entry.at) else { continue };
            for (written, at) in &entry.numbers {
                let Some(number) = self.read(*at, self.countries.number(&home, written)) else { continue };
                match seen.insert((home.clone(), number.clone()), at.line) {
                    Some(line) => {
                        self.error(*at, format!("number {number} is a contact's already, in line {line}"))
                    }
                    None => {
                        let row = NewRow { number, name: entry.name.trim().to_owned() };
                        self.plan.contacts.entry(home.clone()).or_default().push(row);
                    }
                }
            }
        }
    }

    fn blocks(&mut self) {
        let mut seen = HashSet::new();
        for entry in &self.import.blocks {
            let Some(home) = self.home(entry.organisation.as_deref(), entry.at) else { continue };
            if let Some(name) = &entry.trunk {
                self.trunk(entry.at, &home, name);
            }
            let Some(condition) = entry.condition.clone() else { continue };
            let (trunk, action, note) = (entry.trunk.clone(), entry.action.clone(), entry.note.clone());
            let settled = BlockDetails { condition, trunk, action, note }.settled(&self.countries, &home);
            let Some(details) = self.read(entry.at, settled) else { continue };
            if seen.insert((home.clone(), details.condition.clone(), details.trunk.clone())) {
                self.plan.blocks.entry(home).or_default().push(details);
            } else {
                self.error(entry.at, format!("a block for {} stands here already", details.condition));
            }
        }
    }

    /// Tells of a trunk that is not there. One whose name cannot be read may be it.
    fn trunk(&mut self, at: Position, home: &str, name: &str) {
        if self.import.unread.trunks {
            return;
        }
        let own: Vec<&str> = self.trunks.get(home).into_iter().flatten().map(String::as_str).collect();
        let organisation = self.organisations.iter().find(|own| own.id == home);
        let Some(organisation) = organisation.filter(|_| !own.contains(&name)) else { return };
        let message = trunks::unknown(organisation, &own, name).to_string();
        self.error(at, message);
    }

    fn read<T>(&mut self, at: Position, read: Result<T, Refusal>) -> Option<T> {
        read.map_err(|refusal| self.error(at, refusal.to_string())).ok()
    }

    fn home(&mut self, slug: Option<&str>, at: Position) -> Option<String> {
        let home = home(self.import, self.organisations, slug, at, self.problems)?;
        self.plan.slugs.insert(home.id.clone(), home.slug.clone());
        Some(home.id.clone())
    }

    fn error(&mut self, at: Position, message: String) {
        self.problems.push(problem(&self.import.file, at, Severity::Error, message));
    }
}

impl Plan {
    /// Writes what differs.
    pub(super) async fn apply(
        self,
        connection: &mut AnyConnection,
        report: &mut ImportReport,
    ) -> Result<(), Fault> {
        for (home, rows) in &self.contacts {
            let counts = callers::apply_contacts(connection, home, rows, "import").await?;
            add(&mut report.contacts, counts);
            callers::check_contacts(connection, home, self.slug(home)).await?;
        }
        for (home, blocks) in &self.blocks {
            let counts = callers::apply_blocks(connection, home, blocks).await?;
            add(&mut report.blocks, counts);
            callers::check_blocks(connection, home, self.slug(home)).await?;
        }
        Ok(())
    }

    fn slug(&self, home: &str) -> &str {
        self.slugs.get(home).map_or("", String::as_str)
    }
}

fn add(to: &mut Counts, counts: Counts) {
    to.created += counts.created;
    to.updated += counts.updated;
    to.unchanged += counts.unchanged;
}
