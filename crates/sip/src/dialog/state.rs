//! One dialog: its making at either end, the requests in it, and the target that both refresh.

use serde::{Deserialize, Serialize};

use crate::flow::{ConnectionId, Flow, Transport};
use crate::header::{HeaderName, NameAddr};
use crate::message::{Method, ParseError, Request, Response};
use crate::uri::Uri;

use super::{DialogError, DialogId, OutOfOrder, hop};

/// Which end of the dialog is ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum DialogRole {
    /// We sent the request that made it, and own its Call-ID.
    Uac,
    /// We answered it.
    Uas,
}

/// How far a dialog has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum DialogPhase {
    /// Made by a provisional response.
    Early,
    /// Made or confirmed by a 2xx.
    Confirmed,
}

/// One end of a dialog.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Dialog {
    id: DialogId,
    role: DialogRole,
    phase: DialogPhase,
    local: NameAddr,
    remote: NameAddr,
    local_contact: NameAddr,
    remote_target: Uri,
    route_set: Vec<NameAddr>,
    local_cseq: u32,
    remote_cseq: Option<u32>,
    flow: Flow,
    follows_target: bool,
}

impl Dialog {
    /// The dialog that our answer to `request` makes (RFC 3261 section 12.1.1). It begins early; see [`confirm`](Self::confirm).
    /// `local_tag` is the To tag of that answer, `local_contact` its Contact.
    ///
    /// # Errors
    /// Where the request has no readable Contact or Record-Route: answer it with 400.
    pub fn uas(
        request: &Request,
        local_tag: &str,
        local_contact: NameAddr,
        flow: Flow,
    ) -> Result<Self, DialogError> {
        let target = request.headers.contact()?.ok_or(DialogError::NoContact)?;
        Ok(Self {
            id: DialogId {
                call_id: request.call_id.clone(),
                local_tag: local_tag.into(),
                remote_tag: request.from.tag().unwrap_or_default().into(),
            },
            role: DialogRole::Uas,
            phase: DialogPhase::Early,
            local: request.to.clone().with_tag(local_tag),
            remote: request.from.clone(),
            local_contact,
            remote_target: target.uri,
            route_set: request.headers.record_route()?,
            local_cseq: 0,
            remote_cseq: Some(request.cseq.number),
            flow,
            follows_target: false,
        })
    }

    /// The dialog that a response to our `request` makes (RFC 3261 section 12.1.2): an early one by 101-199, a confirmed one by
    /// a 2xx. `flow` is where the response came from.
    ///
    /// # Errors
    /// Where the response makes no dialog, or one whose peer cannot be reached.
    pub fn uac(request: &Request, response: &Response, flow: Flow) -> Result<Self, DialogError> {
        let status = response.status;
        if status.code() == 100 || !(status.is_provisional() || status.is_success()) {
            return Err(DialogError::Status(status.code()));
        }
        let target = response.headers.contact()?;
        // Some phones leave Contact out of provisional responses: the Request-URI reached them, so it serves until the 2xx.
        let target = match target {
            Some(contact) => contact.uri,
            None if status.is_provisional() => request.uri.clone(),
            None => return Err(DialogError::NoContact),
        };
        let phase = if status.is_success() { DialogPhase::Confirmed } else { DialogPhase::Early };
        Ok(Self {
            id: DialogId::of_response(response).ok_or(DialogError::NoTag)?,
            role: DialogRole::Uac,
            phase,
            local: request.from.clone(),
            remote: response.to.clone(),
            local_contact: request.headers.contact()?.ok_or(DialogError::NoContact)?,
            remote_target: target,
            route_set: reversed(response.headers.record_route()?),
            local_cseq: request.cseq.number,
            remote_cseq: None,
            flow,
            follows_target: false,
        })
    }

    /// Whether the peer is a host that says where it is, as a provider's is: our requests go to the address of the next hop then
    /// (RFC 3261 section 12.2.1.1), as far as that leads anywhere from here. Without it they take the flow, which alone leads to a
    /// phone behind a router.
    #[must_use]
    pub fn following(mut self, follows_target: bool) -> Self {
        self.follows_target = follows_target;
        self
    }

