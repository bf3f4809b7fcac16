//! Phones behind NAT whose way in is kept open: each is sent an OPTIONS before its router forgets the flow. One that stops
//! answering is shown as unreachable; its binding stays until it expires, for it may come back.

use std::collections::{BTreeMap, HashMap};
use std::net::IpAddr;
use std::time::{Duration, Instant};

use kiestoon_sip::registrar::{Aor, Binding};
use kiestoon_sip::transaction::ClientId;
use kiestoon_sip::{Flow, Method, NameAddr, Request, Transport, Via};
use serde::{Deserialize, Serialize};

use super::Switch;
use crate::exchange::Exchange;
use crate::routes::ClientOwner;
use crate::wire;

/// The flows that are kept open, and the questions that are on their way.
#[derive(Debug, Default)]
pub(super) struct KeepAlive {
    kept: HashMap<Flow, Kept>,
    agenda: BTreeMap<(Instant, u64), Flow>,
    asked: HashMap<ClientId, Flow>,
    last: u64,
}

#[derive(Debug)]
struct Kept {
    aor: Aor,
    /// Questions in a row that nothing came back to.
    unanswered: u8,
}

/// [`KeepAlive`] as plain data.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FrozenKeepAlive {
    /// In the order in which they are asked.
    kept: Vec<(Flow, FrozenKept)>,
    asked: Vec<(ClientId, Flow)>,
}

#[derive(Debug, Serialize, Deserialize)]
struct FrozenKept {
    aor: Aor,
    unanswered: u8,
    #[serde(with = "kiestoon_sip::plain")]
    at: Instant,
}

impl KeepAlive {
    pub(super) fn freeze(&self) -> FrozenKeepAlive {
        let kept = self.agenda.iter().filter_map(|((at, _), flow)| {
            let Kept { aor, unanswered } = self.kept.get(flow)?;
            Some((*flow, FrozenKept { aor: aor.clone(), unanswered: *unanswered, at: *at }))
        });
        FrozenKeepAlive {
            kept: kept.collect(),
            asked: self.asked.iter().map(|(client, flow)| (*client, *flow)).collect(),
        }
    }

    pub(super) fn thaw(frozen: FrozenKeepAlive) -> Self {
        let mut thawed = Self { asked: frozen.asked.into_iter().collect(), ..Self::default() };
        for (flow, FrozenKept { aor, unanswered, at }) in frozen.kept {
            thawed.kept.insert(flow, Kept { aor, unanswered });
            thawed.schedule(at, flow);
        }
        thawed
    }

    pub(super) fn deadline(&self) -> Option<Instant> {
        self.agenda.first_key_value().map(|((at, _), _)| *at)
    }

    /// Whether a phone has stopped answering.
    pub(super) fn is_unreachable(&self, binding: &Binding) -> bool {
        !self.kept.is_empty()
            && self.kept.get(&binding.target()).is_some_and(|kept| kept.unanswered >= UNREACHABLE)
    }

    fn add(&mut self, at: Instant, flow: Flow, aor: &Aor) {
        if let Some(kept) = self.kept.get_mut(&flow) {
            kept.unanswered = 0;
            return;
        }
        self.kept.insert(flow, Kept { aor: aor.clone(), unanswered: 0 });
        self.schedule(at, flow);
    }

    fn schedule(&mut self, at: Instant, flow: Flow) {
        self.last += 1;
        self.agenda.insert((at, self.last), flow);
    }
}

impl Switch {
    /// A phone has registered: where its Via is not the address that we see, its flow is kept open.
    pub(super) fn keep_open(&mut self, request: &Request, flow: &Flow, aor: &Aor) {
        let Some(every) = self.x.settings.keep_alive else { return };
        if flow.transport != Transport::Udp
            || !request.via.first().is_some_and(|via| is_translated(via, flow))
        {
            return;
        }
        let of_this = |binding: &&Binding| binding.flow == *flow;
        let Some(binding) = self.x.registrar.lookup(self.x.now, aor).into_iter().find(of_this) else {
            return;
        };
        self.keep_alive.add(self.x.now + every, binding.target(), aor);
    }

    /// The same for the bindings from before a restart, spread over the interval.
    pub(super) fn keep_restored_open(&mut self) {
        let Some(every) = self.x.settings.keep_alive else { return };
        let translated = |binding: &Binding| {
            let contact = binding.uri().and_then(|uri| uri.host()?.ip());
            binding.flow.transport == Transport::Udp
                && contact.is_some_and(|contact| contact != binding.flow.remote.ip().to_canonical())
        };
        let bindings = self.x.registrar.iter().filter(|(_, binding)| translated(binding));
        let flows: Vec<(Aor, Flow)> =
            bindings.map(|(aor, binding)| (aor.clone(), binding.target())).collect();
        for (aor, flow) in flows {
            let spread = self.x.random() % u64::try_from(every.as_millis()).unwrap_or(u64::MAX).max(1);
            self.keep_alive.add(self.x.now + Duration::from_millis(spread), flow, &aor);
        }
    }

    /// Asks the phones that are due.
    pub(super) fn ask_due(&mut self) {
        let Some(every) = self.x.settings.keep_alive else { return };
        let now = self.x.now;
        while let Some(entry) = self.keep_alive.agenda.first_entry().filter(|entry| entry.key().0 <= now) {
            let flow = entry.remove();
            let Some(kept) = self.keep_alive.kept.get(&flow) else { continue };
            let bindings = self.x.registrar.lookup(now, &kept.aor);
            let contact =
                bindings.into_iter().find(|binding| binding.target() == flow).and_then(Binding::uri);
            let Some(contact) = contact else {
                // It has gone, or has come back another way.
                self.keep_alive.kept.remove(&flow);
                continue;
            };
            let client = ask(&mut self.x, contact.into(), flow);
            self.keep_alive.asked.insert(client, flow);
            self.keep_alive.schedule(now + every, flow);
        }
    }

    /// A phone has answered, or has not: whatever it says, it is there.
    pub(super) fn kept_alive(&mut self, client: ClientId, answered: bool) {
        self.x.routes.remove_client(client);
        let flow = self.keep_alive.asked.remove(&client);
        if let Some(kept) = flow.and_then(|flow| self.keep_alive.kept.get_mut(&flow)) {
            kept.unanswered = if answered { 0 } else { kept.unanswered.saturating_add(1) };
        }
    }
}

fn ask(x: &mut Exchange, to: NameAddr, flow: Flow) -> ClientId {
    let from = wire::contact(&x.settings, &flow, false).with_tag(&x.token());
    let (uri, call_id) = (to.uri.clone(), x.call_id());
    let mut options = Request::new(Method::Options, uri, from, to, call_id, 1);
    options.max_forwards = Some(x.settings.max_forwards);
    x.request(options, flow, Some(ClientOwner::KeepAlive))
}

/// Whether a router stands between: the phone's own address is not the one that we see.
fn is_translated(via: &Via, flow: &Flow) -> bool {
    let seen: IpAddr = flow.remote.ip().to_canonical();
    via.host.ip().is_some_and(|own| own.to_canonical() != seen)
}

const UNREACHABLE: u8 = 3;
