//! Delays that come back now and then, too rare for the histogram's quantile: a base station that scans, a backup each ten seconds.

/// The latest peaks.
#[derive(Debug, Default)]
pub(super) struct Peaks {
    seen: [Option<Peak>; 4],
}

#[derive(Debug, Clone, Copy)]
struct Peak {
    at: i64,
    height: i64,
}

/// How far above the target a packet's delay makes a peak.
const ABOVE_MICROS: i64 = 60_000;
/// Late packets within this time are one peak.
const ONE_MICROS: i64 = 1_000_000;
/// Peaks further apart than this are not waited for.
const LONGEST_PERIOD_MICROS: i64 = 20_000_000;

impl Peaks {
    /// Takes in a packet's delay above the fastest, and what was prepared for.
    pub(super) fn add(&mut self, now: i64, delay: i64, prepared: i64) {
        if let [Some(latest), ..] = &mut self.seen
            && now - latest.at < ONE_MICROS
        {
            latest.height = latest.height.max(delay);
        } else if delay > prepared + ABOVE_MICROS {
            self.seen.rotate_right(1);
            if let Some(latest) = self.seen.first_mut() {
                *latest = Some(Peak { at: now, height: delay });
            }
        }
    }

    /// The delay to be prepared for, while peaks keep coming; 0 when they do not.
    pub(super) fn height(&self, now: i64) -> i64 {
        let [Some(latest), Some(before), ..] = self.seen else { return 0 };
        let period = latest.at - before.at;
        if period > LONGEST_PERIOD_MICROS || now - latest.at > 2 * period {
            return 0;
        }
        self.seen
            .iter()
            .flatten()
            .filter(|peak| latest.at - peak.at <= 2 * LONGEST_PERIOD_MICROS)
            .map(|peak| peak.height)
            .max()
            .unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_peak_is_chance_and_two_are_a_pattern() {
        let mut peaks = Peaks::default();
        peaks.add(0, 200_000, 40_000);
        peaks.add(20_000, 180_000, 40_000);
        assert_eq!(peaks.height(30_000), 0);
        peaks.add(8_000_000, 150_000, 40_000);
        assert_eq!(peaks.height(9_000_000), 200_000);
        assert_eq!(peaks.height(30_000_000), 0, "they have stopped");
        peaks.add(31_000_000, 50_000, 40_000);
        assert_eq!(peaks.height(31_000_000), 0);
    }
}
