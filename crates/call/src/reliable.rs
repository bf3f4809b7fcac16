//! Reliable provisional responses to a caller (RFC 3262): numbered, repeated until their PRACK comes, one at a time. A final
//! 2xx waits for the PRACK of one that held a session description.

use std::collections::VecDeque;
use std::time::Instant;

use bytes::Bytes;
use kiestoon_media::Sdp;
use kiestoon_sip::dialog::{AckStep, AckWait};
use kiestoon_sip::transaction::ServerId;
use kiestoon_sip::{CSeq, HeaderName, Headers, RAck, Request, Response};
use serde::{Deserialize, Serialize};

use crate::abilities::{RELIABLE, requires, supports};
use crate::call::{Call, Stage};
use crate::cdr::{End, Side};
use crate::exchange::Exchange;
use crate::leg::{Leg, Signal};
use crate::open_offer::OpenOffer;
use crate::reason::EndReason;
use crate::reinvite::{Negotiation, read_offer};

/// The reliable provisional responses of one INVITE.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Reliable {
    /// Whether the caller requires all of them to be reliable; else only those with a session description are.
    required: bool,
    /// The number given last.
    rseq: u32,
    unacked: Option<Unpracked>,
    /// Those that wait for the PRACK of the one before.
    waiting: VecDeque<Response>,
    /// The answer that the call has got meanwhile.
    held: Option<Held>,
    /// Whether the unacknowledged one holds an offer of ours, which its PRACK answers.
    offers: bool,
    /// The session description that the caller got, for good; empty while there is none.
    #[serde(with = "kiestoon_sip::plain")]
    pub(crate) told: Bytes,
}

/// One without its PRACK.
#[derive(Debug, Serialize, Deserialize)]
struct Unpracked {
    rseq: u32,
    response: Response,
    wait: AckWait,
}

/// The 2xx of an INVITE that waits for a PRACK.
#[derive(Debug, Serialize, Deserialize)]
struct Held {
    body: Option<Sdp>,
    number: Option<Box<str>>,
}

impl Reliable {
    /// The state for a caller that knows them; `random` chooses the first number.
    pub(crate) fn of(invite: &Headers, random: u64) -> Option<Box<Self>> {
        supports(invite, RELIABLE).then(|| {
            Box::new(Self {
                required: requires(invite, RELIABLE),
                // RFC 3262 section 3: from 1 to 2^31 - 1; with room to count up.
                rseq: u32::try_from(random % 0x4000_0000).unwrap_or_default(),
                unacked: None,
                waiting: VecDeque::new(),
                held: None,
                offers: false,
                told: Bytes::new(),
            })
        })
    }

    /// When [`Call::tick_reliable`] is wanted.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        self.unacked.as_ref().map(|unacked| unacked.wait.deadline())
    }

    /// What a PRACK may still acknowledge after the final response.
    pub(crate) fn left_over(&self, cseq: &CSeq) -> Option<Box<RAck>> {
        self.unacked.as_ref().map(|unacked| Box::new(RAck { rseq: unacked.rseq, cseq: cseq.clone() }))
    }

    /// Whether an offer of ours may follow: what the caller was told is acknowledged (RFC 3311 section 5.1).
    pub(crate) fn is_settled(&self) -> bool {
        self.is_told() && self.unacked.is_none()
    }

    fn is_told(&self) -> bool {
        !self.told.is_empty()
    }

    fn is_described(&self) -> bool {
        self.unacked.as_ref().is_some_and(|unacked| !unacked.response.body.is_empty())
    }

    /// Sends a response, or has it wait. True where it went out.
    fn send(&mut self, x: &mut Exchange, server: ServerId, mut response: Response) -> bool {
        if self.unacked.is_some() {
            // The last of the waiting ones says what all say, unless one holds a session description.
            self.waiting.retain(|waiting| !waiting.body.is_empty());
            if self.waiting.len() < MOST_WAITING {
                self.waiting.push_back(response);
            }
            return false;
        }
        self.rseq = self.rseq.saturating_add(1);
        response.headers.push(HeaderName::Require, RELIABLE);
        response.headers.push(HeaderName::RSeq, self.rseq.to_string());
        x.respond(server, response.clone());
        let wait = AckWait::for_prack(x.now, &x.settings.timers);
        self.unacked = Some(Unpracked { rseq: self.rseq, response, wait });
        true
    }
}

impl Leg {
    /// Sends a provisional response of an unanswered caller, reliably where that is asked for.
    pub(crate) fn respond_provisionally(&mut self, x: &mut Exchange, response: Response) {
        let Signal::Inviting { server, reliable, .. } = &mut self.signal else { return };
        let body = response.body.clone();
        let Some(reliable) = reliable.as_mut().filter(|reliable| reliable.required || !body.is_empty())
        else {
            return x.respond(*server, response);
        };
        let is_sent = reliable.send(x, *server, response);
        if is_sent && !body.is_empty() {
            reliable.offers = self.open == OpenOffer::OursDue;
            reliable.told = body;
            self.described();
        }
    }

