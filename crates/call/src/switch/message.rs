//! MESSAGE (RFC 3428) and INFO outside a call, from one extension to all phones of another. The first phone that takes it
//! speaks for all.

use std::collections::HashMap;
use std::sync::Arc;

use kiestoon_sip::transaction::{ClientId, ServerId};
use kiestoon_sip::{Flow, HeaderName, NameAddr, Request, Uri};
use serde::{Deserialize, Serialize};

use super::Switch;
use super::authenticate::Principal;
use crate::exchange::Exchange;
use crate::gruu;
use crate::outcome::Best;
use crate::routes::ClientOwner;
use crate::wire;

/// Requests on their way, by the transaction of who sent them.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Relays(HashMap<ServerId, Relay>);

#[derive(Debug, Serialize, Deserialize)]
struct Relay {
    request: Request,
    waiting: Vec<ClientId>,
    best: Best,
}

impl Switch {
    /// Passes a request on to the phones of the extension that it is for.
    pub(super) fn relay(&mut self, server: ServerId, request: Request, flow: Flow) {
        // Carriers send no texts to extensions.
        if self.arrival(&request, &flow).is_some() {
            return self.x.turn_away(server, &request, 403);
        }
        let principal = match self.authenticator.authenticate(&mut self.x, &request, &flow) {
            Ok(principal) => principal,
            Err(refusal) => {
                return self.x.transactions.respond_stateless(self.x.now, server, &refusal);
            }
        };
        let phones = match phones(&self.x, &principal, &request.uri, &flow) {
            Ok(phones) => phones,
            Err(status) => return self.x.answer(server, &request, status),
        };
        if self.relays.0.len() >= self.x.settings.limits.relays {
            return self.x.answer(server, &request, 503);
        }
        let mut waiting = Vec::with_capacity(phones.len());
        for (contact, flow, route) in phones {
            if let Some(mut copy) = copy(&mut self.x, &principal, &request, contact, &flow) {
                copy.headers.push_addresses(&HeaderName::Route, &route);
                waiting.push(self.x.request(copy, flow, Some(ClientOwner::Relay(server))));
            }
        }
        if waiting.is_empty() {
            return self.x.answer(server, &request, 480);
        }
        self.relays.0.insert(server, Relay { request, waiting, best: Best::default() });
    }

    /// A phone answered, or never will (408).
    pub(super) fn relay_answered(&mut self, server: ServerId, client: ClientId, status: u16) {
        if status < 200 {
            return;
        }
        self.x.routes.remove_client(client);
        let Some(relay) = self.relays.0.get_mut(&server) else { return };
        relay.waiting.retain(|waiting| *waiting != client);
        let is_taken = status < 300;
        if !is_taken {
            relay.best.enter(status);
            if !relay.waiting.is_empty() {
                return;
            }
        }
        let Some(relay) = self.relays.0.remove(&server) else { return };
        for client in relay.waiting {
            self.x.routes.remove_client(client);
        }
        let shown = if is_taken { status } else { relay.best.outcome().end.status() };
        self.x.answer(server, &relay.request, shown);
    }
}

/// The phones of the extension that a URI names; an error is the status that says why there are none.
fn phones(
    x: &Exchange,
    principal: &Principal,
    uri: &Uri,
    flow: &Flow,
) -> Result<Vec<(Uri, Flow, Vec<NameAddr>)>, u16> {
    let organisation = match uri.host() {
        Some(host) => x.snapshot.organisation_of(host, flow.local.ip()),
        None => Some(principal.organisation),
    };
    let one_phone = gruu::one_phone(x, principal.organisation, uri)?;
    let number = one_phone.as_ref().map_or_else(|| uri.user().unwrap_or_default(), |one| &one.number);
    if organisation != Some(principal.organisation)
        || x.snapshot.extension(principal.organisation, number).is_none()
    {
        return Err(404);
    }
    let bindings = x.bindings(principal.organisation, &x.snapshot, number);
    let mut devices: Vec<&Arc<str>> = Vec::new();
    let phones: Vec<_> = bindings
        .into_iter()
        .filter(|binding| one_phone.as_ref().is_none_or(|one| one.allows(number, binding)))
        // Of the flows of a device the best one: it would show a text once for each (RFC 5626 section 5.3).
        .filter(|binding| {
            binding.device().is_none_or(|device| {
                let is_new = !devices.contains(&device);
                devices.push(device);
                is_new
            })
        })
        .take(x.settings.limits.branches)
        .filter_map(|binding| Some((binding.uri()?, binding.target(), binding.route())))
        .collect();
    if phones.is_empty() { Err(480) } else { Ok(phones) }
}

/// The request as one phone gets it: ours, with the body and its type taken over.
fn copy(
    x: &mut Exchange,
    principal: &Principal,
    request: &Request,
    contact: Uri,
    flow: &Flow,
) -> Option<Request> {
    let snapshot = Arc::clone(&x.snapshot);
    let organisation = snapshot.organisation(principal.organisation)?;
    let name = organisation.extensions.get(&principal.number).map_or("", |extension| &extension.name);
    let from = wire::address(&principal.number, organisation, &x.settings, flow)
        .with_display(name)
        .with_tag(&x.token());
    let to = wire::address(request.uri.user()?, organisation, &x.settings, flow);
    let mut copy = Request::new(request.method.clone(), contact, from, to, x.call_id(), 1);
    let most = x.settings.max_forwards;
    copy.max_forwards = Some(request.max_forwards.map_or(most, |hops| hops.saturating_sub(1)));
    for name in [HeaderName::Subject, HeaderName::Date] {
        if let Some(value) = request.headers.get(&name) {
            copy.headers.push(name, value);
        }
    }
    wire::carry_body(request, &mut copy);
    Some(copy)
}
