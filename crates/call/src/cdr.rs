//! The record of one call: written when the call is accepted, and once more, whole, when it has ended.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use kiestoon_media::{Cause, LegId, LegQuality};
use kiestoon_sip::stir::{Attestation, Fault, Verstat};
use kiestoon_sip::{Flow, Transport};
use serde::{Deserialize, Serialize};

use crate::id::CallId;
use crate::reason::{Disposition, EndReason, HangupBy, cause_of_status};
use crate::wall_clock::WallClock;
use crate::way::Way;

/// A call detail record with the fields of FEATURES.md section 4 that exist on this floor. Times are microseconds
/// since 1970, UTC; the differences between them are measured on the monotonic clock.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CdrRecord {
    /// The call.
    pub id: CallId,
    /// The id of the organisation.
    pub organisation: Arc<str>,
    /// The caller's number: the extension that authenticated.
    pub from_number: Box<str>,
    /// The caller's name as the organisation wrote it.
    pub from_name: Box<str>,
    /// The id of the caller's extension.
    pub extension: Arc<str>,
    /// What was dialled.
    pub dialled: Box<str>,
    /// The number that answered, else the one rung last.
    pub to_number: Option<Box<str>>,
    /// The dialplan context.
    pub context: Box<str>,
    /// The rule that took the call: its name, or `#3`.
    pub route: Option<Box<str>>,
    /// Short hash of the dialplan in force.
    pub dialplan_hash: Box<str>,
    /// When the INVITE was accepted.
    pub started_at: i64,
    /// When the first phone rang.
    pub ringing_at: Option<i64>,
    /// When a phone, or the PBX itself, answered.
    pub answered_at: Option<i64>,
    /// The call in which it went on, where a transfer has joined the two.
    pub linked: Option<CallId>,
    /// The end; None in the record that says that a call has started.
    pub end: Option<CdrEnd>,
    /// The caller's leg, then every phone that was rung.
    pub legs: Vec<CdrLeg>,
    /// The rules of the dialplan that it got, its own first; empty until the call has ended.
    pub way: Vec<Way>,
    /// Whether a rule of emergency numbers had it: from then on it is an emergency call, and no limit counts for it.
    pub emergency: bool,
}

/// The end of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct CdrEnd {
    /// When.
    pub ended_at: i64,
    /// From the INVITE to the first ringing, to the answer, or to the end, whichever came first, in milliseconds.
    pub setup_ms: u64,
    /// From the first ringing to the answer or the end, in milliseconds.
    pub ring_ms: u64,
    /// From the answer to the end, in milliseconds.
    pub talk_ms: u64,
    /// How the call counts.
    pub disposition: Disposition,
    /// Why it ended.
    pub reason: EndReason,
    /// The final status that the caller got: 200 for an answered call.
    pub sip_code: u16,
    /// The Q.850 cause.
    pub q850: u16,
    /// Who ended it.
    pub hangup_by: HangupBy,
}

/// The way of a call, seen from here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Direction {
    /// No trunk had a part in it.
    Internal,
    /// It came in over a trunk.
    Inbound,
    /// It went out over a trunk, or was to.
    Outbound,
}

impl CdrRecord {
    /// The trunk that it came in over.
    pub fn trunk_in(&self) -> Option<&Arc<str>> {
        let mut callers = self.legs.iter().filter(|leg| leg.side == Side::Caller);
        callers.find_map(|leg| Some(&leg.over.as_ref()?.trunk))
    }

    /// The trunk over which somebody answered, the latest one; where nobody answered at all, the one that was tried last.
    pub fn trunk_out(&self) -> Option<&Arc<str>> {
        let callees = || self.legs.iter().rev().filter(|leg| leg.side == Side::Callee);
        let over = |leg: &'_ CdrLeg| leg.over.is_some();
        let answered = |leg: &CdrLeg| leg.status.is_some_and(|status| (200..300).contains(&status));
        let found = match callees().any(answered) {
            true => callees().find(|leg| answered(leg) && over(leg)),
            false => callees().find(|leg| over(leg)),
        };
        Some(&found?.over.as_ref()?.trunk)
    }

