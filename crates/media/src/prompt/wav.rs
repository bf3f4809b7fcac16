//! Reads WAV into mono samples at 8 or 16 kHz.

use std::io::Cursor;

use hound::{SampleFormat, WavReader, WavSpec};

use super::resample::{NARROW, WIDE, resample};

/// Why a file cannot be a prompt. Shown to the operator beside the file's name.
#[derive(Debug, thiserror::Error)]
pub enum PromptError {
    /// It is no WAV file, or one that is cut short or compressed.
    #[error("not a readable WAV file: {0}")]
    Wav(#[from] hound::Error),
    /// It begins as Ogg does, but cannot be read to its end, or holds no Opus.
    #[error("not a readable Ogg Opus file: {0}")]
    Ogg(String),
    /// The sample rate is outside 8 to 48 kHz.
    #[error("sample rate of {0} Hz, expected 8000 to 48000")]
    SampleRate(u32),
    /// More than two channels.
    #[error("{0} channels, expected one or two")]
    Channels(u16),
    /// Longer than ten minutes.
    #[error("longer than {0} s")]
    TooLong(u32),
    /// No samples at all.
    #[error("the file holds no sound")]
    Empty,
}

/// The rate and the samples.
pub(super) fn read(file: &[u8], limit_secs: u32) -> Result<(u32, Vec<i16>), PromptError> {
    let reader = WavReader::new(Cursor::new(file))?;
    let spec = reader.spec();
    if !(NARROW..=48_000).contains(&spec.sample_rate) {
        return Err(PromptError::SampleRate(spec.sample_rate));
    }
    if !(1..=2).contains(&spec.channels) {
        return Err(PromptError::Channels(spec.channels));
    }
    // The declared length is not believed: a limit stands on what is read.
    let limit = u64::from(limit_secs) * u64::from(spec.sample_rate);
    let samples = mono(reader, spec, limit, limit_secs)?;
    if samples.is_empty() {
        return Err(PromptError::Empty);
    }
    let rate = if spec.sample_rate < WIDE { NARROW } else { WIDE };
    Ok((rate, resample(&samples, spec.sample_rate, rate)))
}

/// Samples between -1 and 1, the mean of the channels.
fn mono(
    reader: WavReader<Cursor<&[u8]>>,
    spec: WavSpec,
    limit: u64,
    limit_secs: u32,
) -> Result<Vec<f32>, PromptError> {
    let mut out = Vec::new();
    let mut sum = 0.0;
    let mut channel = 0;
    let mut push = |sample: f32| {
        sum += sample;
        channel += 1;
        if channel < spec.channels {
            return Ok(());
        }
        out.push(sum / f32::from(spec.channels));
        (sum, channel) = (0.0, 0);
        let too_long = u64::try_from(out.len()).is_ok_and(|frames| frames > limit);
        if too_long { Err(PromptError::TooLong(limit_secs)) } else { Ok(()) }
    };
    match spec.sample_format {
        SampleFormat::Float => {
            for sample in reader.into_samples::<f32>() {
                push(sample?.clamp(-1.0, 1.0))?;
            }
        }
        SampleFormat::Int => {
            let bits = u32::from(spec.bits_per_sample).clamp(1, 32);
            let full = f64::from(2_u32.pow(bits - 1));
            for sample in reader.into_samples::<i32>() {
                push(crate::rtp::statistics::narrow(f64::from(sample?) / full))?;
            }
        }
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use hound::WavWriter;

    use super::*;

    fn wav(spec: WavSpec, frames: impl Iterator<Item = i32>) -> Vec<u8> {
        let mut file = Cursor::new(Vec::new());
        let mut writer = WavWriter::new(&mut file, spec).unwrap();
        for frame in frames {
            for _ in 0..spec.channels {
                writer.write_sample(frame).unwrap();
            }
        }
        writer.finalize().unwrap();
        file.into_inner()
    }

    fn spec(channels: u16, sample_rate: u32, bits_per_sample: u16) -> WavSpec {
        WavSpec { channels, sample_rate, bits_per_sample, sample_format: SampleFormat::Int }
    }

    #[test]
    fn eight_kilohertz_passes_unchanged() {
        let (rate, samples) =
            read(&wav(spec(1, 8000, 16), [0, 1000, -1000, 32_767].into_iter()), 600).unwrap();
        assert_eq!((rate, samples), (8000, vec![0, 1000, -1000, 32_767]));
    }

    #[test]
    fn stereo_of_24_bits_is_brought_down() {
        let (rate, samples) = read(&wav(spec(2, 8000, 24), [256_000; 3].into_iter()), 600).unwrap();
        assert_eq!((rate, samples), (8000, vec![1000; 3]));
    }

    #[test]
    fn wide_sound_stays_wide() {
        let file = wav(spec(1, 16_000, 16), [0, 1000, -1000].into_iter());
        assert_eq!(read(&file, 600).unwrap(), (16_000, vec![0, 1000, -1000]));
        assert_eq!(read(&wav(spec(1, 48_000, 16), std::iter::repeat_n(0, 480)), 600).unwrap().1.len(), 160);
        assert_eq!(read(&wav(spec(1, 11_025, 16), std::iter::repeat_n(0, 11_025)), 600).unwrap().0, 8000);
    }

    #[test]
    fn says_what_is_wrong() {
        assert!(matches!(read(b"ID3 not a wav", 600), Err(PromptError::Wav(_))));
        assert!(matches!(
            read(&wav(spec(1, 4000, 16), [0].into_iter()), 600),
            Err(PromptError::SampleRate(4000))
        ));
        assert!(matches!(read(&wav(spec(3, 8000, 16), [0].into_iter()), 600), Err(PromptError::Channels(3))));
        assert!(matches!(read(&wav(spec(1, 8000, 16), std::iter::empty()), 600), Err(PromptError::Empty)));
        let long = std::iter::repeat_n(0, 8000 * 600 + 1);
        assert!(matches!(read(&wav(spec(1, 8000, 8), long), 600), Err(PromptError::TooLong(600))));
    }
}
