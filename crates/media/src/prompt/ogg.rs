//! Reads Ogg Opus (RFC 7845) into 16 kHz mono samples.

use std::io::Cursor;

use ogg::PacketReader;

use super::PromptError;
use super::packed::Packed;

/// What is decoded to: as wide as G.722 carries.
pub(super) const RATE: u32 = 16_000;
/// Samples of the longest packet, 120 ms.
const LONGEST: usize = 1920;
/// The clock of the container's positions and of its pre-skip.
const CLOCK: u32 = 48_000;

/// Whether a file begins as Ogg does.
pub(super) fn is_ogg(file: &[u8]) -> bool {
    file.starts_with(b"OggS")
}

/// The packets of a file; that each of them can be decoded is not tried.
pub(super) fn read(file: &[u8], limit_secs: u32) -> Result<Packed, PromptError> {
    let mut reader = PacketReader::new(Cursor::new(file));
    let mut next = || reader.read_packet().map_err(|error| PromptError::Ogg(error.to_string()));
    let head = next()?.ok_or(PromptError::Empty)?;
    let Head { skip, gain } = Head::read(&head.data)?;
    let limit = usize::try_from(limit_secs.saturating_mul(RATE)).unwrap_or(usize::MAX);
    let mut packing = Packed::begin(gain);
    let mut end = None;
    // The second packet holds comments.
    next()?;
    while let Some(packet) = next()? {
        if packet.stream_serial() != head.stream_serial() {
            continue;
        }
        packing.push(&packet.data).map_err(|error| PromptError::Ogg(error.to_string()))?;
        if packing.samples() > limit.saturating_add(LONGEST) {
            return Err(PromptError::TooLong(limit_secs));
        }
        if packet.last_in_stream() {
            end = Some(packet.absgp_page());
        }
    }
    // The position of the last page says where the sound ends within the last packet.
    let end = end.and_then(|end| usize::try_from(end / u64::from(CLOCK / RATE)).ok());
    let end = end.filter(|end| *end > 0).unwrap_or(usize::MAX);
    let packed = packing.finish(usize::from(skip) / 3, end);
    if packed.samples() == 0 { Err(PromptError::Empty) } else { Ok(packed) }
}

/// The identification header (RFC 7845 section 5.1).
struct Head {
    /// Samples at 48 kHz that are not to be heard.
    skip: u16,
    /// In 1/256 dB.
    gain: i16,
}

impl Head {
    fn read(packet: &[u8]) -> Result<Self, PromptError> {
        let wrong = || PromptError::Ogg("not Opus".to_owned());
        let rest = packet.strip_prefix(b"OpusHead").ok_or_else(wrong)?;
        let [version, channels, s0, s1, _, _, _, _, g0, g1, family, ..] = *rest else { return Err(wrong()) };
        if version > 15 {
            return Err(PromptError::Ogg(format!("Opus version {version}")));
        }
        if !(1..=2).contains(&channels) || family != 0 {
            return Err(PromptError::Channels(channels.into()));
        }
        Ok(Self { skip: u16::from_le_bytes([s0, s1]), gain: i16::from_le_bytes([g0, g1]) })
    }
}

#[cfg(test)]
pub(in crate::prompt) mod tests {
    use ogg::{PacketWriteEndInfo, PacketWriter};
    use proptest::prelude::*;

    use super::*;

    /// A tone of 440 Hz in packets of 20 ms; `end` is the position of the last page.
    pub(in crate::prompt) fn file(packets: u64, channels: u8, end: u64) -> Vec<u8> {
        let mut out = Vec::new();
        let mut writer = PacketWriter::new(&mut out);
        let mut head = b"OpusHead\x01".to_vec();
        head.extend_from_slice(&[channels, 0x38, 1, 0x80, 0xbb, 0, 0, 0, 0, 0]);
        writer.write_packet(head, 7, PacketWriteEndInfo::EndPage, 0).unwrap();
        writer.write_packet(b"OpusTags".to_vec(), 7, PacketWriteEndInfo::EndPage, 0).unwrap();
        let mut encoder = opus::Encoder::new(16_000, opus::Channels::Mono, opus::Application::Audio).unwrap();
        for number in 1..=packets {
            let first = (number - 1) * 320;
            let pcm: Vec<i16> = (first..first + 320)
                .map(|n| ((n as f64 / 16_000.0 * 440.0 * std::f64::consts::TAU).sin() * 8000.0) as i16)
                .collect();
            let packet = encoder.encode_vec(&pcm, 1000).unwrap();
            let last = number == packets;
            let info = if last { PacketWriteEndInfo::EndStream } else { PacketWriteEndInfo::NormalPacket };
            writer.write_packet(packet, 7, info, if last { end } else { number * 960 }).unwrap();
        }
        out
    }

    #[test]
    fn the_sound_is_as_long_as_the_file_says() {
        let samples = read(&file(50, 1, 48_000), 600).unwrap().unpack().unwrap();
        assert_eq!(samples.len(), 16_000 - 104, "a second without the 312 samples of pre-skip");
        let power: f64 = samples[4000..].iter().map(|sample| f64::from(*sample).powi(2)).sum::<f64>();
        let rms = (power / (samples.len() - 4000) as f64).sqrt();
        assert!((5300.0..6000.0).contains(&rms), "{rms}");
    }

    #[test]
    fn says_what_is_wrong() {
        let said = |file: &[u8]| read(file, 1).unwrap_err().to_string();
        assert_eq!(said(&file(0, 6, 0)), PromptError::Channels(6).to_string());
        assert_eq!(said(&file(60, 1, 57_600)), PromptError::TooLong(1).to_string());
        assert_eq!(said(&file(0, 1, 0)), PromptError::Empty.to_string());
        let mut broken = file(10, 1, 9600);
        let at = broken.len() - 20;
        broken[at] ^= 1;
        assert!(said(&broken).contains("Ogg Opus"), "{}", said(&broken));
    }

    proptest! {
        #[test]
        fn a_damaged_file_is_read_or_refused(at in any::<prop::sample::Index>(), byte in any::<u8>(), cut in any::<prop::sample::Index>()) {
            let mut bytes = file(5, 1, 4800);
            let place = at.index(bytes.len());
            bytes[place] = byte;
            bytes.truncate(cut.index(bytes.len()) + 1);
            let _ = read(&bytes, 600).map(|packed| packed.unpack());
        }
    }
}
