//! Offers of our own between two who talk: what a side has yet to be told of the other's session, since another phone has taken
//! that side or it was answered differently before. One that crosses an offer of the phone's is made again after a while (RFC
//! 3261 section 14.1), until something newer was agreed on.

use std::time::{Duration, Instant};

use bytes::Bytes;
use kiestoon_media::{Direction, Sdp};
use kiestoon_sip::Response;
use kiestoon_sip::dialog::{DialogRole, glare_wait};
use rand_chacha::ChaCha12Rng;
use serde::{Deserialize, Serialize};

use crate::call::{Call, Stage};
use crate::cdr::Side;
use crate::exchange::Exchange;
use crate::leg::{Leg, LegMedia};
use crate::passed::{Passed, Why};
use crate::reason::EndReason;
use crate::reinvite::Negotiation;

/// What the two who talk have yet to be told.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Untold {
    caller: Option<Box<News>>,
    callee: Option<Box<News>>,
}

/// What one side has yet to be told.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct News {
    /// The session of the other side.
    offer: Sdp,
    /// Whether somebody else is there since.
    is_other: bool,
    /// How often it was refused, for the moment.
    tries: u8,
    /// When it may be told; None for as soon as nothing else is under way.
    #[serde(with = "kiestoon_sip::plain")]
    at: Option<Instant>,
}

impl Untold {
    /// That side is told this session as soon as that can be, whichever it was to be told before.
    fn put(&mut self, to: Side, offer: Sdp, is_other: bool) {
        let is_other = is_other || self.slot(to).as_ref().is_some_and(|news| news.is_other);
        *self.slot(to) = Some(Box::new(News { offer, is_other, tries: 0, at: None }));
    }

    fn slot(&mut self, to: Side) -> &mut Option<Box<News>> {
        match to {
            Side::Caller => &mut self.caller,
            Side::Callee => &mut self.callee,
        }
    }

    /// When a wait is over.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        [&self.caller, &self.callee].into_iter().filter_map(|news| news.as_ref()?.at).min()
    }

    fn is_due(&mut self, now: Instant, to: Side) -> bool {
        let Some(news) = self.slot(to) else { return false };
        news.at.take_if(|at| *at <= now);
        news.at.is_none()
    }
}

impl Call {
    /// Has a side offered what the other one said of its session, though that asks for nothing.
    pub(crate) fn tell_side(&mut self, to: Side, offer: Sdp) {
        if let Stage::Talking(talk) = &mut self.stage {
            talk.untold.put(to, offer, false);
        }
    }

    /// The same where somebody else has taken the other side.
    pub(crate) fn tell_of_other(&mut self, to: Side, offer: Sdp) {
        if let Stage::Talking(talk) = &mut self.stage {
            talk.untold.put(to, offer, true);
        }
    }

    /// Tells each side what it has yet to be told, once nothing else is under way with it.
    pub(crate) fn tell_untold(&mut self, x: &mut Exchange) {
        for to in [Side::Caller, Side::Callee] {
            let Stage::Talking(talk) = &mut self.stage else { return };
            if !talk.untold.is_due(x.now, to) || !self.may_tell(to) {
                continue;
            }
            let Stage::Talking(talk) = &mut self.stage else { return };
            let Some(news) = talk.untold.slot(to).take() else { continue };
            if news.is_other {
                self.rename(x, to);
            }
            // A session that cannot be told stays as it is.
            let why = Why::Ours { tries: news.tries, tells_other: news.is_other };
            self.pass_reinvite(x, to.other(), why, Some(news.offer));
        }
    }

    fn may_tell(&self, to: Side) -> bool {
        let is_settled =
            matches!(&self.stage, Stage::Talking(talk) if matches!(talk.negotiation, Negotiation::Settled));
        let leg = self.leg(to).filter(|leg| leg.established().is_some());
        is_settled && leg.is_some_and(|leg| !leg.is_negotiating()) && !self.transfer_negotiates(to)
    }

