//! Telephone events (RFC 4733): many packets, one digit. Retransmitted ends, lost ends and keys that are held for longer
//! than the field can say all come out as the one press that they were.

use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use super::Digit;
use crate::rtp::Header;

/// A key that was pressed and let go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pressed {
    /// The key.
    pub digit: Digit,
    /// For how long, in milliseconds.
    pub duration_ms: u32,
}

/// The digits in the telephone events of one stream.
#[derive(Debug, Clone)]
pub struct EventReceiver {
    clock_rate: u32,
    now: Option<Holding>,
    /// The beginning of the press that was told last: what belongs to it or lies before is old.
    told: Option<(u32, u32)>,
}

/// A key that is held down.
#[derive(Debug, Clone, Copy)]
struct Holding {
    ssrc: u32,
    digit: Digit,
    /// The beginning of the segment: a long press is made of several (RFC 4733 section 2.5.1.3).
    timestamp: u32,
    /// Clock ticks of the segments before.
    before: u32,
    ticks: u32,
    heard: Instant,
}

/// Without a packet for so long a key counts as let go: senders repeat each 50 ms or sooner.
const LOST: Duration = Duration::from_millis(200);

impl EventReceiver {
    /// For events whose clock runs at `clock_rate` Hz.
    pub fn new(clock_rate: u32) -> Self {
        Self { clock_rate: clock_rate.max(1000), now: None, told: None }
    }

    /// Takes a packet; what is given back is over. A payload that is cut short or no key is passed over.
    pub fn packet(&mut self, now: Instant, header: &Header, payload: &[u8]) -> Option<Pressed> {
        let [event, flags, d0, d1, ..] = *payload else { return None };
        let digit = Digit::of_event(event)?;
        let ends = flags & 0x80 != 0;
        let ticks = u32::from(u16::from_be_bytes([d0, d1]));
        if self.is_old(header) {
            return None;
        }
        let (holding, before) = match self.now {
            Some(held) if held.is_same(header, digit) => {
                (Holding { ticks: held.ticks.max(ticks), heard: now, ..held }, None)
            }
            Some(held) if held.goes_on(header, digit) => {
                let before = held.before.saturating_add(header.timestamp.wrapping_sub(held.timestamp));
                (Holding { timestamp: header.timestamp, before, ticks, heard: now, ..held }, None)
            }
            held => {
                let (ssrc, timestamp) = (header.ssrc, header.timestamp);
                (Holding { ssrc, digit, timestamp, before: 0, ticks, heard: now }, held)
            }
        };
        let lost = before.map(|held| self.tell(held));
        self.now = Some(holding);
        // The end of one press and the beginning of the next never come in one packet unless ends were lost; the second
        // is then told with its next packet or by its silence.
        if ends && lost.is_none() { self.now.take().map(|held| self.tell(held)) } else { lost }
    }

    /// Ends a press whose end was lost. To be asked now and then.
    pub fn expire(&mut self, now: Instant) -> Option<Pressed> {
        self.now.take_if(|held| now.saturating_duration_since(held.heard) >= LOST).map(|held| self.tell(held))
    }

    fn tell(&mut self, held: Holding) -> Pressed {
        self.told = Some((held.ssrc, held.timestamp));
        let ticks = u64::from(held.before) + u64::from(held.ticks);
        let duration = ticks * 1000 / u64::from(self.clock_rate);
        Pressed { digit: held.digit, duration_ms: u32::try_from(duration).unwrap_or(u32::MAX) }
    }

    fn is_old(&self, header: &Header) -> bool {
        self.told.is_some_and(|(ssrc, timestamp)| {
            ssrc == header.ssrc && header.timestamp.wrapping_sub(timestamp).wrapping_sub(1) > u32::MAX / 2
        })
    }
}

impl Holding {
    fn is_same(&self, header: &Header, digit: Digit) -> bool {
        self.ssrc == header.ssrc && self.timestamp == header.timestamp && self.digit == digit
    }

    /// Whether a packet is the next segment of the same press: it begins where this one cannot count any further.
    fn goes_on(&self, header: &Header, digit: Digit) -> bool {
        let passed = header.timestamp.wrapping_sub(self.timestamp);
        let full = u32::from(u16::MAX);
        self.ssrc == header.ssrc
            && self.digit == digit
            && !header.marker
            && passed.abs_diff(full) <= full / 50
    }
}

/// The packets of one press, one each 20 ms, the last one three times (RFC 4733 section 2.5.1.4).
#[derive(Debug, Clone)]
pub struct EventSender {
    payload_type: u8,
    digit: Digit,
    step: u32,
    ticks: u32,
    total: u32,
    sent: u32,
    ends: u8,
}

/// One packet of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EventPacket {
    /// The payload.
    pub payload: [u8; 4],
    /// Whether it is the first, which carries the marker bit.
    pub first: bool,
}

/// The same end is sent so often.
const ENDS: u8 = 3;
/// The power of the tone that the event stands for, in dB below 0 dBm0.
const VOLUME: u8 = 10;
/// Shorter presses are lost on some receivers, longer ones do not fit the field at 48 kHz.
const DURATIONS: std::ops::RangeInclusive<u32> = 40..=1300;

impl EventSender {
    /// A press of `duration_ms`, cut to 40 to 1,300 ms, under the clock of the events' format.
    pub fn new(payload_type: u8, digit: Digit, duration_ms: u32, clock_rate: u32) -> Self {
        let duration = duration_ms.clamp(*DURATIONS.start(), *DURATIONS.end());
        let step = clock_rate / 50;
        Self { payload_type, digit, step, ticks: 0, total: clock_rate / 1000 * duration, sent: 0, ends: 0 }
    }

