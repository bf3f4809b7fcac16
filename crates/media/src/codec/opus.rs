//! Opus by libopus, which takes and gives 8 to 48 kHz itself: a leg between Opus and G.711 needs no resampler.

use opus::{Application, Bandwidth, Bitrate, Channels};

use super::{CodecError, Decode, Encode, OpusParameters, redundancy};

pub(super) struct Decoder {
    inner: opus::Decoder,
    sample_rate: u32,
}

pub(super) struct Encoder {
    inner: opus::Encoder,
    sample_rate: u32,
    /// Bits a second of speech alone.
    plain: u32,
    /// The most bits a second that the receiver takes.
    most: u32,
    in_band_fec: bool,
}

/// Room for a packet: the most that RFC 6716 allows is 1,275 bytes a frame; speech takes a tenth.
const PACKET: usize = 1275;
/// The least at which libopus searches three paths for its excitation, which it does in AVX2: as cheap as the two paths of 5 in plain C.
const COMPLEXITY: i32 = 6;
/// The loss that is prepared for as long as the receiver has said nothing of it.
const UNKNOWN_LOSS: u8 = 10;
/// What the encoder is told of any smaller loss: at a full band it adds no redundancy below it.
const LEAST_LOSS: u8 = 8;
/// Packets of up to 120 ms (RFC 6716 section 3.2.5).
const LONGEST_MS: usize = 120;

impl Decoder {
    pub(super) fn new(sample_rate: u32) -> Result<Self, CodecError> {
        let inner = opus::Decoder::new(sample_rate, Channels::Mono).map_err(refused)?;
        Ok(Self { inner, sample_rate })
    }

    /// Decodes into at most `samples`; what is written is appended.
    fn append(
        &mut self,
        payload: &[u8],
        samples: usize,
        fec: bool,
        out: &mut Vec<i16>,
    ) -> Result<(), CodecError> {
        let start = out.len();
        out.resize(start.saturating_add(samples), 0);
        let decoded = self.inner.decode(payload, out.get_mut(start..).unwrap_or_default(), fec);
        let written = decoded.as_ref().map_or(0, |written| *written);
        out.truncate(start.saturating_add(written));
        decoded.map(drop).map_err(refused)
    }

    fn milliseconds(&self, milliseconds: usize) -> usize {
        usize::try_from(self.sample_rate / 1000).unwrap_or_default().saturating_mul(milliseconds)
    }

    /// Whether `next` ends no later than its copy of the packet before would: a shorter piece is made up rather than recovered.
    fn fits(&self, next: &[u8], samples: usize) -> bool {
        self.inner.get_nb_samples(next).is_ok_and(|whole| whole <= samples)
    }

    /// libopus makes up whole frames of 2.5 ms, and at most what a packet holds.
    fn makes_up(&self, samples: usize) -> bool {
        let step = self.milliseconds(5) / 2;
        samples > 0 && step > 0 && samples.is_multiple_of(step) && samples <= self.milliseconds(LONGEST_MS)
    }
}

impl Decode for Decoder {
    fn sample_rate(&self) -> u32 {
        self.sample_rate
    }

    fn decode(&mut self, payload: &[u8], out: &mut Vec<i16>) -> Result<(), CodecError> {
        // An empty payload would ask libopus for concealment.
        if payload.is_empty() {
            return Err(CodecError::Payload { codec: "opus", bytes: 0 });
        }
        self.append(payload, self.milliseconds(LONGEST_MS), false, out)
    }

    fn recover(&mut self, next: &[u8], samples: usize, out: &mut Vec<i16>) -> bool {
        let has_copy = redundancy::is_in(next) && self.fits(next, samples);
        has_copy && self.makes_up(samples) && self.append(next, samples, true, out).is_ok()
    }

    fn conceal(&mut self, samples: usize, out: &mut Vec<i16>) -> bool {
        self.makes_up(samples) && self.append(&[], samples, false, out).is_ok()
    }
}

impl Encoder {
    /// For packets of `ptime_ms`, as the receiver wishes.
    pub(super) fn new(sample_rate: u32, ptime_ms: u32, wishes: &OpusParameters) -> Result<Self, CodecError> {
        let mut inner =
            opus::Encoder::new(sample_rate, Channels::Mono, Application::Voip).map_err(refused)?;
        let band = match wishes.max_playback_rate {
            0..=8000 => Bandwidth::Narrowband,
            8001..=12_000 => Bandwidth::Mediumband,
            12_001..=16_000 => Bandwidth::Wideband,
            16_001..=24_000 => Bandwidth::Superwideband,
            _ => Bandwidth::Fullband,
        };
        let usual = match (wishes.max_playback_rate.min(sample_rate), ptime_ms) {
            (0..=8000, _) => 16_000,
            (8001..=16_000, _) => 24_000,
            (_, 0..=10) => 40_000,
            _ => 32_000,
        };
        let set = inner
            .set_complexity(COMPLEXITY)
            .and_then(|()| inner.set_max_bandwidth(band))
            .and_then(|()| inner.set_dtx(wishes.dtx))
            .and_then(|()| inner.set_vbr(!wishes.constant_bitrate));
        set.map_err(refused)?;
        let most = wishes.max_average_bitrate.unwrap_or(u32::MAX);
        let mut encoder = Self { inner, sample_rate, plain: usual, most, in_band_fec: wishes.in_band_fec };
        encoder.prepare(UNKNOWN_LOSS)?;
        Ok(encoder)
    }

    /// Sends as much redundancy as so much loss is worth. It takes bits of its own: out of those of speech the encoder gives none at all in a
    /// narrow band.
    fn prepare(&mut self, percent: u8) -> Result<(), CodecError> {
        let is_redundant = self.in_band_fec && percent > 0;
        let loss = if is_redundant { percent.clamp(LEAST_LOSS, 100) } else { 0 };
        let extra = if is_redundant { self.plain / 4 } else { 0 };
        let rate = self.plain.saturating_add(extra).min(self.most);
        let inner = &mut self.inner;
        let set = inner
            .set_inband_fec(is_redundant)
            .and_then(|()| inner.set_packet_loss_perc(i32::from(loss)))
            .and_then(|()| inner.set_bitrate(Bitrate::Bits(i32::try_from(rate).unwrap_or(i32::MAX))));
        set.map_err(refused)
    }
}

impl Encode for Encoder {
    fn sample_rate(&self) -> u32 {
        self.sample_rate
    }

    fn encode(&mut self, pcm: &[i16], out: &mut Vec<u8>) -> Result<(), CodecError> {
        let start = out.len();
        out.resize(start.saturating_add(PACKET), 0);
        let encoded = self.inner.encode(pcm, out.get_mut(start..).unwrap_or_default());
        let written = encoded.as_ref().map_or(0, |written| *written);
        out.truncate(start.saturating_add(written));
        encoded.map(drop).map_err(refused)
    }

    fn expect_loss(&mut self, percent: u8) {
        // What libopus refuses leaves the redundancy as it was.
        let _ = self.prepare(percent);
    }
}

fn refused(error: opus::Error) -> CodecError {
    CodecError::Opus(error.description())
}
