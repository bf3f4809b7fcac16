//! Contacts and blocks as calls need them.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use kiestoon_call::{BlockAction, BlockCondition, BlockRule, BlockRules, Callers, Contacts, Numbers};
use kiestoon_dialplan::{Country, Plans};
use kiestoon_store::{
    BlockAction as Action, BlockCondition as Condition, BlockDetails, DEFAULT_COUNTRY, Directory, Presets,
    TrunkSettings, TrunkStir,
};

use super::{Missing, Warning};

/// What each organisation knows of those who call it. Takes the contacts out of the directory.
pub(super) fn by_organisation(
    directory: &mut Directory,
    presets: &Presets,
    listed: &Arc<Numbers>,
) -> HashMap<String, Callers> {
    let mut contacts: HashMap<String, Vec<(String, String)>> = HashMap::new();
    for (organisation, number, name) in std::mem::take(&mut directory.contacts) {
        contacts.entry(organisation).or_default().push((number, name));
    }
    let mut all = HashMap::new();
    for organisation in &directory.organisations {
        let id = &organisation.id;
        let own = contacts.remove(id).unwrap_or_default();
        let rules = directory.blocks.iter().filter(|(home, _)| home == id).map(|(_, details)| rule(details));
        let callers = Callers {
            country: country(directory, id, presets),
            contacts: Contacts::new(own.iter().map(|(number, name)| (number.as_str(), name.as_str()))),
            rules: BlockRules::new(rules),
            listed: Arc::clone(listed),
        };
        all.insert(id.clone(), callers);
    }
    all
}

/// Blocks that name what is not there, or that nothing can come under. Each is told once.
pub(super) fn doubts(directory: &Directory, plans: &Plans, presets: &Presets) -> Vec<Warning> {
    let (mut missing, mut unverified) = (BTreeSet::new(), BTreeSet::new());
    for (home, block) in &directory.blocks {
        let trunks = || directory.trunks.iter().filter(|trunk| trunk.organisation_id == *home);
        let slug = directory.organisations.iter().find(|own| own.id == *home).map_or("", |own| &own.slug);
        let (kind, _) = block.condition.words();
        if let Some(name) = &block.trunk
            && trunks().all(|trunk| trunk.details.name != *name)
        {
            missing.insert(Missing::TrunkOfBlock { block: kind, trunk: name.clone() });
        }
        if let Action::Context(context) = &block.action
            && plans.of(slug).contexts().all(|(known, _)| known != context)
        {
            missing.insert(Missing::ContextOfBlock { block: kind, context: context.clone() });
        }
        let verifies = |said: &TrunkSettings| said.stir.is_some_and(|stir| stir != TrunkStir::Off);
        if block.condition == Condition::StirFailed
            && !trunks().any(|trunk| verifies(&whole(&trunk.details, presets)))
        {
            unverified.insert(slug.to_owned());
        }
    }
    let unverified = unverified.into_iter().map(|organisation| Warning::NothingVerified { organisation });
    missing.into_iter().map(Into::into).chain(unverified).collect()
}

fn whole(details: &kiestoon_store::TrunkDetails, presets: &Presets) -> TrunkSettings {
    let below = presets.find(&details.preset).map(|preset| preset.settings.clone()).unwrap_or_default();
    details.settings.over(&below)
}

/// That of its trunks; None where they are of several.
fn country(directory: &Directory, id: &str, presets: &Presets) -> Option<&'static Country> {
    let own = directory.trunks.iter().filter(|trunk| trunk.organisation_id == *id);
    let said = own.map(|trunk| whole(&trunk.details, presets).country);
    let countries: BTreeSet<String> =
        said.map(|country| country.unwrap_or_else(|| DEFAULT_COUNTRY.to_owned())).collect();
    match countries.len() {
        0 => Country::find(DEFAULT_COUNTRY),
        1 => countries.first().and_then(|country| Country::find(country)),
        _ => None,
    }
}

fn rule(details: &BlockDetails) -> BlockRule {
    BlockRule {
        condition: match &details.condition {
            Condition::Number(number) => BlockCondition::Number(number.as_str().into()),
            Condition::Prefix(start) => BlockCondition::Prefix(start.as_str().into()),
            Condition::Anonymous => BlockCondition::Anonymous,
            Condition::StirFailed => BlockCondition::StirFailed,
        },
        trunk: details.trunk.as_deref().map(Into::into),
        action: match &details.action {
            Action::Allow => BlockAction::Allow,
            Action::Reject => BlockAction::Reject,
            Action::Busy => BlockAction::Busy,
            Action::Silence => BlockAction::Silence,
            Action::Context(context) => BlockAction::Context(context.as_str().into()),
        },
    }
}
