//! One dial step of the dialplan: whom to ring, together or in turn, for how long, and what it came to.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use kiestoon_dialplan::{Dial, Failover};
use kiestoon_media::{LegId, LocalMedia, SrtpPolicy, relay_offer};
use kiestoon_sip::transaction::{ClientId, FailReason};
use kiestoon_sip::{NameAddr, Response, SipUri};
use serde::{Deserialize, Serialize};

use crate::call::{Call, Stage};
use crate::cdr::{CdrLeg, LegTrunk, Side};
use crate::early_update::EarlyUpdate;
use crate::event::Event;
use crate::exchange::Exchange;
use crate::forks::Fork;
use crate::forward::Forward;
use crate::leg::{Leg, Signal};
use crate::locate::Tries;
use crate::outcome::{Best, Outcome};
use crate::rights::{CallOut, Charged, Refusal, Why};
use crate::routes::ClientOwner;
use crate::session_timer;
use crate::trunk::outbound::OverTrunk;
use crate::waves::{Phone, Wave, Way};
use crate::wire;

/// A dial step under way.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Ring {
    /// The phones that ring now.
    pub(crate) branches: Vec<Branch>,
    /// When they have rung long enough.
    #[serde(with = "kiestoon_sip::plain")]
    pub(crate) until: Instant,
    /// When the step ends, whoever is left; None: an emergency call rings on.
    #[serde(with = "kiestoon_sip::plain")]
    ends: Option<Instant>,
    /// Who is rung when these are done.
    pub(crate) waves: VecDeque<Wave>,
    pub(crate) best: Best,
    /// For which ends of a trunk the next one is tried.
    pub(crate) failover: Box<[Failover]>,
    /// The number that the dialplan wants to be shown, instead of the caller's.
    pub(crate) shown_number: Option<Box<str>>,
    /// The branch, and the early dialog of it, that the caller hears.
    pub(crate) early: Option<(LegId, Box<str>)>,
    /// The provisional status that the caller got last, and when it is repeated: a minute without one would make
    /// proxies on the way give up (RFC 3261 section 13.3.1.1).
    #[serde(with = "kiestoon_sip::plain")]
    pub(crate) told: Option<(u16, Instant)>,
    /// An offer that one side made before the answer, on its way to the other.
    pub(crate) update: Option<Box<EarlyUpdate>>,
    /// Into how many branches each INVITE of this wave may be forked.
    pub(crate) breadth: u32,
    /// Whether a caller who is answered already hears ring-back of ours.
    pub(crate) ringback: bool,
    /// Where a phone wants the call to go, once nobody rings any more.
    pub(crate) forward: Option<Box<Forward>>,
    /// The target whose trunk has last let the call pass.
    pub(crate) has_turn: Option<usize>,
}

/// A phone that rings.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Branch {
    pub(crate) leg: Leg,
    /// Which target of the step it belongs to: a 6xx speaks for all phones of one extension.
    pub(crate) target: usize,
    /// Its early dialogs: several where a proxy behind the contact forks.
    pub(crate) forks: Vec<Fork>,
    /// Whether the caller has changed its session since this phone was rung.
    pub(crate) is_behind: bool,
    /// Its addresses, where it is found by name.
    pub(crate) tries: Option<Box<Tries>>,
    /// The proxies that its requests pass (RFC 3327).
    pub(crate) route: Vec<NameAddr>,
    /// Other flows to the same phone, for when this one is dead.
    pub(crate) spare: Vec<Way>,
}

impl Call {
    /// Begins a dial step. Some if it is over at once, because there is nobody to ring.
    pub(crate) fn dial(&mut self, x: &mut Exchange, dial: &Dial) -> Option<Outcome> {
        let own = self.snapshot.organisation(self.organisation);
        let dial = &x.in_order(&self.cdr.record.organisation, own, dial);
        let (waves, busy) = match self.waves(x, dial) {
            Ok(found) => found,
            Err(nobody) => return Some(nobody),
        };
        if let Some(first) = waves.front().and_then(|wave| wave.phones.first()) {
            x.distribution.rung_first(&self.cdr.record.organisation, dial, first.target);
        }
        let mut best = Best::default();
        if busy {
            best.enter(486);
        }
        self.stage = Stage::Ringing(Box::new(Ring {
            branches: Vec::new(),
            until: x.now,
            waves,
            best,
            ends: (!self.is_emergency()).then(|| x.now + x.settings.ring_limit),
            failover: dial.failover.as_slice().into(),
            shown_number: dial.caller_id.as_deref().and_then(shown_number),
            early: None,
            told: None,
            update: None,
            breadth: 1,
            ringback: false,
            forward: None,
            has_turn: None,
        }));
        self.caller.open(x, self.key);
        if self.next_wave(x) {
            return None;
        }
        let Stage::Ringing(ring) = std::mem::replace(&mut self.stage, Stage::Between) else { return None };
        Some(ring.best.outcome())
    }

