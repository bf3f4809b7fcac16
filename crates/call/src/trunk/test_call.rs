//! What a test call over a trunk says: the INVITE, the offer and what is seen of the answer, as in a call of an extension that has no
//! number of its own outside. Who makes it is the test of the trunk.

use std::sync::Arc;

use kiestoon_media::{LocalMedia, Origin, RemoteAudio, Sdp, SrtpPolicy, local_offer};
use kiestoon_sip::stir::Attestation;
use kiestoon_sip::{Flow, Request, Response, SipUri, Uri};

use super::invite::{self, TrunkInvite};
use super::{MediaTerms, Names, Trunk};
use crate::id::CallId;
use crate::session_timer;
use crate::settings::Settings;
use crate::wire;

/// What its INVITE is made of.
#[derive(Debug)]
pub struct TestInvite<'a> {
    /// As the switch has granted it.
    pub call: CallId,
    /// The number, as it is dialled.
    pub number: &'a str,
    /// The host of the trunk.
    pub host: &'a SipUri,
    /// The way there.
    pub flow: &'a Flow,
    /// Its random words.
    pub names: Names,
    /// The time of a signature, in seconds since 1970.
    pub unix_secs: u64,
}

impl Trunk {
    /// The INVITE, without Via and body.
    pub fn test_invite(&self, settings: &Settings, of: TestInvite<'_>) -> Request {
        let written = self.number_form.write(self.country, of.number);
        let uri = Uri::Sip(SipUri { user: Some(written.into()), ..of.host.clone() });
        let asked = TrunkInvite {
            trunk: self,
            uri,
            flow: of.flow,
            is_withheld: false,
            caller: "",
            shown_number: None,
            max_forwards: settings.max_forwards,
            // The test does not speak PRACK.
            is_reliable: false,
        };
        let mut request = invite::build(settings, of.names, &asked);
        session_timer::ask_of_trunk(settings, self, &mut request.headers);
        // The number that is shown is the trunk's own.
        self.sign(&mut request, of.call, of.unix_secs, |_| Attestation::A);
        request
    }

    /// The offer, in a session with this random id: what we speak ourselves, as far as the trunk takes it. The session understands the answer.
    pub fn test_offer(
        &self,
        settings: &Settings,
        flow: &Flow,
        us: LocalMedia,
        session: u64,
    ) -> (Sdp, Origin) {
        let terms = MediaTerms::of(self).terms(settings);
        let secure_offers = match terms.srtp {
            SrtpPolicy::Off => false,
            SrtpPolicy::Optional => flow.transport.is_secure(),
            SrtpPolicy::Required => true,
        };
        let mut origin = Origin::with_policy(session, Arc::clone(&settings.codecs));
        if let Some(selection) = terms.selection {
            origin = origin.selecting(selection);
        }
        let sdp = local_offer(&LocalMedia { secure_offers, ..us }, &mut origin);
        (sdp, origin)
    }

    /// What is offered, as in calls, to who refuses a protected session that need not be protected; None where there is no such thing.
    pub fn test_offer_plain(
        &self,
        settings: &Settings,
        flow: &Flow,
        us: LocalMedia,
        origin: &Origin,
    ) -> Option<Sdp> {
        let is_optional = MediaTerms::of(self).terms(settings).srtp == SrtpPolicy::Optional;
        let plain = LocalMedia { secure_offers: false, ..us };
        (is_optional && flow.transport.is_secure()).then(|| local_offer(&plain, &mut origin.clone()))
    }

    /// Where the other side hears and what it speaks of all that was offered; None where that is nothing.
    pub fn test_answer(
        &self,
        settings: &Settings,
        origin: &Origin,
        response: &Response,
    ) -> Option<RemoteAudio> {
        let terms = MediaTerms::of(self).terms(settings);
        let mut audio = wire::sdp_of(&terms, &response.headers, &response.body)?.audio()?;
        origin.narrow(&mut audio);
        audio.codecs.iter().any(kiestoon_media::Codec::is_audio).then_some(audio)
    }
}
