//! What a test call over a trunk says: the INVITE, the offer and what is seen of the answer, as in a call of an extension that has no
//! number of its own outside. Who makes it is the test of the trunk.

use std::sync::Arc;

use kiestoon_media::{LocalMedia, Origin, RemoteAudio, Sdp, SdpError, SrtpPolicy, local_offer};
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

/// Why an answer leads to no speech.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NoSpeech {
    /// It does not describe a session.
    NotDescribed,
    /// What it says of the session cannot be read.
    Unreadable(SdpError),
    /// It takes a fax (T.38) and no audio.
    Fax,
    /// It takes no audio: its port is 0, or there is none.
    NoAudio,
    /// The trunk wants speech protected and it is not, or the other way round.
    Protection,
    /// There is no codec in it that was offered, or no address or key that can be used.
    NoCodec,
}

impl NoSpeech {
    fn of(body: &[u8], srtp: SrtpPolicy) -> Self {
        match Sdp::parse(body) {
            Err(error) => Self::Unreadable(error),
            Ok(said) if said.fax().is_some() => Self::Fax,
            Ok(said) if !said.takes_audio() => Self::NoAudio,
            Ok(said) => match said.audio().is_some() && said.under(srtp).audio().is_none() {
                true => Self::Protection,
                false => Self::NoCodec,
            },
        }
    }
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
            is_reliable: true,
        };
        let mut request = invite::build(settings, of.names, &asked);
        session_timer::ask_of_trunk(settings, self, &mut request.headers);
        // The number that is shown is the trunk's own.
        self.sign(&mut request, of.call, of.unix_secs, |_| Attestation::A);
        request
    }

    /// The INVITE that follows a 422 (RFC 4028 section 7.3), as in calls. False where that is not worth another one.
    pub fn test_invite_longer(invite: &mut Request, response: &Response) -> bool {
        session_timer::lengthen(invite, response)
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

    /// Where the other side hears and what it speaks of all that was offered. `response` is the one that describes the session.
    ///
    /// # Errors
    /// Why there is nothing of that.
    pub fn test_answer(
        &self,
        settings: &Settings,
        origin: &Origin,
        response: &Response,
    ) -> Result<RemoteAudio, NoSpeech> {
        if response.body.is_empty() || !response.headers.is_sdp() {
            return Err(NoSpeech::NotDescribed);
        }
        let terms = MediaTerms::of(self).terms(settings);
        let seen = wire::read_sdp(&terms, &response.body).map_err(NoSpeech::Unreadable)?;
        let Some(mut audio) = seen.audio() else { return Err(NoSpeech::of(&response.body, terms.srtp)) };
        origin.narrow(&mut audio);
        let speaks = audio.codecs.iter().any(kiestoon_media::Codec::is_audio);
        speaks.then_some(audio).ok_or(NoSpeech::NoCodec)
    }
}
