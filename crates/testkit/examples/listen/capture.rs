//! What was received, as sound on the clock of the sender: the first sample is the moment of the first packet.

use std::time::Duration;

use anyhow::Context as _;
use kiestoon_media::Codec;
use kiestoon_media::codec::decoder;
use kiestoon_media::jitter::{JitterFigures, JitterSettings};
use kiestoon_testkit::Listener;
use kiestoon_testkit::listener::{SpeechPacket, speak_at};

/// What our jitter buffer plays of these packets, in ticks that lie anyhow to them.
pub(crate) fn through_buffer(
    codec: &Codec,
    packets: &[SpeechPacket],
    length: Duration,
) -> anyhow::Result<(u32, Vec<i16>, JitterFigures)> {
    let rate = decoder(codec).context("codec")?.sample_rate();
    let mut listener = Listener::new(codec, JitterSettings::default()).context("codec")?;
    let phase = Duration::from_millis(7);
    listener.hear(packets, phase, length, Duration::from_millis(20));
    let figures = listener.figures();
    let mut sound = vec![0; samples(phase, rate)];
    sound.append(&mut listener.heard);
    Ok((rate, sound, figures))
}

/// What a baresip played and sent back to us in the same moment: its packets by timestamp, at the fastest packet's time.
pub(crate) fn sent_back(codec: &Codec, packets: &[SpeechPacket]) -> anyhow::Result<(u32, Vec<i16>)> {
    let mut decoder = decoder(codec).context("codec")?;
    let rate = decoder.sample_rate();
    let first = packets.first().context("baresip sent nothing")?.header;
    let place = |packet: &SpeechPacket| {
        let ticks = packet.header.timestamp.wrapping_sub(first.timestamp);
        Duration::from_secs_f64(f64::from(ticks) / f64::from(codec.clock_rate))
    };
    let starts = packets.iter().map(|packet| packet.at.saturating_sub(place(packet)));
    let start = starts.min().unwrap_or_default();
    let mut sound = Vec::new();
    for packet in packets {
        sound.resize(samples(start + place(packet), rate), 0);
        decoder.decode(&packet.payload, &mut sound)?;
    }
    Ok((rate, sound))
}

/// What is left of a recording when it has gone through the codec, at the recording's rate where that can choose.
pub(crate) fn coded(codec: &Codec, sound: &str, output: &str) -> anyhow::Result<()> {
    let (rate, sound) = read(sound)?;
    let (rate, sound) = sent_back(codec, &speak_at(codec, rate, &sound)?)?;
    write(output, rate, &sound)
}

/// A recording: its rate and its samples.
pub(crate) fn read(path: &str) -> anyhow::Result<(u32, Vec<i16>)> {
    let reader = hound::WavReader::open(path)?;
    let rate = reader.spec().sample_rate;
    Ok((rate, reader.into_samples().collect::<Result<_, _>>()?))
}

pub(crate) fn write(path: &str, rate: u32, sound: &[i16]) -> anyhow::Result<()> {
    let spec = hound::WavSpec {
        channels: 1,
        sample_rate: rate,
        bits_per_sample: 16,
        sample_format: hound::SampleFormat::Int,
    };
    let mut writer = hound::WavWriter::create(path, spec)?;
    for sample in sound {
        writer.write_sample(*sample)?;
    }
    Ok(writer.finalize()?)
}

fn samples(time: Duration, rate: u32) -> usize {
    usize::try_from(time.as_micros() * u128::from(rate) / 1_000_000).unwrap_or(0)
}
