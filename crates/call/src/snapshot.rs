//! Everything that a call decision needs, immutable: who exists, what they are called, how they prove it, and the
//! dialplan. Built whole by the PBX from the store and swapped; a call keeps the snapshot that it began with.

use std::collections::{HashMap, HashSet};
use std::net::IpAddr;
use std::sync::Arc;

use kiestoon_dialplan::{Plan, Plans};
use kiestoon_sip::Host;
use kiestoon_sip::digest::Ha1Set;

use crate::callers::Callers;
use crate::rights::Profile;
use crate::settings::Network;
use crate::trunk::{Rates, Trunk};

/// One state of the directory and the dialplan.
#[derive(Debug)]
pub struct Snapshot {
    /// The store's revision that this was built from.
    pub revision: i64,
    organisations: Vec<Organisation>,
    /// Lower-case domain to index in `organisations`.
    domains: HashMap<Box<str>, usize>,
    own_hosts: HashSet<Box<str>>,
    /// Every network that a trunk calls from, with its organisation.
    trunks: Vec<(Network, usize, Arc<Trunk>)>,
    plans: Plans,
    prompts: HashSet<Box<str>>,
    dormant: HashMap<Arc<str>, HashMap<Box<str>, Arc<Profile>>>,
}

/// What a [`Snapshot`] is made of.
#[derive(Debug)]
pub struct SnapshotParts {
    /// The store's revision.
    pub revision: i64,
    /// Every organisation with its extensions.
    pub organisations: Vec<Organisation>,
    /// Names and addresses, without ports, that this PBX is reached by besides the domains and the addresses that
    /// it listens on. Where there is one organisation, they count as its domain.
    pub own_hosts: Vec<String>,
    /// The dialplans.
    pub plans: Plans,
    /// The names of the prompts that can be played.
    pub prompts: Vec<String>,
    /// What holds for extensions that are switched off, by the id of their organisation, and organisations of which nobody calls: what they
    /// have spent, and who of them is on hold, is kept, and their running calls are paid on.
    pub dormant: HashMap<Arc<str>, HashMap<Box<str>, Arc<Profile>>>,
}

/// A tenant.
#[derive(Debug)]
pub struct Organisation {
    /// The id in the store.
    pub id: Arc<str>,
    /// The short name.
    pub slug: Box<str>,
    /// The SIP domain, if it has one.
    pub domain: Option<Box<str>>,
    /// The digest realm that its extensions' HA1 values were made with. Not a secret.
    pub realm: Box<str>,
    /// Extensions by number.
    pub extensions: HashMap<Box<str>, Extension>,
    /// Trunks by name.
    pub trunks: HashMap<Box<str>, Arc<Trunk>>,
    /// What holds for all of it together, and for what its dialplan does for calls from outside.
    pub profile: Arc<Profile>,
    /// What calls cost.
    pub rates: Rates,
    /// Whom it knows of those who call it, and whom it keeps out.
    pub callers: Callers,
}

/// Somebody who can call and be called.
#[derive(Debug)]
pub struct Extension {
    /// The id in the store.
    pub id: Arc<str>,
    /// The name that is shown with calls.
    pub name: Box<str>,
    /// What digest authentication is checked against.
    pub ha1: Ha1Set,
    /// What it may call.
    pub profile: Arc<Profile>,
}

impl Snapshot {
    /// A snapshot of its parts. Of two organisations with one domain, the first keeps it: the store forbids two.
    pub fn new(parts: SnapshotParts) -> Self {
        let mut domains = HashMap::new();
        for (index, organisation) in parts.organisations.iter().enumerate() {
            if let Some(domain) = &organisation.domain {
                domains.entry(domain.to_ascii_lowercase().into_boxed_str()).or_insert(index);
            }
        }
        let mut trunks = Vec::new();
        for (index, organisation) in parts.organisations.iter().enumerate() {
            for trunk in organisation.trunks.values() {
                trunks.extend(trunk.addresses.iter().map(|network| (*network, index, Arc::clone(trunk))));
            }
        }
        Self {
            revision: parts.revision,
            trunks,
            domains,
            organisations: parts.organisations,
            own_hosts: parts.own_hosts.into_iter().map(|host| lower(&host)).collect(),
            plans: parts.plans,
            prompts: parts.prompts.into_iter().map(String::into_boxed_str).collect(),
            dormant: parts.dormant,
        }
    }

