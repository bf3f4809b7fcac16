//! Offer and answer between two legs (RFC 3264): codecs pass through untouched, addresses are ours.

use super::{Direction, LocalMedia, Origin, Sdp, SdpError};

/// What the other leg is offered: our own `o=`, `s=` and `c=`, one audio line with our port and their payload types,
/// parameters, packet time and direction. Fails with 488 where their offer has no usable audio.
///
/// `origin` is the session of the leg that gets this offer.
pub fn relay_offer(theirs: &Sdp, us: &LocalMedia, origin: &mut Origin) -> Result<Sdp, SdpError> {
    let _ = (theirs, us, origin);
    Err(SdpError::NoUsableAudio)
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
    let _ = (offer, answer, us, origin);
    Err(SdpError::NoUsableAudio)
}

/// One of our own descriptions again with another direction: hold and resume that the PBX starts itself.
pub fn with_direction(ours: &Sdp, direction: Direction, origin: &mut Origin) -> Sdp {
    let _ = (direction, origin);
    ours.clone()
}
