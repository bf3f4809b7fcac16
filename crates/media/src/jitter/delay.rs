//! How long a packet should wait: long enough that all but one in a hundred are there when their turn comes.

use super::JitterSettings;
use super::floor::Floor;
use super::histogram::{BIN_MICROS, Histogram};
use super::peaks::Peaks;

/// The delay of one stream. All times are microseconds since a fixed moment, and transit times are arrival less timestamp:
/// their origin is unknown, only their differences mean something.
#[derive(Debug)]
pub(super) struct Delay {
    least: i64,
    most: i64,
    start: i64,
    stream: Option<Stream>,
}

#[derive(Debug)]
struct Stream {
    histogram: Histogram,
    floor: Floor,
    peaks: Peaks,
    /// The transit time at which packets are to be played.
    target: i64,
}

/// Packets that may come too late.
const TAIL: f32 = 0.01;

impl Delay {
    pub(super) fn new(settings: &JitterSettings) -> Self {
        let micros = |it: std::time::Duration| i64::try_from(it.as_micros()).unwrap_or(0);
        let (least, most) = (micros(settings.least), micros(settings.most));
        Self { least, most: most.max(least), start: micros(settings.start), stream: None }
    }

    /// Takes in the arrival of a packet, late ones included.
    pub(super) fn add(&mut self, arrival: i64, transit: i64) {
        let (least, most) = (self.least, self.most);
        let origin = transit.saturating_sub(BIN_MICROS);
        let first = transit.saturating_add(self.start.saturating_sub(BIN_MICROS).max(0));
        let stream = self.stream.get_or_insert_with(|| Stream {
            histogram: Histogram::new(origin, first),
            floor: Floor::default(),
            peaks: Peaks::default(),
            target: transit,
        });
        stream.floor.add(arrival, transit);
        let floor = stream.floor.least().unwrap_or(transit);
        stream.peaks.add(arrival, transit - floor, stream.target - floor);
        stream.histogram.begin_at(floor);
        stream.histogram.add(transit);
        let wanted = stream.histogram.within(TAIL).max(floor + stream.peaks.height(arrival));
        stream.target = wanted.clamp(floor + least, floor + most);
    }

    /// Forgets the stream; the next one starts with the delay that this one needed.
    pub(super) fn restart(&mut self) {
        if let Some(floor) = self.floor() {
            self.start = (self.target() - floor).clamp(self.least, self.most);
        }
        self.stream = None;
    }

    /// The transit time at which packets are to be played.
    pub(super) fn target(&self) -> i64 {
        self.stream.as_ref().map_or(0, |stream| stream.target)
    }

    /// The transit time of the fastest packets; None before the first.
    pub(super) fn floor(&self) -> Option<i64> {
        self.stream.as_ref()?.floor.least()
    }

    /// How much faster the sender's clock is, in millionths.
    pub(super) fn drift_ppm(&self) -> Option<f64> {
        self.stream.as_ref()?.floor.drift_ppm()
    }
}
