//! One stream made of several: what a phone is sent is relayed, played and said by turns, each with numbers of its own. A browser hears no
//! source again that it has heard another one after, so it is sent one source, whose numbers go on.

use std::time::Instant;

use super::Header;

/// The numbers of the one stream.
#[derive(Debug)]
pub struct OneStream {
    ssrc: u32,
    joined: Option<Joined>,
}

/// Which stream is passed on, and how.
#[derive(Debug)]
struct Joined {
    ssrc: u32,
    /// What is added to its numbers.
    sequence: u16,
    timestamp: u32,
    /// The last packet, as it was sent.
    last: (u16, u32),
    at: Instant,
}

impl OneStream {
    /// Under this source.
    pub fn new(ssrc: u32) -> Self {
        Self { ssrc, joined: None }
    }

    /// Numbers a packet, in its header and in its bytes. Another source than that of the last packet follows it by the time that has
    /// passed, in units of `clock_rate`.
    pub fn number(&mut self, now: Instant, clock_rate: u32, header: &mut Header, packet: &mut [u8]) {
        let own = (header.sequence, header.timestamp);
        let joined = match &mut self.joined {
            Some(joined) if joined.ssrc == header.ssrc => joined,
            before => {
                let next = before.as_ref().map_or(own, |before| before.next(now, clock_rate));
                header.marker |= before.is_some();
                before.insert(Joined {
                    ssrc: header.ssrc,
                    sequence: next.0.wrapping_sub(own.0),
                    timestamp: next.1.wrapping_sub(own.1),
                    last: (next.0.wrapping_sub(1), next.1),
                    at: now,
                })
            }
        };
        header.sequence = own.0.wrapping_add(joined.sequence);
        header.timestamp = own.1.wrapping_add(joined.timestamp);
        header.ssrc = self.ssrc;
        if header.sequence.wrapping_sub(joined.last.0).cast_signed() > 0 {
            (joined.last, joined.at) = ((header.sequence, header.timestamp), now);
        }
        if let Some(fixed) = packet.first_chunk_mut::<12>() {
            let [_, kind, s0, s1, t0, t1, t2, t3, i0, i1, i2, i3] = fixed;
            *kind = (*kind & 0x7f) | if header.marker { 0x80 } else { 0 };
            [*s0, *s1] = header.sequence.to_be_bytes();
            [*t0, *t1, *t2, *t3] = header.timestamp.to_be_bytes();
            [*i0, *i1, *i2, *i3] = header.ssrc.to_be_bytes();
        }
    }
}

impl Joined {
    /// The numbers of what follows now.
    fn next(&self, now: Instant, clock_rate: u32) -> (u16, u32) {
        let micros = now.saturating_duration_since(self.at).as_micros();
        let passed = micros.saturating_mul(clock_rate.into()) / 1_000_000;
        let passed = u32::try_from(passed).unwrap_or(u32::MAX).max(1);
        (self.last.0.wrapping_add(1), self.last.1.wrapping_add(passed))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[expect(clippy::disallowed_methods, reason = "the origin of the test's clock")]
    fn epoch() -> Instant {
        Instant::now()
    }

    fn packet(ssrc: u32, sequence: u16, timestamp: u32) -> (Header, [u8; 20]) {
        let mut bytes = [0; 20];
        let header = Header { payload_type: 8, sequence, timestamp, ssrc, ..Header::default() };
        header.write(bytes.first_chunk_mut().unwrap());
        (Header::parse(&bytes).unwrap(), bytes)
    }

    #[test]
    fn streams_by_turns_are_one_whose_numbers_go_on() {
        let (start, mut one) = (epoch(), OneStream::new(7));
        let mut said = |millis: u64, ssrc, sequence, timestamp| {
            let (mut header, mut bytes) = packet(ssrc, sequence, timestamp);
            one.number(start + Duration::from_millis(millis), 8000, &mut header, &mut bytes);
            assert_eq!(Header::parse(&bytes).unwrap(), header, "the bytes say the same");
            assert_eq!(header.ssrc, 7);
            (header.marker, header.sequence, header.timestamp)
        };
        assert_eq!(said(0, 1, 65_535, 1000), (false, 65_535, 1000), "the first as it is");
        assert_eq!(said(20, 1, 0, 1160), (false, 0, 1160));
        assert_eq!(said(60, 2, 500, 9), (true, 1, 1480), "40 ms later");
        assert_eq!(said(80, 2, 502, 329), (false, 3, 1800), "a loss stays one");
        assert_eq!(said(81, 2, 501, 169), (false, 2, 1640), "as does a late one");
        assert_eq!(said(100, 1, 900, 77), (true, 4, 1960), "back again");
        assert_eq!(said(120, 1, 901, 237), (false, 5, 2120));
    }
}