    /// Whether an extension is there, switched on or off; without a number, the organisation with that id.
    pub(crate) fn has(&self, organisation: &str, number: Option<&str>) -> bool {
        let of = self.index_of(organisation).and_then(|index| self.organisation(index));
        let dormant = self.dormant.get(organisation);
        match number {
            None => of.is_some() || dormant.is_some(),
            Some(number) => {
                of.is_some_and(|of| of.extensions.contains_key(number))
                    || dormant.is_some_and(|numbers| numbers.contains_key(number))
            }
        }
    }

    /// What holds for an extension that is switched off.
    pub(crate) fn dormant(&self, organisation: &str, number: &str) -> Option<&Profile> {
        Some(self.dormant.get(organisation)?.get(number)?)
    }

    /// The organisations.
    pub fn organisations(&self) -> &[Organisation] {
        &self.organisations
    }

    /// The dialplans.
    pub fn plans(&self) -> &Plans {
        &self.plans
    }

    /// The dialplan of an organisation.
    pub(crate) fn plan(&self, organisation: usize) -> &Arc<Plan> {
        self.plans.of(self.organisation(organisation).map_or("", |own| &own.slug))
    }

    /// Whether a prompt can be played.
    pub fn has_prompt(&self, name: &str) -> bool {
        self.prompts.contains(name)
    }

    /// The organisation that a host names: by domain, or, where there is only one, by an address of this PBX.
    /// `local` is the address that the request came to.
    pub(crate) fn organisation_of(&self, host: &Host, local: IpAddr) -> Option<usize> {
        let is_local = host.ip() == Some(local.to_canonical());
        if is_local && self.organisations.len() == 1 {
            // Nearly every request: the address needs no text to be looked up by.
            return Some(0);
        }
        let text = lower(&host.to_string());
        if let Some(index) = self.domains.get(&text) {
            return Some(*index);
        }
        let ours = is_local || self.own_hosts.contains(&text);
        (ours && self.organisations.len() == 1).then_some(0)
    }

    /// The place of an organisation by its id in the store.
    pub(crate) fn index_of(&self, id: &str) -> Option<usize> {
        self.organisations.iter().position(|organisation| &*organisation.id == id)
    }

    pub(crate) fn organisation(&self, index: usize) -> Option<&Organisation> {
        self.organisations.get(index)
    }

    /// The address of record of an extension, as the registrar knows it.
    pub(crate) fn aor(&self, organisation: usize, number: &str) -> Option<String> {
        Some(format!("{number}@{}", self.organisations.get(organisation)?.host()))
    }

