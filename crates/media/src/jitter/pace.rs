//! When to stretch: at once where packets come too late, slowly where they wait for nothing.

/// Watches how long packets wait beyond what they should. All times are microseconds.
#[derive(Debug, Default)]
pub(super) struct Pace {
    begun: i64,
    /// The least of what has been seen since `begun`.
    least: Option<Wait>,
    /// What is to be left out.
    debt: i64,
    /// Tries in vain: the sound did not resemble itself.
    tries: u16,
}

/// How a packet waited until it was needed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Wait {
    /// Beyond the target; negative when it was needed before that.
    pub(super) surplus: i64,
    /// What was still there to be played when more was needed. A packet is needed at a tick, so what is left over then only
    /// waits: it can be left out and no packet is needed earlier.
    pub(super) left_over: i64,
}

/// What is to be done to the sound.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Change {
    /// Leave out at most so many microseconds, where the correlation is at least this.
    Shorten(i64, f32),
    /// Say a period twice, where the correlation is at least this.
    Lengthen(f32),
}

/// What is left of a surplus, and less than what is worth leaving out.
const SPARE_MICROS: i64 = 4000;
/// The longest pitch period and a little: so much is said twice at once and must not be asked back.
const PERIOD_MICROS: i64 = 13_000;
/// A surplus must last so long.
const LASTING_MICROS: i64 = 400_000;
/// A surplus that is too long to talk through.
const URGENT_MICROS: i64 = 80_000;

impl Pace {
    /// What to do at a packet that waited so, where sound is played in pieces of `tick`.
    pub(super) fn change(&mut self, now: i64, wait: Wait, tick: i64) -> Option<Change> {
        let Wait { surplus, left_over } = wait;
        if surplus < 0 {
            (self.debt, self.least, self.begun) = (0, None, now);
            return Some(Change::Lengthen(self.patience(if surplus < -tick { 0.4 } else { 0.8 })));
        }
        let least = self.least.map_or(wait, |least| Wait {
            surplus: least.surplus.min(surplus),
            left_over: least.left_over.min(left_over),
        });
        self.least = Some(least);
        // Any more than what is left over makes packets needed a whole tick earlier.
        let idle = tick.max(PERIOD_MICROS) + SPARE_MICROS;
        if surplus > URGENT_MICROS {
            self.debt = surplus - SPARE_MICROS;
        } else if now - self.begun >= LASTING_MICROS {
            self.debt = if least.surplus > idle { least.surplus - SPARE_MICROS } else { least.left_over };
            (self.least, self.begun) = (None, now);
        }
        let most = if surplus > idle { surplus } else { left_over };
        self.debt = self.debt.min(most);
        if self.debt < SPARE_MICROS {
            (self.debt, self.tries) = (0, 0);
            return None;
        }
        let alike = if surplus > URGENT_MICROS { 0.5 } else { 0.8 };
        Some(Change::Shorten(self.debt, self.patience(alike)))
    }

    /// Notes by how much the wait changed: 0 where the sound did not allow it.
    pub(super) fn changed(&mut self, micros: i64) {
        self.tries = if micros == 0 { self.tries.saturating_add(1) } else { 0 };
        self.debt = (self.debt - micros).max(0);
        self.least = None;
    }

    /// Noise never resembles itself: one asks for less with each try.
    fn patience(&self, alike: f32) -> f32 {
        alike - f32::from(self.tries) * 0.02
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TICK: i64 = 20_000;

    fn wait(surplus: i64) -> Wait {
        Wait { surplus, left_over: 0 }
    }

    #[test]
    fn grows_at_once_and_shrinks_when_it_lasts() {
        let mut pace = Pace::default();
        assert!(matches!(pace.change(0, wait(-1000), TICK), Some(Change::Lengthen(_))));
        let mut at = 0;
        while pace.change(at, wait(30_000), TICK).is_none() {
            at += 20_000;
        }
        assert!((400_000..=420_000).contains(&at), "{at}");
        assert_eq!(pace.change(at, wait(30_000), TICK), Some(Change::Shorten(26_000, 0.8)));
        pace.changed(24_000);
        assert_eq!(pace.change(at + 20_000, wait(6000), TICK), None);
    }

    #[test]
    fn less_than_a_tick_helps_nobody_but_what_is_left_over_does() {
        let mut pace = Pace::default();
        for packet in 0..100 {
            assert_eq!(pace.change(packet * 20_000, wait(23_000), TICK), None);
        }
        let left_over = Wait { surplus: 3000, left_over: 12_000 };
        let changed = (100..200).find_map(|packet| pace.change(packet * 20_000, left_over, TICK));
        assert_eq!(changed, Some(Change::Shorten(12_000, 0.8)));
    }

    #[test]
    fn one_packet_in_time_ends_the_wish_to_shrink() {
        let mut pace = Pace::default();
        for packet in 0..1000 {
            let surplus = if packet % 15 == 0 { 5000 } else { 60_000 };
            assert_eq!(pace.change(packet * 20_000, wait(surplus), TICK), None);
        }
    }

    #[test]
    fn too_much_is_urgent_and_noise_is_stretched_in_the_end() {
        let mut pace = Pace::default();
        assert_eq!(pace.change(0, wait(100_000), TICK), Some(Change::Shorten(96_000, 0.5)));
        let mut alike = 1.0;
        for packet in 1..40 {
            pace.changed(0);
            if let Some(Change::Shorten(_, least)) = pace.change(packet * 20_000, wait(100_000), TICK) {
                alike = least;
            }
        }
        assert!(alike < 0.0);
    }
}
