//! REGISTER, and bindings that end without one.

use std::time::Duration;

use kiestoon_sip::header::Contacts;
use kiestoon_sip::registrar::{Aor, BindingChange, RegisterRefused};
use kiestoon_sip::transaction::ServerId;
use kiestoon_sip::{Flow, HeaderName, Message, Request};

use super::authenticate::Principal;
use super::{Output, Switch};
use crate::event::Event;
use crate::{flows, gruu};

impl Switch {
    /// An extension says where it is. The change is queued before the 200, so that it is on disk before the phone relies on it.
    pub(super) fn register(&mut self, server: ServerId, request: &Request, flow: Flow) {
        let principal = match self.authenticator.authenticate(&mut self.x, request, &flow) {
            Ok(principal) => principal,
            Err(refusal) => {
                return self.x.transactions.respond_stateless(self.x.now, server, &refusal);
            }
        };
        let Some(aor) = self.x.snapshot.aor(principal.organisation, &principal.number) else {
            return self.x.answer(server, request, 404);
        };
        if promises_too_much(request, &flow) {
            return self.x.answer(server, request, 400);
        }
        let aor = Aor::new(&aor);
        let before = self.x.registrar.lookup(self.x.now, &aor).len();
        let longest = principal.lasts.map(whole_seconds);
        match self.x.registrar.register(self.x.now, &aor, request, flow, longest) {
            Ok(registered) => {
                self.keep_open(request, &flow, &aor);
                let (contacts, is_direct) = (registered.contacts.len(), registered.path.is_empty());
                if contacts != before {
                    let organisation = self.slug(principal.organisation);
                    self.x.event(Event::RegistrationChanged {
                        organisation,
                        number: principal.number.clone(),
                        contacts,
                        transport: Some(flow.transport),
                        remote: Some(flow.remote),
                    });
                }
                if !registered.changes.is_empty() {
                    self.x.outputs.push_back(Output::Bindings(registered.changes));
                }
                let mut response = self.x.response(request, 200, None);
                let gruu = request.headers.supported().any(|option| option.eq_ignore_ascii_case("gruu"));
                for contact in registered.contacts {
                    let more =
                        if gruu { self.gruus_of(&principal, &aor, &contact, &flow) } else { String::new() };
                    response.headers.push(HeaderName::Contact, contact + &more);
                }
                response.headers.set(HeaderName::Supported, OPTIONS);
                if request.headers.supported().any(|option| option.eq_ignore_ascii_case("path")) {
                    for proxy in registered.path {
                        response.headers.push(HeaderName::Path, proxy);
                    }
                }
                if registered.outbound {
                    response.headers.set(HeaderName::Require, "outbound");
                    if let Some(name) = HeaderName::from_token("Flow-Timer") {
                        response.headers.set(name, flows::timer(flow.transport).to_string());
                    }
                }
                if is_direct {
                    self.expect_keep_alives(registered.outbound, &aor, flow);
                }
                self.x.respond(server, response);
            }
            Err(refused) => self.refuse_register(server, request, &refused),
        }
    }

    /// A flow of a phone's own must be heard of, where it was promised and something is registered over it; behind a proxy that is the
    /// proxy's task.
    fn expect_keep_alives(&mut self, promised: bool, aor: &Aor, flow: Flow) {
        let bindings = || self.x.registrar.lookup(self.x.now, aor);
        let promised = promised && bindings().iter().any(|binding| binding.flow == flow);
        let was_promised = self.x.flows.forget(&flow);
        if promised {
            self.x.expect_flow(flow);
        }
        if flow.connection.is_some() && (promised || was_promised) {
            let within = if promised { flows::silence(flow.transport) } else { Duration::ZERO };
            self.x.outputs.push_back(Output::Expect { flow, within });
        }
    }

    /// The GRUUs of the phone behind one line of the 200.
    fn gruus_of(&mut self, principal: &Principal, aor: &Aor, contact: &str, flow: &Flow) -> String {
        let bindings = self.x.registrar.lookup(self.x.now, aor);
        let of = contact.trim_start_matches('<').split('>').next().unwrap_or_default();
        let binding = bindings.iter().find(|binding| &*binding.contact == of);
        let Some(binding) = binding else { return String::new() };
        let (Some(instance), call_id) = (binding.instance.clone(), binding.call_id.clone()) else {
            return String::new();
        };
        let device = (&*instance, &*call_id);
        gruu::granted(&mut self.x, principal.organisation, &principal.number, device, flow)
    }

    fn refuse_register(&mut self, server: ServerId, request: &Request, refused: &RegisterRefused) {
        let mut response = self.x.response(request, refused.status().code(), None);
        if let Some(seconds) = refused.min_expires() {
            response.headers.push(HeaderName::MinExpires, seconds.to_string());
        }
        match refused {
            RegisterRefused::Unreadable(error) => {
                response.headers.push(HeaderName::Warning, Message::warning(error));
            }
            other => response.headers.push(HeaderName::Warning, format!("399 kiestoon \"{other}\"")),
        }
        self.x.respond(server, response);
    }

    /// Bindings are gone without a REGISTER: expired, unreachable, or their extension was removed.
    pub(super) fn bindings_lost(&mut self, changes: Vec<BindingChange>) {
        if changes.is_empty() {
            return;
        }
        for change in &changes {
            let BindingChange::Remove { aor, .. } = change else { continue };
            let number = aor.as_str().rsplit_once('@').map_or(aor.as_str(), |(number, _)| number).into();
            let contacts = self.x.registrar.lookup(self.x.now, aor).len();
            let known = self.x.snapshot.of_aor(aor.as_str());
            let organisation = known.map(|(index, _)| self.slug(index)).unwrap_or_default();
            self.x.event(Event::RegistrationChanged {
                organisation,
                number,
                contacts,
                transport: None,
                remote: None,
            });
        }
        self.x.outputs.push_back(Output::Bindings(changes));
    }
}

/// A binding ends with the credentials that made it, or within the second.
fn whole_seconds(left: Duration) -> u32 {
    u32::try_from(left.as_secs()).unwrap_or(u32::MAX).max(1)
}

/// A `sips:` Contact that is registered over a hop that is not secure: it cannot be called as it asks to be (RFC 5630
/// section 3.3).
fn promises_too_much(request: &Request, flow: &Flow) -> bool {
    !flow.transport.is_secure()
        && matches!(request.headers.contacts(), Ok(Contacts::List(contacts)) if contacts.iter().any(|contact| contact.uri.is_secure()))
}

/// What a REGISTER may ask for (RFC 3327, RFC 5626, RFC 5627).
pub(super) const OPTIONS: &str = "path, outbound, gruu";
