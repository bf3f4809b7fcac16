//! Whether an Opus packet holds a coarse copy of the one before it (low bit-rate redundancy, RFC 6716 section 4.2.4): a decoder that is asked for
//! one which is not there makes something up without a word.

/// Configurations below this one begin with the layer that holds the copy: the others are CELT alone (RFC 6716 section 3.1).
const CELT_ONLY: u8 = 16;
/// Configurations below this one are of that layer alone, and may last longer than 20 ms.
const SILK_ONLY: u8 = 12;

/// Reads the flag of the first frame. Nothing is decoded, so a packet that is damaged further on counts as what it says.
pub(super) fn is_in(packet: &[u8]) -> bool {
    let Some(first) = packet.first() else { return false };
    let (config, is_stereo) = (first >> 3, first & 4 != 0);
    if config >= CELT_ONLY {
        return false;
    }
    // An activity flag for each 20 ms comes first (RFC 6716 section 4.2.3).
    let active = match config & 3 {
        2 if config < SILK_ONLY => 2,
        3 if config < SILK_ONLY => 3,
        _ => 1,
    };
    let Some(flags) = first_frame(packet).and_then(|at| packet.get(at)) else { return false };
    let is_set = |bit: u8| flags & (0x80_u8 >> bit) != 0;
    is_set(active) || (is_stereo && is_set(2 * active + 1))
}

/// Where the first frame begins (RFC 6716 section 3.2).
fn first_frame(packet: &[u8]) -> Option<usize> {
    match packet.first()? & 3 {
        0 | 1 => Some(1),
        2 => Some(1 + length_bytes(*packet.get(1)?)),
        _ => {
            let shape = *packet.get(1)?;
            let mut at: usize = 2;
            // Padding says its length in bytes of which 255 has another one follow.
            if shape & 0x40 != 0 {
                while *packet.get(at)? == u8::MAX {
                    at += 1;
                }
                at += 1;
            }
            let lengths = if shape & 0x80 == 0 { 0 } else { (shape & 0x3f).saturating_sub(1) };
            for _ in 0..lengths {
                at += length_bytes(*packet.get(at)?);
            }
            Some(at)
        }
    }
}

/// The bytes of a frame's length that begins with this one (RFC 6716 section 3.2.1).
fn length_bytes(first: u8) -> usize {
    if first < 252 { 1 } else { 2 }
}

#[cfg(test)]
mod tests {
    use opus::{Application, Bitrate, Channels, Encoder, Repacketizer};
    use proptest::prelude::*;

    use super::*;
    use crate::codec::tests::voice;

    /// Packets of speech of so many samples at 16 kHz, with or without a copy of the one before.
    fn packets(samples: usize, fec: bool, channels: Channels) -> Vec<Vec<u8>> {
        let mut encoder = Encoder::new(16_000, channels, Application::Voip).unwrap();
        encoder.set_bitrate(Bitrate::Bits(48_000)).unwrap();
        encoder.set_inband_fec(fec).unwrap();
        encoder.set_packet_loss_perc(20).unwrap();
        let wide = channels as usize;
        let wave: Vec<i16> =
            voice(16_000, 100).into_iter().flat_map(|sample| std::iter::repeat_n(sample, wide)).collect();
        let whole = wave.chunks_exact(samples * wide);
        whole.map(|pcm| encoder.encode_vec(pcm, 1275).unwrap()).collect()
    }

    #[test]
    fn the_flag_is_found_in_packets_of_any_length() {
        for samples in [160, 320, 640, 960] {
            for channels in [Channels::Mono, Channels::Stereo] {
                let with = packets(samples, true, channels);
                let found = with.iter().filter(|packet| is_in(packet)).count();
                assert!(found > with.len() / 2, "{samples} {channels:?}: {found} of {}", with.len());
                let without = packets(samples, false, channels);
                assert!(!without.iter().any(|packet| is_in(packet)), "{samples} {channels:?}");
            }
        }
    }

    #[test]
    fn the_flag_is_that_of_the_first_frame() {
        let (with, without) = (packets(320, true, Channels::Mono), packets(320, false, Channels::Mono));
        for (packets, expected) in [(&with, true), (&without, false)] {
            for count in [2, 3] {
                let mut repacketizer = Repacketizer::new().unwrap();
                let at = packets.iter().skip(10).position(|packet| is_in(packet) == expected).unwrap() + 10;
                let frames: Vec<&[u8]> = packets[at..at + count].iter().map(Vec::as_slice).collect();
                let mut out = [0; 4000];
                let length = repacketizer.combine(&frames, &mut out).unwrap();
                assert_eq!(is_in(&out[..length]), expected, "{count} frames");
                opus::packet::pad(&mut out[..length + 600], length).unwrap();
                assert_eq!(is_in(&out[..length + 600]), expected, "{count} frames, padded");
            }
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_read(packet in proptest::collection::vec(any::<u8>(), 0..300)) {
            is_in(&packet);
        }
    }
}
