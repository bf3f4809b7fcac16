//! An INVITE with Replaces (RFC 3891): another phone of the same extension takes a call over, or picks up what rings at the
//! first one. It is answered by the PBX itself; the far side is told where its sound goes now.

use kiestoon_media::{LocalMedia, Sdp, local_answer, relay_answer};
use kiestoon_sip::dialog::AckWait;

use super::Source;
use crate::call::{Call, Stage};
use crate::cdr::Side;
use crate::exchange::Exchange;
use crate::leg::{Established, Leg, LegMedia, OurAck, Signal, Unacked};
use crate::reinvite::Negotiation;
use crate::talk::Talk;
use crate::wire;

impl Call {
    /// The ports of a phone that sent an INVITE with Replaces are open: it is answered, and takes its place.
    pub(super) fn answer_arrival(&mut self, x: &mut Exchange, local: LocalMedia) {
        let session = x.random();
        if self.walk.transfers.arrival.as_ref().is_some_and(|arrival| !self.has_place(arrival.place)) {
            return self.drop_arrival(x, 481);
        }
        let Some(mut arrival) = self.walk.transfers.arrival.take() else { return };
        let Source::Invites { leg, offer } = &mut arrival.source else { return };
        leg.opened(local, session, &x.settings);
        let answered = leg.media_mut().and_then(|media| {
            let ours = local_answer(offer, &media.local, &mut media.origin).ok()?.0;
            Some((wire::as_theirs(&ours, &media.origin), ours))
        });
        let Some((agreed, ours)) = answered else {
            self.walk.transfers.arrival = Some(arrival);
            return self.drop_arrival(x, 488);
        };
        let Source::Invites { mut leg, offer } = arrival.source else { return };
        leg.accept_invite(x, &ours);
        leg.set_remote(x, &offer);
        arrival.source = Source::Waits { leg, answer: Box::new(agreed) };
        self.walk.transfers.arrival = Some(arrival);
    }

    /// The phone has picked up what rang elsewhere: it is the callee, and the others ring no more.
    pub(super) fn picked_up(&mut self, x: &mut Exchange, mut leg: Leg, agreed: &Sdp) {
        leg.side = Side::Callee;
        self.drop_branches(x, Some(200), |_| true);
        let offer = self.offer.take();
        let is_unanswered = matches!(self.caller.signal, Signal::Inviting { .. });
        let body = match (&offer, &mut self.caller.media, is_unanswered) {
            (Some(offer), LegMedia::Open(media), true) => {
                relay_answer(offer, agreed, &media.local, &mut media.origin).ok()
            }
            _ => None,
        };
        let number = leg.number.clone();
        self.cdr.record.to_number = Some(number.clone());
        self.walk.answered();
        self.stage = Stage::Talking(Box::new(Talk::new(leg, Negotiation::Settled)));
        match (is_unanswered, body, offer) {
            (true, Some(body), Some(offer)) => {
                self.caller.set_remote(x, &offer);
                self.note_caller_codec(&body);
                self.join_sound(x);
                self.answer_caller(x, Some(&body), Some(&number));
                if self.caller.left.is_some() {
                    self.tell_side(Side::Caller, agreed.clone());
                }
            }
            (false, _, _) => {
                self.join_sound(x);
                self.answered(x, Some(number));
                self.search_succeeded(x, None);
                self.tell_of_other(Side::Caller, agreed.clone());
            }
            _ => self.end(x, crate::reason::EndReason::MediaFailed.into()),
        }
    }
}

impl Leg {
    /// The 200 to the INVITE of a phone that takes a place in a call.
    fn accept_invite(&mut self, x: &mut Exchange, body: &Sdp) {
        let Signal::Inviting { server, invite, mut dialog, .. } =
            std::mem::replace(&mut self.signal, Signal::Over)
        else {
            return;
        };
        let mut response = x.response(&invite, 200, Some(&dialog.id().local_tag));
        wire::dialog_headers(&mut response.headers, &dialog);
        response.set_body(wire::SDP, self.say(body));
        self.timer = self.grant_timer(x, &invite.headers, &mut response.headers);
        x.respond(server, response);
        x.routes.remove_invite(server);
        dialog.confirm();
        let wait = AckWait::new(x.now, &x.settings.timers);
        let unacked = Some(Unacked { wait, server, cseq: invite.cseq.number });
        self.signal = Signal::Established(Box::new(Established {
            unacked,
            ..Established::callee(*dialog, OurAck::None)
        }));
    }
}
