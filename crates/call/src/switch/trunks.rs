//! The trunks that we register at, as the snapshot has them: one registration at each of their hosts.

use std::collections::{BTreeMap, HashMap};
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Instant;

use kiestoon_sip::locate::Query;
use kiestoon_sip::transaction::ClientId;
use kiestoon_sip::{Flow, Response, Uri};
use serde::{Deserialize, Serialize};

use super::{Output, Search, Switch};
use crate::agenda::Agenda;
use crate::event::Event;
use crate::exchange::Exchange;
use crate::snapshot::Snapshot;
use crate::trunk::Trunk;
use crate::trunk::health::{HostFault, Sign};
use crate::trunk::registration::{Change, Registrar, Registration};
use crate::trunk::removal::{Removal, Unbound};

/// The registrations, each under a number of its own.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Trunks {
    pub(super) registrations: BTreeMap<u32, Registration>,
    last: u32,
    /// Bindings that are being given back. A successor knows none: their passwords are not written, and a binding ends by itself.
    #[serde(skip)]
    pub(super) removals: Vec<Removal>,
    /// When which of them is due.
    #[serde(skip)]
    pub(super) agenda: Agenda<u32>,
}

/// By the id of the organisation, the name of the trunk and the URI of the host.
pub(super) type Registered<'a> = HashMap<(&'a str, &'a str, &'a str), Registrant>;

/// How we stand where we register.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Registrant {
    /// Until when we are registered.
    pub(super) until: Option<Instant>,
    /// What the last REGISTER has failed by, if it has.
    pub(super) refused: Option<u16>,
}

impl Trunks {
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.agenda.deadline()
    }

    /// How we stand at each host that we register at.
    pub(super) fn registered(&self, now: Instant) -> Registered<'_> {
        let stands = self.registrations.values().map(|registration| {
            let at = &registration.at;
            let until = registration.granted.map(|granted| granted.until).filter(|until| *until > now);
            let stands = Registrant { until, refused: registration.refused };
            ((&*at.organisation, &*at.trunk, &*at.host), stands)
        });
        stands.collect()
    }

    /// The trunks that have granted a registration of ours at this address.
    fn granted_at<'a>(
        &'a self,
        snapshot: &'a Snapshot,
        now: Instant,
        source: IpAddr,
    ) -> impl Iterator<Item = (usize, &'a Arc<Trunk>)> {
        let granted = self.registrations.values().filter(move |registration| {
            let granted = registration.granted.filter(|granted| granted.until > now);
            granted.is_some_and(|granted| granted.flow.remote.ip().to_canonical() == source.to_canonical())
        });
        granted.filter_map(|registration| trunk_of(snapshot, &registration.at))
    }
}

impl Switch {
    /// The trunks become those of the snapshot. A registration that stands goes on, unless it would be asked for with other words than
    /// those of the former snapshot. One that is wanted no more is given back.
    pub(super) fn take_trunks(&mut self, former: Option<&Snapshot>) {
        self.x.take_standings();
        let snapshot = Arc::clone(&self.x.snapshot);
        let before = std::mem::take(&mut self.trunks.registrations);
        let mut known: HashMap<Registrar, (u32, Registration)> = before
            .into_iter()
            .map(|(id, registration)| (registration.at.clone(), (id, registration)))
            .collect();
        self.trunks.agenda = Agenda::default();
        let mut unbound: Vec<Unbound> = Vec::new();
        for organisation in snapshot.organisations() {
            for trunk in organisation.trunks_by_name() {
                let Some(expires) = trunk.registers else { continue };
                for host in &trunk.hosts {
                    let at = Registrar {
                        organisation: Arc::clone(&organisation.id),
                        trunk: Arc::clone(&trunk.name),
                        host: Uri::Sip(host.clone()).to_string().into(),
                    };
                    let before = former.and_then(|former| trunk_of(former, &at)).map(|(_, trunk)| trunk);
                    let (mut id, mut registration) = known.remove(&at).unwrap_or_else(|| {
                        self.trunks.last = self.trunks.last.wrapping_add(1);
                        (self.trunks.last, Registration::new(&mut self.x, at, expires))
                    });
                    if let Some(before) = before.filter(|before| !trunk.registers_like(before)) {
                        let gone = registration.unbound(&self.x, before);
                        if let Some(gone) = gone.filter(|gone| !registration.is_at(trunk, gone.address())) {
                            registration.granted = None;
                            unbound.push(gone);
                        }
                        if let Some(client) = registration.client() {
                            self.x.routes.remove_client(client);
                        }
                        registration.begin_anew(&self.x, expires);
                        // Where the former account was looked for says nothing of this one.
                        self.trunks.last = self.trunks.last.wrapping_add(1);
                        id = self.trunks.last;
                    }
                    self.trunks.agenda.set(id, registration.deadline());
                    self.trunks.registrations.insert(id, registration);
                }
            }
        }
        for (_, registration) in known.values_mut() {
            let before = former.and_then(|former| trunk_of(former, &registration.at));
            unbound.extend(before.and_then(|(_, trunk)| registration.unbound(&self.x, trunk)));
            if let Some(client) = registration.client() {
                self.x.routes.remove_client(client);
            }
        }
        if !self.draining {
            self.give_back(unbound);
        }
    }

