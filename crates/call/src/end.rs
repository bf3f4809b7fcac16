//! The end of a call, whatever its reason: every transaction answered, every dialog hung up, every port closed, one record.

use std::time::Instant;

use kiestoon_media::{LegId, LegQuality};
use kiestoon_sip::transaction::ServerId;
use kiestoon_sip::{HeaderName, Method, Request};
use serde::{Deserialize, Serialize};

use crate::call::{Call, Stage};
use crate::cdr::{CdrRecord, End, Side};
use crate::event::Event;
use crate::exchange::Exchange;
use crate::leg::{Leg, Signal};
use crate::reason::EndReason;
use crate::reinvite::{Negotiation, forget_ack};
use crate::switch::Output;
use crate::talk::Talk;
use crate::tell::Untold;

/// A call that has ended: its record waits for the last figures of its media, and its phones perhaps for a BYE, which may
/// not be sent before the ACK of our 2xx has come (RFC 3261 section 15).
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Ending {
    /// When the record is written even without the figures.
    #[serde(with = "kiestoon_sip::plain")]
    pub(crate) until: Instant,
    pub(crate) is_recorded: bool,
    /// The BYE that ended it, answered once the record is written: who hung up and was told so finds the call in the history,
    /// even if the process is killed that moment.
    bye: Option<Box<(ServerId, Request)>>,
    /// The callee, while it waits for a BYE.
    pub(crate) callee: Option<Box<Leg>>,
    why: End,
}

impl Call {
    /// Ends the call. The first end counts; what comes later changes nothing.
    pub(crate) fn end(&mut self, x: &mut Exchange, why: End) {
        if matches!(self.stage, Stage::Ending(_)) {
            return;
        }
        let why = self.end_of_silence(why);
        self.cdr.ends(x.now, &x.clock, why);
        for leg in &self.cdr.record.legs {
            x.parties.leave(x.now, &self.cdr.record.organisation, &leg.number, self.key);
        }
        x.parties.forget(self.key);
        self.drop_branches(x, None, |_| true);
        self.drop_negotiation(x);
        self.end_transfers(x, &why);
        let until = x.now + x.settings.figures_wait;
        let callee = match std::mem::replace(&mut self.stage, Stage::Between) {
            Stage::Talking(talk) => end_talk(x, *talk, &why),
            _ => None,
        };
        self.stage = Stage::Ending(Ending { until, is_recorded: false, bye: None, callee, why });
        self.end_caller(x, &why);
        self.caller.close(x);
        self.offer = None;
        self.probe_at = None;
        self.caller.forget_refresh(x);
        let sip_code = self.cdr.record.end.map_or(0, |end| end.sip_code);
        x.event(Event::CallEnded { call: self.id(), reason: why.reason, sip_code });
        self.record_if_complete(x);
    }

    /// The caller hung up or took the call back.
    pub(crate) fn caller_cancelled(&mut self, x: &mut Exchange) {
        self.end(x, EndReason::Cancelled.into());
    }

    /// A BYE of one side.
    pub(crate) fn bye(&mut self, x: &mut Exchange, by: Side, server: ServerId, request: Request) {
        let is_over = matches!(self.stage, Stage::Ending(_));
        self.hung_up(x, by);
        match &mut self.stage {
            Stage::Ending(ending) if !is_over && !ending.is_recorded => {
                ending.bye = Some(Box::new((server, request)));
            }
            _ => x.answer(server, &request, 200),
        }
    }

    fn hung_up(&mut self, x: &mut Exchange, by: Side) {
        let reason = match (by, self.cdr.is_answered()) {
            // A BYE in an early dialog is a CANCEL (RFC 3261 section 15).
            (Side::Caller, false) => return self.caller_cancelled(x),
            (Side::Caller, true) => EndReason::HangupCaller,
            (Side::Callee, _) => EndReason::HangupCallee,
        };
        // Its 2xx is acknowledged all the same, else it sends it again and again (RFC 3261 section 13.2.2.4).
        self.drop_negotiation(x);
        self.drop_transfer_offers(x, by);
        if let Some(leg) = self.leg_mut(by) {
            leg.forget(x);
            leg.signal = Signal::Over;
        }
        self.end(x, reason.into());
    }

    /// The final figures of a leg came.
    pub(crate) fn figures(&mut self, x: &mut Exchange, leg: LegId, quality: LegQuality) {
        self.figures_due = self.figures_due.saturating_sub(1);
        if !self.cdr.is_answered()
            && let Some(entry) = self.cdr.leg(leg)
        {
            entry.diagnosis = None;
        }
        let was_used = quality.inbound.packets > 0 || quality.outbound.packets > 0;
        if let (true, Some(entry)) = (was_used, self.cdr.leg(leg)) {
            entry.quality = Some(Box::new(quality));
        }
        self.record_if_complete(x);
    }

