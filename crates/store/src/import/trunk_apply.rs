//! What an import makes of trunks and numbers: compared with what is there, checked whole, then written.

use std::collections::{BTreeMap, HashMap, HashSet};

use sqlx::AnyConnection;
use uuid::Uuid;

use super::apply::{ImportReport, home};
use super::problem::Position;
use super::reader::problem;
use super::{Import, ImportProblem, NumberEntry, Severity, TrunkEntry};
use crate::error::Fault;
use crate::organisations::Organisation;
use crate::presets::Presets;
use crate::seal::Seal;
use crate::trunks::{self, Trunk, TrunkDetails, TrunkDoubt, settle};

/// The trunks as they will be.
pub(super) struct Plan {
    trunks: Vec<Planned>,
    warnings: Vec<ImportProblem>,
}

struct Planned {
    /// None: it is new.
    before: Option<TrunkDetails>,
    after: Trunk,
    /// Where the file names it, and its keys.
    at: Option<(Position, HashMap<String, Position>)>,
    /// Where the file names its numbers, as they are kept.
    numbers_at: HashMap<String, Position>,
    /// The keys of which the file says what cannot be read.
    unread: HashSet<String>,
}

/// Reads what there is and plans what will be; whatever is wrong goes to `problems`.
pub(super) async fn plan(
    connection: &mut AnyConnection,
    seal: &Seal,
    import: &Import,
    presets: &Presets,
    organisations: &[Organisation],
    problems: &mut Vec<ImportProblem>,
) -> Result<Plan, Fault> {
    let mut planned = Vec::new();
    if !import.trunks.is_empty() || !import.numbers.is_empty() {
        for row in trunks::all(connection).await? {
            let after = row.open(seal)?;
            let before = Some(after.details.clone());
            planned.push(Planned::new(before, after));
        }
    }
    let mut planning = Planning { import, presets, organisations, planned, problems, warnings: Vec::new() };
    import.trunks.iter().for_each(|entry| planning.trunk(entry));
    import.numbers.iter().for_each(|entry| planning.number(entry));
    planning.claims();
    planning.settle();
    Ok(Plan { warnings: planning.warnings, trunks: planning.planned })
}

struct Planning<'a> {
    import: &'a Import,
    presets: &'a Presets,
    organisations: &'a [Organisation],
    planned: Vec<Planned>,
    problems: &'a mut Vec<ImportProblem>,
    warnings: Vec<ImportProblem>,
}

