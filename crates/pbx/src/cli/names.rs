//! Names that point elsewhere: the trunk of a block, the context that it or a number enters, the opening hours of a profile. What is not
//! there would be kept silently, and do nothing.

use std::collections::BTreeSet;

use kiestoon_config::Config;
use kiestoon_dialplan::{Plan, Plans, nearest};
use kiestoon_store::{BlockAction, DialplanNameKind, Directory, Import, NameFault};

use super::language::{Language, say};
use crate::snapshot::dialplan_files;

/// The names of the dialplan.
pub(super) struct Names {
    plans: Plans,
    language: Language,
}

impl Names {
    /// None where the dialplan cannot be used: then there is nothing to compare with, and `kiestoon check` says why.
    pub(super) fn of(config: &Config, language: Language) -> Option<Self> {
        let files = dialplan_files(&config.dialplan.path).ok()?;
        let (plans, _) = Plans::load(&files).ok()?;
        Some(Self { plans, language })
    }

    /// What is wrong with the name of a context; of any organisation, where none is named.
    pub(super) fn context(&self, organisation: Option<&str>, name: &str) -> Option<String> {
        let known =
            self.known(organisation, |plan| plan.contexts().map(|(name, _)| name.to_owned()).collect());
        let meant = self.missing(name, &known)?;
        Some(say!(
            self.language,
            "the dialplan has no context `{name}`{meant}",
            "het belplan heeft geen context `{name}`{meant}"
        ))
    }

    /// The same of opening hours.
    pub(super) fn hours(&self, organisation: Option<&str>, name: &str) -> Option<String> {
        let known = self.known(organisation, |plan| plan.hours_names().map(str::to_owned).collect());
        let meant = self.missing(name, &known)?;
        Some(say!(
            self.language,
            "the dialplan has no hours `{name}`{meant}",
            "het belplan heeft geen openingstijden `{name}`{meant}"
        ))
    }

    fn known(&self, organisation: Option<&str>, of: impl Fn(&Plan) -> Vec<String>) -> BTreeSet<String> {
        match organisation {
            Some(slug) => of(self.plans.of(slug)).into_iter().collect(),
            None => self.plans.all().flat_map(|plan| of(plan)).collect(),
        }
    }

    fn missing(&self, name: &str, known: &BTreeSet<String>) -> Option<String> {
        (!known.contains(name)).then(|| meant(name, known.iter().map(String::as_str), self.language))
    }

    /// What is wrong with the names of an import, each at its place.
    pub(super) fn faults_of_import(&self, import: &Import) -> Vec<NameFault> {
        let named = import.dialplan_names();
        let faults = named.filter_map(|named| {
            let fault = match named.kind {
                DialplanNameKind::Context => self.context(named.organisation, named.name),
                DialplanNameKind::Hours => self.hours(named.organisation, named.name),
            };
            Some(named.missing(fault?))
        });
        faults.collect()
    }

    /// What is wrong with the blocks and profiles of a database.
    pub(super) fn faults_of(&self, directory: &Directory) -> Vec<String> {
        let slug = |id: &str| slug(directory, id);
        let mut faults = BTreeSet::new();
        for (home, block) in &directory.blocks {
            let (home, what) = (slug(home), &block.condition);
            let of_block = |fault: String| {
                say!(
                    self.language,
                    "block for {what} of {home}: {fault}",
                    "blokkade voor {what} van {home}: {fault}"
                )
            };
            let own = directory.trunks.iter().filter(|trunk| slug(&trunk.organisation_id) == home);
            let own = own.map(|trunk| trunk.details.name.as_str());
            let trunk = block.trunk.as_deref().and_then(|name| no_trunk(name, own, self.language));
            let context = match &block.action {
                BlockAction::Context(name) => self.context(Some(home), name),
                _ => None,
            };
            faults.extend(trunk.into_iter().chain(context).map(of_block));
        }
        for profile in &directory.profiles {
            let (home, name) = (slug(&profile.organisation_id), &profile.name);
            let hours = profile.settings.hours.as_deref().and_then(|hours| self.hours(Some(home), hours));
            faults.extend(hours.map(|fault| {
                say!(self.language, "profile {name} of {home}: {fault}", "profiel {name} van {home}: {fault}")
            }));
        }
        faults.into_iter().collect()
    }

    /// The numbers of a database that enter a context that is not there. They may come before the file that has it.
    pub(super) fn doubts_of(&self, directory: &Directory) -> Vec<String> {
        let mut doubts = Vec::new();
        for trunk in &directory.trunks {
            let (home, name) = (slug(directory, &trunk.organisation_id), &trunk.details.name);
            for (number, context) in &trunk.details.numbers {
                let fault = context.as_deref().and_then(|context| self.context(Some(home), context));
                doubts.extend(fault.map(|fault| {
                    say!(
                        self.language,
                        "number {number} of trunk {name} of {home}: {fault}",
                        "nummer {number} van trunk {name} van {home}: {fault}"
                    )
                }));
            }
        }
        doubts
    }
}

fn slug<'a>(directory: &'a Directory, id: &str) -> &'a str {
    directory.organisations.iter().find(|own| own.id == id).map_or("", |own| own.slug.as_str())
}

/// What is wrong with the name of a trunk.
pub(super) fn no_trunk<'a>(
    name: &str,
    known: impl Iterator<Item = &'a str> + Clone,
    language: Language,
) -> Option<String> {
    if known.clone().any(|known| known == name) {
        return None;
    }
    let meant = meant(name, known, language);
    Some(say!(language, "there is no trunk `{name}`{meant}", "er is geen trunk `{name}`{meant}"))
}

/// The one that was probably meant, else all that there are.
fn meant<'a>(name: &str, known: impl Iterator<Item = &'a str> + Clone, language: Language) -> String {
    if let Some(near) = nearest(name, known.clone()) {
        return say!(language, ": did you mean `{near}`?", ": bedoelde u `{near}`?");
    }
    match known.take(MOST_TOLD).collect::<Vec<_>>().join(", ") {
        none if none.is_empty() => say!(language, ": there are none", ": er zijn er geen"),
        some => say!(language, "; there are {some}", "; er zijn {some}"),
    }
}

/// Names of a list in a sentence.
const MOST_TOLD: usize = 12;
