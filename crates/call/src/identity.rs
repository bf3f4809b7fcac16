//! Who is shown to whom. We vouch for our own extensions, by P-Asserted-Identity (RFC 3325), and for phones that look there by
//! Remote-Party-ID; what a phone says of itself counts for nothing, and only a trusted network's assertion is taken over.

use std::net::IpAddr;

use kiestoon_sip::{Flow, HeaderName, Headers, Host, NameAddr, SipUri, Uri};

use crate::call::Call;
use crate::exchange::Exchange;
use crate::settings::Settings;
use crate::wire;

impl Call {
    /// An extension of this call's organisation as a phone on `flow` is shown it; None for a caller who withholds it.
    pub(crate) fn shown_as(&self, x: &Exchange, number: &str, flow: &Flow) -> Option<NameAddr> {
        if self.carried.privacy.withholds_identity() && *number == *self.cdr.record.from_number {
            return None;
        }
        let organisation = self.snapshot.organisation(self.organisation)?;
        let name = organisation.extensions.get(number).map_or("", |extension| &*extension.name);
        Some(wire::address(number, organisation, &x.settings, flow).with_display(name))
    }
}

/// Says in a message of ours who its receiver talks to.
pub(crate) fn assert(headers: &mut Headers, settings: &Settings, who: &NameAddr) {
    headers.set(HeaderName::PAssertedIdentity, who.to_string());
    if settings.remote_party_id {
        let party = who.clone().with_param("party", "called").with_param("screen", "yes");
        headers.set(HeaderName::RemotePartyId, party.with_param("privacy", "off").to_string());
    }
}

/// Whether what a source says of others counts.
pub(crate) fn is_trusted(settings: &Settings, source: IpAddr) -> bool {
    settings.trusted_networks.iter().any(|network| network.contains(source))
}

/// Who calls without saying who (RFC 3323 section 4.1).
pub(crate) fn anonymous() -> NameAddr {
    let host = Host::Name("anonymous.invalid".into());
    NameAddr::new(Uri::Sip(SipUri::new(host).with_user("anonymous"))).with_display("Anonymous")
}
