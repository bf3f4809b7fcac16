//! How long packets were under way, as a histogram that forgets: each packet makes all earlier ones weigh a little less.

/// Transit times of packets, in microseconds from an origin that moves with them.
#[derive(Debug)]
pub(super) struct Histogram {
    weights: Box<[f32; BINS]>,
    total: f32,
    /// What the next packet weighs: instead of making all others lighter, each is heavier than the one before.
    unit: f32,
    packets: u32,
    /// The transit time at which the first bin begins.
    origin: i64,
    /// The bins from here on are empty.
    end: usize,
}

const BINS: usize = 200;
/// Width of a bin: with 200 of them the histogram spans 800 ms.
pub(super) const BIN_MICROS: i64 = 4000;
/// What a packet's weight becomes with each later one: half of it after 7 seconds of 20 ms packets.
const FORGETTING: f32 = 0.998;
/// Weights are brought back to size above this, long before the sums lose precision.
const HEAVIEST: f32 = 10_000.0;

impl Histogram {
    /// A histogram that has seen one packet, at `first`.
    pub(super) fn new(origin: i64, first: i64) -> Self {
        let mut histogram =
            Self { weights: Box::new([0.0; BINS]), total: 0.0, unit: 1.0, packets: 0, origin, end: 0 };
        histogram.add(first);
        histogram
    }

    /// Takes in a packet. The first packets forget faster, so that the beginning does not outweigh what follows.
    pub(super) fn add(&mut self, transit: i64) {
        if transit < self.origin {
            self.shift((self.origin - transit + BIN_MICROS - 1) / BIN_MICROS);
        }
        self.packets = self.packets.saturating_add(1);
        let bin = usize::try_from((transit - self.origin) / BIN_MICROS).unwrap_or(0).min(BINS - 1);
        self.unit /= FORGETTING.min(1.0 - 1.0 / (self.packets as f32 + 1.0));
        if let Some(weight) = self.weights.get_mut(bin) {
            *weight += self.unit;
            self.total += self.unit;
            self.end = self.end.max(bin + 1);
        }
        if self.unit > HEAVIEST {
            self.weights.iter_mut().for_each(|weight| *weight /= self.unit);
            self.unit = 1.0;
            self.total = self.weights.iter().sum();
        }
    }

    /// The transit time that all but the `tail` part of the packets stay within.
    pub(super) fn within(&self, tail: f32) -> i64 {
        let mut above = 0.0;
        let bin = self.weights.get(..self.end).unwrap_or_default().iter().rposition(|weight| {
            above += weight;
            above > tail * self.total
        });
        let bins = bin.map_or(0, |bin| i64::try_from(bin).unwrap_or(0) + 1);
        self.origin + bins * BIN_MICROS
    }

    /// Lets the histogram begin at `floor` or up to a bin earlier: the fastest packet has become slower.
    pub(super) fn begin_at(&mut self, floor: i64) {
        if floor >= self.origin + BIN_MICROS {
            self.shift(-((floor - self.origin) / BIN_MICROS));
        }
    }

    /// Moves all weights `bins` up, and the origin as far down. What leaves an end is kept in its last bin.
    fn shift(&mut self, bins: i64) {
        self.origin -= bins * BIN_MICROS;
        let by = usize::try_from(bins.unsigned_abs()).unwrap_or(BINS).min(BINS - 1);
        let weights = self.weights.as_mut_slice();
        if bins > 0 {
            let lost: f32 = weights.iter().rev().take(by).sum();
            weights.copy_within(..BINS - by, by);
            weights.iter_mut().take(by).for_each(|weight| *weight = 0.0);
            weights.iter_mut().next_back().into_iter().for_each(|weight| *weight += lost);
        } else {
            let lost: f32 = weights.iter().take(by).sum();
            weights.copy_within(by.., 0);
            weights.iter_mut().rev().take(by).for_each(|weight| *weight = 0.0);
            weights.iter_mut().next().into_iter().for_each(|weight| *weight += lost);
        }
        self.end = self.weights.iter().rposition(|weight| *weight > 0.0).map_or(0, |last| last + 1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn most_packets_are_within() {
        let mut histogram = Histogram::new(0, 0);
        (0..1000).for_each(|n| histogram.add(n % 100 * 1000));
        assert_eq!(histogram.within(0.0), 100_000);
        assert!((88_000..=92_000).contains(&histogram.within(0.1)));
    }

    #[test]
    fn a_change_is_learnt_and_the_past_forgotten() {
        let mut histogram = Histogram::new(0, 0);
        (0..1000).for_each(|_| histogram.add(60_000));
        assert_eq!(histogram.within(0.01), 64_000);
        (0..10).for_each(|_| histogram.add(120_000));
        assert_eq!(histogram.within(0.01), 124_000, "ten slow packets are noticed at once");
        (0..500).for_each(|_| histogram.add(20_000));
        assert!(histogram.within(0.01) > 60_000, "and kept for a while");
        (0..4000).for_each(|_| histogram.add(20_000));
        assert_eq!(histogram.within(0.01), 24_000);
    }

    #[test]
    fn the_origin_moves_and_the_answer_does_not() {
        let mut histogram = Histogram::new(0, 50_000);
        (0..100).for_each(|_| histogram.add(50_000));
        let before = histogram.within(0.05);
        histogram.begin_at(30_000);
        assert_eq!(histogram.within(0.05), before);
        histogram.add(-1_000_000);
        assert!(histogram.within(0.5) <= before);
        assert_eq!(histogram.within(0.0), -200_000, "what leaves the top is kept in the last bin");
    }
}
