//! The fastest packets: their transit time is the network's own, without queues. How it changes over minutes is the difference of the
//! two clocks.

/// Minima of windows, the latest ones kept.
#[derive(Debug, Default)]
pub(super) struct Floor {
    open: Option<Window>,
    /// Closed windows, oldest first.
    closed: Vec<Window>,
}

#[derive(Debug, Clone, Copy)]
struct Window {
    begun: i64,
    least: i64,
}

const WINDOW_MICROS: i64 = 5_000_000;
/// Windows kept: two minutes.
const WINDOWS: usize = 24;
/// Windows that make a slope worth telling: half a minute.
const ENOUGH: usize = 6;

impl Floor {
    /// Takes in a packet; both times in microseconds.
    pub(super) fn add(&mut self, arrival: i64, transit: i64) {
        match &mut self.open {
            Some(open) if arrival - open.begun < WINDOW_MICROS => open.least = open.least.min(transit),
            open => {
                if let Some(whole) = open.replace(Window { begun: arrival, least: transit }) {
                    if self.closed.len() >= WINDOWS {
                        self.closed.remove(0);
                    }
                    self.closed.push(whole);
                }
            }
        }
    }

    /// The least transit time of the last five to ten seconds; None before the first packet.
    pub(super) fn least(&self) -> Option<i64> {
        let before = self.closed.last().map(|window| window.least);
        self.open.map(|open| before.map_or(open.least, |before| before.min(open.least)))
    }

    /// How much faster the sender's clock runs than ours, in millionths; None for the first half minute.
    pub(super) fn drift_ppm(&self) -> Option<f64> {
        if self.closed.len() < ENOUGH {
            return None;
        }
        let first = self.closed.first()?;
        let points = || {
            self.closed.iter().map(|it| ((it.begun - first.begun) as f64, (it.least - first.least) as f64))
        };
        let count = self.closed.len() as f64;
        let (x, y) = points().fold((0.0, 0.0), |(x, y), (dx, dy)| (x + dx / count, y + dy / count));
        let (covariance, variance) = points().fold((0.0, 0.0), |(covariance, variance), (dx, dy)| {
            (covariance + (dx - x) * (dy - y), variance + (dx - x) * (dx - x))
        });
        (variance > 0.0).then(|| -covariance / variance * 1e6)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_slope_is_the_drift() {
        let mut floor = Floor::default();
        for packet in 0..6000_i64 {
            // The sender is 100 millionths fast: its packets come a little earlier each time. Every third is slow.
            let arrival = packet * 19_998;
            let transit = arrival - packet * 20_000 + if packet % 3 == 0 { 30_000 } else { 0 };
            floor.add(arrival, transit);
        }
        let drift = floor.drift_ppm().unwrap();
        assert!((drift - 100.0).abs() < 2.0, "{drift}");
        assert!(floor.closed.capacity() <= 32);
    }
}