    /// The ports of a branch are open: its INVITE goes out.
    pub(crate) fn branch_opened(&mut self, x: &mut Exchange, leg: LegId, local: LocalMedia) {
        let session = x.random();
        let Some(branch) = self.branch_mut(leg) else { return };
        if branch.leg.opened(local, session, &x.settings) {
            self.invite_branch(x, leg);
        }
    }

    /// A phone will not be rung, or refused: goes on with who is left.
    pub(crate) fn branch_failed(&mut self, x: &mut Exchange, leg: LegId, status: u16) {
        let Stage::Ringing(ring) = &mut self.stage else { return };
        let Some(index) = ring.branches.iter().position(|branch| branch.leg.id == leg) else { return };
        let mut failed = ring.branches.remove(index);
        ring.best.enter(status);
        ring.early.take_if(|(heard, _)| *heard == leg);
        let target = failed.target;
        let fails_over = match &failed.leg.trunk {
            Some(over) => over.media.are_refused_by(status) || ring.leads_on(target, status),
            None => true,
        };
        if let Signal::Invited { invite, .. } = &failed.leg.signal {
            x.forget_branch(invite);
        }
        failed.leg.close(x);
        self.note_status(leg, status);
        if status >= 600 || (300..400).contains(&status) {
            self.drop_branches(x, Some(status), |branch| branch.target == target);
            self.drop_waiting(target);
        }
        if !fails_over {
            self.drop_all_waiting();
        }
        self.drop_early_update(x, leg, None);
        self.hear_next(x);
        self.go_on_ringing(x);
    }

    /// The final failure of a branch's INVITE, or that none will come.
    pub(crate) fn branch_refused(&mut self, x: &mut Exchange, client: ClientId, response: &Response) {
        x.routes.remove_client(client);
        let Some(leg) = self.branch_of(client) else { return };
        let status = response.status.code();
        if status == 503 && self.try_next(x, leg, status) {
            return;
        }
        self.trunk_refuses(x, leg, response);
        if self.invite_longer(x, leg, response) || self.answers_challenge(x, leg, response) {
            return;
        }
        if matches!(status, 415 | 488 | 606) && self.offers_plain(x, leg) {
            return self.invite_branch(x, leg);
        }
        match status {
            300..400 => self.redirected(x, leg, response),
            430 if self.try_next(x, leg, status) => {}
            _ => self.branch_failed(x, leg, status),
        }
    }

    /// A phone refused the session that it was offered: where that was a protected one and need not be, it is invited
    /// once more without. True if it may be.
    fn offers_plain(&mut self, x: &mut Exchange, leg: LegId) -> bool {
        let has_offer = self.offer.is_some();
        let Some(branch) = self.branch_mut(leg).filter(|_| has_offer) else { return false };
        if branch.leg.terms(&x.settings).srtp == SrtpPolicy::Required {
            return false;
        }
        let Some(media) = branch.leg.media_mut() else { return false };
        if !std::mem::take(&mut media.local.secure_offers) {
            return false;
        }
        let Signal::Invited { invite, .. } = &branch.leg.signal else { return false };
        let contact = invite.uri.clone();
        x.forget_branch(invite);
        branch.forks.clear();
        branch.leg.signal = Signal::Chosen { contact };
        true
    }

