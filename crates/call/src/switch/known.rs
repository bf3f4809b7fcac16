//! What the organisation that is called knows of a caller from outside.

use super::Switch;
use crate::callers::{BlockAction, BlockRule};
use crate::trunk::inbound::Arrival;

impl Switch {
    /// Gives a caller the name that it has here, and what a rule says of it. What the trunk's own policy does not take, no rule is
    /// asked about.
    pub(super) fn known(&self, mut arrival: Arrival) -> (Arrival, Option<BlockRule>) {
        let Some(organisation) = self.x.snapshot.organisation(arrival.organisation) else {
            return (arrival, None);
        };
        let callers = &organisation.callers;
        let is_contact = |number: &&str| callers.contacts.name(number).is_some();
        let known = arrival.judged.numbers().find(is_contact).filter(|_| !arrival.caller.is_empty());
        arrival.name = callers.shown(known.unwrap_or(&arrival.caller), &arrival.name).into();
        if arrival.refused.is_some() {
            return (arrival, None);
        }
        let rule = callers.rule(&arrival.trunk, &arrival.judged);
        if let Some(rule) = &rule {
            arrival.refused = rule.action.refuses();
            if let BlockAction::Context(context) = &rule.action {
                arrival.context = Some(context.clone());
            }
        }
        (arrival, rule)
    }
}