    /// The payload type of the packets.
    pub fn payload_type(&self) -> u8 {
        self.payload_type
    }

    /// Whether what comes next is to be sent at once: the repeated end.
    pub fn is_ending(&self) -> bool {
        self.ends > 0
    }

    /// Milliseconds that were said so far.
    pub fn said_ms(&self) -> u32 {
        self.sent.saturating_mul(20)
    }
}

impl Iterator for EventSender {
    type Item = EventPacket;

    fn next(&mut self) -> Option<EventPacket> {
        if self.ends >= ENDS {
            return None;
        }
        let first = self.ticks == 0;
        if self.ends == 0 {
            self.ticks = self.ticks.saturating_add(self.step).min(self.total);
            self.sent = self.sent.saturating_add(1);
        }
        let ends = self.ticks >= self.total;
        if ends {
            self.ends = self.ends.saturating_add(1);
        }
        let [d0, d1] = u16::try_from(self.ticks).unwrap_or(u16::MAX).to_be_bytes();
        let flags = VOLUME | if ends { 0x80 } else { 0 };
        Some(EventPacket { payload: [self.digit.event(), flags, d0, d1], first })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn header(timestamp: u32, marker: bool) -> Header {
        Header { marker, payload_type: 101, sequence: 0, timestamp, ssrc: 7, payload_at: 12, payload_end: 16 }
    }

    fn start() -> Instant {
        #[expect(
            clippy::disallowed_methods,
            reason = "the one look at a clock that virtual time begins with"
        )]
        Instant::now()
    }

    fn payload(event: u8, ends: bool, ticks: u16) -> [u8; 4] {
        let [d0, d1] = ticks.to_be_bytes();
        [event, if ends { 0x8a } else { 0x0a }, d0, d1]
    }

    fn pressed(key: char, duration_ms: u32) -> Option<Pressed> {
        Digit::of_char(key).map(|digit| Pressed { digit, duration_ms })
    }

    #[test]
    fn what_one_side_says_the_other_hears_once() {
        let now = start();
        let mut receiver = EventReceiver::new(8000);
        let mut heard = Vec::new();
        for (number, key) in (1_u32..).zip("1590*#AD55".chars()) {
            let sender = EventSender::new(101, Digit::of_char(key).unwrap(), 100, 8000);
            assert_eq!(sender.clone().count(), 7, "five packets, the last one three times");
            for packet in sender {
                heard.extend(receiver.packet(now, &header(number * 8000, packet.first), &packet.payload));
            }
        }
        let keys: String = heard.iter().map(|pressed| pressed.digit.as_char()).collect();
        assert_eq!(keys, "1590*#AD55");
        assert!(heard.iter().all(|pressed| pressed.duration_ms == 100));
    }

    #[test]
    fn a_lost_end_is_the_end_when_the_next_begins_or_nothing_more_comes() {
        let now = start();
        let mut receiver = EventReceiver::new(8000);
        assert_eq!(receiver.packet(now, &header(100, true), &payload(5, false, 160)), None);
        assert_eq!(receiver.packet(now, &header(100, false), &payload(5, false, 320)), None);
        assert_eq!(receiver.packet(now, &header(9000, true), &payload(6, false, 160)), pressed('5', 40));
        assert_eq!(receiver.expire(now + LOST / 2), None);
        assert_eq!(receiver.expire(now + LOST), pressed('6', 20));
        assert_eq!(receiver.packet(now, &header(9000, false), &payload(6, true, 400)), None, "told already");
    }

    #[test]
    fn a_key_that_is_held_for_long_is_one_press() {
        let now = start();
        let mut receiver = EventReceiver::new(8000);
        assert_eq!(receiver.packet(now, &header(0, true), &payload(9, false, 0xffff)), None);
        assert_eq!(receiver.packet(now, &header(0xffff, false), &payload(9, false, 160)), None);
        assert_eq!(receiver.packet(now, &header(0xffff, false), &payload(9, true, 800)), pressed('9', 8291));
    }

    #[test]
    fn only_the_end_came() {
        let mut receiver = EventReceiver::new(8000);
        let end = receiver.packet(start(), &header(50, false), &payload(11, true, 800));
        assert_eq!(end, pressed('#', 100));
    }

    #[test]
    fn a_stray_packet_of_an_older_press_is_nothing() {
        let now = start();
        let mut receiver = EventReceiver::new(8000);
        assert!(receiver.packet(now, &header(9000, true), &payload(1, true, 800)).is_some());
        assert_eq!(receiver.packet(now, &header(100, false), &payload(2, true, 800)), None);
        assert_eq!(receiver.packet(now, &header(9500, false), &[1, 0x8a]), None);
        assert_eq!(receiver.packet(now, &header(9900, false), &payload(16, true, 800)), None);
    }

    #[test]
    fn durations_stay_within_the_field() {
        let longest = EventSender::new(101, Digit(1), 60_000, 48_000).last().unwrap();
        assert_eq!(longest.payload[1], 0x8a);
        assert_eq!(u16::from_be_bytes([longest.payload[2], longest.payload[3]]), 62_400);
        assert_eq!(EventSender::new(101, Digit(1), 0, 8000).last().unwrap().payload[2..], [1, 64]);
    }

    proptest! {
        #[test]
        fn any_packets_are_taken(packets in proptest::collection::vec(
            (any::<u32>(), any::<bool>(), proptest::collection::vec(any::<u8>(), 0..6)), 0..40)) {
            let now = start();
            let mut receiver = EventReceiver::new(8000);
            let told = packets
                .iter()
                .filter_map(|(at, marker, payload)| receiver.packet(now, &header(*at, *marker), payload))
                .count();
            prop_assert!(told <= packets.len());
        }
    }
}
