//! A call from a trunk that asks for signatures: its caller's number is validated before anything else is done with it (RFC 8224
//! section 6.2). The certificate is fetched by whoever performs [`Output::FetchCertificate`].

use std::sync::Arc;
use std::time::{Duration, Instant};

use kiestoon_media::CallKey;
use kiestoon_sip::stir::{Attestation, Chain, Fault, Identity, Said, Shaken, Verstat, canonical};
use kiestoon_sip::{HeaderName, Request};
use serde::{Deserialize, Serialize};

use super::{StirPolicy, Trunk};
use crate::call::{Call, Stage};
use crate::callers::forged::Forged;
use crate::cdr::End;
use crate::event::Event;
use crate::exchange::Exchange;
use crate::leg::Signal;
use crate::reason::EndReason;
use crate::switch::Output;
use crate::wire;

/// Which question a certificate answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct CertificateId {
    pub(crate) call: CallKey,
    /// Random: a call may ask several times, and a late answer is to none but its own question.
    pub(crate) ask: u64,
}

/// A call that waits for a certificate.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Verifying {
    id: CertificateId,
    url: Box<str>,
    /// Which of the INVITE's Identity header fields it is for.
    nth: usize,
    /// Why an earlier one was not believed.
    fault: Option<Fault>,
    /// When the call goes on without it.
    #[serde(with = "kiestoon_sip::plain")]
    pub(crate) until: Instant,
}

impl Call {
    /// The first thing that is done with a call.
    pub(crate) fn begin(&mut self, x: &mut Exchange) {
        match self.verifier() {
            Some(_) => self.try_identities(x, 0, None, x.now + PATIENCE),
            None => self.walk_on(x, None),
        }
    }

    /// The trunk that it came over, where that wants signatures to be looked at. Who needs help is not kept waiting.
    fn verifier(&self) -> Option<Arc<Trunk>> {
        let trunk = self.trunk(self.caller.trunk.as_deref())?;
        (trunk.stir.policy != StirPolicy::Off && !self.is_emergency()).then_some(trunk)
    }

    /// Asks for the certificate of the first Identity header field, from the given one on, that may be of this call. Any one
    /// that is believed will do.
    fn try_identities(&mut self, x: &mut Exchange, from: usize, mut fault: Option<Fault>, until: Instant) {
        let found = self.identity(x, from, &mut fault);
        let Some((nth, identity)) = found else {
            return self.verified(x, Err(fault.unwrap_or(Fault::NoIdentity)));
        };
        let id = CertificateId { call: self.key, ask: x.random() };
        self.stage =
            Stage::Verifying(Box::new(Verifying { id, url: identity.url().into(), nth, fault, until }));
        self.fetch_again(x);
    }

    fn identity(&self, x: &Exchange, from: usize, fault: &mut Option<Fault>) -> Option<(usize, Identity)> {
        let (trunk, Signal::Inviting { invite, .. }) = (self.verifier()?, &self.caller.signal) else {
            return None;
        };
        let values = invite.headers.get_all(&HeaderName::Identity).enumerate();
        for (nth, value) in values.take(MOST_IDENTITIES).skip(from) {
            let read = Identity::parse(value).and_then(|identity| {
                let Some(identity) = identity else { return Ok(None) };
                let numbers = self.numbers(&trunk, invite);
                identity.check(&numbers.said(invite), x.clock.unix_secs(x.now))?;
                Ok(Some(identity))
            });
            match read {
                Ok(Some(identity)) => return Some((nth, identity)),
                Ok(None) => {}
                Err(wrong) => {
                    fault.get_or_insert(wrong);
                }
            }
        }
        None
    }

    /// Asks for what the call waits for: also after another process has taken it up.
    pub(crate) fn fetch_again(&self, x: &mut Exchange) {
        if let Stage::Verifying(verifying) = &self.stage {
            let (id, url) = (verifying.id, verifying.url.clone());
            x.outputs.push_back(Output::FetchCertificate { id, url });
        }
    }

