//! Who of a group is rung first, where that changes from call to call: round-robin, the longest idle, by weight.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;

use kiestoon_dialplan::{Dial, DialOrder, Rotation, Target};
use rand_core::Rng;
use serde::{Deserialize, Serialize};

use crate::exchange::Exchange;

/// Of each organisation and group, who was rung first last.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Distribution(HashMap<Arc<str>, HashMap<Box<str>, Target>>);

impl Exchange {
    /// The dial step with its targets in the order in which this call rings them.
    pub(crate) fn in_order<'a>(&mut self, organisation: &Arc<str>, dial: &'a Dial) -> Cow<'a, Dial> {
        let DialOrder::Rotate(rotation) = dial.order else { return Cow::Borrowed(dial) };
        let targets = match rotation {
            Rotation::RoundRobin => self.distribution.next_first(organisation, dial),
            Rotation::LongestIdle => self.longest_idle_first(organisation, &dial.targets),
            Rotation::Weighted => self.by_weight(dial),
        };
        Cow::Owned(Dial { targets, ..dial.clone() })
    }

    /// Those who had no call since the start come first, those in a call last.
    fn longest_idle_first(&self, organisation: &str, targets: &[Target]) -> Vec<Target> {
        let mut targets = targets.to_vec();
        targets.sort_by_key(|target| match target {
            Target::Extension(number) => {
                let in_calls = self.parties.count(organisation, number);
                (in_calls, self.parties.idle_since(organisation, number))
            }
            Target::Trunk(_) => (0, Some(self.now)),
        });
        targets
    }

    fn by_weight(&mut self, dial: &Dial) -> Vec<Target> {
        let weights = dial.weights.iter().copied().chain(std::iter::repeat(1));
        let mut left: Vec<(Target, u64)> =
            dial.targets.iter().cloned().zip(weights.map(|weight| u64::from(weight.max(1)))).collect();
        let mut order = Vec::with_capacity(left.len());
        while !left.is_empty() {
            let all: u64 = left.iter().map(|(_, weight)| weight).sum();
            let mut lot = self.rng.next_u64() % all.max(1);
            let drawn = left.iter().position(|(_, weight)| match lot.checked_sub(*weight) {
                Some(rest) => {
                    lot = rest;
                    false
                }
                None => true,
            });
            order.push(left.remove(drawn.unwrap_or_default()).0);
        }
        order
    }
}

impl Distribution {
    /// Somebody of a group is rung first: the next call begins with the one after. Who cannot be rung has had no turn.
    pub(crate) fn rung_first(&mut self, organisation: &Arc<str>, dial: &Dial, target: usize) {
        let (Some(group), Some(first)) = (&dial.group, dial.targets.get(target)) else { return };
        if dial.order == DialOrder::Rotate(Rotation::RoundRobin) {
            let groups = self.0.entry(Arc::clone(organisation)).or_default();
            groups.insert(group.clone(), first.clone());
        }
    }

    /// The targets from the one after the last first one on. Of what is no group, as they are written.
    fn next_first(&self, organisation: &Arc<str>, dial: &Dial) -> Vec<Target> {
        let mut targets = dial.targets.clone();
        let last = dial.group.as_ref().and_then(|group| self.0.get(organisation)?.get(group));
        let last = last.and_then(|last| targets.iter().position(|target| target == last));
        let next = last.map_or(0, |last| last + 1) % targets.len().max(1);
        targets.rotate_left(next);
        targets
    }
}
