//! Which extension is in which calls, so that one that has as many as it may have is busy for a further one.

use std::collections::HashMap;
use std::sync::Arc;

use kiestoon_media::CallKey;
use serde::{Deserialize, Serialize};

/// The calls of every extension that has any, by organisation and number.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Parties(HashMap<Arc<str>, HashMap<Box<str>, Vec<CallKey>>>);

impl Parties {
    /// An extension has called, or has answered.
    pub(crate) fn join(&mut self, organisation: &Arc<str>, number: &str, call: CallKey) {
        let numbers = self.0.entry(Arc::clone(organisation)).or_default();
        let calls = match numbers.get_mut(number) {
            Some(calls) => calls,
            None => numbers.entry(number.into()).or_default(),
        };
        if !calls.contains(&call) {
            calls.push(call);
        }
    }

    /// A call is over.
    pub(crate) fn leave(&mut self, organisation: &str, number: &str, call: CallKey) {
        let Some(numbers) = self.0.get_mut(organisation) else { return };
        let Some(calls) = numbers.get_mut(number) else { return };
        calls.retain(|known| *known != call);
        if calls.is_empty() {
            numbers.remove(number);
        }
    }

    /// How many calls an extension is in.
    pub(crate) fn count(&self, organisation: &str, number: &str) -> usize {
        self.0.get(organisation).and_then(|numbers| numbers.get(number)).map_or(0, Vec::len)
    }

    /// Extensions that are in a call: for tests that every call cleans up after itself.
    pub(crate) fn len(&self) -> usize {
        self.0.values().map(HashMap::len).sum()
    }
}
