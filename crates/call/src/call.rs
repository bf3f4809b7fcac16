//! One call: what it holds, and who of its behaviours gets what comes in. The behaviours are modules of their own: `walk`
//! (the dialplan), `ring`, `early_media`, `answer`, `prompt`, `reinvite`, `in_call_requests`, `end`.

use std::sync::Arc;
use std::time::Instant;

use kiestoon_dialplan::Plan;
use kiestoon_media::dtmf::{Digit, Pressed};
use kiestoon_media::rtp::T38;
use kiestoon_media::{CallKey, LegId, MediaEvent, Sdp};
use kiestoon_sip::transaction::{ClientId, FailReason, ServerId};
use kiestoon_sip::{Flow, Method, Request, Response};
use serde::{Deserialize, Serialize};

use crate::callee_invite::Carried;
use crate::cdr::{Cdr, Side};
use crate::end::Ending;
use crate::exchange::Exchange;
use crate::id::{self, CallId};
use crate::leg::{Leg, LegMedia, Signal};
use crate::prompt::{Phase, Sound};
use crate::reason::EndReason;
use crate::reinvite::{Negotiation, refuse_reinvite};
use crate::reliable::Reliable;
use crate::ring::{Branch, Ring};
use crate::snapshot::Snapshot;
use crate::talk::Talk;
use crate::trunk::channels::Channel;
use crate::trunk::verification::Verifying;
use crate::walk::Walk;
use crate::webhook::Asking;

/// A call, from the accepted INVITE to the record of its end.
#[derive(Debug, Serialize)]
pub(crate) struct Call {
    pub(crate) key: CallKey,
    /// The snapshot that the call began with: a reload changes new calls only.
    #[serde(skip)]
    pub(crate) snapshot: Arc<Snapshot>,
    /// The dialplan that the call began with, also where another process has taken it up: its hash is in the record.
    #[serde(skip)]
    pub(crate) plan: Arc<Plan>,
    /// The index of the organisation in it.
    #[serde(skip)]
    pub(crate) organisation: usize,
    pub(crate) cdr: Cdr,
    pub(crate) caller: Leg,
    /// What phones are offered on behalf of the caller: the caller's own offer, or what was agreed with us for a prompt.
    /// None where the caller left the offer to the callee, and once two people talk.
    pub(crate) offer: Option<Box<Sdp>>,
    pub(crate) stage: Stage,
    pub(crate) walk: Walk,
    pub(crate) carried: Carried,
    pub(crate) legs_made: u16,
    /// Legs whose media is open, and whose last figures are to come.
    pub(crate) figures_due: u16,
    /// When the call ends, whatever it is doing.
    #[serde(with = "kiestoon_sip::plain")]
    pub(crate) limit: Instant,
    /// When the phones of an answered call are asked whether they are still there.
    #[serde(with = "kiestoon_sip::plain")]
    pub(crate) probe_at: Option<Instant>,
    /// The deadline that the switch has noted for it.
    #[serde(skip)]
    pub(crate) scheduled: Option<Instant>,
    /// Its legs over trunks, as they are counted.
    #[serde(skip)]
    pub(crate) channels: Vec<Channel>,
    /// Whether it may be finding out how hosts of trunks stand that are down.
    #[serde(skip)]
    pub(crate) may_try_hosts: bool,
}

/// What a call is doing.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum Stage {
    /// Between two steps of the dialplan; never between two inputs.
    Between,
    /// The certificate of who has signed its caller's number is fetched.
    Verifying(Box<Verifying>),
    /// A rule keeps its caller out, who hears that it rings; nobody is rung.
    Silenced,
    /// Phones are rung.
    Ringing(Box<Ring>),
    /// A service outside is asked where it is to go.
    Asking(Box<Asking>),
    /// The PBX itself is heard.
    Sounding(Box<Sound>),
    /// Two people talk.
    Talking(Box<Talk>),
    /// It has ended.
    Ending(Ending),
}

