//! Who is shown to whom. We vouch for our own extensions, by P-Asserted-Identity (RFC 3325), and for phones that look there by
//! Remote-Party-ID; what a phone says of itself counts for nothing, and only a trusted network's assertion is taken over.

use std::net::IpAddr;

use kiestoon_sip::stir::Verstat;
use kiestoon_sip::{Flow, HeaderName, Headers, Host, Method, NameAddr, Request, SipUri, Uri};

use crate::call::Call;
use crate::cdr::Side;
use crate::exchange::Exchange;
use crate::leg::Leg;
use crate::routes::ClientOwner;
use crate::settings::Settings;
use crate::wire;

impl Call {
    /// An extension of this call's organisation, or somebody outside, as a phone on `flow` is shown it; None for a caller who withholds it.
    pub(crate) fn shown_as(&self, x: &Exchange, number: &str, flow: &Flow) -> Option<NameAddr> {
        if self.carried.privacy.withholds_identity() && *number == *self.cdr.record.from_number {
            return None;
        }
        let organisation = self.snapshot.organisation(self.organisation)?;
        let extension = organisation.extensions.get(number).map(|extension| &*extension.name);
        let name = extension.or_else(|| organisation.callers.name(number)).unwrap_or_default();
        Some(wire::address(number, organisation, &x.settings, flow).with_display(name))
    }

    /// Who a side is, as the phone of the other side is shown it.
    pub(crate) fn side_shown_as(&self, x: &Exchange, side: Side, flow: &Flow) -> Option<NameAddr> {
        let leg = self.leg(side).filter(|leg| !self.withholds(leg))?;
        let shown = self.shown_as(x, &leg.number, flow)?;
        let Some(alias) = &leg.alias else { return Some(shown) };
        let organisation = self.snapshot.organisation(self.organisation)?;
        Some(wire::address(&alias.0, organisation, &x.settings, flow).with_display(&alias.1))
    }

    /// Whether who is at this leg wants to be unknown.
    pub(crate) fn withholds(&self, leg: &Leg) -> bool {
        let is_caller = *leg.number == *self.cdr.record.from_number;
        leg.withheld || (is_caller && self.carried.privacy.withholds_identity())
    }

    /// A side talks to somebody else from now on: our requests to it come from them, where the phone lets them (RFC 4916).
    pub(crate) fn rename(&mut self, x: &Exchange, to: Side) {
        let Some(flow) = self.leg(to).filter(|leg| leg.can.from_change).map(|leg| leg.flow) else { return };
        let who = self.side_shown_as(x, to.other(), &flow).unwrap_or_else(anonymous);
        if let Some(dialog) = self.leg_mut(to).and_then(Leg::dialog_mut) {
            dialog.set_local_identity(who);
        }
    }

    /// A request of a side may say that somebody else is there now. Only a trusted network is believed, and the other side is
    /// told: with what the request asks for, or alone where it asks for nothing.
    pub(crate) fn learn_identity(&mut self, x: &mut Exchange, side: Side, request: &Request, flow: &Flow) {
        if !is_trusted(&x.settings, flow.remote.ip()) || request.headers.privacy().withholds_identity() {
            return;
        }
        let is_answered = self.leg(side).is_some_and(|leg| leg.established().is_some());
        let Some(leg) = self.leg_mut(side).filter(|_| is_answered) else { return };
        let Some(dialog) = leg.dialog_mut() else { return };
        let is_new =
            dialog.remote().uri != request.from.uri || dialog.remote().display != request.from.display;
        dialog.set_remote_identity(&request.from);
        let asserted = request.headers.asserted_identity();
        if asserted.is_none() && !is_new {
            return;
        }
        let who = asserted.as_ref().unwrap_or(&request.from);
        let Some(number) = wire::number(who.uri.user()).filter(|number| !number.is_empty()) else { return };
        let name = who.display.clone().unwrap_or_default();
        if name.len() > LONGEST_NAME || leg.is_called(&number, &name) {
            return;
        }
        leg.alias = Some(Box::new((number, name)));
        self.rename(x, side.other());
        if request.body.is_empty() {
            self.announce(x, side.other());
        }
    }

    /// Tells a phone that takes UPDATE who it talks to, and nothing else. Another is told with the next request.
    pub(crate) fn announce(&mut self, x: &mut Exchange, to: Side) {
        let owner = ClientOwner::Call(self.key);
        let Some(flow) = self.leg(to).filter(|leg| leg.can.update).map(|leg| leg.flow) else { return };
        let shown = self.side_shown_as(x, to.other(), &flow);
        let (Some(leg), Some(shown)) = (self.leg_mut(to), shown) else { return };
        if leg.timer.is_some() {
            return leg.send_refresh(x, owner, Some(&shown));
        }
        leg.introduce_by_update(x, &shown);
    }
}

impl Leg {
    /// Whether that is who is at this leg, as far as was said.
    fn is_called(&self, number: &str, name: &str) -> bool {
        match &self.alias {
            Some(alias) => (&*alias.0, &*alias.1) == (number, name),
            None => *self.number == *number,
        }
    }

    fn introduce_by_update(&mut self, x: &mut Exchange, shown: &NameAddr) {
        let Some(established) = self.established_mut() else { return };
        let (mut update, flow) = (established.dialog.request(Method::Update), established.dialog.flow());
        update.headers.set(HeaderName::Allow, wire::ALLOW);
        // Without session timers: nobody takes up what its answer could agree on (RFC 4028 section 9).
        update.headers.set(HeaderName::Supported, wire::SUPPORTED_BUT_TIMER);
        assert(&mut update.headers, &x.settings, shown);
        // Whatever becomes of it, the call goes on as it is.
        x.request(update, flow, None);
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

/// An address whose number was validated, or not, for phones that show that: a parameter of the number (3GPP TS 24.229 section
/// 7.2A.20, RFC 3261 section 19.1.6).
pub(crate) fn with_verstat(mut who: NameAddr, verstat: Option<Verstat>) -> NameAddr {
    if let (Uri::Sip(uri), Some(verstat)) = (&mut who.uri, verstat) {
        let number = uri.user.take().unwrap_or_default();
        *uri = uri.clone().with_user(&format!("{number};verstat={verstat}")).with_param("user", "phone");
    }
    who
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

/// In bytes, of a name that is shown.
const LONGEST_NAME: usize = 256;
