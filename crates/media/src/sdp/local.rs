//! Descriptions of our own, for prompts and echo: what we speak, and telephone-event.

use super::relay::answer_in_place;
use super::{Codec, Direction, LocalMedia, MediaLine, Origin, Policy, Sdp, SdpError};
use crate::codec::Encoding;

/// The packet time of what we play, in milliseconds.
const PTIME: u32 = 20;

/// Answers an offer ourselves: the first codec of theirs that we speak (G.711 always), `telephone-event` kept, every
/// other line refused. The codec is the one to send. Fails with 488 where none is offered.
pub fn local_answer(offer: &Sdp, us: &LocalMedia, origin: &mut Origin) -> Result<(Sdp, Codec), SdpError> {
    let (index, line) = offer.audio_line().ok_or(SdpError::NoUsableAudio)?;
    let codec = origin.policy().local(line).ok_or(SdpError::NoCommonCodec)?;
    let events = line.codecs.iter().find(|codec| codec.is_telephone_event() && codec.clock_rate == 8000);
    let codecs = std::iter::once(&codec).chain(events).cloned().collect();
    origin.learn(&line.codecs);
    let direction = offer.direction_of(line).reversed();
    let mut audio = MediaLine::audio(&line.proto, us, codecs, direction);
    audio.ptime = Some(PTIME);
    let audio = audio.answering(line, us)?;
    Ok((answer_in_place(offer, index, audio, us, origin), codec))
}

/// What a phone is offered in whose call a fax machine is heard, as if the other side offered it: G.711 alone, of which the
/// other side speaks `preferred`, and nothing left out in pauses. `us` is what the other side sees of us.
pub fn voiceband_offer(us: &LocalMedia, preferred: Option<Encoding>) -> Sdp {
    let mut laws = [Encoding::Pcma, Encoding::Pcmu];
    if preferred == Some(Encoding::Pcmu) {
        laws.reverse();
    }
    let codecs = Policy { codecs: laws.into() }.offer().into_iter().filter(Codec::is_g711).collect();
    let mut audio = MediaLine::audio("RTP/AVP", us, codecs, Direction::SendRecv);
    (audio.ptime, audio.voiceband) = (Some(PTIME), true);
    Origin::new(0).stamp(us.rtp.ip(), vec![audio], 0)
}

/// An offer of our own: what the policy of `origin` names, else PCMA and PCMU, and `telephone-event`.
pub fn local_offer(us: &LocalMedia, origin: &mut Origin) -> Sdp {
    let mut codecs = origin.policy().offer();
    let all = codecs.clone();
    origin.select(&mut codecs);
    if !codecs.iter().any(Codec::is_audio) {
        codecs = all;
    }
    origin.number(&mut codecs);
    let mut audio = MediaLine::audio("RTP/AVP", us, codecs, Direction::SendRecv);
    audio.ptime = Some(PTIME);
    let (lines, index) = origin.place(audio.offering(us));
    origin.stamp(us.rtp.ip(), lines, index)
}
