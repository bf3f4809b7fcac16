//! What a phone on hold hears, in the gaps that the one who holds leaves: whoever sends sound of its own is heard instead.

use std::sync::Arc;
use std::time::{Duration, Instant};

use kiestoon_media::prompt::{Player, Prompt};
use kiestoon_media::transcode::Heard;

use super::leg::{Activity, Leg, Legs};
use super::relay::Counters;

/// The music of one leg.
#[derive(Debug)]
pub(super) struct Music {
    pub(super) player: Player,
    /// The last packet of sound from the other side.
    heard: Option<Instant>,
    /// Until when the other side counts as sending sound of its own.
    quiet_until: Instant,
}

/// Packets that follow each other within this time are a stream; one alone only keeps the way open.
const STREAM: Duration = Duration::from_millis(200);
/// So long after its last packet a stream is over.
const OVER: Duration = Duration::from_millis(300);

impl Music {
    /// Begins once nothing more comes from the other side.
    pub(super) fn new(now: Instant, player: Player) -> Self {
        Self { player, heard: None, quiet_until: now + OVER }
    }

    /// A packet of sound came from the other side.
    pub(super) fn other_heard(&mut self, now: Instant) {
        if self.heard.is_some_and(|heard| now.saturating_duration_since(heard) <= STREAM) {
            self.quiet_until = now + OVER;
        }
        self.heard = Some(now);
    }

    /// Whether it is to be heard now.
    pub(super) fn is_due(&self, now: Instant) -> bool {
        now >= self.quiet_until
    }
}

impl Legs {
    /// Gives a bridged leg music for its pauses, or takes it away.
    pub(super) fn set_music(&mut self, index: usize, now: Instant, prompt: Option<Arc<Prompt>>) {
        let Some(leg) = self.leg_mut(index) else { return };
        if !matches!(leg.activity, Activity::Bridged(_)) || (prompt.is_none() && leg.voice.is_none()) {
            return;
        }
        let voice = leg.voice.get_or_insert_default();
        voice.music = prompt.map(|prompt| Music::new(now, Player::new(prompt, true)));
        if voice.is_idle() {
            leg.keep_stream();
            leg.voice = None;
        }
    }

    /// 20 ms of its music.
    pub(super) fn sing(&mut self, index: usize, counters: &mut Counters) {
        let mut frame = std::mem::take(&mut self.scratch);
        let music = self.leg_mut(index).and_then(|leg| leg.voice.as_mut()?.music.as_mut());
        let rate = music.and_then(|music| {
            let rate = music.player.sample_rate();
            music.player.next(&mut frame).then_some(rate)
        });
        if let Some(rate) = rate {
            self.speak(index, &frame, rate, Heard::Speech, counters);
        }
        self.scratch = frame;
    }
}

/// Whether a leg hears music now.
pub(super) fn leg_has_music(leg: Option<&Leg>, now: Instant) -> bool {
    leg.and_then(|leg| leg.voice.as_ref()).is_some_and(|voice| voice.has_music(now))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_silences_it_and_a_packet_now_and_then_does_not() {
        let begun = Instant::now();
        let after = |millis| begun + Duration::from_millis(millis);
        let mut music = Music::new(begun, Player::new(Arc::default(), true));
        assert!(!music.is_due(after(100)) && music.is_due(after(300)));
        music.other_heard(after(1_000));
        assert!(music.is_due(after(1_010)));
        for packet in 0..10 {
            music.other_heard(after(2_000 + packet * 20));
        }
        assert!(!music.is_due(after(2_400)) && music.is_due(after(2_480)));
    }
}
