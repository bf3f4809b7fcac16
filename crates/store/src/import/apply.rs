//! Applying an import: one transaction that compares every block with what is there and writes only what differs.

use std::collections::{HashMap, HashSet};
use std::fmt;

use sqlx::AnyConnection;
use uuid::Uuid;

use super::problem::Position;
use super::profile_apply::{self, Named};
use super::reader::problem;
use super::{ExtensionEntry, Import, ImportProblem, OrganisationEntry, Severity, caller_apply, trunk_apply};
use crate::error::Fault;
use crate::extensions::{self, Extension, ExtensionRow, Secret};
use crate::organisations::{self, DEFAULT, Organisation};
use crate::presets::Presets;
use crate::rights;
use crate::seal::Seal;
use crate::{Store, StoreError, password, settings};

/// What an import did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ImportReport {
    /// The organisations of the file; one that had to be made for its extensions counts as created.
    pub organisations: Counts,
    /// The extensions of the file.
    pub extensions: Counts,
    /// The profiles of the file.
    pub profiles: Counts,
    /// The trunks of the file.
    pub trunks: Counts,
    /// The numbers of the file, and those that it takes from its trunks.
    pub numbers: Counts,
    /// The contacts of the file, one a number.
    pub contacts: Counts,
    /// The blocks of the file.
    pub blocks: Counts,
    /// What an operator should look at although the import is taken, and what only the database could tell.
    pub warnings: Vec<ImportProblem>,
    /// The passwords that the store chose, in the order of the file: to be shown once, then forgotten.
    pub generated: Vec<GeneratedPassword>,
}

/// How many blocks had which effect.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// New ones.
    pub created: usize,
    /// Those that differed.
    pub updated: usize,
    /// Those that were so already.
    pub unchanged: usize,
    /// Those that are no more.
    pub removed: usize,
}

/// A password that the store chose. Its debug output does not show it.
#[derive(Clone, PartialEq, Eq)]
pub struct GeneratedPassword {
    /// The organisation's slug.
    pub organisation: String,
    /// The extension's number.
    pub number: String,
    /// The password.
    pub password: String,
}

impl Store {
    /// Brings the database to what the import says, in one transaction, and raises the revision once if anything
    /// changed. What the file leaves out is kept: other organisations and extensions, and passwords that were
    /// generated before. Of a trunk or a profile the file may leave out keys, which are kept; a trunk's `numbers`, where they are
    /// there, are all that it has. `progress` is called now and then with how many extensions are done, and of how many.
    ///
    /// # Errors
    /// [`StoreError::Import`] with everything that is wrong with the text, and every block that does not fit the database, such as one
    /// that names an unknown organisation; otherwise as any write. Nothing was changed then.
    pub async fn import(
        &self,
        import: &Import,
        presets: &Presets,
        progress: &mut (dyn FnMut(usize, usize) + Send),
    ) -> Result<ImportReport, StoreError> {
        self.explain(async {
            let mut writing = self.begin_change().await?;
            let seal = self.seal(&mut writing).await?;
            let report = apply(&mut writing, &seal, import, presets, progress).await?;
            writing.commit().await?;
            Ok(report)
        })
        .await
    }
}

/// [`Store::import`] within a transaction of the caller's.
pub(crate) async fn apply(
    writing: &mut AnyConnection,
    seal: &Seal,
    import: &Import,
    presets: &Presets,
    progress: &mut (dyn FnMut(usize, usize) + Send),
) -> Result<ImportReport, Fault> {
    let mut report = ImportReport::default();
    let mut problems = import.errors.clone();
    let (organisations, unchanged) = apply_organisations(writing, import, &mut report, &mut problems).await?;
    let homes = homes(import, &organisations, &mut problems);
    let profiles = profile_apply::plan(writing, import, &organisations, &mut problems).await?;
    let named = Named::find(&profiles, import, &organisations, &homes, &mut problems);
    let trunks = trunk_apply::plan(writing, seal, import, presets, &organisations, &mut problems).await?;
    let callers = caller_apply::plan(writing, import, presets, &organisations, &mut problems).await?;
    let is_there = |slug: &str| organisations.iter().any(|own| own.slug == slug);
    let missing = import.missing.iter().filter(|name| name.organisation.as_deref().is_none_or(is_there));
    problems.extend(missing.map(|name| name.problem.clone()));
    if !problems.is_empty() {
        problems.extend(import.warnings.iter().cloned());
        problems.sort_by_key(|problem| (problem.line, problem.column));
        return Err(StoreError::Import(problems).into());
    }
    profiles.apply(writing, &mut report).await?;
    let counts = &mut report.organisations;
    apply_profiles(writing, &organisations, &named, &unchanged, counts).await?;
    let entries: Vec<Entry<'_>> = entries(import, &homes, named).collect();
    apply_extensions(writing, seal, &entries, &mut report, progress).await?;
    trunks.apply(writing, seal, &mut report).await?;
    callers.apply(writing, &mut report).await?;
    if report.changed() {
        settings::raise_revision(writing).await?;
    }
    Ok(report)
}