    /// As UAS: our 2xx has been sent.
    pub fn confirm(&mut self) {
        self.phase = DialogPhase::Confirmed;
    }

    /// As UAC: takes in a further response of this dialog. A 2xx confirms it and settles the route set
    /// (RFC 3261 section 13.2.2.4); any response may refresh the target.
    ///
    /// # Errors
    /// Where Contact or Record-Route cannot be read; the dialog stays as it was.
    pub fn update(&mut self, response: &Response) -> Result<(), ParseError> {
        let contact = response.headers.contact()?;
        if response.status.is_success() && self.phase == DialogPhase::Early {
            self.route_set = reversed(response.headers.record_route()?);
            self.phase = DialogPhase::Confirmed;
        }
        if let Some(contact) = contact {
            self.remote_target = contact.uri;
        }
        Ok(())
    }

    /// Takes in a request of the peer: checks its CSeq, and refreshes the target where the method does so (RFC 3261
    /// section 12.2.2). ACK and CANCEL bear the number of their INVITE and are not for this.
    ///
    /// # Errors
    /// [`OutOfOrder`] for a lower CSeq than before: answer 500.
    pub fn receive(&mut self, request: &Request) -> Result<(), OutOfOrder> {
        let received = request.cseq.number;
        if let Some(highest) = self.remote_cseq.filter(|highest| received < *highest) {
            return Err(OutOfOrder { highest, received });
        }
        self.remote_cseq = Some(received);
        Ok(())
    }

    /// Takes over the Contact of an accepted target refresh: a re-INVITE or UPDATE, or the 2xx to one of ours. Without
    /// a Contact nothing changes.
    ///
    /// # Errors
    /// Where the Contact cannot be read: answer a request with 400.
    pub fn refresh_target(&mut self, headers: &crate::header::Headers) -> Result<(), ParseError> {
        if let Some(contact) = headers.contact()? {
            self.remote_target = contact.uri;
        }
        Ok(())
    }

    /// Who we are in this dialog from now on: the From of our requests (RFC 4916). The tag stays.
    pub fn set_local_identity(&mut self, who: NameAddr) {
        self.local = who.with_tag(&self.id.local_tag);
    }

    /// Who the peer says it is from now on, in the From of a request: the To of ours (RFC 4916). The tag stays.
    pub fn set_remote_identity(&mut self, from: &NameAddr) {
        let mut who = NameAddr::new(from.uri.clone());
        who.display.clone_from(&from.display);
        // A peer of RFC 2543 has no tag.
        self.remote = if self.id.remote_tag.is_empty() { who } else { who.with_tag(&self.id.remote_tag) };
    }

    /// Messages travel another way from now on: the peer's address or connection has changed.
    pub fn set_flow(&mut self, flow: Flow) {
        self.flow = flow;
    }

    /// A connection is lost: where the dialog is on it, and the next hop listens at the address that it came from, our requests go
    /// there, over a connection that we open. Else nothing changes. One that has to prove a name cannot be opened without it.
    pub fn leave_connection(&mut self, lost: ConnectionId) {
        if self.flow.connection != Some(lost) || self.flow.transport != Transport::Tcp {
            return;
        }
        let Some(hop) = self.next_hop().as_sip() else { return };
        let is_named = hop.host.ip() == Some(self.flow.remote.ip()) && !hop.secure;
        if is_named && matches!(hop.transport(), None | Some(Transport::Tcp)) {
            let port = hop.port_or_default();
            self.flow.connection = None;
            self.flow.remote.set_port(port);
        }
    }

    /// A new request of ours in this dialog, with the next CSeq (RFC 3261 section 12.2.1.1). Those that refresh the target
    /// carry our Contact. Not for ACK and CANCEL.
    pub fn request(&mut self, method: Method) -> Request {
        self.local_cseq = self.local_cseq.saturating_add(1);
        let with_contact = matches!(
            method,
            Method::Invite | Method::Update | Method::Subscribe | Method::Notify | Method::Refer
        );
        let mut request = self.build(method, self.local_cseq);
        if with_contact {
            request.headers.push(HeaderName::Contact, self.local_contact.to_string());
        }
        request
    }

