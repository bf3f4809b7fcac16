//! Builds the snapshot that calls run on: directory from the database, dialplan from its folder, names of the prompts.
//! Built whole and checked whole; what is wrong is said all at once and the old snapshot stays.

mod blocklist;
mod callers;
mod files;
mod rates;
mod rights;
mod stir;
mod trunks;
mod warning;

use std::{
    collections::{HashMap, HashSet},
    io,
    path::PathBuf,
    sync::Arc,
};

use kiestoon_call::{Callers, Extension, Organisation, Profile, Snapshot, SnapshotParts};
use kiestoon_config::Config;
use kiestoon_control::Sentence;
use kiestoon_dialplan::{Known, Plans, Problem, ReferenceKind};
use kiestoon_sip::digest::Ha1Set;
use kiestoon_sip::stir::TrustAnchors;
use kiestoon_store::{Directory, ImportProblem, Presets, Store, StoreError};

pub(crate) use self::blocklist::{InForce as Blocklist, Stamp as BlocklistStamp, read as read_blocklist};
pub(crate) use self::files::{DialplanStamp, dialplan_file, dialplan_files, dialplan_stamp};
pub(crate) use self::rates::{RateCards, RateProblem};
use self::rights::Profiles;
pub(crate) use self::trunks::one as trunk;
pub(crate) use self::warning::{Missing, Warning};
use crate::{
    dutch,
    language::{Language, say},
    presets,
    stir::authorities,
    webhook,
};

/// Where a snapshot comes from.
#[derive(Clone, Debug)]
pub(crate) struct Source {
    pub(crate) store: Store,
    pub(crate) dialplans: PathBuf,
    /// The folder of the operator's own presets of trunks.
    pub(crate) presets: Option<PathBuf>,
    /// The folder of what calls cost.
    pub(crate) rates: Option<PathBuf>,
    /// The folder of the authorities that vouch for callers' numbers.
    pub(crate) authorities: Option<PathBuf>,
    /// The file of numbers whose calls are declined.
    pub(crate) blocklist: Blocklist,
    /// Names of the prompts that were loaded at the start.
    pub(crate) prompts: Vec<String>,
    /// Addresses and names, beside those it listens on, that count as this PBX.
    pub(crate) own_hosts: Vec<String>,
}

/// Why a snapshot was refused.
#[derive(Debug, thiserror::Error)]
#[error("{}", self.problems(Language::English).join("\n"))]
pub(crate) enum SnapshotError {
    Store(#[from] StoreError),
    Folder { path: PathBuf, error: io::Error },
    Changing,
    Dialplan(Vec<Problem>),
    Presets(Vec<ImportProblem>),
    Rates(Vec<RateProblem>),
    Authorities(Sentence),
}

impl SnapshotError {
    /// One text a problem.
    pub(crate) fn problems(&self, language: Language) -> Vec<String> {
        vec![match self {
            Self::Dialplan(problems) => {
                return problems.iter().map(|problem| dutch::dialplan(problem, language)).collect();
            }
            Self::Presets(problems) => return problems.iter().map(ToString::to_string).collect(),
            Self::Rates(problems) => return problems.iter().map(|problem| problem.text(language)).collect(),
            Self::Store(error) => dutch::store_error(error, language),
            Self::Folder { path, error } => {
                let path = path.display();
                say!(language, "{path}: cannot be read: {error}", "{path}: niet te lezen: {error}")
            }
            Self::Changing => say!(
                language,
                "the dialplan files change all the time",
                "de bestanden van het belplan veranderen voortdurend"
            ),
            Self::Authorities(fault) => format!("`stir.authorities`: {}", language.of(fault)),
        }]
    }
}

impl Source {
    /// The same with what a reload takes of a configuration.
    pub(crate) fn configured(&self, config: &Config) -> Self {
        Self {
            rates: config.trunks.rates.clone(),
            blocklist: self.blocklist.at(config.trunks.blocklist.as_deref()),
            authorities: config.stir.authorities.clone(),
            ..self.clone()
        }
    }

