//! A leg whose phone sends a fax: UDPTL datagrams (T.38 section 9) in place of RTP. They are judged by where they come from
//! and counted, never read: whatever they begin with, they are no RTP, RTCP or STUN.

use std::net::SocketAddr;
use std::time::Instant;

use super::{Drop, Heard, RtpLeg};
use crate::quality::DirectionQuality;
use crate::rtp::Header;
use crate::rtp::latch::Verdict;
use crate::sdp::{Direction, RemoteFax};

/// The fax of a leg, kept when the leg goes back to audio: what was counted stays counted.
#[derive(Debug, Default)]
pub(super) struct Fax {
    /// Whether it goes on.
    is_on: bool,
    inbound: Counted,
    outbound: Counted,
}

#[derive(Debug, Clone, Copy, Default)]
struct Counted {
    datagrams: u64,
    bytes: u64,
}

impl Counted {
    fn add(&mut self, length: usize) {
        self.datagrams = self.datagrams.saturating_add(1);
        self.bytes = self.bytes.saturating_add(length as u64);
    }

    fn add_to(self, quality: &mut DirectionQuality) {
        quality.packets = quality.packets.saturating_add(self.datagrams);
        quality.bytes = quality.bytes.saturating_add(self.bytes);
    }
}

/// A sequence number, an empty primary packet and an empty error recovery: less is what keeps a NAT's way open.
const SHORTEST: usize = 5;

/// What the codec of such a leg is called.
pub const T38: &str = "t38";

impl RtpLeg {
    /// Takes over what the phone signalled for its fax. Until the next [`Self::set_remote`] the leg takes and sends nothing
    /// else.
    pub fn set_fax(&mut self, now: Instant, remote: &RemoteFax) {
        self.latch.signal(remote.udptl);
        self.fax.get_or_insert_default().is_on = true;
        self.heard = Heard {
            at: Some(now),
            said: None,
            rtp: (remote.direction == Direction::SendRecv).then_some(now),
        };
        self.direction = remote.direction;
    }

    /// Goes back to audio.
    pub(super) fn leave_fax(&mut self, now: Instant) {
        if let Some(fax) = self.fax.as_mut().filter(|fax| fax.is_on) {
            fax.is_on = false;
            self.heard = Heard { at: Some(now), said: None, rtp: None };
        }
    }

    /// Whether datagrams are UDPTL now.
    pub fn is_fax(&self) -> bool {
        self.fax.as_ref().is_some_and(|fax| fax.is_on)
    }

    /// Judges and counts a datagram of a fax that came to the RTP port; `room` is what a datagram was read into: one that
    /// fills it may have been longer.
    pub fn receive_udptl(
        &mut self,
        now: Instant,
        source: SocketAddr,
        datagram: &[u8],
        room: usize,
    ) -> Result<(), Drop> {
        if self.is_of_the_audio(datagram) {
            return Err(Drop::Outdated);
        }
        if datagram.len() < SHORTEST || datagram.len() >= room {
            return Err(self.malformed());
        }
        // Datagrams follow each other, whatever their numbers are: the same one may come several times.
        let count = self.fax.as_ref().map_or(0, |fax| fax.inbound.datagrams);
        let [.., b6, b7] = count.to_be_bytes();
        let number = u16::from_be_bytes([b6, b7]);
        let order = Header { sequence: number, ..Header::default() };
        if self.latch.judge(now, source, &order, true) == Verdict::Stranger {
            return Err(self.stranger());
        }
        self.keep_pace(now)?;
        self.heard = Heard { at: Some(now), said: None, rtp: self.heard.rtp.map(|_| now) };
        if let Some(fax) = &mut self.fax {
            fax.inbound.add(datagram.len());
        }
        Ok(())
    }

    /// Whether a datagram is a late one of the audio before: RTP, or RTCP on the same port, of the source that was heard.
    /// By its number alone a UDPTL datagram could look like either.
    fn is_of_the_audio(&self, datagram: &[u8]) -> bool {
        let Some(ssrc) = self.hearing.ssrc.map(u32::to_be_bytes) else { return false };
        let is_version_2 = datagram.first().is_some_and(|first| first >> 6 == 2);
        is_version_2 && (datagram.get(8..12) == Some(&ssrc) || datagram.get(4..8) == Some(&ssrc))
    }

    /// Where the fax for the phone goes; None while there is none, or no address is known.
    pub fn fax_destination(&self) -> Option<SocketAddr> {
        if self.is_fax() && self.direction.receives() { self.latch.destination() } else { None }
    }

    /// Counts a datagram that was sent to the phone.
    pub fn sent_udptl(&mut self, length: usize) {
        if let Some(fax) = &mut self.fax {
            fax.outbound.add(length);
        }
    }

    /// Adds the datagrams to the packets of the audio.
    pub(super) fn count_fax(&self, inbound: &mut DirectionQuality, outbound: &mut DirectionQuality) {
        if let Some(fax) = &self.fax {
            fax.inbound.add_to(inbound);
            fax.outbound.add_to(outbound);
        }
    }
}
