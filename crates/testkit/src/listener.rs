//! Speech as packets, and a jitter buffer that hears them on a clock moved by hand.

use std::time::{Duration, Instant};

use kiestoon_media::Codec;
use kiestoon_media::codec::{CodecError, Decode, decoder, encoder_at};
use kiestoon_media::jitter::{JitterBuffer, JitterFigures, JitterSettings, Playout};
use kiestoon_media::rtp::Header;

use crate::impairment::Impairment;

/// An RTP packet, and when it was sent or came, counted from the beginning of the speech.
#[derive(Debug, Clone)]
pub struct SpeechPacket {
    /// When.
    pub at: Duration,
    /// Its header.
    pub header: Header,
    /// Its payload.
    pub payload: Vec<u8>,
}

/// The packets of 20 ms that speech at the codec's rate is sent as; a sound too short for a packet at the end is left out.
pub fn speak(codec: &Codec, speech: &[i16]) -> Result<Vec<SpeechPacket>, CodecError> {
    speak_at(codec, 48_000, speech)
}

/// The same of speech at `rate`, where the codec can choose.
pub fn speak_at(codec: &Codec, rate: u32, speech: &[i16]) -> Result<Vec<SpeechPacket>, CodecError> {
    let Some(mut encoder) = encoder_at(codec, 20, rate) else { return Ok(Vec::new()) };
    let samples = usize::try_from(encoder.sample_rate() / 50).unwrap_or(160);
    let mut packets = Vec::new();
    for (sequence, frame) in (0_u16..).zip(speech.chunks_exact(samples)) {
        let mut payload = Vec::new();
        encoder.encode(frame, &mut payload)?;
        let header = Header {
            marker: sequence == 0,
            payload_type: codec.payload_type,
            sequence,
            timestamp: u32::from(sequence) * (codec.clock_rate / 50),
            ssrc: 0x5eed,
            payload_at: 12,
            payload_end: 12 + payload.len(),
        };
        packets.push(SpeechPacket { at: Duration::from_millis(20) * u32::from(sequence), header, payload });
    }
    Ok(packets)
}

/// What comes through a bad network, in the order of arrival.
pub fn impair(packets: &[SpeechPacket], mut network: Impairment) -> Vec<SpeechPacket> {
    let late = packets.iter().filter_map(|packet| {
        let at = packet.at + network.fate()?;
        Some(SpeechPacket { at, ..packet.clone() })
    });
    let mut came: Vec<_> = late.collect();
    came.sort_by_key(|packet| packet.at);
    came
}

/// A jitter buffer with its decoder.
pub struct Listener {
    buffer: JitterBuffer,
    decoder: Box<dyn Decode>,
    epoch: Instant,
    /// What was heard.
    pub heard: Vec<i16>,
    /// What each tick of it was made of.
    pub made_of: Vec<Playout>,
    /// The wait at each tick.
    pub waits_ms: Vec<u32>,
}

impl Listener {
    /// One who hears this codec; None for a codec that cannot be decoded.
    pub fn new(codec: &Codec, settings: JitterSettings) -> Option<Self> {
        let buffer = JitterBuffer::new(settings, codec.clock_rate);
        let decoder = decoder(codec)?;
        // Some moment to count from: no time passes here.
        let epoch = Instant::now();
        let (heard, made_of, waits_ms) = Default::default();
        Some(Self { buffer, decoder, epoch, heard, made_of, waits_ms })
    }

    /// Hears packets in the order of their arrival, in ticks of `tick`, the first of which is at `from`, until `until`.
    pub fn hear(&mut self, packets: &[SpeechPacket], from: Duration, until: Duration, tick: Duration) {
        let mut packets = packets.iter().peekable();
        let mut at = from;
        while at < until {
            while let Some(packet) = packets.next_if(|packet| packet.at <= at) {
                self.buffer.insert(self.epoch + packet.at, &packet.header, &packet.payload);
            }
            self.tick(at, tick);
            at += tick;
        }
    }

    /// Hears one tick.
    pub fn tick(&mut self, at: Duration, tick: Duration) {
        let rate = u128::from(self.decoder.sample_rate());
        let samples = usize::try_from(rate * tick.as_micros() / 1_000_000).unwrap_or(0);
        let start = self.heard.len();
        self.heard.resize(start + samples, 0);
        let out = self.heard.get_mut(start..).unwrap_or_default();
        self.made_of.push(self.buffer.playout(self.epoch + at, self.decoder.as_mut(), out));
        self.waits_ms.push(self.buffer.figures().delay_ms);
    }

    /// The buffer, to hand it packets one by one.
    pub fn buffer(&mut self) -> &mut JitterBuffer {
        &mut self.buffer
    }

    /// The moment that all times are counted from.
    pub fn epoch(&self) -> Instant {
        self.epoch
    }

    /// Its figures.
    pub fn figures(&self) -> JitterFigures {
        self.buffer.figures()
    }
}
