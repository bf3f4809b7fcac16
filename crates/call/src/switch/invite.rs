//! INVITE: who calls, whom, and by which rule of the dialplan. What becomes a call begins in `begin.rs`.

use kiestoon_dialplan::{CallFacts, Decision, ENTERED, INBOUND};
use kiestoon_sip::dialog::Dialog;
use kiestoon_sip::transaction::ServerId;
use kiestoon_sip::{Flow, HeaderName, Request};

use super::Switch;
use super::authenticate::Principal;
use super::begin::NewCall;
use super::strangers::Strange;
use crate::callers::BlockRule;
use crate::cdr::End;
use crate::event::Event;
use crate::gruu::{self, OnePhone};
use crate::reason::EndReason;
use crate::session_timer;
use crate::trunk::inbound::{Arrival, arrives};
use crate::wire;

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

    pub(super) fn name_of<'a>(&'a self, principal: &'a Principal) -> &'a str {
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
    pub(super) fn context(&self) -> &str {
        let usual = if self.over.is_some() { INBOUND } else { ENTERED };
        self.context.as_deref().unwrap_or(usual)
    }
}
