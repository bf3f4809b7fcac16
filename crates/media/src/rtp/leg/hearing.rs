//! What was heard last of a phone: its format, and whether it announced a pause.

use crate::codec::Encoding;
use crate::rtp::Format;

/// The stream that is heard. What follows from its format is looked up when that changes, not for each packet.
#[derive(Debug, Default)]
pub(super) struct Hearing {
    pub(super) ssrc: Option<u32>,
    pub(super) payload_type: Option<u8>,
    pub(super) clock_rate: u32,
    /// The payload type of speech heard last: what the call is said to use, whatever events come between.
    pub(super) speech: Option<u8>,
    /// Payload bytes of the last packet.
    pub(super) bytes: usize,
    pause: Pause,
}

/// How packets of a format announce that nothing will come for as long as nobody speaks.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Pause {
    /// Not at all. Opus speaks up every 400 ms in a pause (RFC 6716 section 2.1.9).
    #[default]
    Never,
    /// By coming at all: comfort noise, renewed as seldom as its sender likes (RFC 3389).
    Always,
    /// By a description of the silence in two bytes, behind frames of ten (G.729 annex B, RFC 3551 section 4.5.6).
    TwoBytes,
}

impl Hearing {
    /// Another payload type is heard from here on.
    pub(super) fn begin(&mut self, payload_type: u8, format: Option<&Format>) {
        self.payload_type = Some(payload_type);
        self.clock_rate = format.map_or(0, |format| format.clock_rate);
        self.pause = format.map_or(Pause::Never, Pause::of);
        if format.is_some_and(Format::is_audio) {
            self.speech = Some(payload_type);
        }
    }

    /// Whether the last packet announced a pause. That stays true when the session is described anew meanwhile.
    pub(super) fn pauses(&self) -> bool {
        match self.pause {
            Pause::Never => false,
            Pause::Always => true,
            Pause::TwoBytes => self.bytes % G729_FRAME == G729_SILENCE,
        }
    }
}

impl Pause {
    fn of(format: &Format) -> Self {
        match format.encoding() {
            _ if format.is_comfort_noise() => Self::Always,
            Some(Encoding::G729) => Self::TwoBytes,
            _ => Self::Never,
        }
    }
}

/// Bytes of a frame of speech, and of one that describes silence.
const G729_FRAME: usize = 10;
const G729_SILENCE: usize = 2;
