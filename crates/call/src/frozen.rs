//! A call that another process has left behind, taken up.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Instant;

use kiestoon_dialplan::Plan;
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

    /// The plan that it began with, by its hash.
    pub(crate) fn plan(&self) -> &str {
        &self.cdr.record.dialplan_hash
    }

    /// The call, under the snapshot of the new process; None where its organisation is not in it. The plan that it began with
    /// is among `plans`; where that could not be read it goes on with the steps that it is in, and by the new process's plan.
    pub(crate) fn thaw(self, snapshot: &Arc<Snapshot>, plans: &HashMap<String, Arc<Plan>>) -> Option<Call> {
        let Self { key, cdr, caller, offer, stage, walk, carried, legs_made, figures_due, limit, probe_at } =
            self;
        let organisation = snapshot.index_of(&cdr.record.organisation)?;
        let plan = plans.get(&*cdr.record.dialplan_hash).unwrap_or_else(|| snapshot.plan(organisation));
        let mut call = Call {
            key,
            plan: Arc::clone(plan),
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
            channels: Vec::new(),
            may_try_hosts: true,
        };
        call.scheduled = if call.is_over() { None } else { call.deadline() };
        Some(call)
    }
}
