//! How our own messages look: what we say of ourselves, and how bodies are read.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use bytes::Bytes;
use kiestoon_media::{Origin, Sdp, SdpError, Selection, SrtpPolicy, with_direction};
use kiestoon_sip::dialog::Dialog;
use kiestoon_sip::{Flow, HeaderName, Headers, Host, NameAddr, Request, SipUri, Transport, Uri};

use crate::settings::Settings;
use crate::snapshot::Organisation;

/// The methods that we take, in `Allow`.
pub(crate) const ALLOW: &str =
    "INVITE, ACK, CANCEL, BYE, OPTIONS, REGISTER, INFO, MESSAGE, REFER, NOTIFY, PRACK, UPDATE";

/// The extensions that we know, in `Supported`.
pub(crate) const SUPPORTED: &str = "replaces, norefersub, 100rel, timer, from-change";

/// The same where nothing is to be agreed about session timers.
pub(crate) const SUPPORTED_BUT_TIMER: &str = "replaces, norefersub, 100rel, from-change";

/// The type of a session description.
pub(crate) const SDP: &str = "application/sdp";

/// Our address on a flow, as a Contact; `sips:` where the other side used that (RFC 3261 sections 8.1.1.8 and 12.1.1), which
/// says TLS by itself (RFC 5630 section 3.1.4).
pub(crate) fn contact(settings: &Settings, flow: &Flow, secure: bool) -> NameAddr {
    let mut uri = SipUri::new(our_address(settings, flow)).with_port(flow.local.port());
    uri.secure = secure;
    if flow.transport != Transport::Udp && !secure {
        uri = uri.with_param("transport", flow.transport.uri_token());
    }
    NameAddr::new(uri.into())
}

/// An extension as a phone on `flow` can call it back: at its organisation's domain, else at our address.
pub(crate) fn address(
    number: &str,
    organisation: &Organisation,
    settings: &Settings,
    flow: &Flow,
) -> NameAddr {
    let domain = organisation.domain.as_deref().and_then(|domain| Host::parse(domain).ok());
    let uri = match domain {
        Some(domain) => SipUri::new(domain).with_user(number),
        None => {
            let port = flow.local.port();
            let port = (port != flow.transport.default_port()).then_some(port);
            SipUri { port, ..SipUri::new(our_address(settings, flow)).with_user(number) }
        }
    };
    NameAddr::new(Uri::Sip(uri))
}

/// The number that an address names: its user part without parameters such as `;phone-context`. None where it is longer than
/// any number is, for it is kept in call records and shown in lists.
pub(crate) fn number(user: Option<&str>) -> Option<Box<str>> {
    let number = user.unwrap_or_default().split(';').next().unwrap_or_default();
    (number.len() <= LONGEST_NUMBER).then(|| number.into())
}

/// In bytes.
const LONGEST_NUMBER: usize = 128;

/// Our address on a flow, as a Via. Responses come back to where the request came from (RFC 3581); a phone that does not know
/// this, or that has lost its connection, sends them here.
pub(crate) fn sent_by(settings: &Settings, flow: &Flow) -> SocketAddr {
    SocketAddr::new(our_address(settings, flow), flow.local.port())
}

fn our_address(settings: &Settings, flow: &Flow) -> IpAddr {
    settings.public.told(flow.local.ip(), flow.remote.ip())
}

/// What we have agreed on with a phone, as that phone would offer it: sound flows the other way round.
pub(crate) fn as_theirs(ours: &Sdp, origin: &Origin) -> Sdp {
    let direction = ours.audio().map(|audio| audio.direction.reversed()).unwrap_or_default();
    with_direction(ours, direction, &mut origin.clone())
}

/// What a response that makes or refreshes a dialog says of us.
pub(crate) fn dialog_headers(headers: &mut Headers, dialog: &Dialog) {
    headers.set(HeaderName::Contact, dialog.local_contact().to_string());
    headers.set(HeaderName::Allow, ALLOW);
    headers.set(HeaderName::Supported, SUPPORTED);
}

/// What of a peer's session descriptions we see, by the operator's settings and by those of its trunk.
#[derive(Debug, Clone)]
pub(crate) struct Terms {
    pub(crate) srtp: SrtpPolicy,
    pub(crate) t38: bool,
    /// None: all.
    pub(crate) selection: Option<Arc<Selection>>,
}

impl Terms {
    /// Those of phones.
    pub(crate) fn of_phones(settings: &Settings) -> Self {
        Self { srtp: settings.srtp, t38: settings.t38, selection: None }
    }
}

/// The session description of a message as the terms let us see it; None where it has none that can be read.
pub(crate) fn sdp_of(terms: &Terms, headers: &Headers, body: &Bytes) -> Option<Sdp> {
    if body.is_empty() || !headers.is_sdp() {
        return None;
    }
    read_sdp(terms, body).ok()
}

/// A session description as the terms let us see it.
pub(crate) fn read_sdp(terms: &Terms, body: &[u8]) -> Result<Sdp, SdpError> {
    let sdp = Sdp::parse(body)?.under(terms.srtp);
    let sdp = if terms.t38 { sdp } else { sdp.without_fax() };
    Ok(match &terms.selection {
        Some(selection) => sdp.selected(selection),
        None => sdp,
    })
}

/// Takes the body of a message over to another one, with its type and nothing else.
pub(crate) fn carry_body(from: &Request, to: &mut Request) {
    if from.body.is_empty() {
        return;
    }
    let media_type = from.headers.get(&HeaderName::ContentType).unwrap_or("text/plain");
    to.set_body(media_type, from.body.clone());
}

#[cfg(test)]
mod tests {
    use kiestoon_sip::network::PublicAddresses;

    use super::*;

    #[test]
    fn a_phone_beyond_the_router_is_told_the_external_address() {
        let settings = Settings {
            public: PublicAddresses::new("203.0.113.10".parse().ok(), Vec::new()),
            ..Settings::default()
        };
        let organisation = Organisation {
            id: "1".into(),
            slug: "kantoor".into(),
            domain: None,
            realm: "kantoor".into(),
            extensions: std::collections::HashMap::new(),
            trunks: std::collections::HashMap::new(),
            profile: Default::default(),
            rates: Default::default(),
            callers: Default::default(),
        };
        let told = |remote: &str| {
            let local = "10.0.0.5:5060".parse().unwrap();
            let flow =
                Flow { transport: Transport::Udp, local, remote: remote.parse().unwrap(), connection: None };
            let contact = contact(&settings, &flow, false).uri.to_string();
            (contact, address("201", &organisation, &settings, &flow).uri.to_string())
        };
        let beyond = ("sip:203.0.113.10:5060".to_owned(), "sip:201@203.0.113.10".to_owned());
        assert_eq!(told("198.51.100.7:5060"), beyond);
        let tls = Flow {
            transport: Transport::Tls,
            local: "10.0.0.5:5061".parse().unwrap(),
            remote: "10.0.0.9:40000".parse().unwrap(),
            connection: None,
        };
        let over_tls = |secure| contact(&settings, &tls, secure).uri.to_string();
        assert_eq!(over_tls(true), "sips:10.0.0.5:5061");
        assert_eq!(over_tls(false), "sip:10.0.0.5:5061;transport=tls");
        assert_eq!(told("10.0.0.9:5060"), ("sip:10.0.0.5:5060".to_owned(), "sip:201@10.0.0.5".to_owned()));
    }
}