    /// Its way.
    pub fn direction(&self) -> Direction {
        match (self.trunk_in(), self.trunk_out()) {
            (Some(_), _) => Direction::Inbound,
            (None, Some(_)) => Direction::Outbound,
            (None, None) => Direction::Internal,
        }
    }

    /// The number of the public network by which it came in, in E.164.
    pub fn did(&self) -> Option<&str> {
        self.trunk_in().is_some().then_some(&*self.dialled).filter(|dialled| dialled.starts_with('+'))
    }
}

/// The trunk of a leg in its record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LegTrunk {
    /// Its name.
    pub trunk: Arc<str>,
    /// The host that was called, as the operator wrote it; None where the trunk has called.
    pub host: Option<Box<str>>,
    /// The number that was shown there, in E.164; None where none was.
    pub shown: Option<Box<str>>,
    /// The SIP Call-ID of its INVITE.
    #[serde(default)]
    pub call_id: Option<Box<str>>,
    /// What the provider calls it: the ids that its messages carried.
    #[serde(default)]
    pub names: Vec<Box<str>>,
}

impl LegTrunk {
    /// A leg over the trunk of this name, of which nothing more is known.
    pub(crate) fn new(trunk: Arc<str>) -> Self {
        Self { trunk, host: None, shown: None, call_id: None, names: Vec::new() }
    }
}

/// One leg of a call in its record.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CdrLeg {
    /// The leg.
    pub leg: LegId,
    /// Which side of the call.
    pub side: Side,
    /// The extension's number.
    pub number: Box<str>,
    /// The transport of its signalling.
    pub transport: Transport,
    /// The address of its signalling.
    pub remote: SocketAddr,
    /// What the phone calls itself: short, without control characters.
    pub user_agent: Option<Arc<str>>,
    /// The final status of its INVITE; None while there is none.
    pub status: Option<u16>,
    /// The codec that offer and answer agreed on first; the figures say what was really heard.
    pub codec: Option<Box<str>>,
    /// The final figures of its media; None where it had none, or where they came too late.
    pub quality: Option<Box<LegQuality>>,
    /// Why an answered leg ended: the call's reason, or its own where it left the call earlier. Of one that was not answered, the
    /// limit of its trunk that it was stopped by.
    pub reason: Option<EndReason>,
    /// Who the leg is charged to, where that is not the caller: the number of who transferred or forwarded, or `organisation`
    /// for a call out that the dialplan makes for somebody outside.
    pub charged_to: Option<Box<str>>,
    /// What it has cost, in millionths of the currency; None where it has no price.
    pub cost: Option<u64>,
    /// Why the phone was not heard, at some time after the answer.
    pub diagnosis: Option<Cause>,
    /// The trunk that it goes over; None for a phone of an extension.
    pub over: Option<Box<LegTrunk>>,
    /// What is attested of the caller's number: by who has signed it, where it was validated, or by us.
    pub attestation: Option<Attestation>,
    /// Whether the number was validated; None where nobody has looked.
    pub verstat: Option<Verstat>,
    /// Why it was not.
    pub stir_fault: Option<Fault>,
}

impl CdrLeg {
    pub(crate) fn new(leg: LegId, side: Side, number: &str, flow: &Flow) -> Self {
        Self {
            leg,
            side,
            number: number.into(),
            transport: flow.transport,
            remote: flow.remote,
            user_agent: None,
            status: None,
            codec: None,
            quality: None,
            reason: None,
            charged_to: None,
            cost: None,
            diagnosis: None,
            over: None,
            attestation: None,
            verstat: None,
            stir_fault: None,
        }
    }
}

/// A side of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Side {
    /// Who called.
    Caller,
    /// Who was called.
    Callee,
}

impl Side {
    /// The word of the CDR and the CLI.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Caller => "caller",
            Self::Callee => "callee",
        }
    }

    /// The other side.
    #[must_use]
    pub fn other(self) -> Self {
        match self {
            Self::Caller => Self::Callee,
            Self::Callee => Self::Caller,
        }
    }
}

/// The record of a live call, and the monotonic instants that its durations are measured between.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Cdr {
    pub(crate) record: CdrRecord,
    #[serde(with = "kiestoon_sip::plain")]
    started: Instant,
    #[serde(with = "kiestoon_sip::plain")]
    ringing: Option<Instant>,
    #[serde(with = "kiestoon_sip::plain")]
    answered: Option<Instant>,
}

