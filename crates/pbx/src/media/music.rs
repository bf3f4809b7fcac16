//! What a phone on hold hears, in the gaps that the one who holds leaves: whoever sends sound of its own is heard instead.

use std::time::{Duration, Instant};

use kiestoon_media::prompt::Player;

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

#[cfg(test)]
mod tests {
    use std::sync::Arc;

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
