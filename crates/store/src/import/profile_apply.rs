//! What an import makes of profiles, and of the names of profiles at extensions and organisations.

use std::collections::HashMap;

use sqlx::AnyConnection;
use uuid::Uuid;

use super::apply::{ImportReport, home};
use super::problem::Position;
use super::reader::problem;
use super::{Import, ImportProblem, ProfileEntry, Severity};
use crate::error::Fault;
use crate::organisations::Organisation;
use crate::rights::{self, Profile};
use crate::trunks::word::nearest;

/// The profiles as they will be.
pub(super) struct Plan {
    profiles: Vec<Planned>,
    file: String,
    /// Whether there are more, whose names cannot be read.
    has_unread: bool,
}

struct Planned {
    /// None: it is new.
    before: Option<Profile>,
    after: Profile,
    /// Where the file names it.
    at: Option<Position>,
}

/// Reads what there is and plans what will be; whatever is wrong goes to `problems`.
pub(super) async fn plan(
    connection: &mut AnyConnection,
    import: &Import,
    organisations: &[Organisation],
    problems: &mut Vec<ImportProblem>,
) -> Result<Plan, Fault> {
    let there = rights::all(connection).await?.into_iter();
    let profiles = there.map(|after| Planned { before: Some(after.clone()), after, at: None }).collect();
    let has_unread = import.unread.profiles;
    let mut plan = Plan { profiles, file: import.file.clone(), has_unread };
    for entry in &import.profiles {
        let slug = entry.organisation.as_deref();
        let Some(home) = home(import, organisations, slug, entry.at, problems) else { continue };
        if let Err(message) = plan.take(entry, home) {
            problems.push(problem(&import.file, entry.at, Severity::Error, message));
        }
    }
    Ok(plan)
}

impl Plan {
    fn take(&mut self, entry: &ProfileEntry, home: &Organisation) -> Result<(), String> {
        let mut all = self.profiles.iter_mut();
        let is_it = |planned: &&mut Planned| {
            planned.after.organisation_id == home.id && planned.after.name == entry.name
        };
        match all.find(is_it) {
            Some(planned) if planned.at.is_some() => {
                return Err(format!(
                    "profile `{}` stands twice for organisation `{}`",
                    entry.name, home.slug
                ));
            }
            Some(planned) => {
                planned.at = Some(entry.at);
                planned.after.settings = entry.settings.over(&planned.after.settings);
            }
            None => {
                let (id, organisation_id) = (Uuid::now_v7().to_string(), home.id.clone());
                let (name, settings) = (entry.name.clone(), entry.settings.clone());
                let after = Profile { id, organisation_id, name, settings };
                self.profiles.push(Planned { before: None, after, at: Some(entry.at) });
            }
        }
        Ok(())
    }

    /// The id of a profile that an extension or an organisation names; None where the name is empty, or may be one that cannot be read.
    /// What nobody has said is wrong.
    pub(super) fn id_of(
        &self,
        home: &Organisation,
        (name, at): &(String, Position),
    ) -> Result<Option<String>, ImportProblem> {
        let own = || self.profiles.iter().filter(|planned| planned.after.organisation_id == home.id);
        if let Some(found) = own().find(|planned| planned.after.name == *name) {
            return Ok(Some(found.after.id.clone()));
        }
        if name.is_empty() || self.has_unread {
            return Ok(None);
        }
        let known: Vec<&str> = own().map(|planned| planned.after.name.as_str()).collect();
        let hint = match nearest(name, &known) {
            Some(near) => format!("did you mean `{near}`?"),
            None => "add a [[profile]] of this name".into(),
        };
        let message = format!("there is no profile `{name}`: {hint}");
        Err(problem(&self.file, *at, Severity::Error, message))
    }

    /// Writes what differs.
    pub(super) async fn apply(
        &self,
        connection: &mut AnyConnection,
        report: &mut ImportReport,
    ) -> Result<(), Fault> {
        for planned in self.profiles.iter().filter(|planned| planned.at.is_some()) {
            match &planned.before {
                None => {
                    rights::insert(connection, &planned.after).await?;
                    report.profiles.created += 1;
                }
                Some(before) if *before != planned.after => {
                    rights::update(connection, &planned.after).await?;
                    report.profiles.updated += 1;
                }
                Some(_) => report.profiles.unchanged += 1,
            }
        }
        Ok(())
    }
}

/// Finds the ids of the profiles that organisations and extensions of the file name.
pub(super) struct Named {
    /// By the id of the organisation.
    pub(super) organisations: HashMap<String, Option<String>>,
    /// In the order of the file; the outer None: nothing is said.
    pub(super) extensions: Vec<Option<Option<String>>>,
}

impl Named {
    pub(super) fn find(
        plan: &Plan,
        import: &Import,
        all: &[Organisation],
        homes: &[Option<&Organisation>],
        problems: &mut Vec<ImportProblem>,
    ) -> Self {
        let mut find = |home: &Organisation, name: &(String, Position)| {
            plan.id_of(home, name).map_err(|problem| problems.push(problem)).ok()
        };
        let mut organisations = HashMap::new();
        for entry in &import.organisations {
            let home = all.iter().find(|home| home.slug == entry.slug);
            if let Some((home, name)) = home.zip(entry.profile.as_ref())
                && let Some(found) = find(home, name)
            {
                organisations.insert(home.id.clone(), found);
            }
        }
        let extensions = import.extensions.iter().zip(homes);
        let extensions = extensions.map(|(entry, home)| find((*home)?, entry.profile.as_ref()?)).collect();
        Self { organisations, extensions }
    }
}
