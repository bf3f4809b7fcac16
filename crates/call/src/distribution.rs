//! Who of a group is rung first, where that changes from call to call: round-robin, the longest idle, by weight, by cost.

use std::borrow::Cow;
use std::cmp::Reverse;
use std::collections::HashMap;
use std::sync::Arc;

use kiestoon_dialplan::{Dial, DialOrder, Rotation, Target};
use rand_core::Rng;
use serde::{Deserialize, Serialize};

use crate::exchange::Exchange;
use crate::rights::Forms;
use crate::snapshot::Organisation;
use crate::trunk::Trunk;

/// Of each organisation and group, who was rung first last.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Distribution(HashMap<Arc<str>, HashMap<Box<str>, Target>>);

impl Exchange {
    /// The dial step with its targets in the order in which this call rings them. `own` is the organisation as the call knows it.
    pub(crate) fn in_order<'a>(
        &mut self,
        organisation: &Arc<str>,
        own: Option<&Organisation>,
        dial: &'a Dial,
    ) -> Cow<'a, Dial> {
        let DialOrder::Rotate(rotation) = dial.order else { return Cow::Borrowed(dial) };
        let targets = match rotation {
            Rotation::RoundRobin => self.distribution.next_first(organisation, dial),
            Rotation::LongestIdle => self.longest_idle_first(organisation, &dial.targets),
            Rotation::Weighted => self.by_weight(own, dial),
            Rotation::Cost => cheapest_first(own, dial),
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

    /// By lot; those without a share come last, as they are written.
    fn by_weight(&mut self, own: Option<&Organisation>, dial: &Dial) -> Vec<Target> {
        let weights = dial.weights.iter().copied().chain(std::iter::repeat(None));
        let shares = dial.targets.iter().zip(weights).map(|(target, weight)| {
            let weight = weight.unwrap_or_else(|| trunk(own, target).map_or(1, |trunk| trunk.weight));
            (target.clone(), u64::from(weight))
        });
        let (mut left, others): (Vec<_>, Vec<_>) = shares.partition(|(_, weight)| *weight > 0);
        let mut order = Vec::with_capacity(dial.targets.len());
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
        order.extend(others.into_iter().map(|(target, _)| target));
        order
    }
}

/// By what a minute costs over each trunk: a call inside costs nothing, and a rate that is not known may be any. Of those of one
/// price the heaviest is first, and those of one weight stay as they are written.
fn cheapest_first(own: Option<&Organisation>, dial: &Dial) -> Vec<Target> {
    let mut targets = dial.targets.clone();
    let number = dial.to.as_deref().unwrap_or(&dial.number);
    targets.sort_by_cached_key(|target| {
        let Target::Trunk(name) = target else { return (false, None, Reverse(0)) };
        let trunk = trunk(own, target);
        let rate = trunk.and_then(|trunk| own?.rates.of(name, &Forms::of(trunk.country, number)));
        (rate.is_none(), rate, Reverse(trunk.map_or(0, |trunk| trunk.weight)))
    });
    targets
}

fn trunk<'a>(own: Option<&'a Organisation>, target: &Target) -> Option<&'a Trunk> {
    match target {
        Target::Trunk(name) => own?.trunks.get(name.as_str()).map(|trunk| &**trunk),
        Target::Extension(_) => None,
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
