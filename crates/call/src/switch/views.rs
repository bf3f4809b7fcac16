//! What an operator sees of the switch.

use std::fmt;
use std::time::Instant;

use kiestoon_sip::Transport;

use super::Switch;
use crate::call::{Call, Stage};
use crate::leg::{Leg, LegMedia};
use crate::prompt::Kind;
use crate::view::{CallState, CallView, LegView, RegistrationView, Status};

impl Switch {
    /// All calls, the oldest first.
    pub fn calls(&self, now: Instant) -> Vec<CallView> {
        let mut calls: Vec<CallView> = self.calls.values().map(|call| call.view(now)).collect();
        calls.sort_unstable_by_key(|call| call.key);
        calls
    }

    /// The call that runs longest; one that is over and waits for the last word of its phones only where there is no other.
    pub fn longest_call(&self, now: Instant) -> Option<CallView> {
        let age = |call: &&Call| (matches!(call.stage, Stage::Ending(_)), call.key);
        self.calls.values().min_by_key(age).map(|call| call.view(now))
    }

    /// All registered contacts, by organisation and number.
    pub fn registrations(&self, now: Instant) -> Vec<RegistrationView> {
        let mut views: Vec<RegistrationView> = self
            .x
            .registrar
            .iter()
            .filter(|(_, binding)| binding.expires > now)
            .filter_map(|(aor, binding)| {
                let (organisation, number) = self.x.snapshot.of_aor(aor.as_str())?;
                Some(RegistrationView {
                    organisation: self.x.snapshot.organisation(organisation)?.slug.clone(),
                    number: number.into(),
                    name: self
                        .x
                        .snapshot
                        .extension(organisation, number)
                        .map(|of| of.name.clone())
                        .unwrap_or_default(),
                    contact: binding.contact.as_ref().into(),
                    transport: binding.flow.transport,
                    remote: binding.flow.remote,
                    q: binding.q,
                    user_agent: binding.user_agent.as_deref().map(Into::into),
                    since: self.x.clock.micros(binding.since),
                    expires_in: binding.remaining(now),
                    reachable: !self.keep_alive.is_unreachable(binding)
                        && !self.x.flows.is_dead(now, &binding.flow),
                })
            })
            .collect();
        views.sort_by(|a, b| {
            (&a.organisation, a.number.len(), &a.number, &a.contact).cmp(&(
                &b.organisation,
                b.number.len(),
                &b.number,
                &b.contact,
            ))
        });
        views
    }

    /// What operators call an organisation.
    pub(super) fn slug(&self, organisation: usize) -> Box<str> {
        self.x.snapshot.organisation(organisation).map(|ours| ours.slug.clone()).unwrap_or_default()
    }

    /// How many contacts are registered over each transport.
    pub fn registrations_by_transport(&self, now: Instant) -> [(Transport, usize); 5] {
        use Transport::{Tcp, Tls, Udp, Ws, Wss};
        let mut counts = [Udp, Tcp, Tls, Ws, Wss].map(|transport| (transport, 0));
        for (_, binding) in self.x.registrar.iter().filter(|(_, binding)| binding.expires > now) {
            let of = counts.iter_mut().find(|(transport, _)| *transport == binding.flow.transport);
            of.into_iter().for_each(|(_, count)| *count += 1);
        }
        counts
    }

    /// Counts.
    pub fn status(&self) -> Status {
        Status {
            calls: self.calls.len(),
            talking: self.calls.values().filter(|call| call.state() == CallState::Talking).count(),
            registrations: self.x.registrar.len(),
            transactions: self.x.transactions.len(),
            dialogs: self.x.routes.dialogs(),
            routes: self.leftovers().map(|(_, count)| count).sum(),
            passwords_checked: self.authenticator.compared(),
            draining: self.draining,
            revision: self.x.snapshot.revision,
        }
    }