    /// Writes the record of an ended call once all figures are there, or their time is over.
    pub(crate) fn record_if_complete(&mut self, x: &mut Exchange) {
        let Stage::Ending(ending) = &mut self.stage else { return };
        if ending.is_recorded || (self.figures_due > 0 && x.now < ending.until) {
            return;
        }
        ending.is_recorded = true;
        self.cdr.note_costs(x.ledger.costs(self.key));
        let record = CdrRecord { way: self.walk.ways(), ..self.cdr.record.clone() };
        x.outputs.push_back(Output::Cdr(Box::new(record)));
        if let Some((server, request)) = ending.bye.take().map(|bye| *bye) {
            x.answer(server, &request, 200);
        }
    }

    /// The wait for an ACK of the given side: repeats the 2xx, or gives up and ends the call.
    pub(crate) fn tick_ack(&mut self, x: &mut Exchange, side: Side) {
        if self.leg_mut(side).is_some_and(|leg| leg.tick_ack(x)) {
            self.end(x, EndReason::AckTimeout.into());
            self.hang_up_late(x);
        }
    }

    /// The ACK that an ended call waited for has come, or never will: its phone can be hung up.
    pub(crate) fn hang_up_late(&mut self, x: &mut Exchange) {
        let Stage::Ending(ending) = &mut self.stage else { return };
        self.caller.hang_up(x, &ending.why);
        if let Some(callee) = &mut ending.callee {
            callee.hang_up(x, &ending.why);
        }
    }

    /// Whether nothing is left to do.
    pub(crate) fn is_over(&self) -> bool {
        match &self.stage {
            Stage::Ending(ending) => {
                let callee_waits = ending.callee.as_deref().is_some_and(Leg::is_unacked);
                let waits =
                    callee_waits || self.caller.is_unacked() || self.walk.transfers.turned_out.is_some();
                ending.is_recorded && !waits
            }
            _ => false,
        }
    }

    /// What was being negotiated is given up: an offer that nobody will answer any more is refused in the ACK that waited for
    /// the answer, and a re-INVITE that was passed on is left behind.
    fn drop_negotiation(&mut self, x: &mut Exchange) {
        let Stage::Talking(talk) = &mut self.stage else { return };
        talk.untold = Untold::default();
        match std::mem::replace(&mut talk.negotiation, Negotiation::Settled) {
            Negotiation::Settled => {}
            Negotiation::AnswerInAck { from, offer } => self.acknowledge(x, from.other(), Some(&offer)),
            Negotiation::Passed(passed) => {
                let other = self.leg(passed.to()).and_then(Leg::established);
                passed.give_up(x, other.map(|established| established.dialog.clone()));
            }
        }
    }

    fn end_caller(&mut self, x: &mut Exchange, why: &End) {
        match std::mem::replace(&mut self.caller.signal, Signal::Over) {
            Signal::Inviting { server, invite, dialog, .. } => {
                let mut response = x.response(&invite, why.status(), Some(&dialog.id().local_tag));
                if let Some(phrase) = why.phrase() {
                    response.reason = phrase.into();
                }
                response.headers.push(HeaderName::Reason, q850(why));
                if why.status() == 503 {
                    response
                        .headers
                        .push(HeaderName::RetryAfter, x.settings.retry_after.as_secs().to_string());
                }
                x.respond(server, response);
                x.routes.remove_invite(server);
                x.forget_dialog(&dialog.id().local_tag);
                self.note_status(self.caller.id, why.status());
            }
            signal => {
                self.caller.signal = signal;
                self.caller.hang_up(x, why);
            }
        }
    }
}

impl Leg {
    /// Says BYE in an answered dialog; not yet where a 2xx of ours waits for its ACK.
    pub(crate) fn hang_up(&mut self, x: &mut Exchange, why: &End) {
        if self.is_unacked() {
            return;
        }
        self.forget(x);
        let Signal::Established(mut established) = std::mem::replace(&mut self.signal, Signal::Over) else {
            return;
        };
        let flow = established.dialog.flow();
        let mut bye: Request = established.dialog.request(Method::Bye);
        bye.headers.push(HeaderName::Reason, q850(why));
        x.request(bye, flow, None);
    }

    /// Takes the leg out of all tables.
    pub(crate) fn forget(&mut self, x: &mut Exchange) {
        if let Some(probe) = self.probe.take() {
            x.routes.remove_client(probe);
        }
        self.forget_refresh(x);
        if let Some(established) = self.established() {
            x.forget_dialog(&established.dialog.id().local_tag);
            forget_ack(x, &established.acked);
        }
    }
}

/// Ends what was going on between the two, and the callee's leg. Some if the callee has to wait for its BYE.
fn end_talk(x: &mut Exchange, talk: Talk, why: &End) -> Option<Box<Leg>> {
    let mut callee = talk.abandon(x);
    callee.hang_up(x, why);
    callee.forget_refresh(x);
    callee.close(x);
    callee.is_unacked().then(|| Box::new(callee))
}

/// The Reason header (RFC 3326).
fn q850(why: &End) -> String {
    format!("Q.850;cause={};text=\"{}\"", why.q850(), why.reason)
}
