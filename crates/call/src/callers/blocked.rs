//! What becomes of a call that a rule keeps out.

use std::time::Duration;

use super::{BlockAction, BlockRule};
use crate::call::{Call, Stage};
use crate::cdr::End;
use crate::event::Event;
use crate::exchange::Exchange;
use crate::reason::EndReason;

impl BlockAction {
    /// How a call ends at once by it.
    pub(crate) fn refuses(&self) -> Option<End> {
        let status = match self {
            Self::Reject => Some(603),
            Self::Busy => Some(486),
            Self::Allow | Self::Silence | Self::Context(_) => None,
        };
        status.map(|_| End { reason: EndReason::Blocked, status, q850: None })
    }
}

impl BlockRule {
    /// Whether it lets a call ring for nobody.
    pub(crate) fn silences(&self) -> bool {
        self.action == BlockAction::Silence
    }
}

impl Call {
    /// Tells that a rule is for this call.
    pub(crate) fn tell_blocked(&self, x: &mut Exchange, rule: &BlockRule) {
        let from = self.cdr.record.from_number.clone();
        // A number that we know and may not show is not in the rule either.
        let rule_told = if from.is_empty() { rule.condition.unnamed() } else { rule.condition.clone() };
        x.event(Event::CallBlocked {
            call: self.id(),
            from,
            rule: rule_told,
            trunk: self.cdr.record.trunk_in().map(|trunk| (**trunk).into()).unwrap_or_default(),
            action: rule.action.as_str(),
        });
    }

    /// The caller hears that it rings, until it gives up or its time is over; nobody is rung.
    pub(crate) fn silence(&mut self, x: &mut Exchange) {
        self.stage = Stage::Silenced;
        self.limit = self.limit.min(x.now + LONGEST_SILENCE);
        self.send_provisional(x, RINGING, None);
    }

    /// How a call ends that rang for nobody: whoever gave up, it was blocked.
    pub(crate) fn end_of_silence(&self, why: End) -> End {
        match self.stage {
            Stage::Silenced if OF_ITSELF.contains(&why.reason) => {
                End { reason: EndReason::Blocked, status: Some(why.status()), q850: why.q850 }
            }
            _ => why,
        }
    }
}

/// Less than RFC 3261 section 13.3.1.1 wants a provisional response to be repeated after, and no longer than most callers wait.
const LONGEST_SILENCE: Duration = Duration::from_secs(55);
const RINGING: u16 = 180;
/// Ends that are no fault and no order.
const OF_ITSELF: [EndReason; 2] = [EndReason::Cancelled, EndReason::RingTimeout];
