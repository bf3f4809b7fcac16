//! Short prompts stay packed as Opus in memory, in a fifteenth of the room of their samples, and are unpacked while they play: what
//! says numbers and dates has a thousand of them.

use std::fmt;

use super::ogg::RATE;

/// Opus packets, and what of them is to be heard.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Packed {
    /// Each behind its length, in two bytes.
    packets: Box<[u8]>,
    /// Samples at the beginning that are not to be heard.
    skip: usize,
    /// Samples that are.
    samples: usize,
    /// In 1/256 dB.
    gain: i16,
}

/// The place in a packed prompt.
pub(super) struct Unpacker {
    decoder: opus::Decoder,
    at: usize,
    skip: usize,
    left: usize,
}

/// Samples of the longest packet, 120 ms.
const LONGEST: usize = 1920;

impl Packed {
    /// No packets yet.
    pub(super) fn begin(gain: i16) -> Packing {
        Packing { packets: Vec::new(), samples: 0, gain }
    }

    /// Samples that are heard.
    pub(super) fn samples(&self) -> usize {
        self.samples
    }

    /// Bytes of memory.
    pub(super) fn bytes(&self) -> usize {
        self.packets.len()
    }

    /// All that is heard.
    pub(super) fn unpack(&self) -> Result<Vec<i16>, opus::Error> {
        let mut unpacker = Unpacker::new(self)?;
        let mut samples = Vec::new();
        while unpacker.next(self, &mut samples)? {}
        Ok(samples)
    }

    /// The packet that begins there, and where the next one does.
    fn packet(&self, at: usize) -> Option<(&[u8], usize)> {
        let (length, rest) = self.packets.get(at..)?.split_first_chunk::<2>()?;
        let length = usize::from(u16::from_be_bytes(*length));
        Some((rest.get(..length)?, at.saturating_add(2).saturating_add(length)))
    }
}

/// Packets that are being put together.
#[derive(Debug)]
pub(super) struct Packing {
    packets: Vec<u8>,
    samples: usize,
    gain: i16,
}

impl Packing {
    /// Adds a packet.
    pub(super) fn push(&mut self, packet: &[u8]) -> Result<(), opus::Error> {
        let samples = opus::packet::get_nb_samples(packet, RATE)?;
        self.samples = self.samples.saturating_add(samples);
        // Longer ones than RFC 6716 knows have been refused.
        let length = u16::try_from(packet.len()).unwrap_or_default();
        self.packets.extend_from_slice(&length.to_be_bytes());
        self.packets.extend_from_slice(packet.get(..usize::from(length)).unwrap_or_default());
        Ok(())
    }

    /// Samples so far.
    pub(super) fn samples(&self) -> usize {
        self.samples
    }

    /// The whole, of which so many samples at the beginning are not to be heard, nor those from `end` on.
    pub(super) fn finish(self, skip: usize, end: usize) -> Packed {
        let samples = self.samples.min(end).saturating_sub(skip);
        Packed { packets: self.packets.into(), skip, samples, gain: self.gain }
    }
}

impl Unpacker {
    pub(super) fn new(packed: &Packed) -> Result<Self, opus::Error> {
        let mut decoder = opus::Decoder::new(RATE, opus::Channels::Mono)?;
        decoder.set_gain(packed.gain.into())?;
        Ok(Self { decoder, at: 0, skip: packed.skip, left: packed.samples })
    }

    /// Goes to the beginning of a prompt.
    pub(super) fn restart(&mut self, packed: &Packed) -> Result<(), opus::Error> {
        self.decoder.reset_state()?;
        self.decoder.set_gain(packed.gain.into())?;
        (self.at, self.skip, self.left) = (0, packed.skip, packed.samples);
        Ok(())
    }

    /// Appends what the next packet holds, which may be nothing; false at the end.
    pub(super) fn next(&mut self, packed: &Packed, out: &mut Vec<i16>) -> Result<bool, opus::Error> {
        let Some((packet, next)) = packed.packet(self.at).filter(|_| self.left > 0) else { return Ok(false) };
        self.at = next;
        let mut frame = [0; LONGEST];
        let count = self.decoder.decode(packet, &mut frame, false)?;
        let skipped = self.skip.min(count);
        self.skip = self.skip.saturating_sub(skipped);
        let heard = frame.get(skipped..count).unwrap_or_default();
        let heard = heard.get(..heard.len().min(self.left)).unwrap_or_default();
        self.left = self.left.saturating_sub(heard.len());
        out.extend_from_slice(heard);
        Ok(true)
    }
}

impl fmt::Debug for Unpacker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Unpacker").field("at", &self.at).field("left", &self.left).finish_non_exhaustive()
    }
}
