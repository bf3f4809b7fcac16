//! INVITE: who calls, whom, and by which rule of the dialplan. From here on it is a call.

use std::sync::Arc;

use kiestoon_dialplan::{CallFacts, Decision, ENTERED, INBOUND};
use kiestoon_media::{CallKey, LegId};
use kiestoon_sip::dialog::Dialog;
use kiestoon_sip::transaction::ServerId;
use kiestoon_sip::{Flow, HeaderName, Request};
use rand_core::Rng;

use super::authenticate::Principal;
use super::strangers::Strange;
use super::{Output, Switch};
use crate::abilities::Abilities;
use crate::agent;
use crate::call::{Call, Stage};
use crate::callee_invite::Carried;
use crate::callers::BlockRule;
use crate::cdr::{Cdr, CdrLeg, CdrRecord, End, LegTrunk, Side};
use crate::event::Event;
use crate::forward::History;
use crate::gruu::{self, OnePhone};
use crate::id::{self, CallId};
use crate::identity;
use crate::leg::{Leg, Signal};
use crate::open_offer::OpenOffer;
use crate::reason::EndReason;
use crate::reinvite::read_first_offer;
use crate::reliable::Reliable;
use crate::session_timer;
use crate::trunk::inbound::{Arrival, arrives};
use crate::trunk::outbound::OverTrunk;
use crate::walk::Walk;
use crate::way::AskedFor;
use crate::wire::{self, Terms};

impl Switch {
    /// A new call, if its caller may call and there is room for it.
    pub(super) fn invite(&mut self, server: ServerId, request: Request, flow: Flow) {
        if let Some(arrival) = self.arrival(&request, &flow) {
            return self.invite_over_trunk(server, request, flow, arrival);
        }
        let principal = match self.authenticator.authenticate(&mut self.x, &request, &flow) {
            Ok(principal) => principal,
            Err(refusal) => {
                let status = refusal.status.code();
                self.stranger_refused(&request, &flow, status, Strange::Unauthenticated);
                return self.x.transactions.respond_stateless(self.x.now, server, &refusal);
            }
        };
        match request.headers.replaces() {
            Ok(None) => {}
            Ok(Some(replaces)) => return self.take_over(server, request, flow, &principal, &replaces),
            Err(_) => return self.x.answer(server, &request, 400),
        }
        if !self.is_own_domain(&principal, &request, &flow) {
            return self.refuse(server, &request, &principal, 404, "foreign_domain");
        }
        let Some(dialled) = wire::number(request.uri.user()) else {
            return self.refuse(server, &request, &principal, 414, "number_too_long");
        };
        if let Some(refusal) = session_timer::too_short(&self.x, &request) {
            return self.x.respond(server, refusal);
        }
        let one_phone = match gruu::one_phone(&self.x, principal.organisation, &request.uri) {
            Ok(one_phone) => one_phone,
            Err(status) => return self.refuse(server, &request, &principal, status, "gruu_not_registered"),
        };
        let dialled = one_phone.as_ref().map_or(dialled, |phone| phone.number.clone());
        self.accept(
            server,
            request,
            flow,
            Accepted { principal, dialled, one_phone, refused: None, blocked: None },
        );
    }

    /// A call from outside.
    fn invite_over_trunk(&mut self, server: ServerId, request: Request, flow: Flow, arrival: Arrival) {
        let (arrival, blocked) = self.known(arrival);
        let Arrival { organisation, trunk, caller, judged: _, name, dialled, context, refused } = arrival;
        let principal =
            Principal { organisation, number: caller, lasts: None, over: Some((trunk, name)), context };
        // No carrier takes part in our calls.
        if !matches!(request.headers.replaces(), Ok(None)) {
            return self.refuse(server, &request, &principal, 403, "replaces_over_trunk");
        }
        if let Some(refusal) = session_timer::too_short(&self.x, &request) {
            return self.x.respond(server, refusal);
        }
        self.accept(
            server,
            request,
            flow,
            Accepted { principal, dialled, one_phone: None, refused, blocked },
        );
    }

    /// The call that comes from a trunk with this request, if it does.
    pub(super) fn arrival(&self, request: &Request, flow: &Flow) -> Option<Arrival> {
        arrives(&self.x.snapshot, &self.registered_trunks(flow.remote.ip()), request, flow)
    }

