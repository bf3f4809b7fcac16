//! Which extension is in which calls, so that one that has as many as it may have is busy for a further one; and since when
//! one that is in none has been idle.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Instant;

use kiestoon_media::CallKey;
use serde::{Deserialize, Serialize};

/// By organisation and number.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Parties {
    /// The calls of every extension that has any.
    calls: HashMap<Arc<str>, HashMap<Box<str>, Vec<CallKey>>>,
    /// When the last call of every other one ended, if it had any.
    idle: HashMap<Arc<str>, HashMap<Box<str>, Since>>,
    /// Emergency calls: they make nobody busy.
    exempt: BTreeSet<CallKey>,
}

#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
struct Since(#[serde(with = "kiestoon_sip::plain")] Instant);

impl Parties {
    /// An extension has called, or has answered.
    pub(crate) fn join(&mut self, organisation: &Arc<str>, number: &str, call: CallKey) {
        let numbers = self.calls.entry(Arc::clone(organisation)).or_default();
        let calls = match numbers.get_mut(number) {
            Some(calls) => calls,
            None => numbers.entry(number.into()).or_default(),
        };
        if !calls.contains(&call) {
            calls.push(call);
        }
    }

    /// The call makes none of its extensions busy.
    pub(crate) fn exempt(&mut self, call: CallKey) {
        self.exempt.insert(call);
    }

    /// The call has ended, and all have left it.
    pub(crate) fn forget(&mut self, call: CallKey) {
        self.exempt.remove(&call);
    }

    /// A call is over.
    pub(crate) fn leave(&mut self, now: Instant, organisation: &Arc<str>, number: &str, call: CallKey) {
        let Some(numbers) = self.calls.get_mut(organisation) else { return };
        let Some(calls) = numbers.get_mut(number) else { return };
        calls.retain(|known| *known != call);
        if calls.is_empty()
            && let Some((number, _)) = numbers.remove_entry(number)
        {
            self.idle.entry(Arc::clone(organisation)).or_default().insert(number, Since(now));
        }
    }

    /// When its last call ended; None where it had none.
    pub(crate) fn idle_since(&self, organisation: &str, number: &str) -> Option<Instant> {
        self.idle.get(organisation)?.get(number).map(|since| since.0)
    }

    /// How many calls an extension is in.
    pub(crate) fn count(&self, organisation: &str, number: &str) -> usize {
        self.calls.get(organisation).and_then(|numbers| numbers.get(number)).map_or(0, Vec::len)
    }

    /// How many of them count towards the calls that it may have.
    pub(crate) fn counted(&self, organisation: &str, number: &str) -> usize {
        let calls = self.calls.get(organisation).and_then(|numbers| numbers.get(number));
        calls.map_or(0, |calls| calls.iter().filter(|call| !self.exempt.contains(call)).count())
    }

    /// Extensions that are in a call, and exempt calls: for tests that every call cleans up after itself.
    pub(crate) fn len(&self) -> usize {
        self.calls.values().map(HashMap::len).sum::<usize>() + self.exempt.len()
    }
}
