//! What the gate would say of a call, and the fraud drill, as operators ask it.
use std::time::Instant;

use kiestoon_call::{Charged, Class, DrillResult, Judgement, Why};
use kiestoon_control::{CallOutVerdict, DrillAttempt, DrillRequest, TryCallOut};

use super::Signalling;
use crate::control::NoHold;

impl Signalling {
    /// Over each trunk, by name.
    pub(super) fn try_call_out(&mut self, request: &TryCallOut) -> Result<Vec<CallOutVerdict>, NoHold> {
        let slug = self.known(request.organisation.as_ref(), request.number.as_ref())?;
        let charged = charged(request.number.as_ref());
        let judged = self.switch.judge_call_out(Instant::now(), &slug, &charged, &request.dialled);
        Ok(judged.into_iter().flatten().map(verdict).collect())
    }

    pub(super) fn drill(&mut self, request: &DrillRequest) -> Result<Vec<DrillAttempt>, NoHold> {
        let slug = self.known(request.organisation.as_ref(), request.number.as_ref())?;
        let results = self.switch.drill(Instant::now(), &slug, &charged(request.number.as_ref()));
        Ok(results.into_iter().flatten().map(attempt).collect())
    }
}

fn charged(number: Option<&String>) -> Charged {
    number.map_or(Charged::Organisation, |number| Charged::Extension(number.as_str().into()))
}

fn verdict(judged: Judgement) -> CallOutVerdict {
    CallOutVerdict {
        trunk: judged.trunk.to_string(),
        class: judged.class.map(class),
        allowed: judged.why.is_none(),
        reason: judged.why.map(reason),
        per_minute: judged.rate.map(|rate| rate.per_minute),
        setup: judged.rate.map(|rate| rate.setup),
    }
}

fn attempt(result: DrillResult) -> DrillAttempt {
    DrillAttempt {
        attempt: result.case.as_str().to_owned(),
        dialled: result.number.into(),
        class: result.class.map(class),
        tried: result.tried,
        out: result.out,
        expected: result.expected.most(),
        reason: result.why.map(reason),
        verdict: result.verdict.as_str().to_owned(),
    }
}

fn class(class: Class) -> String {
    class.as_str().to_owned()
}

fn reason(why: Why) -> String {
    why.as_str().to_owned()
}