    /// A branch's INVITE got no final response.
    pub(crate) fn branch_silent(&mut self, x: &mut Exchange, client: ClientId, reason: FailReason) {
        x.routes.remove_client(client);
        let Some(leg) = self.branch_of(client) else { return };
        match reason {
            FailReason::TimerC => {
                if let Stage::Ringing(ring) = &mut self.stage {
                    ring.best.enter_no_answer();
                }
                self.branch_failed(x, leg, 408);
            }
            FailReason::Timeout | FailReason::Transport if self.try_next(x, leg, 408) => {}
            FailReason::Timeout | FailReason::Transport => {
                self.trunk_is_silent(x, leg);
                self.branch_failed(x, leg, 408);
            }
            FailReason::Overload => self.branch_failed(x, leg, 503),
        }
    }

    /// The ring time of the phones that ring now is over.
    pub(crate) fn ring_time_over(&mut self, x: &mut Exchange) {
        let Stage::Ringing(ring) = &mut self.stage else { return };
        ring.best.enter_no_answer();
        // Whoever is called over a trunk does not answer: another trunk leads to the same person.
        let is_over = ring.ends.is_some_and(|ends| ends <= x.now);
        if is_over || ring.branches.iter().any(|branch| branch.leg.trunk.is_some()) {
            ring.waves.clear();
        }
        self.drop_branches(x, None, |_| true);
        self.go_on_ringing(x);
    }

    /// Gives up branches: their INVITEs are cancelled and their ports closed. `why` is the status for the Reason header.
    pub(crate) fn drop_branches(
        &mut self,
        x: &mut Exchange,
        why: Option<u16>,
        which: impl Fn(&Branch) -> bool,
    ) {
        let Stage::Ringing(ring) = &mut self.stage else { return };
        let (dropped, kept) = std::mem::take(&mut ring.branches).into_iter().partition(which);
        ring.branches = kept;
        let branches = &ring.branches;
        ring.early.take_if(|(heard, _)| branches.iter().all(|branch| branch.leg.id != *heard));
        for branch in dropped {
            self.drop_early_update(x, branch.leg.id, None);
            self.drop_branch(x, branch, why);
        }
    }

    /// The media of a branch failed: its phone is not rung any more.
    pub(crate) fn drop_failed_branch(&mut self, x: &mut Exchange, leg: LegId) {
        if let Stage::Ringing(ring) = &mut self.stage {
            ring.best.enter(500);
        }
        self.drop_branches(x, None, |branch| branch.leg.id == leg);
        self.go_on_ringing(x);
    }

    /// Takes a branch out to be the callee.
    pub(crate) fn take_branch(&mut self, leg: LegId) -> Option<Branch> {
        let Stage::Ringing(ring) = &mut self.stage else { return None };
        let index = ring.branches.iter().position(|branch| branch.leg.id == leg)?;
        Some(ring.branches.remove(index))
    }

    fn drop_branch(&mut self, x: &mut Exchange, mut branch: Branch, why: Option<u16>) {
        let leg = branch.leg.id;
        branch.leg.close(x);
        let is_host = branch.leg.is_host();
        if let Signal::Invited { client, invite } = branch.leg.signal {
            x.forget_branch(&invite);
            x.cancel_loser(client, invite, is_host, why);
        }
        self.note_status(leg, 487);
    }

    /// Rings the next phones, or takes the result, once nobody rings any more.
    pub(crate) fn go_on_ringing(&mut self, x: &mut Exchange) {
        let Stage::Ringing(ring) = &mut self.stage else { return };
        if !ring.branches.is_empty() {
            return;
        }
        if self.next_wave(x) {
            return;
        }
        let Stage::Ringing(ring) = &mut self.stage else { return };
        let outcome = ring.best.outcome();
        match ring.forward.take() {
            Some(forward) => self.follow(x, *forward),
            None => self.walk_on_unanswered(x, outcome),
        }
    }

    /// Rings the next wave in which somebody may be rung. False where there is none.
    fn next_wave(&mut self, x: &mut Exchange) -> bool {
        while let Stage::Ringing(ring) = &mut self.stage {
            let Some(wave) = ring.waves.pop_front() else { return false };
            self.ring_wave(x, wave);
            if matches!(&self.stage, Stage::Ringing(ring) if !ring.branches.is_empty()) {
                return true;
            }
        }
        false
    }

