//! Who may call what, as calls need it: what the store says holds, over what ships.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use kiestoon_call::{Class, Destinations, Limits, Profile, Rights, Watch};
use kiestoon_dialplan::{Country, Plans};
use kiestoon_store::{
    CallClass, DEFAULT_COUNTRY, Directory, Extension, Limit, Money, Prefix, ProfileSettings, Span, effective,
};

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
pub(super) fn unknown_hours(directory: &Directory, plans: &Plans) -> Vec<String> {
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
        let name = &profile.name;
        let is_known = known.contains(&hours.as_str());
        (!is_known).then(|| match known.as_slice() {
            [] => format!("profile {name} has hours {hours}, which count as closed: the dialplan has none"),
            known => format!(
                "profile {name} has hours {hours}, which count as closed: the dialplan has {}",
                known.join(", ")
            ),
        })
    };
    directory.profiles.iter().filter(|profile| used.contains(&profile.id)).filter_map(warning).collect()
}

/// Blocked prefixes that are written as people dial: who dials the same number in E.164 would pass by them.
pub(super) fn doubtful_prefixes(directory: &Directory) -> Vec<String> {
    let of = |profile: &kiestoon_store::Profile| {
        let mut trunks = directory.trunks.iter().filter(|t| t.organisation_id == profile.organisation_id);
        let own = trunks.find_map(|trunk| trunk.details.settings.country.as_deref());
        let country = Country::find(own.unwrap_or(DEFAULT_COUNTRY));
        let blocked = profile.settings.blocked.iter().flatten();
        let doubt = blocked.filter_map(|prefix| {
            // As long as numbers are: a prefix alone has no other form.
            let number = format!("{:0<10}", prefix.as_str());
            let e164 = country.filter(|_| !prefix.as_str().starts_with('+'))?.e164(&number);
            e164.starts_with('+').then(|| {
                let (name, prefix) = (&profile.name, prefix.as_str());
                format!("profile {name} blocks {prefix} only where it is dialled so: {number} is {e164} too; write the beginning in E.164")
            })
        });
        doubt.collect::<Vec<_>>()
    };
    directory.profiles.iter().flat_map(of).collect()
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

    #[test]
    fn what_is_blocked_as_it_is_dialled_only_is_told() {
        let mut settings = ProfileSettings::default();
        settings.take_text("blocked", "+49,0900,06,1850").unwrap();
        let profile = kiestoon_store::Profile {
            id: "1".into(),
            organisation_id: "2".into(),
            name: "verkoop".into(),
            settings,
        };
        let directory = Directory {
            revision: 1,
            organisations: Vec::new(),
            extensions: Vec::new(),
            trunks: Vec::new(),
            profiles: vec![profile],
            contacts: Vec::new(),
            blocks: Vec::new(),
        };
        let told = doubtful_prefixes(&directory);
        assert_eq!(told.len(), 1, "{told:?}");
        assert!(told[0].starts_with("profile verkoop blocks 06 only where it is dialled so"), "{told:?}");
    }
}
