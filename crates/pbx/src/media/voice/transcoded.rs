//! From one leg's phone to the other's without a common codec: the ear of one, the mouth of the other.

use std::time::Instant;

use kiestoon_media::codec::Encoding;
use kiestoon_media::dtmf::Detector;
use kiestoon_media::jitter::JitterSettings;
use kiestoon_media::rtp::{Format, Header};
use kiestoon_media::tone::FaxEar;
use kiestoon_media::transcode::{Heard, Listener, rate_between};

use super::{Noted, Source, Voice};
use crate::media::leg::{Activity, Legs};
use crate::media::music::leg_has_music;
use crate::media::relay::Counters;

impl Legs {
    /// Takes a packet that is to be transcoded; true where the leg begins to be heard.
    pub(super) fn listen(
        &mut self,
        index: usize,
        peer: usize,
        now: Instant,
        header: &Header,
        packet: &[u8],
    ) -> bool {
        let heard = |voice: &mut Box<Voice>| {
            let listener = voice.listener.as_mut()?;
            (listener.payload_type() == header.payload_type).then(|| {
                listener.insert(now, header, header.payload(packet));
            })
        };
        if self.leg_mut(index).and_then(|leg| leg.voice.as_mut()).and_then(heard).is_some() {
            return false;
        }
        let Some(wanted) = self.leg(peer).and_then(|peer| peer.media.wanted(&self.speaks)) else {
            return false;
        };
        let is_voiceband =
            [index, peer].into_iter().any(|leg| self.leg(leg).is_some_and(|leg| leg.media.is_voiceband()));
        let settings = if is_voiceband { JitterSettings::VOICEBAND } else { JitterSettings::default() };
        let Some(leg) = self.leg_mut(index) else { return false };
        let Some(codec) = leg.media.codec(header.payload_type) else { return false };
        let (Some(from), Some(to)) = (Encoding::of(&codec), Encoding::of(&wanted.codec)) else {
            return false;
        };
        let Some(mut listener) = Listener::new(&codec, rate_between(from, to), settings) else {
            return false;
        };
        listener.insert(now, header, header.payload(packet));
        let has_events = leg.media.formats().iter().any(Format::is_telephone_event);
        let voice = leg.voice.get_or_insert_default();
        let rate = listener.sample_rate();
        voice.detector = (!has_events && !is_voiceband && rate <= 16_000).then(|| Detector::new(rate));
        if !is_voiceband && rate <= 16_000 {
            voice.fax_ear.get_or_insert_with(|| FaxEar::new(rate));
        }
        voice.listener = Some(listener);
        true
    }

    /// Takes 20 ms from one leg to the other.
    pub(super) fn transcode(
        &mut self,
        index: usize,
        peer: usize,
        now: Instant,
        counters: &mut Counters,
    ) -> Noted {
        let mut frame = std::mem::take(&mut self.scratch);
        let mut noted = Noted::default();
        let heard = self.leg_mut(index).and_then(|leg| {
            let voice = leg.voice.as_mut()?;
            let listener = voice.listener.as_mut()?;
            let rate = listener.sample_rate();
            let (heard, samples) = listener.frame(now);
            frame.clear();
            frame.extend_from_slice(samples);
            counters.lack(listener.take_lacks());
            let pressed = voice.detector.as_mut().and_then(|detector| detector.listen(&frame));
            noted.pressed = pressed.map(|pressed| (pressed, Source::Inband));
            let ear = voice.fax_ear.as_mut().filter(|ear| !ear.is_done());
            noted.fax = ear.and_then(|ear| ear.listen(&frame));
            if listener.is_forgotten() {
                voice.listener = None;
            }
            Some((heard, rate))
        });
        if let Some((heard, rate)) = heard
            && !leg_has_music(self.leg(peer), now)
        {
            self.speak(peer, &frame, rate, heard, counters);
        }
        self.scratch = frame;
        noted
    }

    /// Says 20 ms to a leg; false where it takes nothing that we speak, or nothing at all.
    pub(in crate::media) fn speak(
        &mut self,
        index: usize,
        frame: &[i16],
        rate: u32,
        heard: Heard,
        counters: &mut Counters,
    ) -> bool {
        let is_new = self.leg(index).is_some_and(|leg| {
            let speaker = leg.voice.as_ref().and_then(|voice| voice.speaker.as_ref());
            speaker.is_none_or(|speaker| speaker.sample_rate() != rate)
        });
        if is_new {
            self.begin_to_speak(index, rate);
        }
        let Some(leg) = self.leg_mut(index) else { return false };
        let Some(mut speaker) = leg.voice.as_mut().and_then(|voice| voice.speaker.take()) else {
            return false;
        };
        match heard {
            Heard::Speech => speaker.speak(frame),
            Heard::Pause(_) if leg.media.is_voiceband() => speaker.speak(frame),
            Heard::Pause(_) => {
                if let Some((header, packet)) = speaker.pause(frame) {
                    leg.send(&header, packet, counters);
                }
            }
            Heard::Nothing if speaker.is_saying() => speaker.speak(frame),
            Heard::Nothing => speaker.rest(),
        }
        while let Some((header, packet)) = speaker.packet() {
            leg.send(&header, packet, counters);
        }
        if let Some(voice) = &mut leg.voice {
            voice.speaker = Some(speaker);
        }
        leg.media.destination().is_some()
    }

    /// Has what is said to a phone prepared for the loss that it reports.
    pub(in crate::media) fn expect_loss(&mut self, index: usize) {
        let Some(leg) = self.leg_mut(index) else { return };
        if let (Some(percent), Some(voice)) = (leg.media.expected_loss(), &mut leg.voice)
            && let Some(speaker) = &mut voice.speaker
        {
            speaker.expect_loss(percent);
        }
    }

    /// A fax machine is heard on one side of a bridge: what is decoded begins anew, without anything that adapts.
    pub(in crate::media) fn keep_sound_whole(&mut self, index: usize) {
        let peer = match self.leg(index).map(|leg| &leg.activity) {
            Some(Activity::Bridged(peer)) => Some(*peer),
            _ => None,
        };
        for index in std::iter::once(index).chain(peer) {
            let Some(leg) = self.leg_mut(index) else { continue };
            leg.media.heard_fax_machine();
            if let Some(voice) = &mut leg.voice {
                (voice.listener, voice.detector, voice.fax_ear) = (None, None, None);
            }
        }
    }
}
