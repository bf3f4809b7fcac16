//! Between two phones without a common codec: what one says is decoded, brought to the other's rate and encoded again,
//! 20 ms at a time. Also the way of everything else that we say ourselves: prompts, tones and digits.

mod listener;
mod noise;
mod speaker;
mod way;

pub use listener::{Heard, Lacks, Listener};
pub use speaker::{Speaker, Stream, Wanted, packet_time};
pub use way::{Way, way};

use crate::codec::Encoding;

/// What is said and heard at a time, in milliseconds.
pub const TICK_MS: u32 = 20;

/// The sample rate between two encodings: the lower of their own, so that nothing is computed that is not heard.
pub fn rate_between(from: Encoding, to: Encoding) -> u32 {
    full_rate(from).min(full_rate(to))
}

fn full_rate(encoding: Encoding) -> u32 {
    match encoding {
        Encoding::Pcmu | Encoding::Pcma | Encoding::G729 => 8000,
        Encoding::G722 => 16_000,
        Encoding::Opus => 48_000,
    }
}

#[cfg(test)]
mod tests;
