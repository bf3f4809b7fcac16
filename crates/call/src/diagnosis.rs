//! What the media doctor says of a leg, and what a call does that has lost its media.

use std::time::Duration;

use kiestoon_media::{Cause, LegId};

use crate::call::{Call, Stage};
use crate::event::Event;
use crate::exchange::Exchange;
use crate::reason::EndReason;

impl Call {
    /// A phone is not heard, or is heard again. Before the answer many phones send nothing: what is said then counts
    /// only if it is never taken back.
    pub(crate) fn diagnosed(&mut self, x: &mut Exchange, leg: LegId, cause: Option<Cause>) {
        let is_answered = self.cdr.is_answered();
        let call = self.id();
        let Some(entry) = self.cdr.leg(leg) else { return };
        let fault = cause.filter(|cause| cause.is_fault());
        match fault {
            Some(_) => entry.diagnosis = fault,
            None if !is_answered => entry.diagnosis = None,
            None => {}
        }
        let side = entry.side;
        if is_answered && !matches!(self.stage, Stage::Ending(_)) {
            x.event(Event::CallDiagnosed { call, side, cause });
        }
    }

    /// At the answer: what was said before is true still.
    pub(crate) fn diagnosed_before_answer(&self, x: &mut Exchange) {
        for entry in &self.cdr.record.legs {
            if entry.diagnosis.is_some() {
                x.event(Event::CallDiagnosed { call: self.id(), side: entry.side, cause: entry.diagnosis });
            }
        }
    }

    fn is_in_call(&self, leg: LegId) -> bool {
        self.caller.id == leg || matches!(&self.stage, Stage::Talking(talk) if talk.callee.id == leg)
    }

    /// A phone has sent nothing for the time after which a call ends, counted from the answer.
    pub(crate) fn lost(&mut self, x: &mut Exchange, leg: LegId, after: Duration) {
        let is_time = self.cdr.talking(x.now).is_some_and(|talking| talking >= after);
        if self.is_in_call(leg) && is_time && matches!(self.stage, Stage::Talking(_) | Stage::Sounding(_)) {
            self.end(x, EndReason::MediaLost.into());
        }
    }
}
