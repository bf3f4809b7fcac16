//! A call that another process has left behind, taken up.

use std::sync::Arc;
use std::time::Instant;

use kiestoon_media::{CallKey, Sdp};
use serde::Deserialize;

use crate::call::{Call, Stage};
use crate::callee_invite::Carried;
use crate::cdr::Cdr;
use crate::leg::Leg;
use crate::snapshot::Snapshot;
use crate::walk::Walk;

/// What a [`Call`] serialises to.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct FrozenCall {
    key: CallKey,
    cdr: Cdr,
    caller: Leg,
    offer: Option<Box<Sdp>>,
    stage: Stage,
    walk: Walk,
    carried: Carried,
    legs_made: u16,
    figures_due: u16,
    #[serde(with = "kiestoon_sip::plain")]
    limit: Instant,
    #[serde(with = "kiestoon_sip::plain")]
    probe_at: Option<Instant>,
}

impl FrozenCall {
    pub(crate) fn key(&self) -> CallKey {
        self.key
    }

    /// The call, under the snapshot of the new process; None where its organisation is not in it. The steps that it has left
    /// are its own.
    pub(crate) fn thaw(self, snapshot: &Arc<Snapshot>) -> Option<Call> {
        let Self { key, cdr, caller, offer, stage, walk, carried, legs_made, figures_due, limit, probe_at } =
            self;
        let organisation = snapshot.index_of(&cdr.record.organisation)?;
        let mut call = Call {
            key,
            snapshot: Arc::clone(snapshot),
            organisation,
            cdr,
            caller,
            offer,
            stage,
            walk,
            carried,
            legs_made,
            figures_due,
            limit,
            probe_at,
            scheduled: None,
        };
        call.scheduled = if call.is_over() { None } else { call.deadline() };
        Some(call)
    }
}