    /// A certificate has come, or why there is none; one that comes too late changes nothing.
    pub(crate) fn certificate_fetched(
        &mut self,
        x: &mut Exchange,
        id: CertificateId,
        chain: Result<Arc<Chain>, Fault>,
    ) {
        let Stage::Verifying(verifying) = &self.stage else { return };
        if verifying.id != id {
            return;
        }
        let (nth, until, mut fault) = (verifying.nth, verifying.until, verifying.fault);
        match chain.and_then(|chain| self.verify(x, nth, &chain)) {
            Ok(shaken) => self.verified(x, Ok(shaken)),
            Err(wrong) => {
                fault.get_or_insert(wrong);
                self.try_identities(x, nth + 1, fault, until);
            }
        }
    }

    fn verify(&self, x: &Exchange, nth: usize, chain: &Chain) -> Result<Option<Shaken>, Fault> {
        let (Some(trunk), Signal::Inviting { invite, .. }) = (self.verifier(), &self.caller.signal) else {
            return Err(Fault::NotFetched);
        };
        let value = invite.headers.get_all(&HeaderName::Identity).nth(nth).ok_or(Fault::NoIdentity)?;
        let identity = Identity::parse(value)?.ok_or(Fault::NoIdentity)?;
        let numbers = self.numbers(&trunk, invite);
        identity.verify(&numbers.said(invite), chain, &trunk.stir.anchors, x.clock.unix_secs(x.now))
    }

    /// No certificate has come in time.
    pub(crate) fn tick_verifying(&mut self, x: &mut Exchange) {
        if let Stage::Verifying(verifying) = &self.stage
            && verifying.until <= x.now
        {
            let fault = verifying.fault.unwrap_or(Fault::NotFetched);
            self.verified(x, Err(fault));
        }
    }

    /// It is known whose number it is, or that nobody says so.
    fn verified(&mut self, x: &mut Exchange, result: Result<Option<Shaken>, Fault>) {
        let verstat = result.as_ref().map_or_else(|fault| fault.verstat(), |_| Verstat::Passed);
        let attestation = result.as_ref().ok().and_then(|shaken| shaken.as_ref()).map(|shaken| shaken.attest);
        let fault = result.err();
        if let Some(entry) = self.cdr.leg(self.caller.id) {
            (entry.verstat, entry.attestation, entry.stir_fault) = (Some(verstat), attestation, fault);
        }
        self.carried.verstat = Some(verstat);
        x.event(Event::CallerVerified { call: self.id(), verstat, attestation, fault });
        let is_required = self.verifier().is_some_and(|trunk| trunk.stir.policy == StirPolicy::Require);
        match fault {
            Some(fault) if is_required => {
                let (status, _) = fault.status();
                return self.end(x, End { reason: EndReason::NotVerified, status: Some(status), q850: None });
            }
            _ => {}
        }
        if verstat == Verstat::Failed && matches!(self.number_is_forged(x), Forged::Over) {
            return;
        }
        self.walk.knows("verstat", verstat.as_str());
        self.walk.knows("attestation", attestation.map_or("", Attestation::as_str));
        self.walk_on(x, None);
    }

    fn numbers(&self, trunk: &Trunk, invite: &Request) -> Numbers {
        let written = |user: Option<&str>| {
            let number = wire::number(user)?;
            canonical(&trunk.incoming_form.read(trunk.country, &number))
        };
        // The number that is shown, so that none is signed beside it. One that is withheld is told to us alone.
        let shown = Some(&*self.cdr.record.from_number).filter(|number| !number.is_empty());
        let withheld = || {
            let asserted = invite.headers.asserted_identity();
            written(asserted.as_ref().unwrap_or(&invite.from).uri.user())
        };
        let caller = shown.map_or_else(withheld, canonical);
        let dialled = Some(&*self.cdr.record.dialled);
        let called = [invite.to.uri.user(), invite.uri.user(), dialled].into_iter().filter_map(written);
        Numbers { caller, called: called.map(Into::into).collect() }
    }
}

/// The numbers of a request, canonical.
struct Numbers {
    caller: Option<String>,
    called: Vec<Box<str>>,
}

impl Numbers {
    fn said(&self, invite: &Request) -> Said<'_> {
        Said { caller: self.caller.as_deref(), called: &self.called, date: invite.headers.date() }
    }
}

/// How long a call waits for all certificates together.
const PATIENCE: Duration = Duration::from_secs(2);
/// Header fields of one INVITE that are looked at.
const MOST_IDENTITIES: usize = 4;
