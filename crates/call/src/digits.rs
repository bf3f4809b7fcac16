//! Keys that are pressed in a call. However one comes (telephone event, INFO, tones), it is one event, and goes on to the
//! other phone once, as that phone wants it: as telephone event where it takes those, as INFO where it sends INFO itself, else
//! as tones.

use std::time::{Duration, Instant};

use kiestoon_media::dtmf::{Digit, Pressed, info_body, read_info};
use kiestoon_media::{DigitSource, LegId, MediaCommand};
use kiestoon_sip::{HeaderName, Method, Request};
use serde::{Deserialize, Serialize};

use crate::call::{Call, Stage};
use crate::cdr::Side;
use crate::collect::Ahead;
use crate::event::{DigitOrigin, Event};
use crate::exchange::Exchange;
use crate::leg::{Leg, LegMedia};
use crate::trunk::DtmfMode;

/// What is known of the keys of one phone; None for a leg without any so far.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Digits {
    last: Option<Press>,
    /// It sends keys in INFO, so it reads them there too.
    speaks_info: bool,
    /// It takes telephone events, and yet an INFO of its came alone: the next one need not wait.
    only_info: bool,
    /// A key of an INFO that may come as telephone event still, and when it is handed on if not.
    held: Option<Held>,
    /// When this second of INFOs to the phone began, and how many there were.
    #[serde(with = "kiestoon_sip::plain")]
    told: Option<(Instant, u8)>,
    /// Those pressed for a question of ours that is not put yet.
    pub(crate) ahead: Ahead,
}

/// A key of an INFO that waits for its telephone event.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
struct Held {
    pressed: Pressed,
    #[serde(with = "kiestoon_sip::plain")]
    until: Instant,
}

/// A press that was told.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
struct Press {
    digit: Digit,
    origin: DigitOrigin,
    #[serde(with = "kiestoon_sip::plain")]
    began: Instant,
    #[serde(with = "kiestoon_sip::plain")]
    ended: Instant,
}

/// Phones that send a key in two ways do so within this time.
const SAME_KEY: Duration = Duration::from_millis(400);
/// INFOs a second to one phone; nobody presses more keys.
const MOST_A_SECOND: u8 = 20;
/// A key of an INFO lasts at least and at most so many milliseconds, whatever is written there.
const LASTS_MS: (u32, u32) = (40, 5_000);
const DTMF_RELAY: &str = "application/dtmf-relay";

/// The key that an INFO is about; None where it is about something else.
pub(crate) fn key_of(request: &Request) -> Option<Pressed> {
    if request.method != Method::Info {
        return None;
    }
    let pressed = read_info(request.headers.get(&HeaderName::ContentType)?, &request.body)?;
    Some(Pressed { duration_ms: pressed.duration_ms.clamp(LASTS_MS.0, LASTS_MS.1), ..pressed })
}

impl Digits {
    /// Takes a press; false where it is the last one, come another way.
    fn take(&mut self, now: Instant, pressed: Pressed, origin: DigitOrigin) -> bool {
        let lasted = match origin {
            // An INFO is sent at the beginning or at the end.
            DigitOrigin::Info => Duration::ZERO,
            _ => Duration::from_millis(pressed.duration_ms.into()),
        };
        let began = now.checked_sub(lasted).unwrap_or(now);
        let is_same = |last: &Press| {
            last.digit == pressed.digit
                && last.origin != origin
                && began <= last.ended + SAME_KEY
                && last.began <= now + SAME_KEY
        };
        if self.last.as_ref().is_some_and(is_same) {
            return false;
        }
        self.last = Some(Press { digit: pressed.digit, origin, began, ended: now });
        true
    }

    fn may_be_told(&mut self, now: Instant) -> bool {
        let second = Duration::from_secs(1);
        let running = self.told.filter(|(since, _)| now.saturating_duration_since(*since) < second);
        let (since, count) = running.unwrap_or((now, 0));
        self.told = Some((since, count.saturating_add(1)));
        count < MOST_A_SECOND
    }
}

impl Call {
    /// The engine heard a key. `passed`: the other phone has it already, as it wants it.
    pub(crate) fn key_heard(
        &mut self,
        x: &mut Exchange,
        leg: LegId,
        pressed: Pressed,
        source: DigitSource,
        passed: bool,
    ) {
        let origin = match source {
            DigitSource::Event4733 => DigitOrigin::TelephoneEvent,
            DigitSource::Inband => DigitOrigin::Tones,
        };
        let Some(phone) = self.phone_mut(leg) else { return };
        let digits = phone.digits.get_or_insert_default();
        if origin == DigitOrigin::TelephoneEvent {
            digits.only_info = false;
        }
        if !digits.take(x.now, pressed, origin) {
            // Its INFO came first; what the media path has passed on is not said again.
            digits.held.take_if(|held| passed && held.pressed.digit == pressed.digit);
            return;
        }
        self.say_pressed(x, leg, pressed, origin);
        if !passed {
            self.hand_on(x, leg, pressed, origin);
        }
        self.key_for_us(x, leg, pressed.digit.as_char());
    }

