//! Strangers that try to call: told to whoever watches, so far as there are not too many of them. Nothing is kept of each.

use std::time::{Duration, Instant};

use kiestoon_sip::{Flow, Request};

use super::Switch;
use crate::event::Event;
use crate::wire;

/// How many were told of in this minute.
#[derive(Debug, Default)]
pub(super) struct Strangers {
    minute: Option<Instant>,
    told: u32,
}

impl Strangers {
    /// Whether one more may be told of.
    fn may_tell(&mut self, now: Instant) -> bool {
        if self.minute.is_none_or(|began| now.saturating_duration_since(began) >= MINUTE) {
            (self.minute, self.told) = (Some(now), 0);
        }
        self.told = self.told.saturating_add(1);
        self.told <= MOST_A_MINUTE
    }
}

impl Switch {
    /// An INVITE was refused because it did not prove who sent it. A phone that is registered is asked for that first, and is no
    /// stranger.
    pub(super) fn stranger_refused(&mut self, request: &Request, flow: &Flow, status: u16) {
        if self.registered_over(request, flow) || !self.strangers.may_tell(self.x.now) {
            return;
        }
        let from = wire::number(request.from.uri.user()).unwrap_or_default();
        let (organisation, reason) = (Box::default(), "unauthenticated");
        self.x.event(Event::CallRefused { organisation, from, status, reason });
    }
}

const MINUTE: Duration = Duration::from_secs(60);
const MOST_A_MINUTE: u32 = 120;
