//! How callers' numbers are vouched for at a trunk (STIR): what an operator has said of it, and the signature of calls that go out.

use std::sync::Arc;

use kiestoon_media::LegId;
use kiestoon_sip::stir::{Attestation, Claims, Identity, Shaken, SigningKey, TrustAnchors, canonical};
use kiestoon_sip::{HeaderName, Request};

use super::{IncomingForm, NumberForm, Trunk};
use crate::call::Call;
use crate::exchange::Exchange;
use crate::id::CallId;
use crate::wire;

/// Signatures of callers' numbers at a trunk. By default there are none.
#[derive(Debug, Clone, Default)]
pub struct Stir {
    /// What is made of the signatures of its calls.
    pub policy: StirPolicy,
    /// Whose certificates are believed.
    pub anchors: Arc<TrustAnchors>,
    /// What our calls are signed with; None: they are not.
    pub signing: Option<Signing>,
}

/// What is made of the signature of a call that comes in.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum StirPolicy {
    /// Nobody looks at it.
    #[default]
    Off,
    /// It is verified; the call goes on whatever comes of it.
    Verify,
    /// A call whose number is not validated is refused.
    Require,
}

/// What calls are signed with.
#[derive(Debug, Clone)]
pub struct Signing {
    /// The private key.
    pub key: Arc<SigningKey>,
    /// Where others fetch its certificate: an `https` URL.
    pub certificate_url: Box<str>,
    /// The most that is attested of any caller.
    pub best: Attestation,
}

impl Call {
    /// Signs the INVITE of a leg whose trunk wants it, and notes what was attested. Only a number that the INVITE tells is
    /// signed: a signature tells it too.
    pub(crate) fn vouch(&mut self, x: &Exchange, leg: LegId, invite: &mut Request) {
        let over = self.branch(leg).and_then(|branch| branch.leg.trunk.as_deref());
        let Some(trunk) = self.trunk(over) else { return };
        let signed = trunk.sign(invite, self.id(), x.clock.unix_secs(x.now), |caller| self.attests(caller));
        if let (Some(attest), Some(entry)) = (signed, self.cdr.leg(leg)) {
            entry.attestation = Some(attest);
        }
    }

    /// What we know of who calls by this number (RFC 8588 section 4): it is one of the organisation's own, or its extension
    /// calls, or we only pass the call on.
    fn attests(&self, number: &str) -> Attestation {
        let organisation = self.snapshot.organisation(self.organisation);
        let mut trunks = organisation.iter().flat_map(|own| own.trunks.values());
        let is_ours = |trunk: &Arc<Trunk>| {
            let shown = trunk.caller_id.number.as_deref().map(|shown| trunk.country.e164(shown));
            trunk.numbers.contains_key(number) || shown.is_some_and(|shown| shown == number)
        };
        match () {
            () if trunks.any(is_ours) => Attestation::A,
            () if self.caller.trunk.is_none() => Attestation::B,
            () => Attestation::C,
        }
    }
}

impl Trunk {
    /// Signs an INVITE where the trunk wants it: what was attested then. `knows` says what is known of the caller's number, `iat` is
    /// in seconds since 1970.
    pub(super) fn sign(
        &self,
        invite: &mut Request,
        call: CallId,
        iat: u64,
        knows: impl FnOnce(&str) -> Attestation,
    ) -> Option<Attestation> {
        let signing = self.stir.signing.as_ref()?;
        let caller = told(self, invite)?;
        let dialled = wire::number(invite.to.uri.user()).unwrap_or_default();
        let (orig, dest) = (canonical(&caller)?, canonical(&self.country.e164(&dialled))?);
        let attest = knows(&caller).max(signing.best);
        let shaken = Shaken { attest, origid: call.to_string().into() };
        let claims = Claims { orig: orig.into(), dest: vec![dest.into()], iat, shaken: Some(shaken) };
        let Some(identity) = Identity::sign(&signing.key, &claims, &signing.certificate_url) else {
            tracing::error!(%call, "a call could not be signed");
            return None;
        };
        invite.headers.set_date(iat);
        invite.headers.push(HeaderName::Identity, identity);
        Some(attest)
    }
}

/// The public number that an INVITE names as its caller's, in E.164 (RFC 8224 section 4.1: what is asserted, else From).
fn told(trunk: &Trunk, invite: &Request) -> Option<String> {
    let asserted = invite.headers.asserted_identity();
    let user = asserted.as_ref().unwrap_or(&invite.from).uri.user()?;
    // Numbers may go out as bare digits; so may the name of the account, which is none.
    let is_account = trunk.account.as_ref().is_some_and(|account| *account.username == *user);
    let form = match trunk.number_form {
        NumberForm::E164Digits if !is_account => IncomingForm::E164Digits,
        _ => IncomingForm::Auto,
    };
    Some(form.read(trunk.country, user)).filter(|number| number.starts_with('+'))
}