impl Call {
    /// Something happened to its media.
    pub(crate) fn media(&mut self, x: &mut Exchange, event: MediaEvent) {
        match event {
            MediaEvent::Opened { leg, local } => {
                self.figures_due = self.figures_due.saturating_add(1);
                if self.is_arriving(leg) {
                    return self.arrival_opened(x, local);
                }
                if leg != self.caller.id {
                    return self.branch_opened(x, leg, local);
                }
                let session = x.random();
                if self.caller.opened(local, session, &x.settings) {
                    self.sound_with_ports(x);
                }
            }
            MediaEvent::OpenFailed { leg, reason } => {
                tracing::warn!(call = %self.id(), leg = leg.0, %reason, "no media for this leg");
                if self.arrival_has_no_ports(x, leg) {
                    return;
                }
                if leg != self.caller.id {
                    if let Some(branch) = self.branch_mut(leg) {
                        branch.leg.media = LegMedia::Closed;
                    }
                    return self.branch_failed(x, leg, 503);
                }
                self.caller.media = LegMedia::Closed;
                self.end(x, EndReason::MediaFailed.into());
            }
            MediaEvent::PlayFinished { leg, play } if leg == self.caller.id => self.sound_is_over(x, play),
            MediaEvent::PlayFinished { .. } => {}
            MediaEvent::Digit { leg, digit, duration_ms, source, passed } => {
                if let Some(digit) = Digit::of_char(digit) {
                    self.key_heard(x, leg, Pressed { digit, duration_ms }, source, passed);
                }
            }
            MediaEvent::FaxTone { leg, tone } => self.fax_machine_heard(leg, tone),
            MediaEvent::Silent { leg, .. } => self.heard_nothing(x, leg),
            MediaEvent::Diagnosis { leg, cause } => self.diagnosed(x, leg, cause),
            MediaEvent::Lost { leg, after } => self.lost(x, leg, after),
            MediaEvent::TransportEnded { leg, reason } => self.transport_ended(x, leg, &reason),
            MediaEvent::Closed { leg, quality } => self.figures(x, leg, quality),
            MediaEvent::Failed { leg } => self.media_failed(x, leg),
        }
    }

    fn media_failed(&mut self, x: &mut Exchange, leg: LegId) {
        self.figures_due = self.figures_due.saturating_sub(1);
        if let Some(branch) = self.branch_mut(leg) {
            branch.leg.media = LegMedia::Closed;
            return self.drop_failed_branch(x, leg);
        }
        if let Some(parked) = self.parked_mut(leg) {
            parked.media = LegMedia::Closed;
            return self.end(x, EndReason::MediaFailed.into());
        }
        for side in [Side::Caller, Side::Callee] {
            if let Some(failed) = self.leg_mut(side).filter(|failed| failed.id == leg) {
                failed.media = LegMedia::Closed;
                self.end(x, EndReason::MediaFailed.into());
            }
        }
        self.record_if_complete(x);
    }

    /// A response to a request of this call.
    pub(crate) fn response(&mut self, x: &mut Exchange, client: ClientId, response: &Response, flow: Flow) {
        let status = response.status;
        if self.branch_of(client).is_some() {
            self.learn_agent(client, response);
            self.learn_names(client, response);
            return match status.code() {
                ..200 => self.branch_provisional(x, client, response, flow),
                200..300 => self.branch_answered(x, client, response, flow),
                _ => self.branch_refused(x, client, response),
            };
        }
        if self.reinvite_client() == Some(client) {
            return self.reinvite_answered(x, response);
        }
        if self.transfer_responded(x, client, response) {
            return;
        }
        if let Some(leg) = self.legs().find(|leg| leg.acked_client() == Some(client)) {
            return leg.answered_again(x, response, flow);
        }
        let code = status.code();
        let _ = self.probe_outcome(x, client, code)
            || self.refresh_outcome(x, client, code, Some(response))
            || self.early_update_outcome(x, client, code, Some(response))
            || self.left_offer_outcome(x, client, code, Some(response))
            || self.passing_answered(x, client, code);
    }

