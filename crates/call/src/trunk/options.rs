//! The OPTIONS that asks a host of a trunk whether it is there (RFC 3261 section 11): by the way that calls take.

use kiestoon_sip::locate::Query;
use kiestoon_sip::{Flow, HeaderName, Method, NameAddr, Request, SipUri, Uri};

use super::Trunk;
use crate::exchange::Exchange;
use crate::settings::Settings;
use crate::wire;

/// The random words of a request that begins no dialog.
#[derive(Debug, Clone)]
pub struct Names {
    /// Its Call-ID.
    pub call_id: Box<str>,
    /// The tag of its From.
    pub tag: Box<str>,
}

impl Trunk {
    /// What the DNS is asked for a host: where its requests go first.
    pub fn query(&self, host: &SipUri) -> Query {
        let proxy = self.route.first().and_then(|proxy| proxy.uri.as_sip());
        Query::of(proxy.unwrap_or(host))
    }

    /// The OPTIONS for a host, without Via.
    pub fn options_request(&self, settings: &Settings, host: &SipUri, flow: &Flow, names: Names) -> Request {
        let mut contact = wire::contact(settings, flow, host.secure);
        let from = match &self.account {
            Some(account) => {
                let domain = self.domain.clone().unwrap_or_else(|| host.host.clone());
                if let Uri::Sip(uri) = &mut contact.uri {
                    uri.user = Some(account.username.clone());
                }
                NameAddr::new(Uri::Sip(SipUri::new(domain).with_user(&account.username)))
            }
            None => contact.clone(),
        };
        let uri = Uri::Sip(host.clone());
        let (from, to) = (from.with_tag(&names.tag), NameAddr::new(uri.clone()));
        let mut options = Request::new(Method::Options, uri, from, to, names.call_id, FIRST_CSEQ);
        options.max_forwards = Some(settings.max_forwards);
        options.headers.push_addresses(&HeaderName::Route, &self.route);
        options.headers.push(HeaderName::Contact, contact.to_string());
        options.headers.push(HeaderName::Accept, wire::SDP);
        options
    }
}

/// Builds it.
pub(crate) fn build(x: &mut Exchange, trunk: &Trunk, host: &SipUri, flow: &Flow) -> Request {
    let (tag, call_id) = (x.token(), x.call_id());
    trunk.options_request(&x.settings, host, flow, Names { call_id, tag })
}

const FIRST_CSEQ: u32 = 1;
