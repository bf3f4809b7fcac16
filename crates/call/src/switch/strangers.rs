//! Strangers that try to call: told to whoever watches, so far as there are not too many of them. Nothing is kept of each.

use std::time::{Duration, Instant};

use kiestoon_sip::{Flow, Method, Request};

use super::Switch;
use crate::event::Event;
use crate::wire;

/// Why a stranger is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Strange {
    /// It does not prove who sent it.
    Unauthenticated,
    /// It is what nobody serves, whoever sent it: no hop is left to it, it wants what is not known, it has come back.
    Screened,
    /// The dialog that it says to be in is none, or it has to be in one and is not.
    NoDialog,
}

impl Strange {
    fn as_str(self) -> &'static str {
        match self {
            Self::Unauthenticated => "unauthenticated",
            Self::Screened => "screened",
            Self::NoDialog => "no_dialog",
        }
    }
}

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
    /// What would call somebody was refused before it was known who sent it. A phone that is registered is asked for that first, and
    /// is no stranger.
    pub(super) fn stranger_refused(&mut self, request: &Request, flow: &Flow, status: u16, why: Strange) {
        let calls = matches!(request.method, Method::Invite | Method::Refer);
        if !calls || self.registered_over(request, flow) || !self.strangers.may_tell(self.x.now) {
            return;
        }
        let from = wire::number(request.from.uri.user()).unwrap_or_default();
        let (organisation, reason) = (Box::default(), why.as_str());
        self.x.event(Event::CallRefused { organisation, from, status, reason });
    }
}

const MINUTE: Duration = Duration::from_secs(60);
const MOST_A_MINUTE: u32 = 120;