    /// A request of this call will not be answered any more.
    pub(crate) fn failed(&mut self, x: &mut Exchange, client: ClientId, reason: FailReason) {
        if self.branch_of(client).is_some() {
            return self.branch_silent(x, client, reason);
        }
        if self.reinvite_client() == Some(client) {
            return self.reinvite_failed(x, reason);
        }
        if self.transfer_failed_to_send(x, client, reason) {
            return;
        }
        // Our own overload says nothing of the phone.
        let status = if reason == FailReason::Overload { 503 } else { 408 };
        let _ = self.probe_outcome(x, client, status)
            || self.refresh_outcome(x, client, status, None)
            || self.early_update_outcome(x, client, status, None)
            || self.left_offer_outcome(x, client, status, None)
            || self.passing_answered(x, client, status);
    }

    /// A request inside a dialog of this call.
    pub(crate) fn request(
        &mut self,
        x: &mut Exchange,
        leg: LegId,
        server: ServerId,
        request: Request,
        flow: Flow,
    ) {
        let Some(side) = self.side_of(leg) else {
            if self.branch(leg).is_some() {
                return self.branch_request(x, leg, server, &request, flow);
            }
            return self.parked_request(x, leg, server, &request, flow);
        };
        let received = self.leg_mut(side).ok_or(481).and_then(|leg| leg.receive(&request, flow));
        if let Err(status) = received {
            return x.answer(server, &request, status);
        }
        let is_answered = self.leg(side).is_some_and(|leg| leg.established().is_some());
        if matches!(request.method, Method::Invite | Method::Update) {
            self.learn_identity(x, side, &request, &flow);
        }
        match request.method {
            Method::Bye => self.bye(x, side, server, request),
            Method::Options => self.answer_options(x, server, &request),
            _ if matches!(self.stage, Stage::Ending(_)) => x.answer(server, &request, 481),
            Method::Invite | Method::Update if self.transfer_negotiates(side) => {
                refuse_reinvite(x, server, &request, 491);
            }
            Method::Invite if is_answered => self.reinvite(x, side, server, request),
            Method::Refer if is_answered => self.refer(x, side, server, request),
            // A second INVITE before the first is answered (RFC 3261 section 14.2).
            Method::Invite => refuse_reinvite(x, server, &request, 500),
            Method::Prack => self.pracked(x, side, server, &request),
            Method::Update => self.update(x, side, server, &request),
            Method::Info | Method::Message => self.pass_request(x, side, server, request),
            _ => x.answer(server, &request, 405),
        }
    }

    /// The ACK of a 2xx of ours.
    pub(crate) fn ack(&mut self, x: &mut Exchange, leg: LegId, request: &Request) {
        let side = self.side_of(leg);
        let acknowledging = match side {
            Some(side) => self.leg_mut(side),
            None => self.waiting_mut(leg),
        };
        let Some(established) = acknowledging.and_then(Leg::established_mut) else { return };
        let expected =
            established.unacked.as_ref().is_some_and(|unacked| unacked.cseq == request.cseq.number);
        if !expected || established.dialog.id().call_id != request.call_id {
            return;
        }
        established.unacked = None;
        match side {
            Some(side) => self.acknowledged(x, side, request),
            None => self.hang_up_turned_out(x),
        }
    }

    fn acknowledged(&mut self, x: &mut Exchange, side: Side, request: &Request) {
        match &mut self.stage {
            Stage::Sounding(sound) if sound.phase == Phase::Answer => self.sound_answered(x, request),
            Stage::Talking(talk) => match std::mem::replace(&mut talk.negotiation, Negotiation::Settled) {
                Negotiation::AnswerInAck { from, offer } if from == side => {
                    self.answer_in_ack(x, side, &offer, request);
                }
                other => talk.negotiation = other,
            },
            Stage::Ending(_) => self.hang_up_late(x),
            Stage::Between
            | Stage::Verifying(_)
            | Stage::Silenced
            | Stage::Asking(_)
            | Stage::Ringing(_)
            | Stage::Sounding(_) => self.reinvite_answered_in_ack(x, request),
        }
    }