    /// Registers where it is due.
    pub(super) fn register_due(&mut self) {
        let snapshot = Arc::clone(&self.x.snapshot);
        while let Some(id) = self.trunks.agenda.pop_due(self.x.now) {
            let Some(registration) = self.trunks.registrations.get_mut(&id) else { continue };
            let Some((_, trunk)) = trunk_of(&snapshot, &registration.at) else { continue };
            if self.draining
                || self.trunks.removals.iter().any(|removal| {
                    *removal.host() == *registration.at.host && registration.is_at(trunk, removal.address())
                })
            {
                continue;
            }
            if registration.is_lost(self.x.now) {
                self.registrar_located(id, Vec::new());
                continue;
            }
            if !registration.begins(self.x.now) {
                continue;
            }
            self.trunks.agenda.set(id, registration.deadline());
            let proxy = trunk.route.first().map(|proxy| proxy.uri.clone());
            let Some(uri) = proxy.or_else(|| Uri::parse(&registration.at.host).ok()) else { continue };
            if let Some(query) = uri.as_sip().map(Query::of) {
                self.x.outputs.push_back(Output::Resolve { id: Search::Registration(id), query });
            }
        }
    }

    /// The DNS has said where a host is, or nothing for too long.
    pub(super) fn registrar_located(&mut self, id: u32, flows: Vec<Flow>) {
        let fault = |_| Sign::Failure(HostFault::NoAddress);
        self.with_registration(Some(id), fault, |registration, x, trunk| {
            registration.located(x, trunk, flows)
        });
    }

    /// A response to a REGISTER of ours.
    pub(super) fn registration_responded(&mut self, client: ClientId, response: &Response) {
        if !response.status.is_final() {
            return;
        }
        self.x.routes.remove_client(client);
        if self.removal_responded(client, Some(response)) {
            return;
        }
        let id = self.registration_of(client);
        self.with_registration(id, Sign::of_response, |registration, x, trunk| {
            let sign = Sign::of_response(response.status.code());
            if let Sign::Answer(_) = sign {
                x.registration_heard_of(trunk, &registration.at.host, sign);
            }
            registration.responded(x, trunk, response)
        });
    }

    /// A REGISTER of ours has had no response.
    pub(super) fn registration_failed(&mut self, client: ClientId) {
        self.x.routes.remove_client(client);
        if self.removal_responded(client, None) {
            return;
        }
        let id = self.registration_of(client);
        let fault = |_| Sign::Failure(HostFault::Silent);
        self.with_registration(id, fault, |registration, x, trunk| registration.silent(x, trunk));
    }

    /// A connection is lost: what is registered over it is registered anew.
    pub(super) fn leave_registrations(&mut self, flow: &Flow) {
        for (id, registration) in &mut self.trunks.registrations {
            registration.flow_lost(&mut self.x, flow);
            self.trunks.agenda.set(*id, registration.deadline());
        }
    }

    fn registration_of(&self, client: ClientId) -> Option<u32> {
        let mut all = self.trunks.registrations.iter();
        all.find(|(_, registration)| registration.client() == Some(client)).map(|(id, _)| *id)
    }

    /// The trunks that a request from this address may come from by a registration of ours.
    pub(super) fn registered_trunks(&self, source: IpAddr) -> Vec<(usize, Arc<Trunk>)> {
        let granted = self.trunks.granted_at(&self.x.snapshot, self.x.now, source);
        granted.map(|(organisation, trunk)| (organisation, Arc::clone(trunk))).collect()
    }

    /// `fault` is what a failure says of the host.
    fn with_registration(
        &mut self,
        id: Option<u32>,
        fault: impl FnOnce(u16) -> Sign,
        act: impl FnOnce(&mut Registration, &mut Exchange, &Trunk) -> Change,
    ) {
        // Who stops has given back what it had.
        if self.draining {
            return;
        }
        let snapshot = Arc::clone(&self.x.snapshot);
        let Some((id, registration)) = id.and_then(|id| Some((id, self.trunks.registrations.get_mut(&id)?)))
        else {
            return;
        };
        let Some((organisation, trunk)) = trunk_of(&snapshot, &registration.at) else { return };
        let change = act(registration, &mut self.x, trunk);
        self.trunks.agenda.set(id, registration.deadline());
        if let Change::Failed(status) = change
            && let sign @ Sign::Failure(_) = fault(status)
        {
            self.x.registration_heard_of(trunk, &registration.at.host, sign);
        }
        let organisation =
            snapshot.organisation(organisation).map_or_else(Default::default, |own| own.slug.clone());
        let (trunk, host) = (Box::from(&*trunk.name), registration.at.host.clone());
        match change {
            Change::None => {}
            Change::Registered => self.x.event(Event::TrunkRegistered { organisation, trunk, host }),
            Change::Failed(status) => {
                self.x.event(Event::TrunkRefused { organisation, trunk, host, status });
            }
        }
    }
}

pub(super) fn trunk_of<'a>(snapshot: &'a Snapshot, at: &Registrar) -> Option<(usize, &'a Arc<Trunk>)> {
    let organisation = snapshot.index_of(&at.organisation)?;
    Some((organisation, snapshot.trunk(organisation, &at.trunk)?))
}
