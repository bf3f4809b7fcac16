//! Any packets whatever: the buffer gives what it is asked for and stays as small as it was.

use std::time::{Duration, Instant};

use proptest::prelude::*;

use super::*;
use crate::codec::{Encoding, decoder};
use crate::sdp::Codec;

impl JitterBuffer {
    /// Bytes held on the heap that could grow.
    fn bytes(&self) -> usize {
        self.ring.bytes() + 2 * self.samples.capacity() + self.concealment.bytes()
    }
}

fn listener(encoding: Encoding) -> (JitterBuffer, Box<dyn Decode>) {
    let codec = Codec {
        payload_type: encoding.payload_type(),
        name: encoding.name().into(),
        clock_rate: encoding.clock_rate(),
        channels: encoding.channels(),
        fmtp: None,
    };
    let buffer = JitterBuffer::new(JitterSettings::default(), encoding.clock_rate());
    (buffer, decoder(&codec).unwrap())
}

#[expect(clippy::disallowed_methods, reason = "the origin of the test's clock")]
fn epoch() -> Instant {
    Instant::now()
}

fn header(sequence: u16, timestamp: u32, ssrc: u32) -> Header {
    Header { marker: false, payload_type: 0, sequence, timestamp, ssrc, payload_at: 12, payload_end: 172 }
}

#[derive(Debug, Clone)]
enum Deed {
    Wild(u16, u32, u32, Vec<u8>),
    Near(u16, u32, Vec<u8>),
    Silent(u16, u32),
    Play(usize),
    Wait(u64),
}

fn deed() -> impl Strategy<Value = Deed> {
    let payload = || proptest::collection::vec(any::<u8>(), 0..200);
    prop_oneof![
        1 => (any::<u16>(), any::<u32>(), 0_u32..3, payload()).prop_map(|(s, t, i, p)| Deed::Wild(s, t, i, p)),
        8 => (0_u16..12, 0_u32..3000, payload()).prop_map(|(s, t, p)| Deed::Near(s, t, p)),
        1 => (0_u16..12, 0_u32..3000).prop_map(|(s, t)| Deed::Silent(s, t)),
        8 => (0_usize..3000).prop_map(Deed::Play),
        4 => (0_u64..100).prop_map(Deed::Wait),
        1 => (0_u64..10_000).prop_map(Deed::Wait),
    ]
}

proptest! {
    #[test]
    fn any_packets_in_any_order_do_no_harm(
        opus in any::<bool>(),
        deeds in proptest::collection::vec(deed(), 1..200),
    ) {
        let (mut buffer, mut decoder) = listener(if opus { Encoding::Opus } else { Encoding::Pcmu });
        let mut now = epoch();
        let (mut sequence, mut timestamp) = (65_500_u16, u32::MAX - 5000);
        let mut out = vec![0; 3000];
        for deed in deeds {
            match deed {
                Deed::Wild(sequence, timestamp, ssrc, payload) =>
                    buffer.insert(now, &header(sequence, timestamp, ssrc), &payload),
                Deed::Near(step, leap, payload) => {
                    sequence = sequence.wrapping_add(step).wrapping_sub(3);
                    timestamp = timestamp.wrapping_add(leap).wrapping_sub(800);
                    buffer.insert(now, &header(sequence, timestamp, 1), &payload);
                }
                Deed::Silent(step, leap) => {
                    let (sequence, timestamp) = (sequence.wrapping_add(step), timestamp.wrapping_add(leap));
                    buffer.insert_silent(now, &header(sequence, timestamp, 1));
                }
                Deed::Play(count) => {
                    let whole = out.get_mut(..count).unwrap_or_default();
                    whole.fill(-12_345);
                    buffer.playout(now, decoder.as_mut(), whole);
                    prop_assert!(count < 4 || whole.windows(4).all(|it| it != [-12_345; 4]), "not all was written");
                }
                Deed::Wait(ms) => now += Duration::from_millis(ms),
            }
            buffer.figures();
        }
        prop_assert!(buffer.bytes() < 400_000, "{} bytes", buffer.bytes());
    }
}

#[test]
fn a_running_stream_allocates_nothing() {
    let (mut buffer, mut decoder) = listener(Encoding::Pcmu);
    let mut now = epoch();
    let mut out = [0; 160];
    let mut settled = 0;
    for packet in 0..6000_u16 {
        if packet % 13 != 5 {
            let late = header(packet, u32::from(packet) * 160, 1);
            buffer.insert(now + Duration::from_millis(u64::from(packet * 7 % 50)), &late, &[0xd5; 160]);
        }
        buffer.playout(now, decoder.as_mut(), &mut out);
        now += Duration::from_millis(20);
        if packet == 1000 {
            settled = buffer.bytes();
        }
    }
    assert_eq!(buffer.bytes(), settled);
    assert!(settled < 30_000, "{settled} bytes");
}
