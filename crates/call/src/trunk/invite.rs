//! The INVITE that goes out over a trunk: who calls is shown as the trunk's policy wants it, and nothing of the inside is told.

use kiestoon_sip::{Flow, HeaderName, Host, Method, NameAddr, Request, SipUri, Uri};

use super::{CallerIdPolicy, FromUser, NamedIn, Names, Trunk};
use crate::abilities::RELIABLE;
use crate::identity;
use crate::settings::Settings;
use crate::wire;

/// What it is made of.
pub(crate) struct TrunkInvite<'a> {
    pub(crate) trunk: &'a Trunk,
    /// The Request-URI, with the number in the trunk's form.
    pub(crate) uri: Uri,
    pub(crate) flow: &'a Flow,
    /// Whether the caller wants to be unknown.
    pub(crate) is_withheld: bool,
    /// The caller's number: an extension, or one outside.
    pub(crate) caller: &'a str,
    /// The number that the dialplan wants to be shown.
    pub(crate) shown_number: Option<&'a str>,
    pub(crate) max_forwards: u8,
    /// Whether its provisional responses may be reliable.
    pub(crate) is_reliable: bool,
}

/// Builds it, without a body.
pub(crate) fn build(settings: &Settings, names: Names, of: &TrunkInvite<'_>) -> Request {
    let host = of.uri.host().cloned().unwrap_or_else(|| Host::Name("invalid".into()));
    let domain = of.trunk.domain.clone().unwrap_or(host);
    let at_trunk = |user: &str| NameAddr::new(Uri::Sip(SipUri::new(domain.clone()).with_user(user)));
    let account = of.trunk.account.as_ref().map(|account| &*account.username);
    let policy = &of.trunk.caller_id;
    let shown = of.shown(policy).map(|number| of.trunk.number_form.write(of.trunk.country, number));
    let from = match (policy.from, account) {
        (FromUser::Account, Some(account)) => at_trunk(account),
        _ if of.is_withheld => identity::anonymous(),
        _ => at_trunk(shown.as_deref().or(account).unwrap_or("anonymous")),
    };
    let from = if of.is_withheld { from.with_display("Anonymous") } else { from }.with_tag(&names.tag);
    let to = at_trunk(of.uri.user().unwrap_or_default());
    let mut invite = Request::new(Method::Invite, of.uri.clone(), from, to, names.call_id, FIRST_CSEQ);
    invite.max_forwards = Some(of.max_forwards);
    invite.headers.push_addresses(&HeaderName::Route, &of.trunk.route);
    let mut contact = wire::contact(settings, of.flow, of.uri.is_secure());
    if let (Uri::Sip(uri), Some(account)) = (&mut contact.uri, account) {
        uri.user = Some(account.into());
    }
    invite.headers.push(HeaderName::Contact, contact.to_string());
    invite.headers.push(HeaderName::Allow, wire::ALLOW);
    let supported = wire::SUPPORTED.split(", ").filter(|tag| of.is_reliable || *tag != RELIABLE);
    invite.headers.push(HeaderName::Supported, supported.collect::<Vec<_>>().join(", "));
    invite.headers.push(HeaderName::Accept, wire::SDP);
    if of.is_withheld {
        invite.headers.push(HeaderName::Privacy, "id");
    }
    if let Some(shown) = &shown {
        name_caller(&mut invite, policy.named_in, &at_trunk(shown), of.is_withheld);
    }
    invite
}

impl TrunkInvite<'_> {
    /// The number that is shown, in E.164.
    pub(crate) fn shown_publicly(&self) -> Option<Box<str>> {
        self.shown(&self.trunk.caller_id).map(|number| self.trunk.country.e164(number).into())
    }

    /// The number that is shown: what the dialplan says, else the caller's own where it is one of the public network, else the
    /// trunk's.
    fn shown<'s>(&'s self, policy: &'s CallerIdPolicy) -> Option<&'s str> {
        let is_public = self.trunk.country.e164(self.caller).starts_with('+');
        self.shown_number.or_else(|| is_public.then_some(self.caller)).or(policy.number.as_deref())
    }
}

/// Who withholds their number is named to the trunk all the same, which keeps it from the person called (RFC 3325 section 7).
fn name_caller(invite: &mut Request, named_in: NamedIn, who: &NameAddr, is_withheld: bool) {
    if matches!(named_in, NamedIn::PAssertedIdentity | NamedIn::Both) {
        invite.headers.push(HeaderName::PAssertedIdentity, who.to_string());
    }
    if matches!(named_in, NamedIn::RemotePartyId | NamedIn::Both) {
        let privacy = if is_withheld { "full" } else { "off" };
        let party = who.clone().with_param("party", "calling").with_param("screen", "yes");
        invite.headers.push(HeaderName::RemotePartyId, party.with_param("privacy", privacy).to_string());
    }
}

const FIRST_CSEQ: u32 = 1;
