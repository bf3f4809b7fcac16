//! Listening: how much of a tone a recording holds, by the Goertzel algorithm.
use std::path::Path;

/// The level of `frequency` in a recording, in dB below full scale, over its loudest second; and the level of all that
/// is in that second.
pub(crate) fn level(path: &Path, frequency: f64) -> (f64, f64) {
    let (samples, rate) = read(path);
    let window = usize::try_from(rate).unwrap();
    assert!(samples.len() >= window, "{}: only {} samples", path.display(), samples.len());
    samples
        .chunks_exact(window)
        .map(|second| (decibels(tone_power(second, frequency, f64::from(rate))), decibels(power(second))))
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .unwrap()
}

/// Which of these tones a recording holds, one after the other: heard for a tenth of a second at least, and nearly alone.
pub(crate) fn order(path: &Path, frequencies: &[f64]) -> Vec<f64> {
    let (samples, rate) = read(path);
    let mut heard: Vec<f64> = Vec::new();
    for part in samples.chunks_exact(usize::try_from(rate / 10).unwrap()) {
        let all = decibels(power(part));
        let found = frequencies.iter().copied().find(|frequency| {
            let tone = decibels(tone_power(part, *frequency, f64::from(rate)));
            tone > -30.0 && all - tone < 1.0
        });
        heard.extend(found.filter(|found| heard.last() != Some(found)));
    }
    heard
}

/// Asserts that the recording holds this tone, clearly, and nearly nothing else.
#[track_caller]
pub(crate) fn assert_heard(path: &Path, frequency: f64) {
    let (tone, all) = level(path, frequency);
    assert!(tone > -30.0, "{} Hz is only {tone:.1} dB in {}", frequency, path.display());
    assert!(
        all - tone < 3.0,
        "{} Hz is {tone:.1} dB of {all:.1} dB in {}: something else is there",
        frequency,
        path.display()
    );
}

/// Asserts that a tone in a recording has no clicks: in a pure tone each sample follows from the two before it, so what
/// does not follow is a seam, measured against the tone. The beginning is left out: phones begin with what comes first.
#[track_caller]
pub(crate) fn assert_smooth(path: &Path, frequency: f64) {
    let (samples, rate) = read(path);
    let second = usize::try_from(rate).unwrap();
    let middle = &samples[second..samples.len().saturating_sub(second / 5)];
    let turn = 2.0 * (std::f64::consts::TAU * frequency / f64::from(rate)).cos();
    let peak = middle.iter().fold(0.0, |peak: f64, sample| peak.max(sample.abs()));
    let seams: Vec<f64> =
        middle.windows(3).map(|three| (three[0] - turn * three[1] + three[2]).abs() / peak).collect();
    let worst = seams.iter().copied().fold(0.0, f64::max);
    assert!(worst < 0.3, "a click of {worst:.2} of the tone's peak in {}", path.display());
}

/// How alike a sound at 16 kHz and the most alike part of a recording at 8 kHz are, from 0 to 1, and at which second that part
/// begins. It is looked for coarsely first; of the most likely places each sample is tried.
pub(crate) fn find(path: &Path, sound: &[i16]) -> (f64, f64) {
    let (heard, rate) = read(path);
    assert_eq!(rate, 8_000, "{}", path.display());
    let sound = thinned(&sound.iter().map(|sample| f64::from(*sample)).collect::<Vec<_>>(), 2);
    let (rough, rough_sound) = (thinned(&heard, COARSE), thinned(&sound, COARSE));
    let mut places: Vec<_> =
        rough.windows(rough_sound.len()).map(|part| likeness(part, &rough_sound)).enumerate().collect();
    places.sort_unstable_by(|one, other| other.1.total_cmp(&one.1));
    let near = |place: usize| (place * COARSE).saturating_sub(COARSE)..=(place + 1) * COARSE;
    let tried = places.iter().take(40).flat_map(|(place, _)| near(*place));
    let fine = tried.filter_map(|at| Some((likeness(heard.get(at..at + sound.len())?, &sound), at)));
    let (likeness, at) = fine.max_by(|one, other| one.0.total_cmp(&other.0)).expect("a longer recording");
    (likeness, at as f64 / f64::from(rate))
}

