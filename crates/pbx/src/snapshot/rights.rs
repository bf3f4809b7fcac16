//! Who may call what, as calls need it: what the store says holds, over what ships.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use kiestoon_call::{Class, Destinations, Limits, Profile, Rights, Watch};
use kiestoon_dialplan::Plans;
use kiestoon_store::{
    CallClass, Directory, Extension, Limit, Money, Prefix, ProfileSettings, Span, effective,
};

use super::{Missing, Warning};

/// The profiles of everybody.
pub(super) struct Profiles {
    /// By id.
    settings: HashMap<String, ProfileSettings>,
    /// Those that were made: many extensions share one.
    made: HashMap<Key, Arc<Profile>>,
}

/// What an extension's profile is made of: its profile, its own rights, and the profile of its organisation.
type Key = (Option<String>, Option<Vec<CallClass>>, Option<String>);

impl Profiles {
    pub(super) fn new(profiles: Vec<kiestoon_store::Profile>) -> Self {
        let settings = profiles.into_iter().map(|profile| (profile.id, profile.settings)).collect();
        Self { settings, made: HashMap::new() }
    }

    /// What holds for an organisation.
    pub(super) fn of_organisation(&self, id: Option<&String>) -> Arc<Profile> {
        Arc::new(profile(&id.and_then(|id| self.settings.get(id)).cloned().unwrap_or_default()))
    }

    /// What holds for an extension whose organisation has this profile.
    pub(super) fn of_extension(&mut self, extension: &Extension, of_all: Option<&String>) -> Arc<Profile> {
        let key = (extension.profile_id.clone(), extension.rights.clone(), of_all.cloned());
        let settings = &self.settings;
        let make = || {
            let find = |id: Option<&String>| id.and_then(|id| settings.get(id));
            let own = extension.rights.as_deref();
            Arc::new(profile(&effective(own, find(extension.profile_id.as_ref()), find(of_all))))
        };
        Arc::clone(self.made.entry(key).or_insert_with(make))
    }
}

/// Hours that profiles name and dialplans do not have: they count as closed.
pub(super) fn unknown_hours(directory: &Directory, plans: &Plans) -> Vec<Warning> {
    let used: HashSet<&String> = directory
        .extensions
        .iter()
        .filter_map(|extension| extension.profile_id.as_ref())
        .chain(directory.organisations.iter().filter_map(|organisation| organisation.profile_id.as_ref()))
        .collect();
    let warning = |profile: &kiestoon_store::Profile| {
        let hours = profile.settings.hours.as_ref()?;
        let home = directory.organisations.iter().find(|home| home.id == profile.organisation_id)?;
        let known: Vec<&str> = plans.of(&home.slug).hours_names().collect();
        (!known.contains(&hours.as_str())).then(|| {
            let known = known.iter().map(|name| (*name).to_owned()).collect();
            Missing::Hours { profile: profile.name.clone(), hours: hours.clone(), known }.into()
        })
    };
    directory.profiles.iter().filter(|profile| used.contains(&profile.id)).filter_map(warning).collect()
}

/// Settings over what ships.
fn profile(said: &ProfileSettings) -> Profile {
    let usual = Profile::default();
    let limit = |limit: Option<Limit>| limit.and_then(Limit::most);
    let budget = |budget: Option<Money>| budget.and_then(Money::millionths);
    let watched = |limit: Option<Limit>, usual: Option<u32>| limit.map_or(usual, Limit::most);
    Profile {
        rights: said.rights.as_deref().map_or(usual.rights, rights),
        hours: said.hours.as_deref().map(Into::into),
        rights_closed: said.rights_closed.as_deref().map(rights),
        limits: Limits {
            calls: limit(said.calls),
            calls_per_minute: limit(said.calls_per_minute),
            spend_per_day: budget(said.spend_per_day),
            spend_per_month: budget(said.spend_per_month),
        },
        destinations: Destinations {
            blocked: prefixes(said.blocked.as_deref()),
            allowed: prefixes(said.allowed.as_deref()),
        },
        watch: Watch {
            within: said.watch_within.map_or(usual.watch.within, |Span(within): Span| within.max(SHORTEST)),
            calls: watched(said.watch_calls, usual.watch.calls),
            destinations: watched(said.watch_destinations, usual.watch.destinations),
            closed: watched(said.watch_closed, usual.watch.closed),
        },
    }
}

fn rights(classes: &[CallClass]) -> Rights {
    Rights::of(classes.iter().map(|class| match class {
        CallClass::Internal => Class::Internal,
        CallClass::National => Class::National,
        CallClass::Mobile => Class::Mobile,
        CallClass::International => Class::International,
        CallClass::Premium => Class::Premium,
    }))
}

fn prefixes(said: Option<&[Prefix]>) -> Vec<Box<str>> {
    said.into_iter().flatten().map(|prefix| prefix.as_str().into()).collect()
}

/// Nothing is looked back on for less.
const SHORTEST: Duration = Duration::from_secs(1);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_stands_over_what_ships() {
        assert_eq!(profile(&ProfileSettings::default()), Profile::default());
        let mut said = ProfileSettings::default();
        for (key, text) in [
            ("rights", "premium"),
            ("rights_closed", "internal"),
            ("hours", "kantoor"),
            ("calls", "3"),
            ("calls_per_minute", "off"),
            ("spend_per_day", "2.5"),
            ("blocked", "+49"),
            ("allowed", "+4930,0900"),
            ("watch_within", "30m"),
            ("watch_calls", "off"),
            ("watch_closed", "0"),
        ] {
            said.take_text(key, text).unwrap();
        }
        let made = profile(&said);
        assert_eq!(made.rights, Rights::of([Class::Premium]));
        assert_eq!(made.rights_closed, Some(Rights::of([Class::Internal])));
        assert_eq!(made.hours.as_deref(), Some("kantoor"));
        let limits = Limits { calls: Some(3), spend_per_day: Some(2_500_000), ..Limits::default() };
        assert_eq!(made.limits, limits);
        assert_eq!((made.destinations.blocked.len(), made.destinations.allowed.len()), (1, 2));
        let watch =
            Watch { within: Duration::from_secs(1800), calls: None, destinations: Some(10), closed: Some(0) };
        assert_eq!(made.watch, watch);
        let nobody = ProfileSettings { rights: Some(Vec::new()), ..ProfileSettings::default() };
        assert_eq!(profile(&nobody).rights, Rights::NONE);
    }
}
