//! The OPTIONS that asks a host of a trunk whether it is there (RFC 3261 section 11): by the way that calls take.

use kiestoon_sip::locate::Query;
use kiestoon_sip::{Flow, HeaderName, Method, NameAddr, Request, SipUri, Uri};

use super::Trunk;
use crate::exchange::Exchange;
use crate::wire;

impl Trunk {
    /// What the DNS is asked for a host: where its requests go first.
    pub(crate) fn query(&self, host: &SipUri) -> Query {
        let proxy = self.route.first().and_then(|proxy| proxy.uri.as_sip());
        Query::of(proxy.unwrap_or(host))
    }
}

/// Builds it.
pub(crate) fn build(x: &mut Exchange, trunk: &Trunk, host: &SipUri, flow: &Flow) -> Request {
    let mut contact = wire::contact(&x.settings, flow, host.secure);
    let from = match &trunk.account {
        Some(account) => {
            let domain = trunk.domain.clone().unwrap_or_else(|| host.host.clone());
            if let Uri::Sip(uri) = &mut contact.uri {
                uri.user = Some(account.username.clone());
            }
            NameAddr::new(Uri::Sip(SipUri::new(domain).with_user(&account.username)))
        }
        None => contact.clone(),
    };
    let uri = Uri::Sip(host.clone());
    let (from, to, call_id) = (from.with_tag(&x.token()), NameAddr::new(uri.clone()), x.call_id());
    let mut options = Request::new(Method::Options, uri, from, to, call_id, FIRST_CSEQ);
    options.max_forwards = Some(x.settings.max_forwards);
    options.headers.push_addresses(&HeaderName::Route, &trunk.route);
    options.headers.push(HeaderName::Contact, contact.to_string());
    options.headers.push(HeaderName::Accept, wire::SDP);
    options
}

const FIRST_CSEQ: u32 = 1;
