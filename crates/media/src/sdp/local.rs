//! Descriptions of our own, for prompts and echo: G.711 and telephone-event.

use super::relay::answer_in_place;
use super::{Codec, Direction, LocalMedia, MediaLine, Origin, Sdp, SdpError};

/// The packet time of what we play, in milliseconds.
const PTIME: u32 = 20;

/// Answers an offer ourselves: the first G.711 codec of theirs, `telephone-event` kept, every other line refused.
/// The codec is the one to send. Fails with 488 where no G.711 is offered.
pub fn local_answer(offer: &Sdp, us: &LocalMedia, origin: &mut Origin) -> Result<(Sdp, Codec), SdpError> {
    let (index, line) = offer.audio_line().ok_or(SdpError::NoUsableAudio)?;
    let codec = line.codecs.iter().find(|codec| codec.is_g711()).ok_or(SdpError::NoCommonCodec)?.clone();
    let events = line.codecs.iter().find(|codec| codec.is_telephone_event() && codec.clock_rate == 8000);
    let codecs = std::iter::once(&codec).chain(events).cloned().collect();
    let direction = offer.direction_of(line).reversed();
    let mut audio = MediaLine::audio(&line.proto, us, codecs, direction);
    audio.ptime = Some(PTIME);
    Ok((answer_in_place(offer, index, audio, us, origin), codec))
}

/// An offer of our own: PCMA, PCMU and `telephone-event`.
pub fn local_offer(us: &LocalMedia, origin: &mut Origin) -> Sdp {
    let codec = |payload_type, name: &str, fmtp: Option<&str>| Codec {
        payload_type,
        name: name.into(),
        clock_rate: 8000,
        channels: 1,
        fmtp: fmtp.map(Into::into),
    };
    let codecs =
        vec![codec(8, "PCMA", None), codec(0, "PCMU", None), codec(101, "telephone-event", Some("0-15"))];
    let mut audio = MediaLine::audio("RTP/AVP", us, codecs, Direction::SendRecv);
    audio.ptime = Some(PTIME);
    let (lines, index) = origin.place(audio);
    origin.stamp(us.rtp.ip(), lines, index)
}
