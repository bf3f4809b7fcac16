//! Which rules of a context have the same conditions: of a thousand rules under the same hours one is judged for a call, and
//! the others are not even looked at.

use std::collections::HashMap;
use std::sync::Arc;

use crate::condition::Condition;

/// The rules by their conditions.
#[derive(Debug, Default)]
pub(crate) struct Alike {
    /// Of each rule the number of its conditions, from 1 on; 0 where it has none.
    of: Vec<u32>,
}

/// The conditions that were met so far, while a plan is put together.
#[derive(Debug, Default)]
pub(crate) struct Met(HashMap<String, u32>);

/// The conditions that do not hold for one call.
#[derive(Debug, Default)]
pub(crate) struct Refused(Vec<u32>);

impl Alike {
    /// Adds the conditions of a rule; rules come in their order.
    pub(crate) fn add<'a>(&mut self, conditions: impl Iterator<Item = &'a Arc<Condition>>, met: &mut Met) {
        let written: String = conditions.map(|condition| condition.as_written()).collect();
        if written.is_empty() {
            return self.of.push(0);
        }
        let next = u32::try_from(met.0.len()).unwrap_or(u32::MAX).saturating_add(1);
        self.of.push(*met.0.entry(written).or_insert(next));
    }

    /// Which conditions a rule has; None where it has none.
    pub(crate) fn of(&self, rule: u32) -> Option<u32> {
        self.of.get(rule as usize).copied().filter(|alike| *alike != 0)
    }
}

impl Refused {
    pub(crate) fn holds(&self, alike: Option<u32>) -> bool {
        alike.is_some_and(|alike| self.0.contains(&alike))
    }

    pub(crate) fn note(&mut self, alike: Option<u32>) {
        self.0.extend(alike.filter(|_| self.0.len() < MOST));
    }
}

/// More are judged again each time: looking them up would cost as much.
const MOST: usize = 64;
