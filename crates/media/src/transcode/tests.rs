//! Ear and mouth together on a clock of their own: levels, pauses, packet lengths.

use std::f64::consts::TAU;
use std::time::{Duration, Instant};

mod silence;

use super::*;
use crate::codec::{decoder_at, encoder_at};
use crate::jitter::JitterSettings;
use crate::rtp::Header;
use crate::sdp::Codec;

fn format(encoding: Encoding) -> Codec {
    Codec {
        payload_type: encoding.payload_type(),
        name: encoding.name().into(),
        clock_rate: encoding.clock_rate(),
        channels: encoding.channels(),
        fmtp: None,
    }
}

fn wanted(encoding: Encoding, ptime_ms: u32) -> Wanted {
    Wanted { codec: format(encoding), ptime_ms, noise: None, events: None }
}

fn header(number: u32, encoding: Encoding, packet_ms: u32) -> Header {
    Header {
        marker: number == 0,
        payload_type: encoding.payload_type(),
        sequence: u16::try_from(number).unwrap(),
        timestamp: number * packet_ms * (encoding.clock_rate() / 1000),
        ssrc: 7,
        payload_at: 12,
        payload_end: 12,
    }
}

/// Three seconds of a tone from one encoding to another, packets coming on time.
fn across(from: Encoding, to: Encoding, packet_ms: u32, ptime_ms: u32) -> (u32, Vec<i16>, Vec<Header>) {
    let rate = rate_between(from, to);
    let mut encoder = encoder_at(&format(from), packet_ms, rate).unwrap();
    let mut decoder = decoder_at(&format(to), rate).unwrap();
    let mut listener = Listener::new(&format(from), rate, JitterSettings::default()).unwrap();
    let mut speaker = Speaker::new(&wanted(to, ptime_ms), listener.sample_rate(), 9, 65_530).unwrap();
    #[expect(clippy::disallowed_methods, reason = "the one look at a clock that virtual time begins with")]
    let begun = Instant::now();
    let (mut heard, mut headers) = (Vec::new(), Vec::new());
    let said = encoder.sample_rate();
    for ms in (0..3000).step_by(10) {
        let now = begun + Duration::from_millis(u64::from(ms));
        if ms % packet_ms == 0 {
            let samples = said / 1000 * packet_ms;
            let first = ms / packet_ms * samples;
            let pcm: Vec<i16> = (first..first + samples)
                .map(|n| ((f64::from(n) / f64::from(said) * 440.0 * TAU).sin() * 8000.0) as i16)
                .collect();
            let mut payload = Vec::new();
            encoder.encode(&pcm, &mut payload).unwrap();
            listener.insert(now, &header(ms / packet_ms, from, packet_ms), &payload);
        }
        if ms % TICK_MS == 10 {
            let (sound, frame) = listener.frame(now);
            match sound {
                Heard::Nothing => speaker.rest(),
                Heard::Speech | Heard::Pause(_) => speaker.speak(frame),
            }
            while let Some((header, packet)) = speaker.packet() {
                decoder.decode(&packet[12..], &mut heard).unwrap();
                headers.push(header);
            }
        }
    }
    (decoder.sample_rate(), heard, headers)
}

fn levels(samples: &[i16], rate: u32) -> Vec<f64> {
    let step = 440.0 / f64::from(rate) * TAU;
    let piece = usize::try_from(rate / 20).unwrap();
    samples
        .chunks_exact(piece)
        .map(|piece| {
            let (mut real, mut imaginary) = (0.0, 0.0);
            for (n, sample) in (0_u32..).zip(piece) {
                real += f64::from(*sample) * (f64::from(n) * step).cos();
                imaginary += f64::from(*sample) * (f64::from(n) * step).sin();
            }
            20.0 * (2.0 * real.hypot(imaginary) / piece.len() as f64 / 8000.0).log10()
        })
        .collect()
}

#[test]
fn a_tone_keeps_its_level_between_any_two() {
    let all = [Encoding::Pcmu, Encoding::Pcma, Encoding::G722, Encoding::Opus, Encoding::G729];
    for from in all {
        for to in all {
            let (rate, heard, _) = across(from, to, 20, 20);
            let mut levels = levels(&heard[usize::try_from(rate).unwrap()..], rate);
            levels.sort_by(f64::total_cmp);
            let level = levels[levels.len() / 2];
            // A pure tone twice through a model of a voice, which happens only where packets are cut.
            let bound = if (from, to) == (Encoding::G729, Encoding::G729) { 2.0 } else { 1.0 };
            assert!(level.abs() < bound, "{from:?} to {to:?}: {level:.2} dB");
            // Two quantisations lie behind each other.
            let waveform = [from, to].iter().all(|one| !matches!(one, Encoding::Opus | Encoding::G729));
            assert!(!waveform || level.abs() < 0.2, "{from:?} to {to:?}: {level:.3} dB");
        }
    }
}

#[test]
fn what_was_lacking_is_told_once() {
    let of = Encoding::Pcmu;
    let mut listener = Listener::new(&format(of), 8000, JitterSettings::default()).unwrap();
    #[expect(clippy::disallowed_methods, reason = "the one look at a clock that virtual time begins with")]
    let begun = Instant::now();
    let mut told = Vec::new();
    for number in 0..100_u32 {
        let now = begun + Duration::from_millis(u64::from(number) * 20);
        if number != 50 {
            listener.insert(now, &header(number, of, 20), &[0xd5; 160]);
        }
        if number == 70 {
            listener.insert(now, &header(50, of, 20), &[0xd5; 160]);
        }
        listener.frame(now + Duration::from_millis(10));
        let lacks = listener.take_lacks();
        told.extend((number > 40 && lacks != Lacks::default()).then_some((number, lacks)));
    }
    assert!(told.iter().any(|(at, lacks)| (48..54).contains(at) && lacks.concealed == 1), "{told:?}");
    assert_eq!(told.iter().map(|(_, lacks)| lacks.late).sum::<u64>(), 1, "{told:?}");
    assert!(told.len() < 10, "{told:?}");
}
