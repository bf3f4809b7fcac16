//! A new call: its caller's leg, its record, and its first step.

use std::sync::Arc;

use kiestoon_dialplan::Decision;
use kiestoon_media::{CallKey, LegId};
use kiestoon_sip::dialog::Dialog;
use kiestoon_sip::transaction::ServerId;
use kiestoon_sip::{Flow, Request};
use rand_core::Rng;

use super::authenticate::Principal;
use super::{Output, Switch};
use crate::abilities::Abilities;
use crate::agent;
use crate::call::{Call, Stage};
use crate::callee_invite::Carried;
use crate::callers::BlockRule;
use crate::cdr::{Cdr, CdrLeg, CdrRecord, End, LegTrunk, Side};
use crate::event::Event;
use crate::exchange::Exchange;
use crate::forward::History;
use crate::gruu::OnePhone;
use crate::id::{self, CallId};
use crate::identity;
use crate::leg::{Leg, Signal};
use crate::open_offer::OpenOffer;
use crate::reason::EndReason;
use crate::reinvite::read_first_offer;
use crate::reliable::Reliable;
use crate::trunk::outbound::OverTrunk;
use crate::walk::Walk;
use crate::way::AskedFor;
use crate::wire::Terms;

/// An INVITE that has become a call.
pub(super) struct NewCall {
    pub(super) server: ServerId,
    pub(super) request: Request,
    pub(super) flow: Flow,
    pub(super) principal: Principal,
    pub(super) dialled: Box<str>,
    pub(super) decision: Option<Decision>,
    pub(super) dialog: Dialog,
    pub(super) one_phone: Option<OnePhone>,
    /// How it ends at once, where its trunk's policy or a rule does not take it.
    pub(super) refused: Option<End>,
    /// The rule that its caller is under.
    pub(super) blocked: Option<BlockRule>,
}

impl Switch {
    pub(super) fn begin(&mut self, mut new: NewCall) {
        self.last_call += 1;
        let key = CallKey(self.last_call);
        let leg = id::leg(key, 0);
        let trying = self.x.response(&new.request, 100, None);
        self.x.respond(new.server, trying);
        self.x.routes.add_invite(new.server, key);
        self.x.routes.add_dialog(&new.dialog.id().local_tag, leg);
        let record = self.record(&new, leg);
        self.tell_of(key, &record, &new.principal);
        self.tell_unknown_number(record.id, &new);
        let over = new.principal.over.as_ref().map(|(trunk, _)| Box::new(OverTrunk::arriving(trunk)));
        let terms = match &over {
            Some(over) => over.media.terms(&self.x.settings),
            None => Terms::of_phones(&self.x.settings),
        };
        let offer = read_first_offer(&terms, &new.flow, &new.request);
        let first = First::of(&mut new, offer.as_ref().err().copied());
        let organisation = new.principal.organisation;
        let is_trusted = identity::is_trusted(&self.x.settings, new.flow.remote.ip());
        let mut carried = Carried::of(&new.request, self.x.settings.max_forwards, is_trusted);
        carried.one_phone = new.one_phone.take().map(Box::new);
        let walk = walk(&mut new, &record, is_trusted);
        let mut caller = self.caller(new, leg, &record.organisation);
        caller.trunk = over;
        caller.open = if matches!(offer, Ok(Some(_))) { OpenOffer::Theirs } else { OpenOffer::OursDue };
        let call = Call {
            key,
            plan: Arc::clone(self.x.snapshot.plan(organisation)),
            snapshot: Arc::clone(&self.x.snapshot),
            organisation,
            cdr: Cdr::new(record, self.x.now),
            caller,
            offer: offer.ok().flatten().map(Box::new),
            stage: Stage::Between,
            walk,
            carried,
            legs_made: 0,
            figures_due: 0,
            limit: self.x.now + self.x.settings.unanswered_limit,
            probe_at: None,
            scheduled: None,
            channels: Vec::new(),
            may_try_hosts: false,
        };
        self.calls.insert(key, call);
        self.with_call(key, |call, x| first.take(call, x));
    }

    /// Has the call written down, and tells who watches.
    fn tell_of(&mut self, key: CallKey, record: &CdrRecord, principal: &Principal) {
        self.x.outputs.push_back(Output::Cdr(Box::new(record.clone())));
        if principal.over.is_none() {
            self.x.parties.join(&record.organisation, &record.from_number, key);
        }
        self.x.event(Event::CallStarted {
            call: record.id,
            organisation: self.slug(principal.organisation),
            from: record.from_number.clone(),
            dialled: record.dialled.clone(),
            route: record.route.clone(),
        });
    }

