//! REGISTER, and bindings that end without one.

use kiestoon_sip::header::Contacts;
use kiestoon_sip::registrar::{Aor, BindingChange, RegisterRefused};
use kiestoon_sip::transaction::ServerId;
use kiestoon_sip::{Flow, HeaderName, Message, Request};

use super::{Output, Switch};
use crate::event::Event;

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
        match self.x.registrar.register(self.x.now, &aor, request, flow) {
            Ok(registered) => {
                self.keep_open(request, &flow, &aor);
                let contacts = registered.contacts.len();
                if contacts != before {
                    self.x.event(Event::RegistrationChanged {
                        number: principal.number,
                        contacts,
                        transport: Some(flow.transport),
                        remote: Some(flow.remote),
                    });
                }
                if !registered.changes.is_empty() {
                    self.x.outputs.push_back(Output::Bindings(registered.changes));
                }
                let mut response = self.x.response(request, 200, None);
                for contact in registered.contacts {
                    response.headers.push(HeaderName::Contact, contact);
                }
                self.x.respond(server, response);
            }
            Err(refused) => self.refuse_register(server, request, &refused),
        }
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
            self.x.event(Event::RegistrationChanged { number, contacts, transport: None, remote: None });
        }
        self.x.outputs.push_back(Output::Bindings(changes));
    }
}

/// A `sips:` Contact that is registered over a hop that is not secure: it cannot be called as it asks to be (RFC 5630
/// section 3.3).
fn promises_too_much(request: &Request, flow: &Flow) -> bool {
    !flow.transport.is_secure()
        && matches!(request.headers.contacts(), Ok(Contacts::List(contacts)) if contacts.iter().any(|contact| contact.uri.is_secure()))
}
