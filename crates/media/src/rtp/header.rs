//! The RTP header (RFC 3550 section 5.1), read in place without a copy.

/// What a relay needs of an RTP packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Header {
    /// The marker bit: the first packet of a talk spurt or of an event.
    pub marker: bool,
    /// Payload type, 0 to 127.
    pub payload_type: u8,
    /// Sequence number.
    pub sequence: u16,
    /// Timestamp in units of the codec's clock.
    pub timestamp: u32,
    /// Synchronisation source.
    pub ssrc: u32,
    /// Where the payload starts: after the contributing sources and the extension.
    pub payload_at: usize,
    /// Where the payload ends: before the padding.
    pub payload_end: usize,
}

/// Why a datagram is no RTP packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum HeaderError {
    /// Shorter than the lengths inside say.
    #[error("RTP packet cut short")]
    Short,
    /// The version is not 2: STUN, ZRTP, T.38 or noise.
    #[error("RTP version is not 2")]
    Version,
    /// The padding length is zero or longer than the payload.
    #[error("RTP padding is wrong")]
    Padding,
    /// The payload type is one of RTCP's (RFC 5761 section 4).
    #[error("RTCP on the RTP port")]
    Rtcp,
}

const FIXED: usize = 12;

impl Header {
    /// Reads the header and checks every length in it. Never fails on a packet that RFC 3550 allows.
    pub fn parse(packet: &[u8]) -> Result<Self, HeaderError> {
        let header = Self::parse_protected(packet)?;
        let payload = packet.get(header.payload_at..).ok_or(HeaderError::Short)?;
        let is_padded = packet.first().is_some_and(|flags| flags & 0x20 != 0);
        let padding = if is_padded { padding_bytes(payload)? } else { 0 };
        Ok(Self { payload_end: packet.len() - padding, ..header })
    }

    /// Reads the header of a packet whose payload is still encrypted: its padding cannot be known yet.
    pub fn parse_protected(packet: &[u8]) -> Result<Self, HeaderError> {
        let (fixed, rest) = packet.split_first_chunk::<FIXED>().ok_or(HeaderError::Short)?;
        let [flags, kind, s0, s1, t0, t1, t2, t3, i0, i1, i2, i3] = *fixed;
        if flags >> 6 != 2 {
            return Err(HeaderError::Version);
        }
        if (192..=223).contains(&kind) {
            return Err(HeaderError::Rtcp);
        }
        let sources = usize::from(flags & 0x0f) * 4;
        let rest = rest.get(sources..).ok_or(HeaderError::Short)?;
        let extension = if flags & 0x10 != 0 { extension_bytes(rest)? } else { 0 };
        let payload = rest.get(extension..).ok_or(HeaderError::Short)?;
        Ok(Self {
            marker: kind & 0x80 != 0,
            payload_type: kind & 0x7f,
            sequence: u16::from_be_bytes([s0, s1]),
            timestamp: u32::from_be_bytes([t0, t1, t2, t3]),
            ssrc: u32::from_be_bytes([i0, i1, i2, i3]),
            payload_at: packet.len() - payload.len(),
            payload_end: packet.len(),
        })
    }

    /// Payload bytes.
    pub fn payload_bytes(&self) -> usize {
        self.payload_end.saturating_sub(self.payload_at)
    }

    /// The payload of the packet that this header was read from.
    pub fn payload<'a>(&self, packet: &'a [u8]) -> &'a [u8] {
        packet.get(self.payload_at..self.payload_end).unwrap_or_default()
    }

    /// Writes the fixed header of a packet of our own: no padding, extension or contributing sources.
    pub fn write(&self, out: &mut [u8; FIXED]) {
        let marker = if self.marker { 0x80 } else { 0 };
        let [s0, s1] = self.sequence.to_be_bytes();
        let [t0, t1, t2, t3] = self.timestamp.to_be_bytes();
        let [i0, i1, i2, i3] = self.ssrc.to_be_bytes();
        *out = [0x80, marker | (self.payload_type & 0x7f), s0, s1, t0, t1, t2, t3, i0, i1, i2, i3];
    }
}

/// The extension header with its 32-bit words (RFC 3550 section 5.3.1).
fn extension_bytes(rest: &[u8]) -> Result<usize, HeaderError> {
    let [_, _, l0, l1, ..] = *rest else { return Err(HeaderError::Short) };
    Ok(4 + usize::from(u16::from_be_bytes([l0, l1])) * 4)
}

fn padding_bytes(payload: &[u8]) -> Result<usize, HeaderError> {
    let padding = usize::from(payload.last().copied().ok_or(HeaderError::Padding)?);
    if padding == 0 || padding > payload.len() { Err(HeaderError::Padding) } else { Ok(padding) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn packet(flags: u8, rest: &[u8]) -> Vec<u8> {
        let mut packet = vec![flags, 0x88, 0x12, 0x34, 0, 0, 0, 160, 0xde, 0xad, 0xbe, 0xef];
        packet.extend_from_slice(rest);
        packet
    }

    #[test]
    fn reads_the_fixed_header() {
        let header = Header::parse(&packet(0x80, &[1, 2, 3])).unwrap();
        assert_eq!((header.marker, header.payload_type, header.sequence), (true, 8, 0x1234));
        assert_eq!((header.timestamp, header.ssrc, header.payload_bytes()), (160, 0xdead_beef, 3));
    }

    #[test]
    fn passes_over_sources_extension_and_padding() {
        let rest = [9, 9, 9, 9, 0xbe, 0xde, 0, 1, 7, 7, 7, 7, 42, 43, 0, 0, 3];
        let bytes = packet(0x80 | 0x20 | 0x10 | 1, &rest);
        assert_eq!(Header::parse(&bytes).unwrap().payload(&bytes), [42, 43]);
    }

    #[test]
    fn says_what_is_wrong() {
        assert_eq!(Header::parse(&[0x80; 11]), Err(HeaderError::Short));
        assert_eq!(Header::parse(&packet(0x00, &[])), Err(HeaderError::Version));
        assert_eq!(Header::parse(&packet(0x82, &[0; 7])), Err(HeaderError::Short));
        assert_eq!(Header::parse(&packet(0x90, &[0, 0, 0])), Err(HeaderError::Short));
        assert_eq!(Header::parse(&packet(0x90, &[0, 0, 0, 2, 0, 0, 0, 0])), Err(HeaderError::Short));
        assert_eq!(Header::parse(&packet(0xa0, &[0])), Err(HeaderError::Padding));
        assert_eq!(Header::parse(&packet(0xa0, &[2])), Err(HeaderError::Padding));
        assert_eq!(Header::parse(&packet(0xa0, &[])), Err(HeaderError::Padding));
        let mut report = packet(0x80, &[]);
        report[1] = 200;
        assert_eq!(Header::parse(&report), Err(HeaderError::Rtcp));
    }

    #[test]
    fn writes_what_it_reads() {
        let bytes = packet(0x80, &[]);
        let mut out = [0; 12];
        Header::parse(&bytes).unwrap().write(&mut out);
        assert_eq!(out.as_slice(), bytes.as_slice());
    }

    proptest! {
        #[test]
        fn any_bytes_give_bounds_inside_the_packet(bytes in proptest::collection::vec(any::<u8>(), 0..80)) {
            if let Ok(header) = Header::parse(&bytes) {
                prop_assert!(header.payload_at <= header.payload_end && header.payload_end <= bytes.len());
                prop_assert_eq!(header.payload(&bytes).len(), header.payload_bytes());
            }
        }
    }
}
