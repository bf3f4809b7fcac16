//! The INVITE that a callee gets: made of what we know, with nothing of the caller's own message but a few typed
//! headers that cannot do harm.

use kiestoon_sip::{Flow, HeaderName, Method, Privacy, Request, Uri};

use crate::abilities::RELIABLE;
use crate::exchange::Exchange;
use crate::identity;
use crate::snapshot::Organisation;
use crate::wire;

/// What of the caller's INVITE is carried to the callees.
#[derive(Debug)]
pub(crate) struct Carried {
    /// Hops left for the callees' INVITEs: one less than the caller's had.
    pub(crate) max_forwards: u8,
    /// The caller used `sips:`: nobody is rung over a hop that is not secure (RFC 3261 section 26.2.2).
    pub(crate) secure: bool,
    /// What the caller wants to be withheld.
    pub(crate) privacy: Privacy,
    headers: Vec<(HeaderName, Box<str>)>,
}

/// What the INVITE of one phone is made of.
pub(crate) struct CalleeInvite<'a> {
    pub(crate) contact: Uri,
    pub(crate) number: &'a str,
    pub(crate) flow: &'a Flow,
    /// The number and the name of who will be talked to.
    pub(crate) caller: (&'a str, &'a str),
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
    pub(crate) fn of(invite: &Request, default_max_forwards: u8) -> Self {
        let headers = CARRIED.iter().filter_map(|name| {
            let value = invite.headers.get(name)?;
            (value.len() <= LONGEST_VALUE).then(|| (name.clone(), value.into()))
        });
        Self {
            max_forwards: invite.max_forwards.map_or(default_max_forwards, |hops| hops.saturating_sub(1)),
            secure: invite.uri.is_secure(),
            privacy: invite.headers.privacy(),
            headers: headers.collect(),
        }
    }
}

/// Builds it, without a body.
pub(crate) fn build(x: &mut Exchange, of: &CalleeInvite<'_>) -> Request {
    let shown = of.shown_number.unwrap_or(of.caller.0);
    let caller = wire::address(shown, of.organisation, &x.settings, of.flow).with_display(of.caller.1);
    let is_withheld = of.carried.privacy.withholds_identity();
    let from = if is_withheld { identity::anonymous() } else { caller.clone() }.with_tag(&x.token());
    let to = wire::address(of.number, of.organisation, &x.settings, of.flow);
    let mut invite = Request::new(Method::Invite, of.contact.clone(), from, to, x.call_id(), FIRST_CSEQ);
    invite.max_forwards = Some(of.carried.max_forwards);
    invite
        .headers
        .push(HeaderName::Contact, wire::contact(&x.settings, of.flow, of.contact.is_secure()).to_string());
    invite.headers.push(HeaderName::Allow, wire::ALLOW);
    let supported = wire::SUPPORTED.split(", ").filter(|tag| of.is_reliable || *tag != RELIABLE);
    invite.headers.push(HeaderName::Supported, supported.collect::<Vec<_>>().join(", "));
    invite.headers.push(HeaderName::Accept, wire::SDP);
    if is_withheld {
        invite.headers.push(HeaderName::Privacy, "id");
    } else {
        identity::assert(&mut invite.headers, &x.settings, &caller);
    }
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
/// Bytes.
const LONGEST_VALUE: usize = 256;
const CARRIED: [HeaderName; 3] = [HeaderName::Subject, HeaderName::Priority, HeaderName::AcceptLanguage];
