//! How many calls a trunk may have, at one time and in one second, and what becomes of one more. Emergency calls are never turned
//! away.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::Trunk;
use super::pace::Pace;
use super::results::TrunkResult;
use super::standing::Standing;
use crate::call::{Call, Stage};
use crate::exchange::Exchange;
use crate::reason::EndReason;
use crate::waves::Phone;

impl Exchange {
    /// Why a call that comes in over a trunk is turned away, if it is.
    pub(crate) fn turns_away(&mut self, trunk: &Trunk) -> Option<EndReason> {
        self.has_no_room(trunk, |standing| &mut standing.inbound)
    }

    /// Why a call does not go out over a trunk at this moment, if it does not.
    pub(crate) fn keeps_back(&mut self, trunk: &Trunk) -> Option<EndReason> {
        self.has_no_room(trunk, |standing| &mut standing.outbound)
    }

    fn has_no_room(
        &mut self,
        trunk: &Trunk,
        pace: impl FnOnce(&mut Standing) -> &mut Pace,
    ) -> Option<EndReason> {
        let in_use = self.standings.channels.in_use(&trunk.id).all();
        if trunk.channels.is_some_and(|most| in_use >= most) {
            return Some(EndReason::TrunkFull);
        }
        let now = self.now;
        let standing = self.standings.standing_mut(&trunk.id)?;
        let turn = pace(standing).turn(now, trunk.calls_per_second?, Duration::ZERO);
        turn.is_none().then_some(EndReason::TrunkRate)
    }

    /// A test call over the trunk with this id has ended with this status.
    pub(crate) fn count_test_call(&mut self, trunk: &str, status: Option<u16>) {
        if let Some(standing) = self.standings.standing_mut(trunk) {
            standing.results.count(TrunkResult::of_status(status.unwrap_or(SILENT), false));
        }
    }

    /// A limit of the trunk has turned a call away.
    pub(crate) fn count_limited(&mut self, trunk: &Trunk) {
        if let Some(standing) = self.standings.standing_mut(&trunk.id) {
            standing.results.count(TrunkResult::Limited);
        }
    }
}

impl Call {
    /// When a phone may be rung that stands behind a trunk; None: now. An error is why it may not.
    pub(crate) fn turn(&mut self, x: &mut Exchange, phone: &Phone) -> Result<Option<Instant>, EndReason> {
        let Some(trunk) = self.trunk_of(phone).map(Arc::clone) else { return Ok(None) };
        x.standings.tries(&trunk, &phone.way.contact, self.key);
        self.may_try_hosts = true;
        // The next host of a trunk is for the same call.
        let Stage::Ringing(ring) = &mut self.stage else { return Ok(None) };
        let has_turn = ring.has_turn.replace(phone.target) == Some(phone.target);
        if self.is_for_help() {
            return Ok(None);
        }
        // Of this call's own legs only those count that are still there.
        self.hold_channels(x);
        let in_use = x.standings.channels.in_use(&trunk.id).all();
        if trunk.channels.is_some_and(|most| in_use >= most) {
            x.count_limited(&trunk);
            return Err(EndReason::TrunkFull);
        }
        let Some(rate) = trunk.calls_per_second.filter(|_| !has_turn) else { return Ok(None) };
        let now = x.now;
        let Some(standing) = x.standings.standing_mut(&trunk.id) else { return Ok(None) };
        match standing.outbound.turn(now, rate, LONGEST_WAIT) {
            Some(turn) => Ok(Some(turn).filter(|turn| *turn > now)),
            None => {
                x.count_limited(&trunk);
                Err(EndReason::TrunkRate)
            }
        }
    }
}

/// What silence counts as.
const SILENT: u16 = 408;
/// For a turn. A caller does not notice it, and longer the next trunk is better.
const LONGEST_WAIT: Duration = Duration::from_secs(1);
