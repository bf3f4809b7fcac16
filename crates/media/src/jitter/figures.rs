//! What a jitter buffer tells about itself.

/// Figures of one direction of one leg, since its beginning.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct JitterFigures {
    /// How long what is played now has waited, compared with the fastest packet, in milliseconds.
    pub delay_ms: u32,
    /// How long it should wait, in milliseconds.
    pub target_ms: u32,
    /// Packets with audio that came.
    pub received: u64,
    /// Packets that came after their turn.
    pub late: u64,
    /// Packets that had not come when their turn was over; one that comes late after all counts as late.
    pub lost: u64,
    /// Packets that came twice.
    pub duplicated: u64,
    /// Packets that belonged to no stream, could not be decoded, or were left out because too many waited.
    pub discarded: u64,
    /// Streams after the first: another source, or a leap of sequence number or timestamp.
    pub restarts: u64,
    /// Milliseconds that were made up.
    pub concealed_ms: u64,
    /// Milliseconds that came from the redundancy of the next packet.
    pub recovered_ms: u64,
    /// Milliseconds that were left out to catch up.
    pub shortened_ms: u64,
    /// Milliseconds that were said twice to wait longer.
    pub lengthened_ms: u64,
    /// How much faster the sender's clock runs than ours, in millionths; None until that is known.
    pub drift_ppm: Option<i32>,
}

/// Counts while it runs; sound in samples.
#[derive(Debug, Default)]
pub(super) struct Counts {
    pub(super) received: u64,
    pub(super) late: u64,
    pub(super) lost: u64,
    pub(super) duplicated: u64,
    pub(super) discarded: u64,
    pub(super) restarts: u64,
    pub(super) concealed: u64,
    pub(super) recovered: u64,
    pub(super) shortened: u64,
    pub(super) lengthened: u64,
}

impl Counts {
    /// The figures at `rate` samples a second, but for those of the delay.
    pub(super) fn figures(&self, rate: usize) -> JitterFigures {
        let ms = |samples: u64| samples * 1000 / (rate.max(1) as u64);
        JitterFigures {
            received: self.received,
            late: self.late,
            lost: self.lost,
            duplicated: self.duplicated,
            discarded: self.discarded,
            restarts: self.restarts,
            concealed_ms: ms(self.concealed),
            recovered_ms: ms(self.recovered),
            shortened_ms: ms(self.shortened),
            lengthened_ms: ms(self.lengthened),
            ..JitterFigures::default()
        }
    }
}
