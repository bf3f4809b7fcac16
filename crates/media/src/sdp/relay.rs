//! Offer and answer between two legs (RFC 3264): what both sides speak passes through, addresses are ours, and where
//! they have no codec in common we stand between them with what we speak ourselves.

use std::net::IpAddr;

use super::policy::companions;
use super::{Codec, Direction, LocalMedia, MediaLine, Origin, Sdp, SdpError, fax};

/// What the other leg is offered: our own `o=`, `s=` and `c=`, one audio line with our port and their formats in their
/// order, parameters, packet time and direction; after them what the policy of `origin` adds. Or one line of fax, with the
/// attributes of theirs. Fails with 488 where their offer has neither.
///
/// `origin` is the session of the leg that gets this offer; its former lines stay in their places, refused, and payload
/// types keep the meaning that they have there.
pub fn relay_offer(theirs: &Sdp, us: &LocalMedia, origin: &mut Origin) -> Result<Sdp, SdpError> {
    if let Some((_, line)) = theirs.fax_line() {
        return Ok(fax::relay_offer(theirs, line, us, origin));
    }
    let (_, line) = theirs.audio_line().ok_or(SdpError::NoUsableAudio)?;
    let mut codecs = line.codecs.clone();
    codecs.extend(
        origin
            .policy()
            .additions(&line.codecs)
            .into_iter()
            .filter(|codec| !line.voiceband || codec.is_g711()),
    );
    origin.select(&mut codecs);
    if !codecs.iter().any(Codec::is_audio) {
        return Err(SdpError::NoCommonCodec);
    }
    origin.number(&mut codecs);
    let mut audio = MediaLine::audio("RTP/AVP", us, codecs, theirs.direction_of(line));
    audio.ptime = line.ptime;
    audio.voiceband = line.voiceband;
    audio.maxptime = line.maxptime;
    let (lines, index) = origin.place(audio.offering(us));
    Ok(origin.stamp(us.rtp.ip(), lines, index))
}

/// What the offerer is answered, from the other leg's answer: every line of the offer in its place, refused ones
/// with port 0, and only codecs that were offered, under the numbers of the offer. Where the two have codecs in common
/// these alone, so that nothing need be transcoded; else those that we speak. Fails with 488 where there is no way.
///
/// `origin` is the session of the leg that made the offer.
pub fn relay_answer(
    offer: &Sdp,
    answer: &Sdp,
    us: &LocalMedia,
    origin: &mut Origin,
) -> Result<Sdp, SdpError> {
    if let Some(place) = offer.fax_line() {
        return fax::relay_answer(offer, place, answer, us, origin);
    }
    let (index, offered) = offer.audio_line().ok_or(SdpError::NoUsableAudio)?;
    let (_, answered) = answer.audio_line().ok_or(SdpError::NoCommonCodec)?;
    let mut codecs = common(&offered.codecs, &answered.codecs);
    if !codecs.iter().any(Codec::is_audio) {
        let policy = origin.policy();
        codecs = policy.bridged(&offered.codecs, &answered.codecs).ok_or(SdpError::NoCommonCodec)?;
        codecs.extend(companions(&offered.codecs, &codecs.clone()));
    } else if origin.policy().speaks_one_of(&codecs) && !codecs.iter().any(Codec::is_telephone_event) {
        // Digits that the other side does not take as events reach it some other way.
        let events: Vec<Codec> =
            companions(&offered.codecs, &codecs).filter(Codec::is_telephone_event).collect();
        codecs.extend(events);
    }
    origin.learn(&offered.codecs);
    let direction = answer.direction_of(answered).and(offer.direction_of(offered).reversed());
    let mut audio = MediaLine::audio(&offered.proto, us, codecs, direction);
    audio.ptime = answered.ptime;
    audio.voiceband = answered.voiceband;
    audio.maxptime = answered.maxptime;
    Ok(answer_in_place(offer, index, audio.answering(offered, us)?, us, origin))
}

/// The formats of the answer that the offer holds, with the answerer's parameters and the offerer's numbers: an
/// answerer may number a format its own way (RFC 3264 section 6.1), and packets are renumbered in the relay.
fn common(offered: &[Codec], answered: &[Codec]) -> Vec<Codec> {
    let mut codecs: Vec<Codec> = Vec::new();
    for codec in answered {
        let alike = |theirs: &&Codec| theirs.same_encoding(codec);
        // A name may stand for several formats that differ in their parameters only.
        let same_number =
            offered.iter().filter(alike).find(|theirs| theirs.payload_type == codec.payload_type);
        let Some(theirs) = same_number.or_else(|| offered.iter().find(alike)) else { continue };
        let payload_type = theirs.payload_type;
        if codecs.iter().all(|taken| taken.payload_type != payload_type) {
            codecs.push(Codec { payload_type, ..codec.clone() });
        }
    }
    codecs
}

/// The answer that refuses every line of an offer, for an ACK that must hold one although the call is over. `us` stands
/// in the `o=` line.
pub fn refuse_offer(offer: &Sdp, us: IpAddr, origin: &mut Origin) -> Sdp {
    origin.stamp(us, offer.media.iter().map(MediaLine::refusal).collect(), 0)
}

/// One of our own descriptions again with another direction: hold and resume that the PBX starts itself.
pub fn with_direction(ours: &Sdp, direction: Direction, origin: &mut Origin) -> Sdp {
    let index = ours.audio_line().or_else(|| ours.fax_line()).map_or(0, |(index, _)| index);
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
    let mut lines: Vec<MediaLine> = offer.media.iter().map(MediaLine::refusal).collect();
    if let Some(line) = lines.get_mut(index) {
        *line = audio;
    }
    origin.stamp(us.rtp.ip(), lines, index)
}
