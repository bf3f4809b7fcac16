//! The plans of all organisations: a file with `organisation = "bakker"` belongs to that one alone, every other file is shared
//! by all. An organisation with files of its own has a plan of them and the shared ones; any other has the shared plan.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use sha2::{Digest, Sha256};

use crate::live::NotLive;
use crate::parsed::{self, Parsed};
use crate::plan::{Known, Plan, ReferenceKind};
use crate::problem::{self, Problem, Severity};
use crate::read::{self, Read};
use crate::source::SourceFile;
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
        let files: Vec<Arc<SourceFile>> = files.iter().cloned().map(Arc::new).collect();
        let mut shared = Vec::new();
        let mut own: BTreeMap<String, Vec<Arc<Parsed>>> = BTreeMap::new();
        for parsed in parsed::parse(&files) {
            match parsed.organisation().map(str::to_string) {
                None => shared.push(parsed),
                Some(slug) => own.entry(slug).or_default().push(parsed),
            }
        }
        let mut taking = Taking::default();
        let base = taking.take(&shared);
        let mut room = MOST_READ;
        let mut plans = BTreeMap::new();
        for (slug, mut files) in own {
            files.extend(shared.iter().cloned());
            let Some(left) = room.checked_sub(files.iter().map(|parsed| parsed.size()).sum()) else {
                taking.no_room(files.first());
                break;
            };
            room = left;
            plans.extend(taking.take(&files).map(|plan| (slug, plan)));
        }
        let (problems, refused) = taking.problems();
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

    /// A warning for everything that some plan relies on and that is not there; each place once.
    #[must_use]
    pub fn unresolved<'a>(
        &self,
        mut known: impl FnMut(&Plan, ReferenceKind, &str) -> Known<'a>,
    ) -> Vec<Problem> {
        let (mut problems, mut told) = (Vec::new(), HashSet::new());
        for plan in self.all() {
            add(&mut problems, &mut told, plan.unresolved(|kind, name| known(plan, kind, name)));
        }
        problems
    }
}

impl Plans {
    /// A warning for every file with a secret that `fault` has something to say of; each place once.
    #[must_use]
    pub fn unusable_secrets(&self, mut fault: impl FnMut(&str) -> Option<String>) -> Vec<Problem> {
        let (mut problems, mut told) = (Vec::new(), HashSet::new());
        for plan in self.all() {
            add(&mut problems, &mut told, plan.unusable_secrets(&mut fault));
        }
        problems
    }
}

/// Plans being taken one after the other.
#[derive(Default)]
struct Taking {
    problems: Vec<Problem>,
    /// A shared file is part of each plan, and its problems are told once.
    told: HashSet<(String, u32, u32, String)>,
    /// Names that nothing uses in any plan up to now that has them.
    unused: Vec<Problem>,
    /// The files of the plans up to now.
    seen: HashSet<Arc<str>>,
    refused: bool,
}

impl Taking {
    fn take(&mut self, files: &[Arc<Parsed>]) -> Option<Arc<Plan>> {
        match read::load(files) {
            Ok(Read { plan, warnings, unused }) => {
                self.add(warnings);
                self.used_elsewhere(files, unused);
                Some(Arc::new(plan))
            }
            Err(found) => {
                self.add(found);
                self.refused = true;
                None
            }
        }
    }

    /// A name of a shared file is of use where one plan uses it.
    fn used_elsewhere(&mut self, files: &[Arc<Parsed>], unused: Vec<Problem>) {
        let paths: HashSet<&str> = files.iter().map(|parsed| &*parsed.source.path).collect();
        let key = |problem: &Problem| (problem.file.clone(), problem.line, problem.column);
        let still: HashSet<_> = unused.iter().map(key).collect();
        self.unused.retain(|problem| !paths.contains(problem.file.as_str()) || still.contains(&key(problem)));
        let new = unused.into_iter().filter(|problem| !self.seen.contains(problem.file.as_str()));
        self.unused.extend(new);
        self.seen.extend(files.iter().map(|parsed| Arc::clone(&parsed.source.path)));
    }

    fn no_room(&mut self, file: Option<&Arc<Parsed>>) {
        let Some(file) = file else { return };
        let message = format!(
            "the plans of all organisations, each with the files that all share, are more than {} MiB together",
            MOST_READ >> 20
        );
        let hint = "move rules out of the files that all share".to_string();
        self.problems.push(file.source.problem(&(0..0), Severity::Error, message, Some(hint)));
        self.refused = true;
    }

    /// All of them in the order of the files, and whether one is an error.
    fn problems(mut self) -> (Vec<Problem>, bool) {
        if !self.refused {
            self.problems.append(&mut self.unused);
        }
        problem::sort(&mut self.problems);
        (self.problems, self.refused)
    }

    fn add(&mut self, found: Vec<Problem>) {
        add(&mut self.problems, &mut self.told, found);
    }
}

fn add(problems: &mut Vec<Problem>, told: &mut HashSet<(String, u32, u32, String)>, found: Vec<Problem>) {
    for problem in found {
        if told.insert((problem.file.clone(), problem.line, problem.column, problem.message.clone())) {
            problems.push(problem);
        }
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

/// Bytes of the files of all organisations, those that all share counted for each: a plan is made of them.
const MOST_READ: usize = 32 << 20;
