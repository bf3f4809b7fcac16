//! What the jitter buffer itself costs a packet, beside the decoder's share. Build it with `--release`.

use std::time::{Duration, Instant};

use anyhow::Context as _;
use kiestoon_media::Codec;
use kiestoon_media::codec::decoder;
use kiestoon_media::jitter::JitterSettings;
use kiestoon_testkit::listener::{impair, speak};
use kiestoon_testkit::{Impairment, Listener};

/// Packets of speech that are played, again and again until it can be timed.
const ROUNDS: u32 = 20;

/// Prints microseconds a packet of 20 ms, the best of several rounds.
pub(crate) fn print(speech: &str, codec: &Codec) -> anyhow::Result<()> {
    let sound: Vec<i16> = hound::WavReader::open(speech)?.samples().collect::<Result<_, _>>()?;
    let packets = speak(codec, &sound)?;
    let count = u32::try_from(packets.len())?;
    let alone = best(|| {
        let (mut decoder, mut out) = (decoder(codec).context("codec")?, Vec::with_capacity(1 << 14));
        let start = Instant::now();
        for packet in &packets {
            out.clear();
            decoder.decode(&packet.payload, &mut out)?;
        }
        Ok(start.elapsed() / count)
    })?;
    println!("{}: decoding alone {alone:?} a packet", codec.name);
    for (loss, jitter) in [(0, 0), (0, 80), (100, 80)] {
        let came = impair(&packets, Impairment::new(1, loss, Duration::from_millis(jitter)));
        let whole = best(|| {
            let mut listener = Listener::new(codec, JitterSettings::default()).context("codec")?;
            listener.heard.reserve(sound.len() * 2);
            let start = Instant::now();
            listener.hear(
                &came,
                Duration::ZERO,
                Duration::from_millis(20) * count,
                Duration::from_millis(20),
            );
            Ok(start.elapsed() / count)
        })?;
        println!("  {loss} per mille lost, {jitter} ms of jitter: {whole:?} in all");
    }
    Ok(())
}

fn best(mut round: impl FnMut() -> anyhow::Result<Duration>) -> anyhow::Result<Duration> {
    (0..ROUNDS).map(|_| round()).try_fold(Duration::MAX, |best, it| Ok(best.min(it?)))
}