    /// A call, if there is room for it.
    fn accept(&mut self, server: ServerId, request: Request, flow: Flow, accepted: Accepted) {
        let Accepted { principal, dialled, one_phone, refused, blocked } = accepted;
        let is_silenced = blocked.as_ref().is_some_and(BlockRule::silences);
        let goes_on = refused.is_none() && !is_silenced;
        let decision = goes_on.then(|| self.decide(&principal, &dialled)).flatten();
        let is_emergency = decision.as_ref().is_some_and(|decision| decision.emergency);
        if !is_emergency && self.draining {
            return self.refuse(server, &request, &principal, 503, "draining");
        }
        if !is_emergency && self.calls.len() >= self.x.settings.limits.calls {
            return self.refuse(server, &request, &principal, 503, "too_many_calls");
        }
        if let Some((trunk, _)) = principal.over.as_ref().filter(|_| !is_emergency)
            && let Some(limit) = self.x.turns_away(trunk)
        {
            self.x.count_limited(trunk);
            return self.refuse_limited(server, &request, &principal, limit);
        }
        let tag = self.x.token();
        let contact = wire::contact(&self.x.settings, &flow, request.uri.is_secure());
        let dialog = match Dialog::uas(&request, &tag, contact, flow) {
            Ok(dialog) => dialog.following(principal.over.is_some()),
            Err(error) => {
                let mut response = self.x.response(&request, 400, Some(&tag));
                response.headers.push(HeaderName::Warning, format!("399 kiestoon \"{error}\""));
                return self.x.respond(server, response);
            }
        };
        self.begin(NewCall {
            server,
            request,
            flow,
            principal,
            dialled,
            decision,
            dialog,
            one_phone,
            refused,
            blocked,
        });
    }

    /// Whether the address that is called is of the caller's organisation.
    fn is_own_domain(&self, principal: &Principal, request: &Request, flow: &Flow) -> bool {
        request.uri.host().is_none_or(|host| {
            self.x.snapshot.organisation_of(host, flow.local.ip()) == Some(principal.organisation)
        })
    }

    fn decide(&self, principal: &Principal, dialled: &str) -> Option<Decision> {
        self.x.snapshot.plan(principal.organisation).decide(&CallFacts {
            context: principal.context(),
            from: &principal.number,
            from_name: self.name_of(principal),
            dialled,
            at: self.x.timestamp(),
            overrides: self
                .x
                .overrides(self.x.snapshot.organisation(principal.organisation).map_or("", |own| &own.id)),
        })
    }

    fn name_of<'a>(&'a self, principal: &'a Principal) -> &'a str {
        let own = || self.x.snapshot.extension(principal.organisation, &principal.number);
        match &principal.over {
            Some((_, name)) => name,
            None => own().map_or("", |caller| &caller.name),
        }
    }

    fn refuse(
        &mut self,
        server: ServerId,
        request: &Request,
        principal: &Principal,
        status: u16,
        reason: &'static str,
    ) {
        let mut response = self.x.response(request, status, None);
        if status == 503 {
            let seconds = self.x.settings.retry_after.as_secs();
            response.headers.push(HeaderName::RetryAfter, seconds.to_string());
        }
        self.x.respond(server, response);
        let organisation = self.slug(principal.organisation);
        self.x.event(Event::CallRefused { organisation, from: principal.number.clone(), status, reason });
    }

    /// A limit of its trunk turns a call away. Where all lines are taken they are busy, and the caller hears so. With 503 the provider
    /// would leave us alone for as long as Retry-After says, or count us as broken (RFC 3261 section 21.5.4): that is right
    /// for calls that come too fast, and then for a moment.
    fn refuse_limited(
        &mut self,
        server: ServerId,
        request: &Request,
        principal: &Principal,
        limit: EndReason,
    ) {
        let status = if limit == EndReason::TrunkRate { 503 } else { 486 };
        let mut response = self.x.response(request, status, None);
        if status == 503 {
            response.headers.push(HeaderName::RetryAfter, "1");
        }
        self.x.respond(server, response);
        let (organisation, reason) = (self.slug(principal.organisation), limit.as_str());
        self.x.event(Event::CallRefused { organisation, from: principal.number.clone(), status, reason });
    }