async fn apply_extensions(
    writing: &mut AnyConnection,
    seal: &Seal,
    entries: &[Entry<'_>],
    report: &mut ImportReport,
    progress: &mut (dyn FnMut(usize, usize) + Send),
) -> Result<(), Fault> {
    let key = |row: ExtensionRow| ((row.organisation_id.clone(), row.number.clone()), row);
    let mut present: HashMap<_, _> = extensions::all(writing).await?.into_iter().map(key).collect();
    let total = entries.len();
    for (done, entry) in entries.iter().enumerate() {
        match present.remove(&(entry.home.id.clone(), entry.said.number.clone())) {
            Some(row) => {
                let old = row.open(seal)?;
                let new = changed(&old, entry);
                if old == new {
                    report.extensions.unchanged += 1;
                } else {
                    extensions::update(writing, seal, &new).await?;
                    report.extensions.updated += 1;
                }
            }
            None => {
                let extension = created(entry, &mut report.generated)?;
                extensions::insert(writing, seal, &extension).await?;
                report.extensions.created += 1;
            }
        }
        if (done + 1) % PROGRESS_STEP == 0 || done + 1 == total {
            progress(done + 1, total);
        }
    }
    Ok(())
}

/// An extension of the file, with what it refers to.
struct Entry<'a> {
    said: &'a ExtensionEntry,
    home: &'a Organisation,
    /// The id of its profile; the outer None: nothing is said.
    profile: Option<Option<String>>,
}

fn entries<'a>(
    import: &'a Import,
    homes: &'a [Option<&'a Organisation>],
    named: Named,
) -> impl Iterator<Item = Entry<'a>> {
    let extensions = import.extensions.iter().zip(homes).zip(named.extensions);
    extensions.filter_map(|((said, home), profile)| Some(Entry { said, home: (*home)?, profile }))
}

impl ImportReport {
    /// False when everything was so already.
    #[must_use]
    pub fn changed(&self) -> bool {
        let Self { organisations, extensions, profiles, trunks, numbers, contacts, blocks, .. } = self;
        let changed = |counts: &Counts| counts.created + counts.updated + counts.removed > 0;
        [organisations, extensions, profiles, trunks, numbers, contacts, blocks].into_iter().any(changed)
    }
}

impl fmt::Debug for GeneratedPassword {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("GeneratedPassword");
        shown.field("organisation", &self.organisation).field("number", &self.number).finish_non_exhaustive()
    }
}

/// Writes the organisations and returns all there are then, and the slugs of those of the file that were so already.
async fn apply_organisations(
    connection: &mut AnyConnection,
    import: &Import,
    report: &mut ImportReport,
    problems: &mut Vec<ImportProblem>,
) -> Result<(Vec<Organisation>, HashSet<String>), Fault> {
    settle_placeholder(connection, import).await?;
    let mut all = organisations::all(connection).await?;
    let mut unchanged = HashSet::new();
    for entry in &import.organisations {
        let taken = entry.domain.as_ref().and_then(|domain| {
            let mut others = all.iter().filter(|other| other.slug != entry.slug);
            others.find(|other| other.domain.as_ref() == Some(domain)).map(|other| other.slug.clone())
        });
        if let Some(other) = &taken {
            let message = format!("the domain of `{}` belongs to organisation `{other}`", entry.slug);
            problems.push(problem(&import.file, entry.at, Severity::Error, message));
        }
        let domain = entry.domain.as_deref().filter(|_| taken.is_none());
        let before = report.organisations.unchanged;
        apply_organisation(connection, entry, domain, &mut all, &mut report.organisations).await?;
        if report.organisations.unchanged > before {
            unchanged.insert(entry.slug.clone());
        }
    }
    let has_callers = !import.contacts.is_empty() || !import.blocks.is_empty();
    let has_members = !import.extensions.is_empty() || !import.profiles.is_empty();
    let needs_home = has_members || !import.trunks.is_empty() || has_callers;
    if all.is_empty() && needs_home {
        all.push(organisations::insert(connection, DEFAULT, None, DEFAULT).await?);
        report.organisations.created += 1;
    }
    Ok((all, unchanged))
}

/// The organisation that a fresh database was given goes when the file brings others, and stays for good when the
/// file names it.
async fn settle_placeholder(connection: &mut AnyConnection, import: &Import) -> Result<(), Fault> {
    if names_default(import) {
        organisations::adopt_placeholder(connection).await
    } else if let Some(first) = import.organisations.first() {
        organisations::rename_placeholder(connection, &first.slug).await?;
        organisations::remove_placeholder(connection).await.map(|_| ())
    } else {
        Ok(())
    }
}

