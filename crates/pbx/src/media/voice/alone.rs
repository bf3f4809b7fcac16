//! The keys of a phone that talks to us alone: telephone events, or else tones in its sound.

use std::fmt;
use std::time::Instant;

use kiestoon_media::codec::{Decode, decoder_at};
use kiestoon_media::dtmf::{Detector, Pressed};
use kiestoon_media::rtp::{Format, Header};

use super::{Noted, Source};
use crate::media::leg::{Activity, Legs};

/// Listens for tones. A packet that is lost or late shortens a tone, which is all the same to the detector.
pub(super) struct Ear {
    payload_type: u8,
    decoder: Box<dyn Decode>,
    detector: Detector,
    samples: Vec<i16>,
}

/// Opus can be heard at this rate; it is enough for tones.
const RATE: u32 = 8000;

impl Legs {
    /// A packet of a leg that talks to us: only its digits matter.
    pub(in crate::media) fn heard_alone(
        &mut self,
        index: usize,
        now: Instant,
        header: &Header,
        packet: &[u8],
    ) -> Noted {
        let Some(leg) = self.leg(index) else { return Noted::default() };
        let route = match leg.route {
            Some(route) if route.payload_type == header.payload_type => route,
            _ => self.decide(index, None, header),
        };
        let Some(leg) = self.leg_mut(index) else { return Noted::default() };
        let mut pressed = route.events.and_then(|clock_rate| leg.event(now, clock_rate, header, packet));
        if route.events.is_none() && !matches!(leg.activity, Activity::Echo { .. }) {
            pressed = self.tone(index, header, packet).map(|pressed| (pressed, Source::Inband));
        }
        Noted { pressed, ..Noted::default() }
    }

    /// A key in the sound of a phone that has agreed on no telephone events.
    fn tone(&mut self, index: usize, header: &Header, packet: &[u8]) -> Option<Pressed> {
        let leg = self.leg_mut(index)?;
        let ear = leg.voice.as_ref().and_then(|voice| voice.ear.as_ref());
        if ear.is_none_or(|ear| ear.payload_type != header.payload_type) {
            if leg.media.formats().iter().any(Format::is_telephone_event) {
                return None;
            }
            let codec = leg.media.codec(header.payload_type)?;
            let ear = Ear::new(header.payload_type, decoder_at(&codec, RATE)?);
            leg.voice.get_or_insert_default().ear = Some(Box::new(ear));
        }
        let ear = leg.voice.as_mut()?.ear.as_mut()?;
        ear.listen(header.payload(packet))
    }
}

impl Ear {
    fn new(payload_type: u8, decoder: Box<dyn Decode>) -> Self {
        let detector = Detector::new(decoder.sample_rate());
        Self { payload_type, decoder, detector, samples: Vec::new() }
    }

    fn listen(&mut self, payload: &[u8]) -> Option<Pressed> {
        self.samples.clear();
        self.decoder.decode(payload, &mut self.samples).ok()?;
        self.detector.listen(&self.samples)
    }
}

impl fmt::Debug for Ear {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ear").field("payload_type", &self.payload_type).finish_non_exhaustive()
    }
}
