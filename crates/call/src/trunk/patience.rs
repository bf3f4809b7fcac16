//! How long a trunk is waited for: one that says nothing, nothing more than 100, or lets nothing be heard is left for the next host or
//! trunk of the step. Should it answer after all, that is hung up.

use std::time::{Duration, Instant};

use kiestoon_dialplan::Failover;
use kiestoon_media::{Cause, LegId};
use serde::{Deserialize, Serialize};

use crate::call::{Call, Stage};
use crate::exchange::Exchange;
use crate::reason::EndReason;
use crate::ring::{Branch, Ring};

/// What a trunk owes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Awaits {
    /// To say more than 100.
    Progress,
    /// To let something be heard, as its 183 has promised.
    Media,
}

impl Ring {
    /// When a trunk has taken too long.
    pub(crate) fn trunk_deadline(&self) -> Option<Instant> {
        self.branches.iter().filter_map(|branch| branch.leg.trunk.as_ref()?.until).min()
    }
}

impl Branch {
    fn awaits(&mut self, what: Awaits, until: Option<Instant>) {
        if let Some(over) = &mut self.leg.trunk {
            (over.awaits, over.until) = (what, until);
        }
    }

    /// The trunk has said where the call is.
    pub(crate) fn progresses(&mut self) {
        if let Some(over) = self.leg.trunk.as_mut().filter(|over| over.awaits == Awaits::Progress) {
            over.until = None;
        }
    }
}

impl Call {
    /// Whether another host or trunk is tried should this one say nothing.
    pub(crate) fn waits_for_another(&self, leg: LegId) -> bool {
        let Stage::Ringing(ring) = &self.stage else { return false };
        let target = self.branch(leg).map(|branch| branch.target);
        !ring.waves.is_empty() && target.is_some_and(|target| ring.leads_on(target, SILENT))
    }

    /// The INVITE of a trunk is out, and another host or trunk waits.
    pub(crate) fn await_progress(&mut self, x: &Exchange, leg: LegId) {
        let trunk = self.trunk(self.branch(leg).and_then(|branch| branch.leg.trunk.as_deref()));
        let progress = trunk.and_then(|trunk| trunk.progress).filter(|_| self.waits_for_another(leg));
        let until = progress.map(|progress| x.now + progress);
        if let Some(branch) = self.branch_mut(leg) {
            branch.awaits(Awaits::Progress, until);
        }
    }

    /// The caller is connected to what a trunk lets be heard before the answer: where the step wants that, there has to be
    /// something.
    pub(crate) fn await_media(&mut self, x: &Exchange, leg: LegId) {
        let Stage::Ringing(ring) = &mut self.stage else { return };
        let is_wanted = ring.failover.contains(&Failover::NoMedia) && !ring.waves.is_empty();
        let Some(branch) = ring.branches.iter_mut().find(|branch| branch.leg.id == leg) else { return };
        let is_new = branch.leg.trunk.as_ref().is_some_and(|over| over.awaits == Awaits::Progress);
        if is_wanted && is_new {
            branch.awaits(Awaits::Media, Some(x.now + HEARD_WITHIN));
        }
    }

    /// Leaves the trunks that have taken too long.
    pub(crate) fn leave_slow_trunks(&mut self, x: &mut Exchange) {
        let Stage::Ringing(ring) = &mut self.stage else { return };
        let late = ring.branches.iter_mut().filter_map(|branch| {
            let over = branch.leg.trunk.as_deref_mut()?;
            over.until.take_if(|until| *until <= x.now)?;
            Some((branch.leg.id, over.awaits))
        });
        for (leg, awaits) in late.collect::<Vec<_>>() {
            match awaits {
                Awaits::Progress if self.try_next(x, leg, SILENT) => {}
                Awaits::Progress => self.leave_silent_trunk(x, leg),
                Awaits::Media if self.is_unheard(leg) => {
                    self.note_leg_end(leg, EndReason::MediaLost);
                    self.leave_trunk(x, leg);
                }
                Awaits::Media => {}
            }
        }
    }

    /// Whether the doctor has heard nothing of a leg, ever.
    fn is_unheard(&mut self, leg: LegId) -> bool {
        let diagnosis = self.cdr.leg(leg).and_then(|entry| entry.diagnosis);
        diagnosis.is_some_and(|cause| !matches!(cause, Cause::StoppedSending | Cause::HearsNothing))
    }

    /// A host of a trunk has said nothing for too long.
    pub(crate) fn leave_silent_trunk(&mut self, x: &mut Exchange, leg: LegId) {
        if self.waits_for_another(leg) {
            self.note_status(leg, SILENT);
            self.leave_trunk(x, leg);
        }
    }

    fn leave_trunk(&mut self, x: &mut Exchange, leg: LegId) {
        self.drop_branches(x, None, |branch| branch.leg.id == leg);
        if let Stage::Ringing(ring) = &mut self.stage {
            ring.best.enter(SILENT);
        }
        self.hear_next(x);
        self.go_on_ringing(x);
    }
}

/// The status that silence counts as.
const SILENT: u16 = 408;
/// The doctor takes two seconds to be sure that nothing comes, and looks once a second; a carrier that rings its tones in needs
/// another one or two.
const HEARD_WITHIN: Duration = Duration::from_secs(5);