    /// The organisation and the number of an address of record.
    pub(crate) fn of_aor<'a>(&self, aor: &'a str) -> Option<(usize, &'a str)> {
        let (number, host) = aor.rsplit_once('@')?;
        let index = self.organisations.iter().position(|organisation| organisation.host() == host)?;
        Some((index, number))
    }

    /// The extension behind an address of record, as the registrar's changes name it.
    pub fn extension_of_aor(&self, aor: &str) -> Option<&Extension> {
        let (organisation, number) = self.of_aor(aor)?;
        self.extension(organisation, number)
    }

    /// The address of record of an extension by the store's id of its organisation; None where there is no such
    /// extension now.
    pub fn aor_of(&self, organisation_id: &str, number: &str) -> Option<String> {
        let index =
            self.organisations.iter().position(|organisation| &*organisation.id == organisation_id)?;
        self.extension(index, number).and_then(|_| self.aor(index, number))
    }

    /// The trunks that calls come from with this address: the length of the network that holds it, the organisation, the trunk.
    pub(crate) fn trunks_at(&self, source: IpAddr) -> impl Iterator<Item = (u8, usize, &Arc<Trunk>)> {
        let trunks = self.trunks.iter().filter(move |(network, ..)| network.contains(source));
        trunks.map(|(network, organisation, trunk)| (network.prefix, *organisation, trunk))
    }

    pub(crate) fn trunk(&self, organisation: usize, name: &str) -> Option<&Arc<Trunk>> {
        self.organisations.get(organisation)?.trunks.get(name)
    }

    pub(crate) fn extension(&self, organisation: usize, number: &str) -> Option<&Extension> {
        self.organisations.get(organisation)?.extensions.get(number)
    }
}

impl Organisation {
    /// The host part of the organisation's addresses of record: its domain, else its slug.
    pub fn host(&self) -> &str {
        self.domain.as_deref().unwrap_or(&self.slug)
    }

    /// Its trunks, in the order of their names: the same for every process.
    pub(crate) fn trunks_by_name(&self) -> Vec<&Arc<Trunk>> {
        let mut trunks: Vec<&Arc<Trunk>> = self.trunks.values().collect();
        trunks.sort_unstable_by(|a, b| a.name.cmp(&b.name));
        trunks
    }
}

fn lower(text: &str) -> Box<str> {
    text.trim_matches(['[', ']']).to_ascii_lowercase().into_boxed_str()
}

#[cfg(test)]
mod tests {
    use kiestoon_dialplan::SourceFile;

    use super::*;

    fn organisation(slug: &str, domain: Option<&str>) -> Organisation {
        Organisation {
            id: slug.into(),
            slug: slug.into(),
            domain: domain.map(Into::into),
            realm: slug.into(),
            extensions: HashMap::new(),
            trunks: HashMap::new(),
            profile: Arc::default(),
            rates: Rates::default(),
            callers: Callers::default(),
        }
    }

    fn snapshot(organisations: Vec<Organisation>) -> Snapshot {
        let file = SourceFile { path: "a.toml".into(), text: "version = 1\n".into() };
        let plan = Plan::load(&[file]).expect("an empty dialplan").plan;
        Snapshot::new(SnapshotParts {
            revision: 1,
            organisations,
            own_hosts: vec!["PBX.example".into(), "2001:db8::5".into()],
            plans: Plans::shared_by_all(plan),
            prompts: Vec::new(),
            dormant: HashMap::new(),
        })
    }

    fn found(snapshot: &Snapshot, host: &str) -> Option<usize> {
        snapshot.organisation_of(&Host::parse(host).unwrap(), "192.0.2.1".parse().unwrap())
    }

    #[test]
    fn our_own_addresses_count_as_the_domain_of_the_only_organisation() {
        let one = snapshot(vec![organisation("kantoor", Some("Kantoor.Example"))]);
        for host in ["kantoor.example", "KANTOOR.example", "192.0.2.1", "pbx.example", "[2001:db8::5]"] {
            assert_eq!(found(&one, host), Some(0), "{host}");
        }
        for host in ["192.0.2.2", "elders.example", "kantoor"] {
            assert_eq!(found(&one, host), None, "{host}");
        }
    }

    #[test]
    fn of_two_organisations_only_the_domain_tells_which() {
        let two = snapshot(vec![organisation("a", Some("a.example")), organisation("b", Some("b.example"))]);
        assert_eq!(found(&two, "b.example"), Some(1));
        assert_eq!(found(&two, "192.0.2.1"), None);
        assert_eq!(two.of_aor("201@b.example"), Some((1, "201")));
        assert_eq!(two.of_aor("201@c.example"), None);
    }
}
