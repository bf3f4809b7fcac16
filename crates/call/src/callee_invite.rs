//! The INVITE that a callee gets: made of what we know, with nothing of the caller's own message but a few typed
//! headers that cannot do harm.

use kiestoon_sip::stir::Verstat;
use kiestoon_sip::{Flow, HeaderName, Method, NameAddr, Privacy, Request, Uri};
use serde::{Deserialize, Serialize};

use crate::abilities::RELIABLE;
use crate::exchange::Exchange;
use crate::forward::History;
use crate::gruu::OnePhone;
use crate::identity;
use crate::snapshot::Organisation;
use crate::wire;

/// What of the caller's INVITE is carried to the callees.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Carried {
    /// Hops left for the callees' INVITEs: one less than the caller's had.
    pub(crate) max_forwards: u8,
    /// The caller used `sips:`: nobody is rung over a hop that is not secure (RFC 3261 section 26.2.2).
    pub(crate) secure: bool,
    /// What the caller wants to be withheld.
    pub(crate) privacy: Privacy,
    /// Who calls by the word of a trusted network: number and name.
    pub(crate) asserted: Option<(Box<str>, Box<str>)>,
    /// Whether its caller's number was validated; None where nobody has looked.
    pub(crate) verstat: Option<Verstat>,
    /// Into how many branches the call may still be forked at once (RFC 5393).
    pub(crate) max_breadth: u32,
    /// The one phone of an extension that the call is for, where it was called by its GRUU.
    pub(crate) one_phone: Option<Box<OnePhone>>,
    headers: Vec<(HeaderName, Box<str>)>,
}

/// What the INVITE of one phone is made of.
pub(crate) struct CalleeInvite<'a> {
    pub(crate) contact: Uri,
    pub(crate) route: &'a [NameAddr],
    pub(crate) number: &'a str,
    pub(crate) flow: &'a Flow,
    /// Whether who calls is not told.
    pub(crate) is_withheld: bool,
    /// Into how many branches it may be forked on its way.
    pub(crate) breadth: u32,
    /// The number and the name of who will be talked to.
    pub(crate) caller: (&'a str, &'a str),
    /// Whether that number was validated.
    pub(crate) verstat: Option<Verstat>,
    /// How the call came here.
    pub(crate) history: &'a History,
    /// Who transferred the call.
    pub(crate) referred_by: Option<&'a str>,
    pub(crate) organisation: &'a Organisation,
    pub(crate) shown_number: Option<&'a str>,
    pub(crate) carried: &'a Carried,
    /// Whether its provisional responses may be reliable.
    pub(crate) is_reliable: bool,
}

impl Carried {
    /// Reads what is carried of a caller's INVITE. Alert-Info and Call-Info are not: they make phones fetch URIs or
    /// answer by themselves. Neither is any identity: From says who calls, and it is written by us.
    pub(crate) fn of(invite: &Request, default_max_forwards: u8, is_trusted: bool) -> Self {
        let asserted = invite
            .headers
            .asserted_identity()
            .filter(|_| is_trusted)
            .and_then(|who| Some((who.uri.user()?.into(), who.display.unwrap_or_default())));

        let headers = CARRIED.iter().filter_map(|name| {
            let value = invite.headers.get(name)?;
            (value.len() <= LONGEST_VALUE).then(|| (name.clone(), value.into()))
        });
        Self {
            max_forwards: invite.max_forwards.map_or(default_max_forwards, |hops| hops.saturating_sub(1)),
            secure: invite.uri.is_secure(),
            privacy: invite.headers.privacy(),
            asserted,
            verstat: None,
            max_breadth: invite.headers.max_breadth().unwrap_or(MAX_BREADTH).min(MAX_BREADTH),
            one_phone: None,
            headers: headers.collect(),
        }
    }
}

/// Builds it, without a body.
pub(crate) fn build(x: &mut Exchange, of: &CalleeInvite<'_>) -> Request {
    let shown = of.shown_number.unwrap_or(of.caller.0);
    let caller = wire::address(shown, of.organisation, &x.settings, of.flow).with_display(of.caller.1);
    let from = if of.is_withheld { identity::anonymous() } else { caller.clone() }.with_tag(&x.token());
    let to = wire::address(of.number, of.organisation, &x.settings, of.flow);
    let mut invite = Request::new(Method::Invite, of.contact.clone(), from, to, x.call_id(), FIRST_CSEQ);
    invite.max_forwards = Some(of.carried.max_forwards);
    invite.headers.push(HeaderName::MaxBreadth, of.breadth.to_string());
    invite.headers.push_addresses(&HeaderName::Route, of.route);
    invite
        .headers
        .push(HeaderName::Contact, wire::contact(&x.settings, of.flow, of.contact.is_secure()).to_string());
    invite.headers.push(HeaderName::Allow, wire::ALLOW);
    let supported = wire::SUPPORTED.split(", ").filter(|tag| of.is_reliable || *tag != RELIABLE);
    invite.headers.push(HeaderName::Supported, supported.collect::<Vec<_>>().join(", "));
    invite.headers.push(HeaderName::Accept, wire::SDP);
    if of.is_withheld {
        invite.headers.push(HeaderName::Privacy, "id");
    } else {
        let verstat = of.verstat.filter(|_| of.shown_number.is_none());
        identity::assert(&mut invite.headers, &x.settings, &identity::with_verstat(caller, verstat));
    }
    of.history
        .write(&mut invite.headers, |number| wire::address(number, of.organisation, &x.settings, of.flow));
    if let Some(by) = of.referred_by {
        let by = wire::address(by, of.organisation, &x.settings, of.flow);
        invite.headers.push(HeaderName::ReferredBy, by.to_string());
    }
    for (name, value) in &of.carried.headers {
        invite.headers.push(name.clone(), value.clone());
    }
    invite
}

const FIRST_CSEQ: u32 = 1;
/// RFC 5393 section 5.3.3.
const MAX_BREADTH: u32 = 60;
/// Bytes.
const LONGEST_VALUE: usize = 256;
const CARRIED: [HeaderName; 3] = [HeaderName::Subject, HeaderName::Priority, HeaderName::AcceptLanguage];