    /// The leg of who calls.
    fn caller(&mut self, new: NewCall, leg: LegId, organisation: &Arc<str>) -> Leg {
        let mut invite = new.request;
        invite.body.clear();
        let (can, agent) = (Abilities::of(&invite.headers), agent::of(&invite.headers));
        let local_tag = new.dialog.id().local_tag.clone();
        let signal = Signal::Inviting {
            server: new.server,
            reliable: Reliable::of(&invite.headers, self.x.random()),
            invite: Box::new(invite),
            dialog: Box::new(new.dialog),
        };
        let mut caller = Leg::new(leg, Side::Caller, new.principal.number, new.flow, signal);
        (caller.can, caller.agent) = (can, agent);
        if let Some((trunk, name)) = new.principal.over {
            self.x.begin_login(organisation, &trunk, &local_tag);
            caller.alias = Some(Box::new((caller.number.clone(), name)));
        }
        caller
    }

    fn record(&mut self, new: &NewCall, leg: LegId) -> CdrRecord {
        let mut random = [0; 10];
        self.x.rng.fill_bytes(&mut random);
        let started_at = self.x.clock.micros(self.x.now);
        let snapshot = &self.x.snapshot;
        let (organisation, number) = (new.principal.organisation, &new.principal.number);
        let is_own = new.principal.over.is_none();
        let extension = snapshot.extension(organisation, number).filter(|_| is_own);
        CdrRecord {
            id: CallId::new(started_at, random),
            organisation: snapshot
                .organisation(organisation)
                .map_or_else(|| "".into(), |o| Arc::clone(&o.id)),
            from_number: number.clone(),
            from_name: self.name_of(&new.principal).into(),
            extension: extension.map_or_else(|| "".into(), |extension| Arc::clone(&extension.id)),
            dialled: new.dialled.clone(),
            to_number: None,
            context: new.principal.context().into(),
            route: new.decision.as_ref().map(|decision| decision.rule.name.as_ref().into()),
            dialplan_hash: snapshot.plan(organisation).hash().into(),
            started_at,
            ringing_at: None,
            answered_at: None,
            linked: None,
            end: None,
            way: Vec::new(),
            emergency: new.decision.as_ref().is_some_and(|decision| decision.emergency),
            legs: vec![CdrLeg {
                over: new.principal.over.as_ref().map(|(trunk, _)| {
                    let mut over = LegTrunk::new(Arc::clone(&trunk.name)).with_call_id(&new.request.call_id);
                    over.learn_names(&new.request.headers);
                    Box::new(over)
                }),
                user_agent: agent::of(&new.request.headers),
                ..CdrLeg::new(leg, Side::Caller, number, &new.flow)
            }],
        }
    }
}

/// Its way through the dialplan, with where it was before where that can be believed.
fn walk(new: &mut NewCall, record: &CdrRecord, is_trusted: bool) -> Walk {
    let asked = AskedFor {
        number: &record.dialled,
        by: &record.from_number,
        at: record.started_at,
        context: &record.context,
    };
    let mut walk = Walk::new(asked, new.decision.take());
    if is_trusted {
        walk.history = History::told(&new.request.headers);
    }
    walk
}

/// What a call does first.
struct First {
    /// The rule that its caller is under.
    blocked: Option<BlockRule>,
    /// How it ends at once.
    refusal: Option<End>,
    /// The permission that its rule asks for.
    permission: Option<String>,
    /// Whom its rule tells where the call comes to no step.
    notify: Vec<String>,
}

impl First {
    /// `offer` is the status that refuses its offer.
    fn of(new: &mut NewCall, offer: Option<u16>) -> Self {
        let no_media = |status| End { reason: EndReason::MediaFailed, status: Some(status), q850: None };
        let refusal = new.refused.or_else(|| offer.map(no_media));
        let permission = new.decision.as_ref().and_then(|decision| decision.require.clone());
        let notify = new.decision.as_mut().map(|decision| std::mem::take(&mut decision.notify));
        Self { blocked: new.blocked.take(), refusal, permission, notify: notify.unwrap_or_default() }
    }

    fn take(self, call: &mut Call, x: &mut Exchange) {
        let is_silenced = self.blocked.as_ref().is_some_and(BlockRule::silences);
        self.blocked.iter().for_each(|rule| call.tell_blocked(x, rule));
        match self.refusal {
            Some(end) => {
                // It comes to no step, and somebody needs help.
                self.notify.iter().for_each(|whom| call.notify(x, whom));
                call.end(x, end);
            }
            None if self.permission.is_some_and(|permission| !call.has_permission(x, &permission)) => {
                self.notify.iter().for_each(|whom| call.notify(x, whom));
                call.forbidden(x);
            }
            None if is_silenced => call.silence(x),
            None => call.begin(x),
        }
    }
}
