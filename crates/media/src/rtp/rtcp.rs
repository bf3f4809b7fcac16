//! RTCP compound packets (RFC 3550 section 6), read for their figures: sender reports, receiver reports and BYE. Other
//! packet types are passed over.

/// One packet of a compound packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rtcp<'a> {
    /// A sender report (section 6.4.1).
    SenderReport {
        /// The sender's synchronisation source.
        ssrc: u32,
        /// When it was sent: 64 bits of NTP time on the sender's clock.
        ntp: u64,
        /// Packets it has sent.
        packets: u32,
        /// The reception report blocks.
        reports: Reports<'a>,
    },
    /// A receiver report (section 6.4.2).
    ReceiverReport {
        /// The reporter's synchronisation source.
        ssrc: u32,
        /// The reception report blocks.
        reports: Reports<'a>,
    },
    /// A source leaves (section 6.6).
    Bye {
        /// The first source that leaves.
        ssrc: Option<u32>,
    },
    /// Another packet type: SDES, APP, feedback, extended reports.
    Other {
        /// The packet type.
        kind: u8,
    },
}

/// What a receiver says about one source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Report {
    /// The source that is reported on.
    pub ssrc: u32,
    /// Lost share since the last report, in 1/256.
    pub fraction_lost: u8,
    /// Packets lost in all: a signed number of 24 bits.
    pub lost: i32,
    /// Extended highest sequence number received.
    pub highest_sequence: u32,
    /// Interarrival jitter in units of the codec's clock.
    pub jitter: u32,
    /// Middle 32 bits of the NTP time of the last sender report; 0 for none.
    pub last_sr: u32,
    /// Time between that report and this one, in 1/65536 s.
    pub delay_since_last_sr: u32,
}

/// The report blocks of one packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reports<'a> {
    blocks: &'a [u8],
}

/// Why a datagram is no RTCP compound packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RtcpError {
    /// Shorter than the lengths inside say.
    #[error("RTCP packet cut short")]
    Short,
    /// The version is not 2.
    #[error("RTCP version is not 2")]
    Version,
    /// The packet type is outside 192 to 223 (RFC 5761 section 4).
    #[error("not an RTCP packet type")]
    Kind,
}

/// Reads a compound packet. The whole of it is checked before anything is given out; its first packet need not be a
/// report, because reduced-size packets are allowed (RFC 5506).
pub fn parse(datagram: &[u8]) -> Result<Packets<'_>, RtcpError> {
    let mut rest = datagram;
    loop {
        let (packet, after) = split(rest)?;
        packet.read()?;
        if after.is_empty() {
            return Ok(Packets { rest: datagram });
        }
        rest = after;
    }
}

/// The packets of a checked compound packet.
#[derive(Debug, Clone)]
pub struct Packets<'a> {
    rest: &'a [u8],
}

impl<'a> Iterator for Packets<'a> {
    type Item = Rtcp<'a>;

    fn next(&mut self) -> Option<Rtcp<'a>> {
        let (packet, rest) = split(self.rest).ok()?;
        self.rest = rest;
        packet.read().ok()
    }
}

impl Iterator for Reports<'_> {
    type Item = Report;

    fn next(&mut self) -> Option<Report> {
        let (block, rest) = self.blocks.split_first_chunk::<BLOCK>()?;
        self.blocks = rest;
        let mut words = block.as_chunks::<4>().0.iter().map(|word| u32::from_be_bytes(*word));
        let ssrc = words.next()?;
        let [fraction_lost, l0, l1, l2] = words.next()?.to_be_bytes();
        // The 24 bits are shifted up and back so that the sign comes along.
        let lost = i32::from_be_bytes([l0, l1, l2, 0]) >> 8;
        Some(Report {
            ssrc,
            fraction_lost,
            lost,
            highest_sequence: words.next()?,
            jitter: words.next()?,
            last_sr: words.next()?,
            delay_since_last_sr: words.next()?,
        })
    }
}

const BLOCK: usize = 24;

struct Raw<'a> {
    count: u8,
    kind: u8,
    body: &'a [u8],
}

fn split(bytes: &[u8]) -> Result<(Raw<'_>, &[u8]), RtcpError> {
    let ([flags, kind, l0, l1], rest) = bytes.split_first_chunk::<4>().ok_or(RtcpError::Short)?;
    if flags >> 6 != 2 {
        return Err(RtcpError::Version);
    }
    if !(192..=223).contains(kind) {
        return Err(RtcpError::Kind);
    }
    let length = usize::from(u16::from_be_bytes([*l0, *l1])) * 4;
    let (body, rest) = rest.split_at_checked(length).ok_or(RtcpError::Short)?;
    Ok((Raw { count: flags & 0x1f, kind: *kind, body }, rest))
}

