//! What an operator sees of the trunks.

use std::time::Instant;

use kiestoon_dialplan::INBOUND;
use kiestoon_sip::{Flow, Request};

use super::Switch;
use super::trunks::{Registered, Registrant};
use crate::snapshot::Organisation;
use crate::trunk::Trunk;
use crate::trunk::health::Sign;
use crate::trunk::standing::{Host, Step};
use crate::view::{ArrivalView, TrunkHostView, TrunkView};

impl Switch {
    /// All trunks, by organisation and name.
    pub fn trunks(&self, now: Instant) -> Vec<TrunkView> {
        let organisations = self.x.snapshot.organisations().iter();
        let registered = self.trunks.registered(now);
        let trunks =
            organisations.flat_map(|own| own.trunks_by_name().into_iter().map(move |trunk| (own, trunk)));
        let mut views: Vec<TrunkView> =
            trunks.map(|(own, trunk)| self.trunk_view(own, trunk, &registered)).collect();
        views.sort_by(|a, b| (&a.organisation, &a.name).cmp(&(&b.organisation, &b.name)));
        views
    }

    /// How an INVITE is understood that comes from the other end of `flow`; None where no trunk is there. Nothing comes of asking.
    pub fn arrival_view(&self, request: &Request, flow: &Flow) -> Option<ArrivalView> {
        let arrival = self.arrival(request, flow)?;
        let organisation = self.x.snapshot.organisation(arrival.organisation)?;
        Some(ArrivalView {
            organisation: organisation.slug.clone(),
            trunk: (*arrival.trunk.name).into(),
            caller: arrival.caller,
            dialled: arrival.dialled,
            context: arrival.context.unwrap_or_else(|| INBOUND.into()),
            refused: arrival.refused.map(|end| end.reason),
        })
    }

    fn trunk_view(&self, own: &Organisation, trunk: &Trunk, registered: &Registered<'_>) -> TrunkView {
        let standings = &self.x.standings;
        let hosts = standings.hosts_of(&trunk.id).map(|(_, host)| {
            let stands = registered.get(&(&*own.id, &*trunk.name, &*host.uri)).copied().unwrap_or_default();
            self.host_view(host, stands)
        });
        let in_use = standings.channels.in_use(&trunk.id);
        TrunkView {
            organisation: own.slug.clone(),
            name: (*trunk.name).into(),
            state: standings.state(&trunk.id),
            hosts: hosts.collect(),
            registers: trunk.registers.is_some(),
            calls_in: in_use.inbound,
            calls_out: in_use.outbound,
            channels: trunk.channels,
            calls_per_second: trunk.calls_per_second,
            results: standings.standing(&trunk.id).map(|standing| standing.results.all()).unwrap_or_default(),
        }
    }

    fn host_view(&self, host: &Host, stands: Registrant) -> TrunkHostView {
        let health = &host.health;
        let (last_status, fault) = match health.last {
            Some(Sign::Answer(status)) => (Some(status), None),
            Some(Sign::Failure(fault)) => (fault.status(), Some(fault)),
            None => (None, None),
        };
        TrunkHostView {
            host: host.uri.clone(),
            state: health.state,
            since: self.x.clock.micros(health.since),
            asked: !matches!(host.step, Step::Idle),
            last_status,
            fault,
            round_trip: host.round_trip,
            failures: health.failures,
            registered_until: stands.until.map(|until| self.x.clock.micros(until)),
            register_status: stands.refused,
        }
    }
}