/// Samples of the coarse search in one.
const COARSE: usize = 4;

fn thinned(samples: &[f64], step: usize) -> Vec<f64> {
    samples.chunks_exact(step).map(|chunk| chunk.iter().sum::<f64>() / step as f64).collect()
}

fn likeness(part: &[f64], sound: &[f64]) -> f64 {
    let product: f64 = part.iter().zip(sound).map(|(one, other)| one * other).sum();
    let size = |samples: &[f64]| samples.iter().map(|sample| sample * sample).sum::<f64>().sqrt();
    product / (size(part) * size(sound)).max(1e-9)
}

/// Asserts that the recording does not hold this tone.
#[track_caller]
pub(crate) fn assert_not_heard(path: &Path, frequency: f64) {
    let (tone, _) = level(path, frequency);
    assert!(tone < -45.0, "{} Hz is {tone:.1} dB in {}", frequency, path.display());
}

/// Samples, -1 to 1, and their rate in hertz. A recording that is still being written has no length in its header yet.
pub(crate) fn read(path: &Path) -> (Vec<f64>, u32) {
    let mut reader =
        hound::WavReader::open(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let spec = reader.spec();
    let samples = reader
        .samples::<i16>()
        .step_by(usize::from(spec.channels))
        .map_while(Result::ok)
        .map(|s| f64::from(s) / 32_768.0);
    (samples.collect(), spec.sample_rate)
}

/// Whether samples hold this tone, clearly, and nearly nothing else.
pub(crate) fn is_tone(samples: &[f64], frequency: f64, rate: f64) -> bool {
    let tone = decibels(tone_power(samples, frequency, rate));
    tone > -30.0 && decibels(power(samples)) - tone < 1.0
}

fn power(samples: &[f64]) -> f64 {
    samples.iter().map(|sample| sample * sample).sum::<f64>() / samples.len() as f64
}

/// The power of one frequency: a sine of amplitude 1 gives 0.5, as [`power`] does.
fn tone_power(samples: &[f64], frequency: f64, rate: f64) -> f64 {
    let coefficient = 2.0 * (std::f64::consts::TAU * frequency / rate).cos();
    let (a, b) = samples.iter().fold((0.0, 0.0), |(a, b), sample| (sample + coefficient * a - b, a));
    let n = samples.len() as f64;
    2.0 * (a * a + b * b - coefficient * a * b) / (n * n)
}

fn decibels(power: f64) -> f64 {
    10.0 * power.max(1e-12).log10()
}

#[test]
fn a_sine_is_found_at_its_level_and_no_other_is() {
    let sine: Vec<f64> =
        (0..8_000).map(|n| 0.5 * (std::f64::consts::TAU * 440.0 * f64::from(n) / 8_000.0).sin()).collect();
    assert!((decibels(tone_power(&sine, 440.0, 8_000.0)) + 9.03).abs() < 0.1);
    assert!(decibels(tone_power(&sine, 1_000.0, 8_000.0)) < -60.0);
}

/// Writes a tone of so many seconds, 8 kHz mono, at -12 dB.
pub(crate) fn write(path: &Path, frequency: f64, seconds: f64) {
    let spec = hound::WavSpec {
        channels: 1,
        sample_rate: 8_000,
        bits_per_sample: 16,
        sample_format: hound::SampleFormat::Int,
    };
    let mut writer = hound::WavWriter::create(path, spec).unwrap();
    for n in 0..(seconds * 8_000.0) as u32 {
        let sample = 0.25 * (std::f64::consts::TAU * frequency * f64::from(n) / 8_000.0).sin();
        writer.write_sample((sample * 32_767.0) as i16).unwrap();
    }
    writer.finalize().unwrap();
}