    /// A session description went out reliably: it answers the phone's offer, or is ours.
    pub(crate) fn described(&mut self) {
        self.open = match self.open {
            OpenOffer::OursDue => OpenOffer::Ours,
            OpenOffer::Theirs => OpenOffer::None,
            other => other,
        };
    }

    /// Whether a 2xx would have to wait for a PRACK.
    pub(crate) fn awaits_prack(&self) -> bool {
        self.reliable().is_some_and(Reliable::is_described)
    }

    pub(crate) fn reliable(&self) -> Option<&Reliable> {
        match &self.signal {
            Signal::Inviting { reliable, .. } => reliable.as_deref(),
            _ => None,
        }
    }

    fn reliable_mut(&mut self) -> Option<&mut Reliable> {
        match &mut self.signal {
            Signal::Inviting { reliable, .. } => reliable.as_deref_mut(),
            _ => None,
        }
    }
}

impl Call {
    /// Keeps the answer of the call until the caller has acknowledged what it was told. False where nothing waits.
    pub(crate) fn hold_answer(&mut self, body: Option<&Sdp>, number: Option<&str>) -> bool {
        if !self.caller.awaits_prack() {
            return false;
        }
        if let Some(reliable) = self.caller.reliable_mut() {
            reliable.held = Some(Held { body: body.cloned(), number: number.map(Into::into) });
        }
        true
    }

    /// A PRACK of one side. Callees send none: they get them.
    pub(crate) fn pracked(&mut self, x: &mut Exchange, side: Side, server: ServerId, request: &Request) {
        let Some(rack) = request.headers.rack() else { return x.answer(server, request, 400) };
        if side == Side::Callee || !self.take_unacked(&rack) {
            return x.answer(server, request, 481);
        }
        let is_answer =
            self.caller.reliable_mut().is_some_and(|reliable| std::mem::take(&mut reliable.offers));
        match (is_answer, read_offer(&self.terms(x, side), request)) {
            (true, Ok(Some(answer))) => {
                self.caller.open = OpenOffer::None;
                x.answer(server, request, 200);
                self.early_offer_answered(x, answer, request);
            }
            (true, _) => {
                x.answer(server, request, 200);
                return self.end(x, EndReason::MediaFailed.into());
            }
            (_, Ok(None)) => x.answer(server, request, 200),
            (_, Ok(Some(offer))) => self.offered(x, side, server, request, offer),
            (_, Err(status)) => x.answer(server, request, status),
        }
        self.next_provisional(x);
    }

    /// Takes what a PRACK acknowledges. False where there is no such response.
    fn take_unacked(&mut self, rack: &RAck) -> bool {
        match &mut self.caller.signal {
            Signal::Inviting { invite, reliable: Some(reliable), .. } => {
                let fits = |unacked: &mut Unpracked| unacked.rseq == rack.rseq && rack.cseq == invite.cseq;
                reliable.unacked.take_if(fits).is_some()
            }
            Signal::Established(established) => {
                established.unpracked.take_if(|left| **left == *rack).is_some()
            }
            _ => false,
        }
    }

    /// What waited for a PRACK goes out: the next provisional response, or the answer.
    fn next_provisional(&mut self, x: &mut Exchange) {
        let Some(reliable) = self.caller.reliable_mut() else { return };
        if let Some(held) = reliable.held.take() {
            return self.answer_caller(x, held.body.as_ref(), held.number.as_deref());
        }
        while let Some(response) = reliable.waiting.pop_front() {
            // One answer is enough: another phone's may have gone out meanwhile.
            if response.body.is_empty() || !reliable.is_told() {
                return self.caller.respond_provisionally(x, response);
            }
        }
    }

    /// Repeats what waits for its PRACK, or gives the call up: the caller would not hear of it (RFC 3262 section 3).
    pub(crate) fn tick_reliable(&mut self, x: &mut Exchange) {
        let Signal::Inviting { server, reliable: Some(reliable), .. } = &mut self.caller.signal else {
            return;
        };
        let Some(unacked) = &mut reliable.unacked else { return };
        match unacked.wait.tick(x.now) {
            AckStep::Wait => {}
            AckStep::Resend => x.respond(*server, unacked.response.clone()),
            AckStep::GiveUp => {
                let end = End { reason: EndReason::AckTimeout, status: Some(504), q850: None };
                self.end(x, end);
            }
        }
    }

    /// The caller answered, in its PRACK, an offer of ours: phones that made one are answered with it, and phones that are
    /// rung later are offered it.
    fn early_offer_answered(&mut self, x: &mut Exchange, answer: Sdp, prack: &Request) {
        self.caller.set_remote(x, &answer);
        self.note_caller_codec(&answer);
        if let Stage::Talking(talk) = &mut self.stage {
            return match std::mem::replace(&mut talk.negotiation, Negotiation::Settled) {
                Negotiation::AnswerInAck { from: Side::Caller, offer } => {
                    self.answer_in_ack(x, Side::Caller, &offer, prack);
                }
                other => talk.negotiation = other,
            };
        }
        self.offer = Some(Box::new(answer));
        self.answer_forks(x);
        self.sound_answered_early(x);
    }
}

/// Provisional responses that wait for a PRACK: few phones and fewer statuses follow each other in a round trip.
const MOST_WAITING: usize = 4;