impl Planning<'_> {
    fn trunk(&mut self, entry: &TrunkEntry) {
        let Some(home) = self.home(entry.organisation.as_deref(), entry.at) else { return };
        let index = self.find(&home, &entry.name).unwrap_or_else(|| {
            let details = TrunkDetails::new(&entry.name);
            let after = Trunk { id: Uuid::now_v7().to_string(), organisation_id: home, details };
            self.planned.push(Planned::new(None, after));
            self.planned.len() - 1
        });
        let Some(planned) = self.planned.get_mut(index) else { return };
        if planned.at.is_some() {
            let message = format!("trunk `{}` stands twice for its organisation", entry.name);
            return self.error(entry.at, message);
        }
        planned.at = Some((entry.at, entry.places.clone()));
        planned.unread.clone_from(&entry.unread);
        let details = &mut planned.after.details;
        details.settings = entry.settings.over(&details.settings);
        details.enabled = entry.enabled.unwrap_or(details.enabled);
        details.preset = entry.preset.clone().unwrap_or_else(|| details.preset.clone());
        details.password = entry.password.clone().or_else(|| details.password.take());
        details.api_secret = entry.api_secret.clone().or_else(|| details.api_secret.take());
        details.webhook_secrets =
            entry.webhook_secrets.clone().unwrap_or_else(|| std::mem::take(&mut details.webhook_secrets));
        let Some(numbers) = &entry.numbers else { return };
        details.numbers.clear();
        for (number, at) in numbers {
            self.take_number(index, number, *at, None);
        }
    }

    fn number(&mut self, entry: &NumberEntry) {
        let Some(home) = self.home(entry.organisation.as_deref(), entry.at) else { return };
        let Some(index) = self.find(&home, &entry.trunk) else {
            // One whose name cannot be read may be it.
            if self.import.unread.trunks {
                return;
            }
            let known: Vec<&str> =
                self.of(&home).map(|planned| planned.after.details.name.as_str()).collect();
            let hint = match trunks::word::nearest(&entry.trunk, &known) {
                Some(near) => format!("did you mean `{near}`?"),
                None => "add a [[trunk]] of this name".into(),
            };
            return self.error(entry.trunk_at, format!("there is no trunk `{}`: {hint}", entry.trunk));
        };
        self.take_number(index, &entry.number, entry.at, entry.context.clone());
    }

    /// Gives a number to a trunk. What is said nowhere of its context stays as it was.
    fn take_number(&mut self, index: usize, written: &str, at: Position, context: Option<String>) {
        let Some(planned) = self.planned.get(index).filter(|planned| planned.knows_country()) else { return };
        let details = &planned.after.details;
        let Some(number) = details.normal(self.presets, written) else {
            // Of a preset or country that is not known nothing is, which is told for the trunk.
            let is_told = |doubt: &TrunkDoubt| {
                matches!(doubt, TrunkDoubt::UnknownPreset { .. } | TrunkDoubt::UnknownCountry(_))
            };
            if !details.doubts(self.presets).iter().any(is_told) {
                self.error(at, TrunkDoubt::Number(trunks::word::shown(written)).to_string());
            }
            return;
        };
        let home = planned.after.organisation_id.clone();
        let claimed = self.of(&home).find_map(|other| {
            let place = other.numbers_at.get(&number)?;
            (other.after.id != planned.after.id).then(|| (other.after.details.name.clone(), place.line))
        });
        if let Some((other, line)) = claimed {
            return self.error(at, format!("number {number} is trunk `{other}`'s already, in line {line}"));
        }
        let Some(planned) = self.planned.get_mut(index) else { return };
        planned.numbers_at.insert(number.clone(), at);
        let numbers = &mut planned.after.details.numbers;
        let before = planned.before.as_ref().and_then(|before| before.numbers.get(&number));
        let known = numbers.get(&number).or(before).cloned().flatten();
        numbers.insert(number, context.or(known));
    }

    /// A number that the file gives to a trunk is taken from the one that had it.
    fn claims(&mut self) {
        let claimed: HashMap<(String, String), String> = self
            .planned
            .iter()
            .flat_map(|planned| planned.numbers_at.keys().map(move |number| (planned, number)))
            .map(|(planned, number)| {
                ((planned.after.organisation_id.clone(), number.clone()), planned.after.details.name.clone())
            })
            .collect();
        for planned in &mut self.planned {
            let (home, name) = (planned.after.organisation_id.clone(), planned.after.details.name.clone());
            planned.after.details.numbers.retain(|number, _| {
                let owner = claimed.get(&(home.clone(), number.clone()));
                owner.is_none_or(|owner| *owner == name)
            });
        }
    }

    fn settle(&mut self) {
        for index in 0..self.planned.len() {
            let Some(planned) = self.planned.get_mut(index) else { continue };
            let Some((at, places)) = planned.at.clone().filter(|_| planned.knows_country()) else { continue };
            let doubts = settle(&mut planned.after.details, self.presets);
            let enabled = planned.after.details.enabled && !planned.unread.contains("enabled");
            for doubt in doubts.into_iter().filter_map(|doubt| doubt.without(&planned.unread)) {
                // Its numbers were looked at one by one, with their places.
                if matches!(doubt, TrunkDoubt::Number(_)) {
                    continue;
                }
                let at = places.get(doubt.key()).copied().unwrap_or(at);
                let is_error = doubt.is_error_when_disabled() || (enabled && doubt.is_error());
                let severity = if is_error { Severity::Error } else { Severity::Warning };
                let list = if is_error { &mut *self.problems } else { &mut self.warnings };
                list.push(problem(&self.import.file, at, severity, doubt.to_string()));
            }
        }
    }

    fn home(&mut self, slug: Option<&str>, at: Position) -> Option<String> {
        home(self.import, self.organisations, slug, at, self.problems).map(|home| home.id.clone())
    }

    fn of(&self, home: &str) -> impl Iterator<Item = &Planned> {
        self.planned.iter().filter(move |planned| planned.after.organisation_id == home)
    }

    fn find(&self, home: &str, name: &str) -> Option<usize> {
        self.planned
            .iter()
            .position(|planned| planned.after.organisation_id == home && planned.after.details.name == name)
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
        seal: &Seal,
        report: &mut ImportReport,
    ) -> Result<(), Fault> {
        // First they are all free, then they are given out: a number may move from one trunk to another.
        for planned in &self.trunks {
            let Some(before) = planned.before.as_ref().filter(|_| planned.differs()) else { continue };
            for number in before.numbers.keys() {
                trunks::take_number(connection, &planned.after.organisation_id, number).await?;
            }
        }
        for planned in &self.trunks {
            planned.count(report);
            match &planned.before {
                None => trunks::insert(connection, seal, &planned.after).await?,
                Some(_) if planned.differs() => trunks::update(connection, seal, &planned.after).await?,
                Some(_) => {}
            }
        }
        report.warnings.extend(self.warnings);
        Ok(())
    }
}

impl Planned {
    fn new(before: Option<TrunkDetails>, after: Trunk) -> Self {
        Self { before, after, at: None, numbers_at: HashMap::new(), unread: HashSet::new() }
    }

    /// Whether preset and country are those that somebody meant: numbers are read by them, and nearly all rests on the preset.
    fn knows_country(&self) -> bool {
        !["preset", "country"].iter().any(|key| self.unread.contains(*key))
    }

    fn differs(&self) -> bool {
        self.before.as_ref() != Some(&self.after.details)
    }

    fn count(&self, report: &mut ImportReport) {
        let none = BTreeMap::new();
        let before = self.before.as_ref().map_or(&none, |before| &before.numbers);
        let after = &self.after.details.numbers;
        for number in self.numbers_at.keys() {
            match before.get(number) {
                None => report.numbers.created += 1,
                Some(context) if after.get(number) != Some(context) => report.numbers.updated += 1,
                Some(_) => report.numbers.unchanged += 1,
            }
        }
        report.numbers.removed += before.keys().filter(|number| !after.contains_key(*number)).count();
        if self.at.is_none() {
            return;
        }
        let without_numbers =
            |details: &TrunkDetails| TrunkDetails { numbers: BTreeMap::new(), ..details.clone() };
        match &self.before {
            None => report.trunks.created += 1,
            Some(before) if without_numbers(before) != without_numbers(&self.after.details) => {
                report.trunks.updated += 1
            }
            Some(_) => report.trunks.unchanged += 1,
        }
    }
}