/// Whether anything of the file is for the organisation of a fresh database.
fn names_default(import: &Import) -> bool {
    let organisations = import.organisations.iter().map(|entry| Some(&entry.slug));
    let extensions = import.extensions.iter().map(|entry| entry.organisation.as_ref());
    let trunks = import.trunks.iter().map(|entry| entry.organisation.as_ref());
    let numbers = import.numbers.iter().map(|entry| entry.organisation.as_ref());
    let profiles = import.profiles.iter().map(|entry| entry.organisation.as_ref());
    let contacts = import.contacts.iter().map(|entry| entry.organisation.as_ref());
    let blocks = import.blocks.iter().map(|entry| entry.organisation.as_ref());
    let outside = numbers.chain(contacts).chain(blocks);
    let parts = organisations.chain(extensions).chain(trunks).chain(profiles).chain(outside);
    parts.flatten().any(|slug| slug == DEFAULT)
}

async fn apply_organisation(
    connection: &mut AnyConnection,
    entry: &OrganisationEntry,
    domain: Option<&str>,
    all: &mut Vec<Organisation>,
    counts: &mut Counts,
) -> Result<(), Fault> {
    let Some(present) = all.iter_mut().find(|present| present.slug == entry.slug) else {
        let name = entry.name.as_ref().unwrap_or(&entry.slug);
        all.push(organisations::insert(connection, &entry.slug, domain, name).await?);
        counts.created += 1;
        return Ok(());
    };
    let mut new = present.clone();
    new.domain = domain.map(str::to_owned).or(new.domain);
    new.name = entry.name.clone().unwrap_or(new.name);
    if new == *present {
        counts.unchanged += 1;
        return Ok(());
    }
    organisations::update(connection, &new).await?;
    *present = new;
    counts.updated += 1;
    Ok(())
}

/// Gives the organisations of the file the profiles that they name.
async fn apply_profiles(
    connection: &mut AnyConnection,
    all: &[Organisation],
    named: &Named,
    unchanged: &HashSet<String>,
    counts: &mut Counts,
) -> Result<(), Fault> {
    for home in all {
        let Some(profile) = named.organisations.get(&home.id).filter(|new| **new != home.profile_id) else {
            continue;
        };
        rights::set_organisation_profile(connection, &home.id, profile.as_deref()).await?;
        if unchanged.contains(&home.slug) {
            counts.unchanged = counts.unchanged.saturating_sub(1);
            counts.updated += 1;
        }
    }
    Ok(())
}

/// The organisation that a block is for. What is wrong with that is told, unless a block whose slug cannot be read may be the one.
pub(super) fn home<'a>(
    import: &Import,
    all: &'a [Organisation],
    slug: Option<&str>,
    at: Position,
    problems: &mut Vec<ImportProblem>,
) -> Option<&'a Organisation> {
    match organisations::choose(all, slug) {
        Ok(home) => return Some(home),
        Err(StoreError::UnknownOrganisation { .. }) if import.unread.organisations => {}
        Err(error) => problems.push(problem(&import.file, at, Severity::Error, error.to_string())),
    }
    None
}

/// The organisation of every extension, in the order of the file; None: it is not clear, which is told.
fn homes<'a>(
    import: &Import,
    all: &'a [Organisation],
    problems: &mut Vec<ImportProblem>,
) -> Vec<Option<&'a Organisation>> {
    let mut seen = HashSet::new();
    let mut homes = Vec::with_capacity(import.extensions.len());
    for entry in &import.extensions {
        let mut own = home(import, all, entry.organisation.as_deref(), entry.at, problems);
        if let Some(home) = own.filter(|home| !seen.insert((&home.slug, &entry.number))) {
            let message = format!("number {} stands twice for organisation `{}`", entry.number, home.slug);
            problems.push(problem(&import.file, entry.at, Severity::Error, message));
            own = None;
        }
        homes.push(own);
    }
    homes
}

fn changed(old: &Extension, entry: &Entry<'_>) -> Extension {
    let said = entry.said;
    Extension {
        name: said.name.clone().unwrap_or_else(|| old.name.clone()),
        enabled: said.enabled.unwrap_or(old.enabled),
        secret: said.secret.clone().unwrap_or_else(|| old.secret.clone()),
        rights: said.rights.clone().or_else(|| old.rights.clone()),
        profile_id: entry.profile.clone().unwrap_or_else(|| old.profile_id.clone()),
        ..old.clone()
    }
}

fn created(entry: &Entry<'_>, generated: &mut Vec<GeneratedPassword>) -> Result<Extension, StoreError> {
    let Entry { said, home, profile } = entry;
    let secret = match &said.secret {
        Some(secret) => secret.clone(),
        None => {
            let password = password::generate()?;
            let (organisation, number) = (home.slug.clone(), said.number.clone());
            generated.push(GeneratedPassword { organisation, number, password: password.clone() });
            Secret { password: Some(password), ..Secret::default() }
        }
    };
    Ok(Extension {
        id: Uuid::now_v7().to_string(),
        organisation_id: home.id.clone(),
        number: said.number.clone(),
        name: said.name.clone().unwrap_or_default(),
        enabled: said.enabled.unwrap_or(true),
        secret,
        rights: said.rights.clone(),
        profile_id: profile.clone().flatten(),
    })
}

const PROGRESS_STEP: usize = 100;