    /// Lines in the tables that lead from the wire to a call, and INVITEs whose late answer is waited for: nothing is left
    /// a minute after the last call. For tests.
    pub fn leftovers(&self) -> impl Iterator<Item = (&'static str, usize)> + use<> {
        let [clients, invites, dialogs] = self.x.routes.len();
        let tables = [
            ("clients", clients),
            ("invites", invites),
            ("dialogs", dialogs),
            ("losers", self.x.losers.len()),
            ("logins", self.x.logins.len()),
            ("parties", self.x.parties.len()),
            ("trunk_calls", self.x.standings.len()),
            ("charged calls", self.x.ledger.len()),
            ("schedule", self.schedule.len()),
        ];
        tables.into_iter().filter(|(_, count)| *count > 0)
    }
}

impl fmt::Debug for Switch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Switch")
            .field("calls", &self.calls.len())
            .field("registrations", &self.x.registrar.len())
            .field("draining", &self.draining)
            .finish_non_exhaustive()
    }
}

impl Call {
    fn view(&self, now: Instant) -> CallView {
        let record = &self.cdr.record;
        let callees: Vec<&Leg> = match &self.stage {
            Stage::Talking(talk) => vec![&talk.callee],
            Stage::Ringing(ring) => ring.branches.iter().map(|branch| &branch.leg).collect(),
            Stage::Between
            | Stage::Verifying(_)
            | Stage::Silenced
            | Stage::Asking(_)
            | Stage::Sounding(_)
            | Stage::Ending(_) => Vec::new(),
        };
        CallView {
            id: record.id,
            key: self.key,
            organisation: self.slug(),
            from_number: record.from_number.clone(),
            from_name: record.from_name.clone(),
            dialled: record.dialled.clone(),
            to_number: record.to_number.clone(),
            to_name: record.to_number.as_deref().and_then(|number| self.name_of(number)),
            state: self.state(),
            started_at: record.started_at,
            answered_at: record.answered_at,
            talking: self.cdr.talking(now),
            way: self.walk.ways(),
            legs: std::iter::once(&self.caller)
                .chain(callees)
                .chain(self.parked())
                .filter_map(|leg| self.view_leg(leg))
                .collect(),
        }
    }

    /// What operators call its organisation.
    pub(crate) fn slug(&self) -> Box<str> {
        self.snapshot.organisation(self.organisation).map(|ours| ours.slug.clone()).unwrap_or_default()
    }

    /// The name of an extension or a contact, as it was when the call began.
    fn name_of(&self, number: &str) -> Option<Box<str>> {
        let organisation = self.snapshot.organisation(self.organisation)?;
        let extension = organisation.extensions.get(number).map(|extension| &*extension.name);
        extension.or_else(|| organisation.callers.name(number)).map(Into::into)
    }

    /// A leg that has media.
    fn view_leg(&self, leg: &Leg) -> Option<LegView> {
        let LegMedia::Open(media) = &leg.media else { return None };
        Some(LegView {
            leg: leg.id,
            side: leg.side,
            number: leg.number.clone(),
            name: self.name_of(&leg.number).unwrap_or_default(),
            transport: leg.flow.transport,
            remote: leg.flow.remote,
            user_agent: leg.agent.clone(),
            codec: media.codec.clone(),
            browser: media.local.browser.is_some(),
            holds: media.holds,
        })
    }

    fn state(&self) -> CallState {
        match &self.stage {
            Stage::Between | Stage::Asking(_) | Stage::Ringing(_) if self.walk.transfers.search.is_some() => {
                CallState::Transferring
            }
            Stage::Between | Stage::Verifying(_) | Stage::Silenced => CallState::Starting,
            Stage::Asking(_) => CallState::Asking,
            Stage::Ringing(_) if self.cdr.record.ringing_at.is_some() => CallState::Ringing,
            Stage::Ringing(_) => CallState::Dialling,
            Stage::Sounding(sound) => match sound.kind {
                Kind::Prompts(_) | Kind::Collect(_) => CallState::Playing,
                Kind::Echo => CallState::Echo,
            },
            Stage::Talking(_) => CallState::Talking,
            Stage::Ending(_) => CallState::Ending,
        }
    }
}
