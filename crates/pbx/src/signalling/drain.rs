//! A drain: until when the running calls are waited for, and what is said of them meanwhile.
use std::time::{Duration, Instant};

use kiestoon_call::CallView;
use kiestoon_control as control;

use super::Signalling;
use crate::clock;

/// A drain under way.
pub(super) struct Drain {
    /// When the rest is hung up.
    until: Instant,
    /// The calls that were left when this was said last.
    left: usize,
}

/// Whoever waits for a stop is told so often what it waits for.
pub(super) const SAID_EVERY: Duration = Duration::from_secs(5);

impl Signalling {
    /// The drain begins, or gets another limit.
    pub(super) fn begin_drain(&mut self, until: Instant) {
        if self.drain.is_none() {
            self.tell(control::Happening::Draining);
        }
        self.drain = Some(Drain { until, left: self.switch.status().calls });
        self.say_what_is_left();
    }

    /// Says what is waited for: how many calls, and which of them runs longest. Numbers are personal and stand at
    /// `trace`; `kiestoon ctl status` shows them.
    pub(super) fn say_what_is_left(&mut self) {
        let now = Instant::now();
        let status = self.switch.status();
        let longest = self.longest(now);
        let Some(Drain { until, left }) = &mut self.drain else { return };
        let ended = std::mem::replace(left, status.calls).saturating_sub(status.calls);
        let left_secs = until.saturating_duration_since(now).as_secs();
        let Some(longest) = longest else {
            return tracing::info!(ended, "draining: no call is left");
        };
        let control::RunningCall { id, from_number, to_number, duration_secs } = longest;
        tracing::info!(
            calls = status.calls,
            talking = status.talking,
            ended,
            left_secs,
            longest = %id,
            longest_secs = duration_secs,
            "draining: calls still run"
        );
        tracing::trace!(longest = %id, from = %from_number, to = %to_number, "draining: the longest call");
    }

    /// What the drain waits for; None while there is none.
    pub(super) fn draining(&self) -> Option<control::Draining> {
        let now = Instant::now();
        let Drain { until, .. } = self.drain.as_ref()?;
        Some(self.waits_for(now, until.saturating_duration_since(now)))
    }

    /// What a drain with this limit waits for.
    pub(super) fn waits_for(&self, now: Instant, limit: Duration) -> control::Draining {
        control::Draining {
            calls: self.switch.status().calls as u64,
            limit_secs: limit.as_secs(),
            longest: self.longest(now),
        }
    }

    fn longest(&self, now: Instant) -> Option<control::RunningCall> {
        self.switch.longest_call(now).map(running)
    }
}

fn running(call: CallView) -> control::RunningCall {
    let lasts = clock::unix_micros().saturating_sub(call.started_at) / 1_000_000;
    control::RunningCall {
        id: call.id.to_string(),
        from_number: call.from_number.into(),
        to_number: call.to_number.unwrap_or(call.dialled).into(),
        duration_secs: u64::try_from(lasts).unwrap_or(0),
    }
}
