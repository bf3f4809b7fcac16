//! The dialplans that calls began with, as their sources: once for each plan, and read again once by who takes the calls up.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use kiestoon_dialplan::{Plan, SourceFile};

use crate::call::Call;
use crate::frozen::FrozenCall;
use crate::snapshot::Snapshot;

/// The files of each plan, by its hash.
pub(super) type Written<'a> = BTreeMap<&'a str, &'a [Arc<SourceFile>]>;
pub(super) type Read = BTreeMap<String, Vec<Arc<SourceFile>>>;

/// The plans of all calls. Where their texts are more than [`MOST_TEXT`], those of the latest calls.
pub(super) fn in_use<'a>(calls: &[&'a Call]) -> Written<'a> {
    let mut plans = Written::new();
    let mut room = MOST_TEXT;
    for call in calls.iter().rev() {
        let (plan, known) = (&call.plan, &*call.cdr.record.dialplan_hash);
        // A call that had to take another plan before stays without its own.
        if plan.hash() != known || plans.contains_key(known) {
            continue;
        }
        let text = plan.sources().iter().map(|file| file.path.len() + file.text.len()).sum();
        match room.checked_sub(text) {
            Some(left) => room = left,
            None => continue,
        }
        plans.insert(known, plan.sources());
    }
    plans
}

/// The plans of these calls: those that the snapshot has as well are not read again. One that this version does not take is left
/// out, and said.
pub(super) fn read(written: &Read, calls: &[FrozenCall], snapshot: &Snapshot) -> HashMap<String, Arc<Plan>> {
    let mut plans: HashMap<String, Arc<Plan>> =
        snapshot.plans().all().map(|plan| (plan.hash().to_owned(), Arc::clone(plan))).collect();
    let mut missing: BTreeMap<&str, usize> = BTreeMap::new();
    for call in calls.iter().filter(|call| !plans.contains_key(call.plan())) {
        *missing.entry(call.plan()).or_default() += 1;
    }
    for (hash, calls) in missing {
        let loaded = written.get(hash).map(|files| Plan::load_shared(files));
        match loaded {
            Some(Ok(loaded)) if loaded.plan.hash() == hash => {
                plans.insert(hash.to_owned(), Arc::new(loaded.plan));
            }
            other => {
                let problem =
                    other.and_then(Result::err).and_then(|problems| Some(problems.first()?.to_string()));
                tracing::warn!(
                    plan = hash,
                    calls,
                    problem,
                    "a dialplan that calls began with cannot be read: they go on with the steps that they are in, then by the present one"
                );
            }
        }
    }
    plans
}

/// Bytes of all plans together: sixteen of the largest.
const MOST_TEXT: usize = 64 << 20;