    fn ring_wave(&mut self, x: &mut Exchange, mut wave: Wave) {
        let Stage::Ringing(ring) = &mut self.stage else { return };
        // More than may be rung at once are rung one after the other (RFC 5393 section 5.3.3).
        let breadth = self.carried.max_breadth.max(1);
        let together = usize::try_from(breadth).unwrap_or(usize::MAX);
        if wave.phones.len() > together {
            let phones = wave.phones.split_off(together);
            ring.waves.push_front(Wave { ring_time: wave.ring_time, phones });
        }
        let branches = u32::try_from(wave.phones.len()).unwrap_or(u32::MAX);
        ring.breadth = breadth.checked_div(branches).unwrap_or(breadth).max(1);
        let until = x.now + wave.ring_time;
        ring.until = ring.ends.map_or(until, |ends| until.min(ends));
        for phone in wave.phones {
            self.ring_phone(x, phone);
        }
    }

    /// One more phone rings.
    fn ring_phone(&mut self, x: &mut Exchange, phone: Phone) {
        if self.leaves_to_another(x, &phone) {
            return;
        }
        let id = self.next_leg();
        let turn = match self.turn(x, &phone) {
            Ok(turn) => turn,
            Err(limit) => {
                self.new_leg(x, id, &phone, None);
                return self.stopped_by(limit, id, phone.target);
            }
        };
        let over = match self.leaves_over(x, id, &phone) {
            Ok(over) => over,
            Err(refusal) => return self.may_not_ring(phone.target, refusal),
        };
        let leg = self.new_leg(x, id, &phone, over);
        let Phone { target, way: Way { route, query, .. }, spare, .. } = phone;
        let tries = match (query, turn) {
            (Some(query), Some(at)) => Some(Box::new(Tries::Turn { at, query })),
            (Some(query), None) => Some(self.ask_for(x, leg.id, query)),
            (None, _) => Tries::of_spare(&spare),
        };
        let branch = Branch { leg, target, forks: Vec::new(), is_behind: false, tries, route, spare };
        if let Stage::Ringing(ring) = &mut self.stage {
            ring.branches.push(branch);
        }
    }

    /// The way over a trunk, if whoever is charged with it may take it; None for a phone of an extension.
    fn leaves_over(&self, x: &mut Exchange, leg: LegId, phone: &Phone) -> Result<Option<OverTrunk>, Refusal> {
        let Some(name) = &phone.trunk else { return Ok(None) };
        let (snapshot, charged) = (Arc::clone(&x.snapshot), self.charged());
        let trunk = self.snapshot.trunk(self.organisation, name).ok_or(Refusal { why: Why::Gone })?;
        let granted = x.grant(&CallOut {
            leg,
            call: self.id(),
            organisation: self.organisation_now(&snapshot),
            charged: &charged,
            from: &self.cdr.record.from_number,
            number: &phone.number,
            trunk,
            is_for_help: self.is_for_help(),
        })?;
        Ok(Some(OverTrunk::leaving(trunk, granted)))
    }

    /// A target is not rung, nor are its other hosts.
    fn may_not_ring(&mut self, target: usize, refusal: Refusal) {
        if let Stage::Ringing(ring) = &mut self.stage {
            ring.best.enter_refusal(refusal.why.reason());
        }
        self.drop_waiting(target);
    }

    /// The leg of a phone; `over` is the trunk that it goes over.
    fn new_leg(&mut self, x: &mut Exchange, id: LegId, phone: &Phone, over: Option<OverTrunk>) -> Leg {
        self.cdr.record.to_number = Some(phone.number.clone());
        let charged = over.as_ref().and_then(OverTrunk::charged).cloned().unwrap_or_else(|| self.charged());
        let is_own = self.walk.history.charged_to().is_none() && self.walk.transfers.search.is_none();
        let is_told = !is_own || (over.is_some() && charged == Charged::Organisation);
        let charged_to = is_told.then(|| charged.word().into());
        let entry = CdrLeg::new(id, Side::Callee, &phone.number, &phone.way.flow);
        let agent = phone.way.agent.clone();
        let told = phone.trunk.clone().map(|trunk| {
            let host = phone.way.contact.as_sip().map(|uri| SipUri { user: None, ..uri.clone() }.to_string());
            let host = host.map(|host| host.trim_start_matches("sip:").into());
            Box::new(LegTrunk { host, ..LegTrunk::new(trunk) })
        });
        self.cdr.record.legs.push(CdrLeg { charged_to, over: told, user_agent: agent.clone(), ..entry });
        let signal = Signal::Chosen { contact: phone.way.contact.clone() };
        let mut leg = Leg::new(id, Side::Callee, phone.number.clone(), phone.way.flow, signal);
        leg.agent = agent;
        leg.is_help = over.as_ref().map_or_else(|| self.is_for_help(), OverTrunk::is_for_help);
        leg.trunk = over.map(Box::new);
        if phone.way.query.is_none() {
            leg.open(x, self.key);
        }
        leg
    }