    /// A CANCEL of an INVITE that is unanswered.
    pub(crate) fn cancelled(&mut self, x: &mut Exchange, server: ServerId) {
        match &self.caller.signal {
            Signal::Inviting { server: invite, .. } if *invite == server => self.caller_cancelled(x),
            _ => self.reinvite_cancelled(x, server),
        }
    }

    /// The way back to the caller is gone before there was anything final to say.
    pub(crate) fn caller_unreachable(&mut self, x: &mut Exchange, server: ServerId) {
        if let Signal::Inviting { server: invite, .. } = &self.caller.signal
            && *invite == server
        {
            self.end(x, EndReason::CallerGone.into());
        }
    }

    /// Does what is due.
    pub(crate) fn tick(&mut self, x: &mut Exchange) {
        if self.time_limit().is_some_and(|limit| limit <= x.now) {
            let reason = if self.cdr.is_answered() { EndReason::MaxDuration } else { EndReason::RingTimeout };
            self.end(x, reason.into());
        }
        self.tick_ack(x, Side::Caller);
        self.tick_ack(x, Side::Callee);
        self.tick_transfers(x);
        self.tick_reliable(x);
        self.tick_passed(x);
        self.tick_session(x, Side::Caller);
        self.tick_session(x, Side::Callee);
        self.tick_parked(x);
        self.tick_digits(x);
        self.tick_collect(x);
        self.tick_absence(x);
        self.leave_silent(x);
        self.tick_asking(x);
        self.tick_verifying(x);
        if let Stage::Ringing(ring) = &self.stage {
            let repeat = ring.told.is_some_and(|(_, at)| at <= x.now);
            if ring.until <= x.now {
                self.ring_time_over(x);
            } else if repeat {
                self.repeat_provisional(x);
            }
        }
        if self.probe_at.is_some_and(|at| at <= x.now) {
            self.probe_all(x);
        }
        self.record_if_complete(x);
    }

