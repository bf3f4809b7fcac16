//! How our own messages look: what we say of ourselves, and how bodies are read.

use bytes::Bytes;
use kiestoon_media::{Origin, Sdp, with_direction};
use kiestoon_sip::{Flow, HeaderName, Headers, Host, NameAddr, Request, SipUri, Transport, Uri};

use crate::snapshot::Organisation;

/// The methods that we take, in `Allow`.
pub(crate) const ALLOW: &str = "INVITE, ACK, CANCEL, BYE, OPTIONS, REGISTER, INFO, MESSAGE";

/// The type of a session description.
pub(crate) const SDP: &str = "application/sdp";

/// Our address on a flow, as a Contact.
pub(crate) fn contact(flow: &Flow) -> NameAddr {
    let mut uri = SipUri::new(flow.local.ip()).with_port(flow.local.port());
    if flow.transport != Transport::Udp {
        uri = uri.with_param("transport", flow.transport.uri_token());
    }
    NameAddr::new(uri.into())
}

/// An extension as a phone on `flow` can call it back: at its organisation's domain, else at our address.
pub(crate) fn address(number: &str, organisation: &Organisation, flow: &Flow) -> NameAddr {
    let domain = organisation.domain.as_deref().and_then(|domain| Host::parse(domain).ok());
    let uri = match domain {
        Some(domain) => SipUri::new(domain).with_user(number),
        None => {
            let port = flow.local.port();
            let port = (port != flow.transport.default_port()).then_some(port);
            SipUri { port, ..SipUri::new(flow.local.ip()).with_user(number) }
        }
    };
    NameAddr::new(Uri::Sip(uri))
}

/// What we have agreed on with a phone, as that phone would offer it: sound flows the other way round.
pub(crate) fn as_theirs(ours: &Sdp, origin: &Origin) -> Sdp {
    let direction = ours.audio().map(|audio| audio.direction.reversed()).unwrap_or_default();
    with_direction(ours, direction, &mut origin.clone())
}

/// What a response that makes or refreshes a dialog says of us.
pub(crate) fn dialog_headers(headers: &mut Headers, flow: &Flow) {
    headers.set(HeaderName::Contact, contact(flow).to_string());
    headers.set(HeaderName::Allow, ALLOW);
}

/// The session description of a message; None where it has none that can be read.
pub(crate) fn sdp_of(headers: &Headers, body: &Bytes) -> Option<Sdp> {
    if body.is_empty() || !headers.is_sdp() {
        return None;
    }
    Sdp::parse(body).ok()
}

/// Takes the body of a message over to another one, with its type and nothing else.
pub(crate) fn carry_body(from: &Request, to: &mut Request) {
    if from.body.is_empty() {
        return;
    }
    let media_type = from.headers.get(&HeaderName::ContentType).unwrap_or("text/plain");
    to.set_body(media_type, from.body.clone());
}
