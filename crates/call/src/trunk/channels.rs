//! The calls over each trunk at one time. They are never counted up and down by what happens to a call, which ends in many ways:
//! after each input a call says which legs it has over trunks, and the difference is counted.

use std::collections::HashMap;
use std::sync::Arc;

use kiestoon_media::LegId;

use super::results::TrunkResult;
use crate::call::{Call, Stage};
use crate::exchange::Exchange;
use crate::leg::Leg;

/// How many there are, by the id of the trunk; those without any are left out.
#[derive(Debug, Default)]
pub(crate) struct Channels(HashMap<Arc<str>, InUse>);

/// The calls over one trunk.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct InUse {
    pub(crate) inbound: u32,
    pub(crate) outbound: u32,
}

/// A leg that goes over a trunk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Channel {
    leg: LegId,
    /// Its id.
    trunk: Arc<str>,
    is_inbound: bool,
    /// Whether what came of it has been counted.
    is_counted: bool,
}

impl Channels {
    pub(crate) fn in_use(&self, trunk: &str) -> InUse {
        self.0.get(trunk).copied().unwrap_or_default()
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    pub(crate) fn begin(&mut self, channel: &Channel) {
        let in_use = self.0.entry(Arc::clone(&channel.trunk)).or_default();
        let count = in_use.of(channel.is_inbound);
        *count = count.saturating_add(1);
    }

    pub(crate) fn end(&mut self, channel: &Channel) {
        let Some(in_use) = self.0.get_mut(&channel.trunk) else { return };
        let count = in_use.of(channel.is_inbound);
        *count = count.saturating_sub(1);
        if *in_use == InUse::default() {
            self.0.remove(&channel.trunk);
        }
    }
}

impl Channel {
    /// One of a call that is not made here, over the trunk with this id.
    pub(crate) fn of_test(leg: LegId, trunk: Arc<str>) -> Self {
        Self { leg, trunk, is_inbound: false, is_counted: false }
    }
}

impl InUse {
    pub(crate) fn all(self) -> u32 {
        self.inbound.saturating_add(self.outbound)
    }

    fn of(&mut self, is_inbound: bool) -> &mut u32 {
        if is_inbound { &mut self.inbound } else { &mut self.outbound }
    }
}

impl Call {
    /// Says which legs it has over trunks now.
    pub(crate) fn hold_channels(&mut self, x: &mut Exchange) {
        if !matches!(self.stage, Stage::Ringing(_)) && self.may_try_hosts {
            self.may_try_hosts = false;
            x.standings.leave_tried(self.key);
        }
        if self.channels.is_empty() && !self.trunk_legs().any(|_| true) {
            return;
        }
        let now: Vec<Channel> = self.trunk_legs().filter_map(|leg| self.channel(leg)).collect();
        if now == self.channels {
            return;
        }
        let before = std::mem::replace(&mut self.channels, now);
        let has = |channels: &[Channel], leg: LegId| channels.iter().any(|channel| channel.leg == leg);
        for begun in self.channels.iter().filter(|channel| !has(&before, channel.leg)) {
            x.standings.channels.begin(begun);
        }
        for ended in before.iter().filter(|channel| !has(&self.channels, channel.leg)) {
            x.standings.channels.end(ended);
            let status = self.cdr.leg(ended.leg).and_then(|leg| leg.status);
            if let (false, Some(status)) = (ended.is_counted, status) {
                self.count(x, &ended.trunk, status);
            }
        }
        self.count_answered(x);
    }

    /// A leg that was answered counts at once: it may go on into another call, where it is not counted again.
    fn count_answered(&mut self, x: &mut Exchange) {
        let mut channels = std::mem::take(&mut self.channels);
        for channel in channels.iter_mut().filter(|channel| !channel.is_counted) {
            let Some(leg) = self.any_leg_mut(channel.leg) else { continue };
            let is_answered = leg.established().is_some();
            let Some(over) = leg.trunk.as_deref_mut().filter(|_| is_answered) else { continue };
            (over.is_counted, channel.is_counted) = (true, true);
            self.count(x, &channel.trunk, 200);
        }
        self.channels = channels;
    }

    fn count(&self, x: &mut Exchange, trunk: &str, status: u16) {
        let is_cancelled = self.cdr.record.end.is_some();
        if let Some(standing) = x.standings.standing_mut(trunk) {
            standing.results.count(TrunkResult::of_status(status, is_cancelled));
        }
    }

    /// Its legs over trunks, while it has not ended.
    fn trunk_legs(&self) -> impl Iterator<Item = &Leg> {
        let rung = match &self.stage {
            Stage::Ringing(ring) => ring.branches.as_slice(),
            _ => &[],
        };
        let is_over = matches!(self.stage, Stage::Ending(_));
        let legs = self.legs().chain(rung.iter().map(|branch| &branch.leg));
        legs.filter(move |leg| leg.trunk.is_some() && !is_over)
    }

    fn channel(&self, leg: &Leg) -> Option<Channel> {
        let over = leg.trunk.as_deref();
        let trunk = Arc::clone(&self.trunk(over)?.id);
        let (is_inbound, is_counted) = over.map(|over| (over.is_inbound(), over.is_counted))?;
        Some(Channel { leg: leg.id, trunk, is_inbound, is_counted })
    }
}
