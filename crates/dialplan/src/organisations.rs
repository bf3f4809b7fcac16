//! The plans of all organisations: a file with `organisation = "bakker"` belongs to that one alone, every other file is shared
//! by all. An organisation with files of its own has a plan of them and the shared ones; any other has the shared plan.

use std::collections::BTreeMap;
use std::sync::Arc;

use sha2::{Digest, Sha256};

use crate::live::NotLive;
use crate::plan::{Loaded, Plan, ReferenceKind};
use crate::problem::Problem;
use crate::source::SourceFile;
use crate::tree::{self, Kind};
use crate::words;

/// What the files of a dialplan folder come to.
#[derive(Debug)]
pub struct Plans {
    shared: Arc<Plan>,
    own: BTreeMap<String, Arc<Plan>>,
    hash: String,
}

/// No file of a dialplan is of this organisation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownOrganisation {
    /// What was asked for.
    pub slug: String,
    /// Those with files of their own.
    pub known: Vec<String>,
}

impl UnknownOrganisation {
    /// The nearest of those that are known.
    #[must_use]
    pub fn nearest(&self) -> Option<&str> {
        words::nearest(&self.slug, self.known.iter().map(String::as_str))
    }
}

impl std::fmt::Display for UnknownOrganisation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let slug = words::quote(&self.slug);
        if self.known.is_empty() {
            return write!(f, "no file has `organisation = \"{}\"`: there is one plan, for all", self.slug);
        }
        let known = words::one_of(self.known.iter().take(20).map(String::as_str));
        write!(f, "no file is of organisation {slug}, expected {known}, or none for the plan that all share")
    }
}

impl std::error::Error for UnknownOrganisation {}

impl Plans {
    /// Reads and checks all files.
    ///
    /// # Errors
    /// Every problem of every file, warnings included, when at least one is an error; then nothing is taken.
    pub fn load(files: &[SourceFile]) -> Result<(Self, Vec<Problem>), Vec<Problem>> {
        let mut shared = Vec::new();
        let mut own: BTreeMap<String, Vec<Arc<SourceFile>>> = BTreeMap::new();
        for file in files {
            let kept = Arc::new(file.clone());
            match organisation(file) {
                None => shared.push(kept),
                Some(slug) => own.entry(slug).or_default().push(kept),
            }
        }
        let mut problems = Vec::new();
        let mut refused = false;
        let mut take = |files: &[Arc<SourceFile>]| match Plan::load_shared(files) {
            Ok(Loaded { plan, warnings }) => {
                add(&mut problems, warnings);
                Some(Arc::new(plan))
            }
            Err(found) => {
                add(&mut problems, found);
                refused = true;
                None
            }
        };
        let base = take(&shared);
        let plans: BTreeMap<String, Arc<Plan>> = own
            .into_iter()
            .filter_map(|(slug, mut files)| {
                files.extend(shared.iter().cloned());
                Some((slug, take(&files)?))
            })
            .collect();
        match base {
            Some(shared) if !refused => {
                let hash = hash(&shared, &plans);
                Ok((Self { shared, own: plans, hash }, problems))
            }
            _ => Err(problems),
        }
    }

    /// One plan for everybody.
    #[must_use]
    pub fn shared_by_all(plan: Plan) -> Self {
        Self { hash: plan.hash().to_string(), shared: Arc::new(plan), own: BTreeMap::new() }
    }

    /// The plan of an organisation, by its slug.
    #[must_use]
    pub fn of(&self, slug: &str) -> &Arc<Plan> {
        self.own.get(slug).unwrap_or(&self.shared)
    }

    /// The plan that somebody asks for by name: that of an organisation with files of its own, or the shared one.
    ///
    /// # Errors
    /// When no file is of that organisation.
    pub fn named(&self, slug: Option<&str>) -> Result<&Arc<Plan>, UnknownOrganisation> {
        let Some(slug) = slug else { return Ok(&self.shared) };
        self.own.get(slug).ok_or_else(|| UnknownOrganisation {
            slug: slug.to_string(),
            known: self.own.keys().cloned().collect(),
        })
    }

    /// The plan of those without files of their own.
    #[must_use]
    pub fn shared(&self) -> &Arc<Plan> {
        &self.shared
    }

    /// The organisations with files of their own, and their plans.
    pub fn own(&self) -> impl Iterator<Item = (&str, &Arc<Plan>)> {
        self.own.iter().map(|(slug, plan)| (slug.as_str(), plan))
    }

    /// All plans, the shared one first.
    pub fn all(&self) -> impl Iterator<Item = &Arc<Plan>> {
        std::iter::once(&self.shared).chain(self.own.values())
    }

    /// Twelve hexadecimal digits that stand for all sources.
    #[must_use]
    pub fn hash(&self) -> &str {
        &self.hash
    }

    /// A warning, at its first place, for each kind of thing that live calls cannot do yet. For steps loading has given it.
    #[must_use]
    pub fn not_live(&self) -> Vec<Problem> {
        let mut kinds: BTreeMap<NotLive, &Problem> = BTreeMap::new();
        for (kind, problem) in self.all().flat_map(|plan| &plan.not_live) {
            if !matches!(kind, NotLive::Step(_)) {
                kinds.entry(*kind).or_insert(problem);
            }
        }
        kinds.into_values().cloned().collect()
    }

    /// A warning for everything that some plan relies on and `known` denies; each place once.
    #[must_use]
    pub fn unresolved(&self, mut known: impl FnMut(&Plan, ReferenceKind, &str) -> bool) -> Vec<Problem> {
        let mut problems = Vec::new();
        for plan in self.all() {
            add(&mut problems, plan.unresolved(|kind, name| known(plan, kind, name)));
        }
        problems
    }
}

impl Plans {
    /// A warning for every file with a secret that `fault` has something to say of; each place once.
    #[must_use]
    pub fn unusable_secrets(&self, mut fault: impl FnMut(&str) -> Option<String>) -> Vec<Problem> {
        let mut problems = Vec::new();
        for plan in self.all() {
            add(&mut problems, plan.unusable_secrets(&mut fault));
        }
        problems
    }
}

/// A shared file is read once for each organisation, and its problems are told once.
fn add(problems: &mut Vec<Problem>, found: Vec<Problem>) {
    for problem in found {
        if !problems.contains(&problem) {
            problems.push(problem);
        }
    }
}

/// Whose file it is. One that cannot be read is shared: its fault is told with the others.
fn organisation(file: &SourceFile) -> Option<String> {
    let tree = tree::parse(&file.text).ok()?;
    match &tree.get("organisation")?.kind {
        Kind::Text(slug) if !slug.is_empty() => Some(slug.clone()),
        _ => None,
    }
}

fn hash(shared: &Plan, own: &BTreeMap<String, Arc<Plan>>) -> String {
    if own.is_empty() {
        return shared.hash().to_string();
    }
    let mut hasher = Sha256::new();
    hasher.update(shared.hash());
    for (slug, plan) in own {
        hasher.update(slug);
        hasher.update(plan.hash());
    }
    hasher.finalize().iter().take(6).map(|byte| format!("{byte:02x}")).collect()
}