impl<'a> Raw<'a> {
    fn read(&self) -> Result<Rtcp<'a>, RtcpError> {
        match self.kind {
            200 => {
                let (sender, rest) = self.body.split_first_chunk::<24>().ok_or(RtcpError::Short)?;
                let word =
                    |at: usize| sender.as_chunks::<4>().0.get(at).map_or(0, |word| u32::from_be_bytes(*word));
                let ntp = (u64::from(word(1)) << 32) | u64::from(word(2));
                Ok(Rtcp::SenderReport { ssrc: word(0), ntp, packets: word(4), reports: self.reports(rest)? })
            }
            201 => {
                let (ssrc, rest) = self.body.split_first_chunk::<4>().ok_or(RtcpError::Short)?;
                Ok(Rtcp::ReceiverReport { ssrc: u32::from_be_bytes(*ssrc), reports: self.reports(rest)? })
            }
            203 => {
                let ssrc = match (self.count, self.body.first_chunk::<4>()) {
                    (0, _) => None,
                    (_, None) => return Err(RtcpError::Short),
                    (_, Some(ssrc)) => Some(u32::from_be_bytes(*ssrc)),
                };
                Ok(Rtcp::Bye { ssrc })
            }
            kind => Ok(Rtcp::Other { kind }),
        }
    }

    fn reports(&self, rest: &'a [u8]) -> Result<Reports<'a>, RtcpError> {
        let length = usize::from(self.count) * BLOCK;
        let blocks = rest.get(..length).ok_or(RtcpError::Short)?;
        Ok(Reports { blocks })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn words(flags: u8, kind: u8, words: &[u32]) -> Vec<u8> {
        let mut packet = vec![flags, kind];
        packet.extend_from_slice(&u16::try_from(words.len()).unwrap().to_be_bytes());
        for word in words {
            packet.extend_from_slice(&word.to_be_bytes());
        }
        packet
    }

    #[test]
    fn reads_a_compound_of_report_description_and_bye() {
        let mut datagram = words(
            0x81,
            200,
            &[1, 0xaaaa_bbbb, 0xcccc_dddd, 3, 50, 8000, 9, 0x40ff_fffe, 70, 16, 0xbbbb_cccc, 65536],
        );
        datagram.extend(words(0x81, 202, &[1, 0x0102_6161, 0]));
        datagram.extend(words(0x81, 203, &[1]));
        let packets: Vec<Rtcp<'_>> = parse(&datagram).unwrap().collect();
        let [
            Rtcp::SenderReport { ssrc, ntp, packets: sent, reports },
            Rtcp::Other { kind: 202 },
            Rtcp::Bye { ssrc: Some(1) },
        ] = packets[..]
        else {
            panic!("{packets:?}")
        };
        assert_eq!((ssrc, ntp, sent), (1, 0xaaaa_bbbb_cccc_dddd, 50));
        let report = Report {
            ssrc: 9,
            fraction_lost: 64,
            lost: -2,
            highest_sequence: 70,
            jitter: 16,
            last_sr: 0xbbbb_cccc,
            delay_since_last_sr: 65536,
        };
        assert_eq!(reports.collect::<Vec<_>>(), [report]);
    }

    #[test]
    fn says_what_is_wrong() {
        assert_eq!(parse(&[]).err(), Some(RtcpError::Short));
        assert_eq!(parse(&words(0x41, 200, &[0; 6])).err(), Some(RtcpError::Version));
        assert_eq!(parse(&words(0x80, 96, &[])).err(), Some(RtcpError::Kind));
        assert_eq!(
            parse(&words(0x82, 201, &[0; 7])).err(),
            Some(RtcpError::Short),
            "two blocks announced, one there"
        );
        assert_eq!(parse(&words(0x81, 203, &[])).err(), Some(RtcpError::Short));
        let mut trailing = words(0x80, 201, &[7]);
        trailing.push(0);
        assert_eq!(parse(&trailing).err(), Some(RtcpError::Short));
    }

    proptest! {
        #[test]
        fn any_bytes_end_in_finite_packets(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            if let Ok(packets) = parse(&bytes) {
                prop_assert!(packets.count() * 4 <= bytes.len());
            }
        }
    }
}
