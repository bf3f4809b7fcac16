//! Requests that are turned away for who sent them, before anything else looks at them: those of banned sources, and new
//! ones while signalling is behind.

use std::net::IpAddr;
use std::time::Instant;

use kiestoon_sip::registrar::Aor;
use kiestoon_sip::{Flow, Message, Method, Request};

use super::Switch;
use crate::view::BanView;

impl Switch {
    /// Whether a request is refused because its source is banned. Calls that stand go on, and a phone that registered over
    /// this very flow still reaches us for itself: behind a NAT it shares its address with whoever guesses.
    pub(super) fn is_banned(&self, request: &Request, flow: &Flow) -> bool {
        self.authenticator.is_banned(self.x.now, flow)
            && request.to.tag().is_none_or(|tag| self.x.routes.dialog(tag).is_none())
            && !self.registered_over(request, flow)
    }

    /// A message for which there is room only where it belongs to something that stands already. The others are told to come
    /// back, not all at one moment, and nothing is kept of them.
    pub(super) fn shed(&mut self, message: Message, flow: Flow) {
        let wait = self.x.settings.retry_after.as_secs().max(1);
        let wait = wait + self.x.random() % wait;
        let routes = &self.x.routes;
        let stands = |request: &Request| request.to.tag().is_some_and(|tag| routes.dialog(tag).is_some());
        self.x.transactions.receive_unless_new(self.x.now, message, flow, wait, stands);
    }

    /// The bans in force, the latest first.
    pub fn bans(&self, now: Instant) -> Vec<BanView> {
        let bans = self.authenticator.bans(now).into_iter();
        bans.map(|ban| BanView {
            source: ban.source,
            since: self.x.clock.micros(ban.since),
            until: self.x.clock.micros(ban.until),
            failures: ban.failures,
            nth: ban.nth,
        })
        .collect()
    }

    /// Lifts the ban of a source, or all.
    pub(super) fn lift_bans(&mut self, source: Option<IpAddr>) {
        self.authenticator.lift_bans(&mut self.x, source);
    }

    pub(super) fn registered_over(&self, request: &Request, flow: &Flow) -> bool {
        let claimed = if request.method == Method::Register { &request.to } else { &request.from };
        let (Some(number), Some(host)) = (claimed.uri.user(), claimed.uri.host()) else { return false };
        let organisation = self.x.snapshot.organisation_of(host, flow.local.ip());
        let Some(aor) = organisation.and_then(|index| self.x.snapshot.aor(index, number)) else {
            return false;
        };
        let bindings = self.x.registrar.lookup(self.x.now, &Aor::new(&aor));
        bindings.iter().any(|binding| {
            let known = &binding.flow;
            known.transport == flow.transport
                && known.remote == flow.remote
                && known.connection == flow.connection
        })
    }
}
