//! What the phones of a dial step answered, boiled down to one result (RFC 3261 section 16.7 step 6, seen from a PBX).

use kiestoon_dialplan::{StepResult, Unanswered};
use serde::{Deserialize, Serialize};

use crate::cdr::End;
use crate::reason::EndReason;

/// How a dial step ended without an answer: what the dialplan goes on with, and what the caller hears should the call
/// end with it.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(crate) struct Outcome {
    pub(crate) result: StepResult,
    pub(crate) end: End,
}

/// Collects final responses and keeps the best.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
pub(crate) struct Best(Option<(u8, Outcome)>);

impl Best {
    /// Enters the final status of one phone.
    pub(crate) fn enter(&mut self, status: u16) {
        self.keep(Unanswered::Status(status).rank(), Outcome::of_status(status));
    }

    /// Enters that a trunk could not be asked, for a limit of its own. It counts as its 503 would.
    pub(crate) fn enter_limit(&mut self, limit: EndReason) {
        let (rank, result) = (Unanswered::Status(503).rank(), StepResult::Rejected { status: 503 });
        self.keep(rank, Outcome::new(result, limit));
    }

    /// Enters that phones rang until their time was over.
    pub(crate) fn enter_no_answer(&mut self) {
        let rank = Unanswered::NoAnswer.rank();
        self.keep(rank, Outcome::new(StepResult::NoAnswer, EndReason::NoAnswer));
    }

    /// Enters that somebody may not be rung.
    pub(crate) fn enter_refusal(&mut self, reason: EndReason) {
        let refused = StepResult::Rejected { status: reason.status() };
        self.keep(Unanswered::Status(reason.status()).rank(), Outcome::new(refused, reason));
    }

    /// The best so far; nobody reachable where nothing was entered.
    pub(crate) fn outcome(&self) -> Outcome {
        self.0.map_or_else(Outcome::unavailable, |(_, outcome)| outcome)
    }

    fn keep(&mut self, rank: u8, outcome: Outcome) {
        if self.0.is_none_or(|(best, _)| rank < best) {
            self.0 = Some((rank, outcome));
        }
    }
}

impl Outcome {
    pub(crate) fn new(result: StepResult, reason: EndReason) -> Self {
        Self { result, end: reason.into() }
    }

    /// Nobody is registered.
    pub(crate) fn unavailable() -> Self {
        Self::new(StepResult::Unavailable, EndReason::Unavailable)
    }

    /// A rule asks for a permission that whoever is charged does not have.
    pub(crate) fn forbidden() -> Self {
        Self::new(StepResult::Rejected { status: 403 }, EndReason::Forbidden)
    }

    /// What a phone's final status means, for the step and for the caller.
    pub(crate) fn of_status(status: u16) -> Self {
        let result = Unanswered::Status(status).result();
        let shown = match result {
            StepResult::Rejected { status } => Some(Unanswered::told(status)),
            StepResult::Busy => Some(status),
            _ => None,
        };
        let reason = match (result, status) {
            (StepResult::Busy, _) => EndReason::Busy,
            (StepResult::Unavailable, _) => EndReason::Unavailable,
            (_, 603 | 607) => EndReason::Declined,
            (_, 482 | 483) => EndReason::Loop,
            _ => EndReason::Rejected,
        };
        Self { result, end: End { reason, status: shown, q850: None } }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn best(statuses: &[u16]) -> Outcome {
        let mut best = Best::default();
        statuses.iter().for_each(|status| best.enter(*status));
        best.outcome()
    }

    #[test]
    fn a_decline_beats_everything() {
        let outcome = best(&[486, 500, 603, 404]);
        assert_eq!(outcome.end.reason, EndReason::Declined);
        assert_eq!(outcome.end.status(), 603);
    }

    #[test]
    fn busy_beats_a_phone_that_cannot_be_reached() {
        assert_eq!(best(&[408, 486, 503]).result, StepResult::Busy);
    }

    #[test]
    fn a_phone_that_rang_in_vain_beats_a_busy_one() {
        let mut best = Best::default();
        best.enter(486);
        best.enter_no_answer();
        assert_eq!(best.outcome().result, StepResult::NoAnswer);
        assert_eq!(best.outcome().end.status(), 480);
    }

    #[test]
    fn what_concerns_our_own_hop_is_not_shown_to_the_caller() {
        for (came, shown) in [(401, 480), (407, 480), (302, 480), (503, 500), (487, 480), (408, 480)] {
            assert_eq!(best(&[came]).end.status(), shown, "{came}");
        }
        assert_eq!(best(&[503]).result, StepResult::Rejected { status: 503 }, "the way has what came");
        assert_eq!(best(&[488]).end.status(), 488);
        assert_eq!(best(&[]).result, StepResult::Unavailable);
    }
}