    /// A side took an offer of the other one's that came to nothing: it is offered again what we had told it `before`.
    pub(crate) fn take_offer_back(&mut self, x: &mut Exchange, side: Side, before: Option<Bytes>) {
        match before.and_then(|before| Sdp::parse(&before).ok()) {
            Some(session) if session.is_relayable() => self.tell_side(side, session),
            _ => self.end(x, EndReason::MediaFailed.into()),
        }
    }

    /// An offer of ours came at the wrong time, and is made again at that time.
    pub(crate) fn tell_again(&mut self, at: Instant, passed: Passed) {
        let (to, Why::Ours { tries, tells_other: is_other }) = (passed.to(), passed.why) else { return };
        let (Some(offer), Stage::Talking(talk)) = (passed.offer, &mut self.stage) else { return };
        match talk.untold.slot(to) {
            // Newer than what was refused.
            Some(news) => news.is_other |= is_other,
            slot if tries < MOST_TRIES => {
                *slot = Some(Box::new(News { offer, is_other, tries, at: Some(at) }));
            }
            _ => {}
        }
    }

    /// How long an offer that was refused with this response has to wait; None where waiting is no use.
    pub(crate) fn wait_for(&self, x: &mut Exchange, to: Side, response: &Response) -> Option<Duration> {
        match response.status.code() {
            491 => Some(self.leg(to)?.glare_wait(&mut x.rng)),
            // The phone is still busy with an offer of its own (RFC 3261 section 14.2, RFC 3311 section 5.2).
            500 => {
                let wait = Duration::from_secs(response.headers.retry_after()?.into());
                Some(wait.min(LONGEST_WAIT))
            }
            _ => None,
        }
    }

    /// What one side offered the other has taken: both know the session of each other. Who is there, they are still told.
    pub(crate) fn both_know(&mut self, x: &mut Exchange) {
        let Stage::Talking(talk) = &mut self.stage else { return };
        let mut untold = std::mem::take(&mut talk.untold);
        for to in [Side::Caller, Side::Callee] {
            if untold.slot(to).as_ref().is_some_and(|news| news.is_other) {
                self.rename(x, to);
                self.announce(x, to);
            }
        }
    }

    /// An offer of ours, the session `offer` of the one side, was answered by the other one with `theirs`: if that is not what the
    /// one side believes, it is told in turn.
    pub(crate) fn told(&mut self, from: Side, tries: u8, offer: &Sdp, theirs: Sdp) {
        let is_misled = self.leg(from).is_some_and(|leg| leg.is_misled(offer, &theirs));
        let Stage::Talking(talk) = &mut self.stage else { return };
        let tries = tries.saturating_add(1);
        match talk.untold.slot(from) {
            Some(news) => news.offer = theirs,
            slot if is_misled && tries < MOST_TRIES => {
                *slot = Some(Box::new(News { offer: theirs, is_other: false, tries, at: None }));
            }
            _ => {}
        }
    }
}

impl Leg {
    /// How long an offer to this phone waits that has crossed one of its own.
    pub(crate) fn glare_wait(&self, rng: &mut ChaCha12Rng) -> Duration {
        let role = self.established().map_or(DialogRole::Uas, |established| established.dialog.role());
        glare_wait(role, rng)
    }

    /// Whether this phone, whose session is `own`, believes that it is heard, or that it hears somebody, against what the other
    /// side has said.
    fn is_misled(&self, own: &Sdp, others: &Sdp) -> bool {
        let LegMedia::Open(media) = &self.media else { return false };
        let flowing = |sdp: &Sdp| sdp.audio().map(|audio| audio.direction);
        let said = Sdp::parse(&media.said).ok();
        let (Some(said), Some(own), Some(others)) =
            (said.as_ref().and_then(flowing), flowing(own), flowing(others))
        else {
            return false;
        };
        let believes: Direction = own.and(said.reversed());
        (believes.sends() && !others.receives()) || (believes.receives() && !others.sends())
    }
}

/// Offers that are refused again and again: a phone that does this does not want it.
pub(crate) const MOST_TRIES: u8 = 8;
/// RFC 3261 section 14.2 asks phones for ten seconds at most.
const LONGEST_WAIT: Duration = Duration::from_secs(32);
