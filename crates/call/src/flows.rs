//! A phone with several flows (RFC 5626): when the one that was tried is dead, the next one is.

use kiestoon_media::LegId;

use crate::call::{Call, Stage};
use crate::exchange::Exchange;
use crate::leg::Signal;
use crate::ring::Phone;

impl Call {
    /// The flow of a branch is dead. True where its phone is rung over another one now.
    pub(crate) fn next_flow(&mut self, x: &mut Exchange, leg: LegId) -> bool {
        let Stage::Ringing(ring) = &mut self.stage else { return false };
        let dead = |branch: &crate::ring::Branch| branch.leg.id == leg && !branch.spare.is_empty();
        let Some(index) = ring.branches.iter().position(dead) else { return false };
        let mut failed = ring.branches.remove(index);
        ring.early.take_if(|(heard, _)| *heard == leg);
        if let Signal::Invited { invite, .. } = &failed.leg.signal {
            x.forget_branch(invite);
        }
        failed.leg.close(x);
        self.note_status(leg, FLOW_FAILED);
        let way = failed.spare.remove(0);
        let (target, number) = (failed.target, failed.leg.number);
        self.ring_phone(x, Phone { target, number, way, device: None, spare: failed.spare });
        true
    }
}

const FLOW_FAILED: u16 = 430;
