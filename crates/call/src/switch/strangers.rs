//! Strangers that try to call, and who comes from a trunk for what that trunk does not have: told to whoever watches, so far as
//! there are not too many of them. Of a stranger nothing is kept.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use kiestoon_sip::{Flow, Method, Request};

use super::Switch;
use super::begin::NewCall;
use crate::event::Event;
use crate::id::CallId;
use crate::reason::EndReason;
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

/// What was told of in this minute. Neither kind keeps the other from being told.
#[derive(Debug, Default)]
pub(super) struct Strangers {
    minute: Option<Instant>,
    told: u32,
    /// Numbers that trunks do not have, by the id of the trunk: what is sent in the name of one keeps no other from being told of.
    numbers: BTreeMap<Arc<str>, BTreeSet<Box<str>>>,
}

impl Strangers {
    /// Whether one more may be told of.
    fn may_tell(&mut self, now: Instant) -> bool {
        self.turn(now);
        self.told = self.told.saturating_add(1);
        self.told <= MOST_A_MINUTE
    }

    /// Whether it may be told that a trunk does not have this number: once a minute each, for a provider that routes it wrongly
    /// does so with every call.
    fn may_tell_number(&mut self, now: Instant, trunk: &Arc<str>, number: &str) -> bool {
        self.turn(now);
        let numbers = self.numbers.entry(Arc::clone(trunk)).or_default();
        numbers.len() < MOST_NUMBERS_A_MINUTE && numbers.insert(number.into())
    }

    fn turn(&mut self, now: Instant) {
        if self.minute.is_none_or(|began| now.saturating_duration_since(began) >= MINUTE) {
            *self = Self { minute: Some(now), ..Self::default() };
        }
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

    /// Somebody calls a number from the address of a trunk that does not have it: its provider, which routes it wrongly, or a thief
    /// who sends from that address.
    pub(super) fn tell_unknown_number(&mut self, call: CallId, new: &NewCall) {
        let Some(end) = new.refused.filter(|end| end.reason == EndReason::NotFound) else { return };
        let Some((trunk, _)) = &new.principal.over else { return };
        if !self.strangers.may_tell_number(self.x.now, &trunk.id, &new.dialled) {
            return;
        }
        let event = Event::NumberUnknown {
            call,
            organisation: self.slug(new.principal.organisation),
            from: new.principal.number.clone(),
            trunk: (*trunk.name).into(),
            number: new.dialled.clone(),
            status: end.status(),
        };
        self.x.event(event);
    }
}

const MINUTE: Duration = Duration::from_secs(60);
const MOST_A_MINUTE: u32 = 120;
/// Of one trunk.
const MOST_NUMBERS_A_MINUTE: usize = 120;

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "the origin of the test's clock")]
mod tests {
    use super::*;

    #[test]
    fn who_speaks_in_the_name_of_one_trunk_silences_no_other() {
        let (mut strangers, now) = (Strangers::default(), Instant::now());
        let [voys, backup] = ["voys", "backup"].map(Arc::from);
        let told = (0..130).filter(|n| strangers.may_tell_number(now, &voys, &n.to_string())).count();
        assert_eq!(told, MOST_NUMBERS_A_MINUTE);
        assert!(strangers.may_tell_number(now, &backup, "1"));
        assert!(!strangers.may_tell_number(now, &backup, "1"), "once a minute");
        assert!(strangers.may_tell_number(now + MINUTE, &voys, "0"));
    }
}
