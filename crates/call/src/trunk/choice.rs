//! Which hosts of trunks a call goes to, and what it tells of them: those that are down are left out, so that nobody waits for
//! their silence.

use std::sync::Arc;
use std::time::Duration;

use kiestoon_media::LegId;
use kiestoon_sip::{Response, Uri};

use super::Trunk;
use super::health::{HostFault, Sign};
use crate::call::{Call, Stage};
use crate::exchange::Exchange;
use crate::leg::Signal;
use crate::locate::Tries;
use crate::reason::EndReason;
use crate::ring::Branch;
use crate::waves::Phone;

/// The phones of one target: those that are rung at one time together.
type Groups = Vec<Vec<Phone>>;

impl Call {
    /// The targets of a dial step without the hosts that are down, unless all hosts of all its trunks are: then a try is better than
    /// none. An emergency call tries them after all others.
    pub(crate) fn without_down(&self, x: &Exchange, targets: Vec<Groups>) -> Vec<Groups> {
        let is_down = |phones: &Vec<Phone>| phones.iter().any(|phone| self.is_left_out(x, phone));
        let (mut rung, mut down): (Vec<Groups>, Vec<Groups>) =
            targets.into_iter().map(|groups| groups.into_iter().partition(|phones| !is_down(phones))).unzip();
        let mut phones = rung.iter().flatten().flatten();
        let has_way_out = phones.any(|phone| phone.trunk.is_some());
        if self.is_for_help() {
            rung.append(&mut down);
        } else if !has_way_out {
            rung.iter_mut().zip(down).for_each(|(rung, mut down)| rung.append(&mut down));
        }
        rung.retain(|groups| !groups.is_empty());
        rung
    }

    fn is_left_out(&self, x: &Exchange, phone: &Phone) -> bool {
        let trunk = self.trunk_of(phone);
        trunk.is_some_and(|trunk| x.standings.is_left_out(x.now, trunk, &phone.way.contact))
    }

    /// Whether a host is left to another call, which is finding out whether it is still down, while others are left to this one.
    pub(crate) fn leaves_to_another(&self, x: &Exchange, phone: &Phone) -> bool {
        let Stage::Ringing(ring) = &self.stage else { return false };
        let is_tried = |trunk: &Trunk| x.standings.is_tried_by_another(trunk, &phone.way.contact, self.key);
        !ring.waves.is_empty() && !self.is_for_help() && self.trunk_of(phone).is_some_and(|of| is_tried(of))
    }

    /// A limit of its trunk keeps a phone from being rung; so it does with the other hosts of that trunk.
    pub(crate) fn stopped_by(&mut self, limit: EndReason, leg: LegId, target: usize) {
        self.note_status(leg, LIMITED);
        self.note_leg_end(leg, limit);
        if let Stage::Ringing(ring) = &mut self.stage {
            ring.best.enter_limit(limit);
        }
        self.drop_waiting(target);
    }

    /// Something was heard of the host that a branch goes to.
    pub(crate) fn trunk_says(&self, x: &mut Exchange, leg: LegId, sign: Sign) {
        if let Some((trunk, uri)) = self.branch(leg).and_then(|branch| self.host_of(branch)) {
            x.call_heard_of(&trunk, &uri, sign);
        }
    }

    /// The host that a branch goes to has refused it, and says perhaps how long it wants to be left alone.
    pub(crate) fn trunk_refuses(&self, x: &mut Exchange, leg: LegId, response: &Response) {
        let status = response.status.code();
        self.trunk_says(x, leg, Sign::of_call(status));
        let wait = response.headers.retry_after().filter(|_| status == 503);
        if let Some(((trunk, uri), secs)) = self.branch(leg).and_then(|branch| self.host_of(branch)).zip(wait)
        {
            x.leave_alone(&trunk, &uri, Duration::from_secs(u64::from(secs)));
        }
    }

    /// The host that a branch goes to has not answered for as long as any may, or cannot be reached. Where it has said nothing for
    /// as long as it may, that has been told.
    pub(crate) fn trunk_is_silent(&self, x: &mut Exchange, leg: LegId) {
        let tries = self.branch(leg).and_then(|branch| branch.tries.as_deref());
        if matches!(tries, Some(Tries::Left { until: Some(_), .. })) {
            self.trunk_says(x, leg, Sign::Failure(HostFault::Silent));
        }
    }

    fn host_of(&self, branch: &Branch) -> Option<(Arc<Trunk>, Uri)> {
        let trunk = self.trunk(branch.leg.trunk.as_deref())?;
        let uri = match &branch.leg.signal {
            Signal::Chosen { contact } => contact,
            Signal::Invited { invite, .. } => &invite.uri,
            Signal::Inviting { .. } | Signal::Established(_) | Signal::Over => return None,
        };
        Some((trunk, uri.clone()))
    }

    pub(super) fn trunk_of(&self, phone: &Phone) -> Option<&Arc<Trunk>> {
        self.snapshot.trunk(self.organisation, phone.trunk.as_deref()?)
    }
}

/// The status that a limit of a trunk counts as.
const LIMITED: u16 = 503;