    /// A key in an INFO, which is answered.
    pub(crate) fn key_in_info(&mut self, x: &mut Exchange, side: Side, pressed: Pressed) {
        let Some(phone) = self.leg_mut(side) else { return };
        let (leg, takes_events) = (phone.id, phone.takes_events());
        let digits = phone.digits.get_or_insert_default();
        digits.speaks_info = true;
        if !digits.take(x.now, pressed, DigitOrigin::Info) {
            return;
        }
        let waits = takes_events && !digits.only_info;
        let before = match waits {
            true => digits.held.replace(Held { pressed, until: x.now + SAME_KEY }),
            false => None,
        };
        self.say_pressed(x, leg, pressed, DigitOrigin::Info);
        if let Some(Held { pressed: before, .. }) = before {
            self.hand_on(x, leg, before, DigitOrigin::Info);
        }
        if !waits {
            self.hand_on(x, leg, pressed, DigitOrigin::Info);
        }
        self.key_for_us(x, leg, pressed.digit.as_char());
    }

    /// Hands on the keys of INFOs that came alone.
    pub(crate) fn tick_digits(&mut self, x: &mut Exchange) {
        for side in [Side::Caller, Side::Callee] {
            let Some(leg) = self.leg_mut(side) else { continue };
            let id = leg.id;
            let Some(digits) = &mut leg.digits else { continue };
            if let Some(Held { pressed, .. }) = digits.held.take_if(|held| held.until <= x.now) {
                digits.only_info = true;
                self.hand_on(x, id, pressed, DigitOrigin::Info);
            }
        }
    }

    /// When [`Call::tick_digits`] is wanted.
    pub(crate) fn digits_deadline(&self) -> Option<Instant> {
        let held = |side| Some(self.leg(side)?.digits.as_ref()?.held?.until);
        [held(Side::Caller), held(Side::Callee)].into_iter().flatten().min()
    }

    fn say_pressed(&self, x: &mut Exchange, leg: LegId, pressed: Pressed, origin: DigitOrigin) {
        let by = if leg == self.caller.id { Side::Caller } else { Side::Callee };
        x.event(Event::CallDigit {
            call: self.id(),
            by,
            digit: Some(pressed.digit.as_char()).filter(|_| !self.hears_secret(leg)),
            duration_ms: pressed.duration_ms,
            origin,
        });
    }

    /// Lets the other phone have a key of this leg's.
    fn hand_on(&mut self, x: &mut Exchange, from: LegId, pressed: Pressed, origin: DigitOrigin) {
        let Some(to) = self.hearer_of(from) else { return };
        let Some(phone) = self.phone_mut(to) else { return };
        if !phone.takes_events() {
            if phone.wants_info() && phone.tell_key(x, pressed) {
                return;
            }
            // Tones that were heard are in the sound that goes across.
            if origin == DigitOrigin::Tones {
                return;
            }
        }
        let (digit, duration_ms) = (pressed.digit.as_char(), pressed.duration_ms);
        x.media(MediaCommand::SendDigit { leg: to, digit, duration_ms });
    }

    /// Who hears a leg: the other one, be it only early.
    fn hearer_of(&self, leg: LegId) -> Option<LegId> {
        let other = match &self.stage {
            Stage::Talking(talk) => talk.callee.id,
            Stage::Ringing(ring) => ring.early.as_ref()?.0,
            _ => return None,
        };
        let caller = self.caller.id;
        match leg {
            _ if leg == caller => Some(other),
            _ if leg == other => Some(caller),
            _ => None,
        }
    }

    /// The leg of this name, of a phone that is in the call or rings.
    fn phone_mut(&mut self, leg: LegId) -> Option<&mut Leg> {
        if matches!(self.stage, Stage::Ending(_)) {
            return None;
        }
        match self.side_of(leg) {
            Some(side) => self.leg_mut(side),
            None => self.branch_mut(leg).map(|branch| &mut branch.leg),
        }
    }
}

impl Leg {
    /// Whether keys go to the phone in INFO: it sends them so itself, or the operator has said so of its trunk.
    fn wants_info(&self) -> bool {
        let sends = self.digits.as_ref().is_some_and(|digits| digits.speaks_info);
        match self.trunk.as_ref().map(|over| over.media.dtmf) {
            None | Some(DtmfMode::Auto) => sends,
            Some(DtmfMode::Info) => true,
            Some(DtmfMode::Rfc4733 | DtmfMode::Inband) => false,
        }
    }

    /// Whether telephone events were agreed with the phone.
    fn takes_events(&self) -> bool {
        matches!(&self.media, LegMedia::Open(media) if media.takes_events)
    }

    /// Sends a key as INFO; false where there is no dialog for it. Nobody waits for the answer: a key that is refused is lost,
    /// and a phone that is gone is found out otherwise.
    fn tell_key(&mut self, x: &mut Exchange, pressed: Pressed) -> bool {
        let Some(established) = self.established_mut() else { return false };
        let mut info = established.dialog.request(Method::Info);
        let flow = established.dialog.flow();
        info.set_body(DTMF_RELAY, info_body(pressed).into_bytes());
        if self.digits.get_or_insert_default().may_be_told(x.now) {
            x.request(info, flow, None);
        }
        true
    }
}