    /// When [`Call::tick`] is wanted.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        let ack = |side| self.leg(side).and_then(Leg::ack_deadline);
        let stage = match &self.stage {
            Stage::Ringing(ring) => {
                let repeat = ring.told.map(|(_, at)| at);
                [Some(ring.until), repeat, ring.next_try()].into_iter().flatten().min()
            }
            Stage::Ending(ending) => (!ending.is_recorded).then_some(ending.until),
            Stage::Talking(talk) => talk.untold.deadline(),
            Stage::Asking(asking) => Some(asking.until),
            Stage::Verifying(verifying) => Some(verifying.until),
            Stage::Sounding(_) => self.collect_deadline(),
            Stage::Between | Stage::Silenced => None,
        };
        let limit = self.time_limit().filter(|_| !matches!(self.stage, Stage::Ending(_)));
        let prack = self.caller.reliable().and_then(Reliable::deadline);
        let exchanges = [self.passed_deadline(), self.session_deadline(), prack, self.digits_deadline()];
        let others = [self.probe_at, self.transfers_deadline(), ack(Side::Caller), ack(Side::Callee)];
        let others = others.into_iter().chain([self.absence_deadline()]);
        others.chain(exchanges).chain([limit, stage]).flatten().min()
    }

    /// When it has rung or lasted as long as it may. An emergency call may for as long as it takes.
    fn time_limit(&self) -> Option<Instant> {
        (!self.is_emergency()).then_some(self.limit)
    }

    pub(crate) fn id(&self) -> CallId {
        self.cdr.record.id
    }

    /// The name of the next leg.
    pub(crate) fn next_leg(&mut self) -> LegId {
        self.legs_made = self.legs_made.saturating_add(1);
        id::leg(self.key, self.legs_made)
    }

    /// The leg of a side; the callee's only once it has answered.
    pub(crate) fn leg(&self, side: Side) -> Option<&Leg> {
        match (side, &self.stage) {
            (Side::Caller, _) => Some(&self.caller),
            (Side::Callee, Stage::Talking(talk)) => Some(&talk.callee),
            (Side::Callee, Stage::Ending(ending)) => ending.callee.as_deref(),
            (Side::Callee, _) => None,
        }
    }

    /// Every phone that is in the call: both sides, and who has transferred it.
    pub(crate) fn legs(&self) -> impl Iterator<Item = &Leg> {
        let callee = self.leg(Side::Callee);
        std::iter::once(&self.caller).chain(callee).chain(self.parked())
    }

    /// The same, one of them.
    pub(crate) fn any_leg_mut(&mut self, id: LegId) -> Option<&mut Leg> {
        match self.side_of(id) {
            Some(side) => self.leg_mut(side),
            None => self.parked_mut(id),
        }
    }

    pub(crate) fn leg_mut(&mut self, side: Side) -> Option<&mut Leg> {
        match (side, &mut self.stage) {
            (Side::Caller, _) => Some(&mut self.caller),
            (Side::Callee, Stage::Talking(talk)) => Some(&mut talk.callee),
            (Side::Callee, Stage::Ending(ending)) => ending.callee.as_deref_mut(),
            (Side::Callee, _) => None,
        }
    }

    /// The CSeq number of the next request in the dialog with the phone of this leg, or with the one of several that has this
    /// tag. None where there is none any more.
    pub(crate) fn next_cseq(&mut self, leg: LegId, theirs: &str) -> Option<u32> {
        let dialog = match self.branch_mut(leg) {
            Some(branch) => branch.fork_mut(theirs)?.dialog.as_mut(),
            None => self.any_leg_mut(leg)?.dialog_mut(),
        }?;
        dialog.skip(1);
        Some(dialog.local_cseq())
    }

    /// Notes the final status of a leg's INVITE.
    pub(crate) fn note_status(&mut self, leg: LegId, status: u16) {
        if let Some(entry) = self.cdr.leg(leg) {
            entry.status.get_or_insert(status);
        }
    }

    /// Notes why a leg has left the call, before the others.
    pub(crate) fn note_leg_end(&mut self, leg: LegId, reason: EndReason) {
        if let Some(entry) = self.cdr.leg(leg) {
            entry.reason.get_or_insert(reason);
        }
    }

    /// Notes the codec that a callee's answer names.
    pub(crate) fn note_codec(&mut self, leg: &mut Leg, answer: &Sdp) {
        let codec = leg.agreed(answer);
        self.note_codec_of(leg.id, codec);
    }

    /// Notes the codec that was agreed with the caller.
    pub(crate) fn note_caller_codec(&mut self, answer: &Sdp) {
        let codec = self.caller.agreed(answer);
        self.note_codec_of(self.caller.id, codec);
    }

    /// What was a fax at some time is one in the record.
    fn note_codec_of(&mut self, leg: LegId, codec: Option<Box<str>>) {
        if let Some(entry) = self.cdr.leg(leg).filter(|entry| entry.codec.as_deref() != Some(T38)) {
            entry.codec = codec;
        }
    }

    /// Whether two people talk, and nothing is being negotiated.
    pub(crate) fn is_settled(&self) -> bool {
        matches!(&self.stage, Stage::Talking(talk) if matches!(talk.negotiation, Negotiation::Settled)
            && !self.caller.is_negotiating()
            && !talk.callee.is_negotiating())
    }

    pub(crate) fn branch(&self, leg: LegId) -> Option<&Branch> {
        match &self.stage {
            Stage::Ringing(ring) => ring.branches.iter().find(|branch| branch.leg.id == leg),
            _ => None,
        }
    }

    pub(crate) fn side_of(&self, leg: LegId) -> Option<Side> {
        let mut sides = [Side::Caller, Side::Callee].into_iter();
        sides.find(|side| self.leg(*side).is_some_and(|found| found.id == leg))
    }
}
