//! Speech-like sound, codecs, and what can be measured of what was heard.

use kiestoon_media::Codec;
use kiestoon_testkit::Chance;

pub(crate) fn codec(payload_type: u8, name: &str, clock_rate: u32, channels: u8, fmtp: &str) -> Codec {
    let fmtp = (!fmtp.is_empty()).then(|| fmtp.into());
    Codec { payload_type, name: name.into(), clock_rate, channels, fmtp }
}

pub(crate) fn pcmu() -> Codec {
    codec(0, "PCMU", 8000, 1, "")
}

pub(crate) fn opus() -> Codec {
    codec(111, "opus", 48_000, 2, "useinbandfec=1")
}

/// Syllables: glottal pulses through two resonances that move, a pitch that glides, noise for the consonants, and pauses.
pub(crate) fn speech(rate: u32, seconds: u32) -> Vec<i16> {
    let mut chance = Chance::new(42);
    let rate = rate as f32;
    let mut sound = Vec::new();
    let (mut phase, mut low, mut high) = (0.0_f32, [0.0_f32; 2], [0.0_f32; 2]);
    while sound.len() < (rate * seconds as f32) as usize {
        let length = rate * (0.08 + chance.below(150) as f32 / 1000.0);
        let (pitch, glide) = (90.0 + chance.below(80) as f32, chance.below(60) as f32 - 30.0);
        let formants = [300.0 + chance.below(500) as f32, 1000.0 + chance.below(1200) as f32];
        let kind = chance.below(10);
        for n in 0..length as usize {
            let part = n as f32 / length;
            phase += (pitch + glide * part) / rate;
            let pulse = if phase >= 1.0 { 1.0 } else { 0.0 };
            phase %= 1.0;
            let noise = chance.below(2001) as f32 / 1000.0 - 1.0;
            let source = match kind {
                0 | 1 => noise * 0.001,
                2 | 3 => noise * 0.05,
                _ => pulse + noise * 0.005,
            };
            let envelope = (part * std::f32::consts::PI).sin();
            let first = resonate(&mut low, source, formants[0], rate);
            let second = resonate(&mut high, source, formants[1], rate);
            sound.push(((first + 0.6 * second) * envelope * 6000.0).clamp(-20_000.0, 20_000.0) as i16);
        }
    }
    sound.truncate((rate * seconds as f32) as usize);
    sound
}

fn resonate(memory: &mut [f32; 2], source: f32, hertz: f32, rate: f32) -> f32 {
    let radius = 1.0 - 250.0 / rate;
    let turn = (std::f32::consts::TAU * hertz / rate).cos();
    let value = source + 2.0 * radius * turn * memory[0] - radius * radius * memory[1];
    *memory = [value, memory[0]];
    value
}

/// Mean over the sounding pieces of 20 ms of the distance between the two spectra in dB, on 16 bands: what a listener hears,
/// whatever the phase. Each piece of `heard` is compared where it fits best, up to 10 ms away from the place before.
pub(crate) fn spectral_distance(reference: &[i16], heard: &[i16], rate: u32, delay: usize) -> f32 {
    let piece = rate as usize / 50;
    let reach = rate as usize / 100;
    let mut offset = delay;
    let (mut sum, mut pieces) = (0.0, 0);
    for (index, original) in reference.chunks_exact(piece).enumerate() {
        if power(original) < 10_000.0 {
            continue;
        }
        let best = (offset.saturating_sub(reach)..=offset + reach)
            .step_by((rate as usize / 8000).max(1))
            .filter_map(|at| Some((at, likeness(original, heard.get(index * piece + at..)?.get(..piece)?))))
            .max_by(|a, b| a.1.total_cmp(&b.1));
        let Some((at, alike)) = best else { continue };
        if alike > 0.7 {
            offset = at;
        }
        let there = &heard[index * piece + offset..];
        let Some(there) = there.get(..piece) else { continue };
        sum += distance(&bands(original, rate), &bands(there, rate));
        pieces += 1;
    }
    sum / pieces.max(1) as f32
}

fn power(sound: &[i16]) -> f32 {
    sound.iter().map(|it| f32::from(*it).powi(2)).sum::<f32>() / sound.len().max(1) as f32
}

fn likeness(a: &[i16], b: &[i16]) -> f32 {
    let product: f32 = a.iter().zip(b).map(|(a, b)| f32::from(*a) * f32::from(*b)).sum();
    product / ((power(a) * power(b)).sqrt() * a.len() as f32 + 1.0)
}

/// Levels in dB at 16 frequencies from 150 to 3,400 Hz, each by Goertzel's filter under a Hann window.
fn bands(sound: &[i16], rate: u32) -> [f32; 16] {
    std::array::from_fn(|band| {
        let hertz = 150.0 * (3400.0_f32 / 150.0).powf(band as f32 / 15.0);
        let turn = std::f32::consts::TAU * hertz / rate as f32;
        let (mut one, mut two) = (0.0_f32, 0.0_f32);
        for (n, sample) in sound.iter().enumerate() {
            let window = (std::f32::consts::PI * n as f32 / sound.len() as f32).sin().powi(2);
            let next = f32::from(*sample) * window + 2.0 * turn.cos() * one - two;
            (two, one) = (one, next);
        }
        let power = (one * one + two * two - 2.0 * turn.cos() * one * two) / (sound.len() as f32).powi(2);
        10.0 * (power + 10.0).log10()
    })
}

fn distance(a: &[f32; 16], b: &[f32; 16]) -> f32 {
    (a.iter().zip(b).map(|(a, b)| (a - b).powi(2)).sum::<f32>() / 16.0).sqrt()
}