/// How a call ended, before it is a record.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(crate) struct End {
    pub(crate) reason: EndReason,
    /// The status, where a phone or the dialplan chose one.
    pub(crate) status: Option<u16>,
    /// The Q.850 cause, where the dialplan chose one.
    pub(crate) q850: Option<u16>,
}

impl From<EndReason> for End {
    fn from(reason: EndReason) -> Self {
        Self { reason, status: None, q850: None }
    }
}

impl End {
    /// The status that an unanswered caller gets.
    pub(crate) fn status(&self) -> u16 {
        self.status.unwrap_or_else(|| self.reason.status())
    }

    /// The reason phrase, where it is not that of the status.
    pub(crate) fn phrase(&self) -> Option<&'static str> {
        let is_stale = self.reason == EndReason::NotVerified && self.status == Some(403);
        is_stale.then(|| Fault::Stale.status().1)
    }

    /// The Q.850 cause: the dialplan's own, else that of the chosen status, else that of the reason.
    pub(crate) fn q850(&self) -> u16 {
        let of_status = || self.status.and_then(cause_of_status);
        self.q850.or_else(of_status).unwrap_or_else(|| self.reason.q850())
    }

    /// How a call that ended so is counted. A dialplan that rejects as busy makes a busy call.
    fn disposition(&self, answered: bool) -> Disposition {
        match self.status {
            Some(486 | 600) if !answered => Disposition::Busy,
            _ => self.reason.disposition(answered),
        }
    }
}

impl Cdr {
    pub(crate) fn new(record: CdrRecord, started: Instant) -> Self {
        Self { record, started, ringing: None, answered: None }
    }

    /// Notes the first ringing. False if it rang before.
    pub(crate) fn rings(&mut self, now: Instant, clock: &WallClock) -> bool {
        if self.ringing.is_some() || self.answered.is_some() {
            return false;
        }
        self.ringing = Some(now);
        self.record.ringing_at = Some(clock.micros(now));
        true
    }

    /// Notes the answer; the first one counts.
    pub(crate) fn answers(&mut self, now: Instant, clock: &WallClock) {
        if self.answered.is_none() {
            self.answered = Some(now);
            self.record.answered_at = Some(clock.micros(now));
        }
    }

    pub(crate) fn is_answered(&self) -> bool {
        self.answered.is_some()
    }

    /// How long the call has been answered.
    pub(crate) fn talking(&self, now: Instant) -> Option<Duration> {
        self.answered.map(|answered| now.saturating_duration_since(answered))
    }

    pub(crate) fn leg(&mut self, leg: LegId) -> Option<&mut CdrLeg> {
        self.record.legs.iter_mut().find(|entry| entry.leg == leg)
    }

    /// Notes what legs have cost.
    pub(crate) fn note_costs(&mut self, costs: Vec<(LegId, u64)>) {
        for (leg, cost) in costs {
            if let Some(entry) = self.leg(leg) {
                entry.cost = Some(cost);
            }
        }
    }

    /// Notes the end; the first one counts.
    pub(crate) fn ends(&mut self, now: Instant, clock: &WallClock, end: End) {
        if self.record.end.is_some() {
            return;
        }
        let first = self.ringing.or(self.answered).unwrap_or(now);
        for leg in self.record.legs.iter_mut().filter(|leg| leg.status.is_some_and(|status| status < 300)) {
            leg.reason.get_or_insert(end.reason);
        }
        self.record.end = Some(CdrEnd {
            ended_at: clock.micros(now),
            setup_ms: millis(self.started, first),
            ring_ms: self.ringing.map_or(0, |ringing| millis(ringing, self.answered.unwrap_or(now))),
            talk_ms: self.answered.map_or(0, |answered| millis(answered, now)),
            disposition: end.disposition(self.is_answered()),
            reason: end.reason,
            sip_code: if self.is_answered() { 200 } else { end.status() },
            q850: end.q850(),
            hangup_by: end.reason.hangup_by(),
        });
    }
}

fn millis(from: Instant, to: Instant) -> u64 {
    u64::try_from(to.saturating_duration_since(from).as_millis()).unwrap_or(u64::MAX)
}
