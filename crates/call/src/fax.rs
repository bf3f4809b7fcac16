//! Fax in a call (T.38): the offer that turns speech into a fax goes across like any other; what is its own is how it is
//! refused, and how the call stands in its record.

use kiestoon_media::codec::Encoding;
use kiestoon_media::rtp::T38;
use kiestoon_media::tone::FaxTone;
use kiestoon_media::{LegId, Sdp, voiceband_offer};

use crate::call::Call;
use crate::cdr::Side;
use crate::leg::LegMedia;

/// What who offers a fax is told where the other side refuses with this status: in whatever words, it does no T.38, and 488
/// is what fax machines take as "stay in G.711". What says nothing of the fax stays.
pub(crate) fn refusal(status: u16) -> u16 {
    match status {
        481 | 487 | 491 | 500 => status,
        _ => 488,
    }
}

impl Call {
    /// Notes whether a side has a fax now. A call that was a fax at some time is one in its record.
    pub(crate) fn note_fax(&mut self, side: Side, session: &Sdp) {
        let is_fax = session.fax().is_some();
        let Some(leg) = self.leg_mut(side) else { return };
        let was_fax = leg.media_mut().is_some_and(|media| media.codec.as_deref() == Some(T38));
        if is_fax == was_fax {
            return;
        }
        let (id, codec) = (leg.id, leg.agreed(session));
        if is_fax && let Some(entry) = self.cdr.leg(id) {
            entry.codec = codec;
        }
    }

    /// A fax machine is heard, and its sound does not go through as it is: who speaks anything but G.711 is offered that, for
    /// no other codec carries a modem. Who refuses keeps what it has.
    pub(crate) fn fax_machine_heard(&mut self, leg: LegId, tone: FaxTone) {
        let Some(side) = self.side_of(leg) else { return };
        tracing::info!(call = %self.id(), side = side.as_str(), tone = tone.as_str(), "a fax machine is heard");
        let speaks_other = |side: &Side| match self.leg(*side).map(|leg| &leg.media) {
            Some(LegMedia::Open(media)) => {
                !media.holds && !matches!(media.speaks, None | Some(Encoding::Pcma | Encoding::Pcmu))
            }
            _ => false,
        };
        let sides: Vec<Side> = [Side::Caller, Side::Callee].into_iter().filter(speaks_other).collect();
        for side in sides {
            let offer = match self.leg(side.other()).map(|leg| &leg.media) {
                Some(LegMedia::Open(media)) => voiceband_offer(&media.local, media.speaks),
                _ => continue,
            };
            self.tell_side(side, offer);
        }
    }
}