    /// Sends the INVITE of a branch whose ports are open: with the caller's offer, or without one where the caller
    /// made none either.
    pub(crate) fn invite_branch(&mut self, x: &mut Exchange, id: LegId) {
        let Some(mut invite) = self.branch_invite(x, id) else { return };
        let trunk = self.trunk(self.branch(id).and_then(|branch| branch.leg.trunk.as_deref()));
        self.vouch(x, id, &mut invite);
        let Stage::Ringing(ring) = &mut self.stage else { return };
        let Some(branch) = ring.branches.iter_mut().find(|branch| branch.leg.id == id) else { return };
        if let (Some(offer), Some(media)) = (&self.offer, branch.leg.media_mut()) {
            match relay_offer(offer, &media.local, &mut media.origin) {
                Ok(sdp) => {
                    media.said = sdp.to_bytes();
                    invite.set_body(wire::SDP, media.said.clone());
                }
                Err(_) => return self.branch_failed(x, id, 488),
            }
        }
        match &trunk {
            Some(trunk) => session_timer::ask_of_trunk(&x.settings, trunk, &mut invite.headers),
            None => session_timer::ask(&x.settings, x.settings.session_expires, &mut invite.headers),
        }
        if let Some(tag) = invite.from.tag() {
            x.routes.add_dialog(tag, id);
            if let Some(trunk) = &trunk {
                x.begin_login(&self.cdr.record.organisation, trunk, tag);
            }
        }
        let client = x.request(invite.clone(), branch.leg.flow, Some(ClientOwner::Call(self.key)));
        invite.body = Bytes::new();
        branch.leg.signal = Signal::Invited { client, invite: Box::new(invite) };
        self.limit_try(x, id);
    }

    fn drop_all_waiting(&mut self) {
        if let Stage::Ringing(ring) = &mut self.stage {
            ring.waves.clear();
        }
    }

    pub(crate) fn drop_waiting(&mut self, target: usize) {
        let Stage::Ringing(ring) = &mut self.stage else { return };
        for wave in &mut ring.waves {
            wave.phones.retain(|phone| phone.target != target);
        }
        ring.waves.retain(|wave| !wave.phones.is_empty());
    }

    pub(crate) fn branch_mut(&mut self, leg: LegId) -> Option<&mut Branch> {
        match &mut self.stage {
            Stage::Ringing(ring) => ring.branches.iter_mut().find(|branch| branch.leg.id == leg),
            _ => None,
        }
    }

    /// The branch whose INVITE this is.
    pub(crate) fn branch_of(&self, client: ClientId) -> Option<LegId> {
        match &self.stage {
            Stage::Ringing(ring) => {
                let mut branches = ring.branches.iter();
                branches
                    .find(|branch| branch.leg.inviting_client() == Some(client))
                    .map(|branch| branch.leg.id)
            }
            _ => None,
        }
    }

    /// A phone rings, for the first time in this call or not.
    pub(crate) fn rings(&mut self, x: &mut Exchange, number: &str) {
        if self.cdr.rings(x.now, &x.clock) {
            x.event(Event::CallRinging { call: self.id(), number: number.into() });
        }
    }
}

/// A number to show instead of the caller's; the words `user` and `site` mean the caller's own, for calls inside.
fn shown_number(caller_id: &str) -> Option<Box<str>> {
    let number = caller_id.strip_prefix('+').unwrap_or(caller_id);
    let is_number = !number.is_empty() && number.len() <= 32 && number.bytes().all(|b| b.is_ascii_digit());
    is_number.then(|| caller_id.into())
}
