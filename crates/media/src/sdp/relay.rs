//! Offer and answer between two legs (RFC 3264): codecs pass through untouched, addresses are ours.

use std::net::IpAddr;

use super::{Codec, Direction, LocalMedia, MediaLine, Origin, Sdp, SdpError};

/// What the other leg is offered: our own `o=`, `s=` and `c=`, one audio line with our port and their payload types,
/// parameters, packet time and direction. Fails with 488 where their offer has no usable audio.
///
/// `origin` is the session of the leg that gets this offer; its former lines stay in their places, refused.
pub fn relay_offer(theirs: &Sdp, us: &LocalMedia, origin: &mut Origin) -> Result<Sdp, SdpError> {
    let (_, line) = theirs.audio_line().ok_or(SdpError::NoUsableAudio)?;
    let mut audio = MediaLine::audio("RTP/AVP", us, line.codecs.clone(), theirs.direction_of(line));
    audio.ptime = line.ptime;
    audio.maxptime = line.maxptime;
    let (lines, index) = origin.place(audio);
    Ok(origin.stamp(us.rtp.ip(), lines, index))
}

/// What the offerer is answered, from the other leg's answer: every line of the offer in its place, refused ones
/// with port 0, and only codecs that were offered. Fails with 488 where the two have no codec in common.
///
/// `origin` is the session of the leg that made the offer.
pub fn relay_answer(
    offer: &Sdp,
    answer: &Sdp,
    us: &LocalMedia,
    origin: &mut Origin,
) -> Result<Sdp, SdpError> {
    let (index, offered) = offer.audio_line().ok_or(SdpError::NoUsableAudio)?;
    let (_, answered) = answer.audio_line().ok_or(SdpError::NoCommonCodec)?;
    // Compared by encoding: an answerer may number a format its own way, and what it numbered is what it wants to
    // receive (RFC 3264 section 6.1). Relayed packets keep their numbers, so both sides' maps stay true.
    let codecs: Vec<Codec> = answered
        .codecs
        .iter()
        .filter(|codec| offered.codecs.iter().any(|theirs| theirs.same_encoding(codec)))
        .cloned()
        .collect();
    if !codecs.iter().any(Codec::is_audio) {
        return Err(SdpError::NoCommonCodec);
    }
    let direction = answer.direction_of(answered).and(offer.direction_of(offered).reversed());
    let mut audio = MediaLine::audio(&offered.proto, us, codecs, direction);
    audio.ptime = answered.ptime;
    audio.maxptime = answered.maxptime;
    Ok(answer_in_place(offer, index, audio, us, origin))
}

/// The answer that refuses every line of an offer, for an ACK that must hold one although the call is over. `us` stands
/// in the `o=` line.
pub fn refuse_offer(offer: &Sdp, us: IpAddr, origin: &mut Origin) -> Sdp {
    let refused = |line: &MediaLine| MediaLine::refused(&line.kind, &line.proto, &line.formats);
    origin.stamp(us, offer.media.iter().map(refused).collect(), 0)
}

/// One of our own descriptions again with another direction: hold and resume that the PBX starts itself.
pub fn with_direction(ours: &Sdp, direction: Direction, origin: &mut Origin) -> Sdp {
    let index = ours.audio_line().map_or(0, |(index, _)| index);
    let mut media = ours.media.clone();
    if let Some(line) = media.get_mut(index).filter(|line| line.port != 0) {
        line.direction = Some(direction);
    }
    let address = ours.origin.map(|origin| origin.address);
    let Some(address) = address.or_else(|| ours.audio().map(|audio| audio.rtp.ip())) else {
        return ours.clone();
    };
    origin.stamp(address, media, index)
}

/// The lines of the offer, all refused but the one that is answered.
pub(super) fn answer_in_place(
    offer: &Sdp,
    index: usize,
    audio: MediaLine,
    us: &LocalMedia,
    origin: &mut Origin,
) -> Sdp {
    let mut lines: Vec<MediaLine> =
        offer.media.iter().map(|line| MediaLine::refused(&line.kind, &line.proto, &line.formats)).collect();
    if let Some(line) = lines.get_mut(index) {
        *line = audio;
    }
    origin.stamp(us.rtp.ip(), lines, index)
}
