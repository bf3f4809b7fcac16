//! Any bytes as the packets of a stream of G.711 or Opus, in any order and with any pauses: the jitter buffer plays on.
#![no_main]

use std::time::{Duration, Instant};

use kiestoon_media::Codec;
use kiestoon_media::codec::decoder_at;
use kiestoon_media::jitter::{JitterBuffer, JitterSettings};
use kiestoon_media::rtp::Header;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Some((first, mut rest)) = data.split_first() else { return };
    let (name, clock_rate, channels) = if first % 2 == 0 { ("PCMA", 8000, 1) } else { ("opus", 48_000, 2) };
    let codec = Codec { payload_type: 8, name: name.into(), clock_rate, channels, fmtp: None };
    let Some(mut decoder) = decoder_at(&codec, 8000) else { return };
    let mut buffer = JitterBuffer::new(JitterSettings::default(), clock_rate);
    let (mut now, mut out) = (Instant::now(), [0; 160]);
    while let Some(([wait, kind, length], more)) = rest.split_first_chunk::<3>().map(|(head, more)| (*head, more)) {
        let (packet, later) = more.split_at(more.len().min(usize::from(length)));
        rest = later;
        now += Duration::from_millis(u64::from(wait) * u64::from(wait) / 64);
        match (kind % 4, Header::parse(packet)) {
            (0, _) => drop(buffer.playout(now, decoder.as_mut(), &mut out)),
            (1, Ok(header)) => buffer.insert_silent(now, &header),
            (_, Ok(header)) => buffer.insert(now, &header, header.payload(packet)),
            (_, Err(_)) => {}
        }
    }
    let _ = buffer.figures();
});