    fn begin(&mut self, mut new: NewCall) {
        self.last_call += 1;
        let key = CallKey(self.last_call);
        let leg = id::leg(key, 0);
        let trying = self.x.response(&new.request, 100, None);
        self.x.respond(new.server, trying);
        self.x.routes.add_invite(new.server, key);
        self.x.routes.add_dialog(&new.dialog.id().local_tag, leg);
        let record = self.record(&new, leg);
        self.x.outputs.push_back(Output::Cdr(Box::new(record.clone())));
        if new.principal.over.is_none() {
            self.x.parties.join(&record.organisation, &record.from_number, key);
        }
        self.x.event(Event::CallStarted {
            call: record.id,
            organisation: self.slug(new.principal.organisation),
            from: record.from_number.clone(),
            dialled: record.dialled.clone(),
            route: record.route.clone(),
        });
        let over = new.principal.over.as_ref().map(|(trunk, _)| Box::new(OverTrunk::arriving(trunk)));
        let terms = match &over {
            Some(over) => over.media.terms(&self.x.settings),
            None => Terms::of_phones(&self.x.settings),
        };
        let offer = read_first_offer(&terms, &new.flow, &new.request);
        let refusal = refusal(&new, offer.as_ref().err().copied());
        let permission = new.decision.as_ref().and_then(|decision| decision.require.clone());
        let mut invite = new.request;
        let is_trusted = identity::is_trusted(&self.x.settings, new.flow.remote.ip());
        let mut carried = Carried::of(&invite, self.x.settings.max_forwards, is_trusted);
        carried.one_phone = new.one_phone.map(Box::new);
        let asked = AskedFor {
            number: &record.dialled,
            by: &record.from_number,
            at: record.started_at,
            context: &record.context,
        };
        let notify = new.decision.as_mut().map(|decision| std::mem::take(&mut decision.notify));
        let mut walk = Walk::new(asked, new.decision);
        if is_trusted {
            walk.history = History::told(&invite.headers);
        }
        invite.body.clear();
        let offer_made = matches!(offer, Ok(Some(_)));
        let (can, agent) = (Abilities::of(&invite.headers), agent::of(&invite.headers));
        let local_tag = new.dialog.id().local_tag.clone();
        let signal = Signal::Inviting {
            server: new.server,
            reliable: Reliable::of(&invite.headers, self.x.random()),
            invite: Box::new(invite),
            dialog: Box::new(new.dialog),
        };
        let mut caller = Leg::new(leg, Side::Caller, new.principal.number, new.flow, signal);
        caller.trunk = over;
        (caller.can, caller.agent) = (can, agent);
        if let Some((trunk, name)) = new.principal.over {
            self.x.begin_login(&record.organisation, &trunk, &local_tag);
            caller.alias = Some(Box::new((caller.number.clone(), name)));
        }
        caller.open = if offer_made { OpenOffer::Theirs } else { OpenOffer::OursDue };
        let call = Call {
            key,
            plan: Arc::clone(self.x.snapshot.plan(new.principal.organisation)),
            snapshot: Arc::clone(&self.x.snapshot),
            organisation: new.principal.organisation,
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
        let is_silenced = new.blocked.as_ref().is_some_and(BlockRule::silences);
        self.with_call(key, |call, x| {
            new.blocked.iter().for_each(|rule| call.tell_blocked(x, rule));
            match refusal {
                Some(end) => {
                    // It comes to no step, and somebody needs help.
                    notify.iter().flatten().for_each(|whom| call.notify(x, whom));
                    call.end(x, end);
                }
                None if permission.is_some_and(|permission| !call.has_permission(x, &permission)) => {
                    notify.iter().flatten().for_each(|whom| call.notify(x, whom));
                    call.forbidden(x);
                }
                None if is_silenced => call.silence(x),
                None => call.begin(x),
            }
        });
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

/// An INVITE whose caller may call.
struct Accepted {
    principal: Principal,
    dialled: Box<str>,
    one_phone: Option<OnePhone>,
    refused: Option<End>,
    blocked: Option<BlockRule>,
}

impl Principal {
    /// The context of the dialplan that its calls enter.
    fn context(&self) -> &str {
        let usual = if self.over.is_some() { INBOUND } else { ENTERED };
        self.context.as_deref().unwrap_or(usual)
    }
}

/// An INVITE that has become a call.
struct NewCall {
    server: ServerId,
    request: Request,
    flow: Flow,
    principal: Principal,
    dialled: Box<str>,
    decision: Option<Decision>,
    dialog: Dialog,
    one_phone: Option<OnePhone>,
    /// How it ends at once, where its trunk's policy or a rule does not take it.
    refused: Option<End>,
    /// The rule that its caller is under.
    blocked: Option<BlockRule>,
}

/// Why a call ends before its first step, if it does. `offer` is the status that refuses its offer.
fn refusal(new: &NewCall, offer: Option<u16>) -> Option<End> {
    if new.refused.is_some() {
        return new.refused;
    }
    offer.map(|status| End { reason: EndReason::MediaFailed, status: Some(status), q850: None })
}