    /// Leaves so many CSeq numbers out, which may have been used for the peer without our knowledge. The peer takes a gap (RFC
    /// 3261 section 12.2.2).
    pub fn skip(&mut self, requests: u32) {
        self.local_cseq = self.local_cseq.saturating_add(requests);
    }

    /// The ACK of the 2xx to our INVITE with that CSeq number (RFC 3261 section 13.2.2.4). The caller adds the credentials that
    /// the INVITE carried, where there were any.
    #[must_use]
    pub fn ack(&self, invite_cseq: u32) -> Request {
        self.build(Method::Ack, invite_cseq)
    }

    /// Call-ID and tags.
    #[must_use]
    pub fn id(&self) -> &DialogId {
        &self.id
    }

    /// Which end is ours.
    #[must_use]
    pub fn role(&self) -> DialogRole {
        self.role
    }

    /// Early or confirmed.
    #[must_use]
    pub fn phase(&self) -> DialogPhase {
        self.phase
    }

    /// Our address, with our tag: the From of our requests.
    #[must_use]
    pub fn local(&self) -> &NameAddr {
        &self.local
    }

    /// The peer's address, with its tag: the To of our requests.
    #[must_use]
    pub fn remote(&self) -> &NameAddr {
        &self.remote
    }

    /// Our Contact.
    #[must_use]
    pub fn local_contact(&self) -> &NameAddr {
        &self.local_contact
    }

    /// Where the peer wants requests: its last Contact.
    #[must_use]
    pub fn remote_target(&self) -> &Uri {
        &self.remote_target
    }

    /// The proxies on the way, nearest first.
    #[must_use]
    pub fn route_set(&self) -> &[NameAddr] {
        &self.route_set
    }

    /// The URI that says where requests are sent to: the first proxy, or the remote target.
    #[must_use]
    pub fn next_hop(&self) -> &Uri {
        self.route_set.first().map_or(&self.remote_target, |route| &route.uri)
    }

    /// The way of our requests: to the next hop, where the dialog follows it; else the flow on which the dialog was made, or that
    /// was set since.
    #[must_use]
    pub fn flow(&self) -> Flow {
        let hop = self.follows_target.then(|| self.next_hop());
        hop.and_then(|hop| hop::way(&self.flow, hop)).unwrap_or(self.flow)
    }

    /// The CSeq number of our last request; zero where we have sent none.
    #[must_use]
    pub fn local_cseq(&self) -> u32 {
        self.local_cseq
    }

    fn build(&self, method: Method, cseq: u32) -> Request {
        let (uri, routes) = self.routing();
        let (from, to) = (self.local.clone(), self.remote.clone());
        let mut request = Request::new(method, uri, from, to, self.id.call_id.clone(), cseq);
        request.headers.push_addresses(&HeaderName::Route, &routes);
        request
    }

    /// Request-URI and Route set (RFC 3261 section 12.2.1.1). A strict router (RFC 2543) at the front takes the place of the
    /// Request-URI, and the target goes to the end.
    fn routing(&self) -> (Uri, Vec<NameAddr>) {
        match self.route_set.split_first() {
            Some((first, rest)) if !is_loose(&first.uri) => {
                let mut routes = rest.to_vec();
                routes.push(NameAddr::new(self.remote_target.clone()));
                (as_request_uri(first.uri.clone()), routes)
            }
            _ => (as_request_uri(self.remote_target.clone()), self.route_set.clone()),
        }
    }
}

fn reversed(mut routes: Vec<NameAddr>) -> Vec<NameAddr> {
    routes.reverse();
    routes
}

fn is_loose(uri: &Uri) -> bool {
    match uri {
        Uri::Sip(uri) => uri.params.contains("lr"),
        _ => false,
    }
}

/// Without what may not stand in a Request-URI: a method and headers (RFC 3261 section 19.1.1).
fn as_request_uri(mut uri: Uri) -> Uri {
    if let Uri::Sip(sip) = &mut uri {
        sip.params.remove("method");
        sip.headers = Default::default();
    }
    uri
}