    /// Builds a snapshot of the present state, with what works but perhaps not as the operator thinks.
    pub(crate) async fn build(&mut self) -> Result<(Snapshot, Vec<Warning>), SnapshotError> {
        let files = dialplan_files(&self.dialplans)?;
        let (plans, mut doubtful) = Plans::load(&files).map_err(SnapshotError::Dialplan)?;
        let presets = presets::load(self.presets.as_deref()).map_err(SnapshotError::Presets)?;
        let rates = RateCards::load(self.rates.as_deref()).map_err(SnapshotError::Rates)?;
        let anchors = self.authorities.as_deref().map(authorities).transpose();
        let anchors = Arc::new(anchors.map_err(SnapshotError::Authorities)?.unwrap_or_default());
        let mut directory = self.store.directory().await?;
        let is_prompt = |name: &str| self.prompts.iter().any(|loaded| loaded == name);
        let is_extension = |name: &str| directory.extensions.iter().any(|extension| extension.number == name);
        let trunks =
            directory.trunks.iter().map(|trunk| (trunk.details.enabled, trunk.details.name.as_str()));
        let [enabled, disabled] = [true, false].map(|wanted| {
            let of_state = trunks.clone().filter(|(enabled, _)| *enabled == wanted);
            of_state.map(|(_, name)| name).collect::<Vec<_>>()
        });
        doubtful.extend(plans.unresolved(|plan, kind, name| match kind {
            ReferenceKind::Extension => Known::There(is_extension(name)),
            ReferenceKind::Prompt => Known::There(plan.language().prompt(name, is_prompt).is_some()),
            ReferenceKind::Saying => Known::There(plan.language().can_say(name, is_prompt)),
            ReferenceKind::Trunk => Known::Trunks { enabled: &enabled, disabled: &disabled },
        }));
        doubtful.extend(plans.unusable_secrets(webhook::secret_fault));
        let mut warnings: Vec<Warning> = doubtful.into_iter().map(Into::into).collect();
        for (slug, _) in plans.own() {
            if !directory.organisations.iter().any(|organisation| organisation.slug == slug) {
                warnings.push(Missing::Organisation { slug: slug.to_owned() }.into());
            }
        }
        warnings.extend(trunks::unknown_contexts(&directory, &plans));
        warnings.extend(rights::unknown_hours(&directory, &plans));
        warnings.extend(rates.unused(&directory));
        warnings.extend(callers::doubts(&directory, &plans, &presets));
        let (listed, faults) = self.blocklist.read();
        warnings.extend(faults);
        let mut profiles = Profiles::new(std::mem::take(&mut directory.profiles));
        let dormant = dormant(&directory, &mut profiles);
        let callers = callers::by_organisation(&mut directory, &presets, &listed);
        let parts = SnapshotParts {
            revision: directory.revision,
            organisations: organisations(
                directory,
                callers,
                profiles,
                &presets,
                &rates,
                &anchors,
                &mut warnings,
            ),
            own_hosts: self.own_hosts.clone(),
            plans,
            prompts: self.prompts.clone(),
            dormant,
        };
        Ok((Snapshot::new(parts), warnings))
    }
}

/// What is there and switched off, with what holds for it.
fn dormant(
    directory: &Directory,
    profiles: &mut Profiles,
) -> HashMap<Arc<str>, HashMap<Box<str>, Arc<Profile>>> {
    let homes = || directory.organisations.iter();
    let of_all: HashMap<&str, Option<&String>> =
        homes().map(|home| (home.id.as_str(), home.profile_id.as_ref())).collect();
    let mut dormant: HashMap<Arc<str>, HashMap<Box<str>, Arc<Profile>>> =
        homes().map(|home| (home.id.as_str().into(), HashMap::new())).collect();
    for member in directory.extensions.iter().filter(|extension| !extension.enabled) {
        let home = member.organisation_id.as_str();
        let profile = profiles.of_extension(member, of_all.get(home).copied().flatten());
        dormant.entry(home.into()).or_default().insert(member.number.as_str().into(), profile);
    }
    dormant
}

fn organisations(
    directory: Directory,
    mut callers: HashMap<String, Callers>,
    mut profiles: Profiles,
    presets: &Presets,
    rates: &RateCards,
    anchors: &Arc<TrustAnchors>,
    warnings: &mut Vec<Warning>,
) -> Vec<Organisation> {
    let mut extensions: HashMap<String, Vec<kiestoon_store::Extension>> = HashMap::new();
    for extension in directory.extensions.into_iter().filter(|extension| extension.enabled) {
        extensions.entry(extension.organisation_id.clone()).or_default().push(extension);
    }
    let used: HashSet<String> = directory.trunks.iter().map(|trunk| trunk.organisation_id.clone()).collect();
    let mut trunks = trunks::by_organisation(directory.trunks, presets, anchors, warnings);
    let mut organisations = Vec::new();
    for organisation in directory.organisations {
        let members = extensions.remove(&organisation.id);
        // The `default` organisation that nobody uses does not count: where one organisation has extensions or trunks, the
        // PBX's own addresses are its domain.
        if members.is_none() && !used.contains(&organisation.id) {
            continue;
        }
        let realm = organisation.domain.clone().unwrap_or_else(|| organisation.slug.clone());
        let members = members.unwrap_or_default().into_iter();
        let (of_all, card) = (organisation.profile_id, rates.of(&organisation.slug));
        let members = members.map(|member| {
            let profile = profiles.of_extension(&member, of_all.as_ref());
            snapshot_extension(member, &realm, profile)
        });
        let extensions = members.collect();
        organisations.push(Organisation {
            trunks: trunks.remove(&organisation.id).unwrap_or_default(),
            callers: callers.remove(&organisation.id).unwrap_or_default(),
            id: organisation.id.into(),
            slug: organisation.slug.into(),
            domain: organisation.domain.map(Into::into),
            extensions,
            realm: realm.into(),
            profile: profiles.of_organisation(of_all.as_ref()),
            rates: card,
        });
    }
    organisations
}

fn snapshot_extension(
    extension: kiestoon_store::Extension,
    realm: &str,
    profile: Arc<Profile>,
) -> (Box<str>, Extension) {
    let secret = extension.secret;
    let ha1 = match secret.password {
        Some(password) => Ha1Set::from_password(&extension.number, realm, &password),
        None => Ha1Set { md5: secret.ha1_md5, sha256: secret.ha1_sha256, sha512_256: secret.ha1_sha512_256 },
    };
    (
        extension.number.into(),
        Extension { id: extension.id.into(), name: extension.name.into(), ha1, profile },
    )
}
