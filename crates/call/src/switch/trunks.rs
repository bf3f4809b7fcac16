//! The trunks that we register at, as the snapshot has them: one registration at each of their hosts.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Instant;

use kiestoon_sip::locate::Query;
use kiestoon_sip::transaction::ClientId;
use kiestoon_sip::{Flow, Response, Uri};
use serde::{Deserialize, Serialize};

use super::{Output, Search, Switch};
use crate::event::Event;
use crate::exchange::Exchange;
use crate::snapshot::Snapshot;
use crate::trunk::Trunk;
use crate::trunk::registration::{Change, Registrar, Registration};

/// The registrations, each under a number of its own.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Trunks {
    registrations: Vec<(u32, Registration)>,
    last: u32,
}

impl Trunks {
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.registrations.iter().filter_map(|(_, registration)| registration.deadline()).min()
    }

    /// The trunks that have granted a registration of ours at this address.
    fn granted_at<'a>(
        &'a self,
        snapshot: &'a Snapshot,
        now: Instant,
        source: IpAddr,
    ) -> impl Iterator<Item = (usize, &'a Arc<Trunk>)> {
        let granted = self.registrations.iter().filter(move |(_, registration)| {
            let granted = registration.granted.filter(|granted| granted.until > now);
            granted.is_some_and(|granted| granted.flow.remote.ip().to_canonical() == source.to_canonical())
        });
        granted.filter_map(|(_, registration)| trunk_of(snapshot, &registration.at))
    }
}

impl Switch {
    /// The registrations become those of the snapshot; one that stands goes on.
    pub(super) fn take_trunks(&mut self) {
        let snapshot = Arc::clone(&self.x.snapshot);
        let mut before = std::mem::take(&mut self.trunks.registrations);
        for organisation in snapshot.organisations() {
            for trunk in organisation.trunks.values() {
                let Some(expires) = trunk.registers else { continue };
                for host in &trunk.hosts {
                    let at = Registrar {
                        organisation: Arc::clone(&organisation.id),
                        trunk: Arc::clone(&trunk.name),
                        host: Uri::Sip(host.clone()).to_string().into(),
                    };
                    let known = before.iter().position(|(_, registration)| registration.at == at);
                    let registration = match known {
                        Some(known) => before.swap_remove(known),
                        None => {
                            self.trunks.last = self.trunks.last.wrapping_add(1);
                            (self.trunks.last, Registration::new(&mut self.x, at, expires))
                        }
                    };
                    self.trunks.registrations.push(registration);
                }
            }
        }
        for client in before.iter().filter_map(|(_, registration)| registration.client()) {
            self.x.routes.remove_client(client);
        }
    }

    /// Registers where it is due.
    pub(super) fn register_due(&mut self) {
        let snapshot = Arc::clone(&self.x.snapshot);
        for (id, registration) in &mut self.trunks.registrations {
            let Some((_, trunk)) = trunk_of(&snapshot, &registration.at) else { continue };
            if !registration.begins(self.x.now) {
                continue;
            }
            let proxy = trunk.route.first().map(|proxy| proxy.uri.clone());
            let Some(uri) = proxy.or_else(|| Uri::parse(&registration.at.host).ok()) else { continue };
            if let Some(query) = uri.as_sip().map(Query::of) {
                self.x.outputs.push_back(Output::Resolve { id: Search::Registration(*id), query });
            }
        }
    }

    /// The DNS has said where a host is.
    pub(super) fn registrar_located(&mut self, id: u32, flows: Vec<Flow>) {
        self.with_registration(
            |(known, _)| *known == id,
            |registration, x, trunk| registration.located(x, trunk, flows),
        );
    }

    /// A response to a REGISTER of ours.
    pub(super) fn registration_responded(&mut self, client: ClientId, response: &Response) {
        if response.status.is_final() {
            self.x.routes.remove_client(client);
            self.with_registration(
                |(_, registration)| registration.client() == Some(client),
                |registration, x, trunk| registration.responded(x, trunk, response),
            );
        }
    }

    /// A REGISTER of ours has had no response.
    pub(super) fn registration_failed(&mut self, client: ClientId) {
        self.x.routes.remove_client(client);
        self.with_registration(
            |(_, registration)| registration.client() == Some(client),
            |registration, x, trunk| registration.silent(x, trunk),
        );
    }

    /// The trunks that a request from this address may come from by a registration of ours.
    pub(super) fn registered_trunks(&self, source: IpAddr) -> Vec<(usize, Arc<Trunk>)> {
        let granted = self.trunks.granted_at(&self.x.snapshot, self.x.now, source);
        granted.map(|(organisation, trunk)| (organisation, Arc::clone(trunk))).collect()
    }

    fn with_registration(
        &mut self,
        which: impl Fn(&(u32, Registration)) -> bool,
        act: impl FnOnce(&mut Registration, &mut Exchange, &Trunk) -> Change,
    ) {
        let snapshot = Arc::clone(&self.x.snapshot);
        let Some((_, registration)) = self.trunks.registrations.iter_mut().find(|known| which(known)) else {
            return;
        };
        let Some((organisation, trunk)) = trunk_of(&snapshot, &registration.at) else { return };
        let change = act(registration, &mut self.x, trunk);
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

fn trunk_of<'a>(snapshot: &'a Snapshot, at: &Registrar) -> Option<(usize, &'a Arc<Trunk>)> {
    let organisation = snapshot.index_of(&at.organisation)?;
    Some((organisation, snapshot.trunk(organisation, &at.trunk)?))
}
