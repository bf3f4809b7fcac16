//! The protection of one leg: what we seal with our key, and what we open with the phone's.

use zeroize::Zeroize as _;

use serde::{Deserialize, Serialize};

use super::index::Sources;
use super::transform::{Frame, RTCP_CLEAR, Transform};
use super::{MasterKey, Suite};
use crate::rtp::Header;

/// The key of a phone, as its session description gave it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct PeerKey {
    /// The key.
    pub key: MasterKey,
    /// The identifier that every packet of the phone carries, if any: its value and its length, 1 to 4 bytes.
    pub mki: Option<(u32, u8)>,
}

/// Both directions of one leg.
#[derive(Debug)]
pub struct Protection {
    inbound: Inbound,
    /// What the phone used before it changed its key, until the new one is heard: packets may still be on their way.
    before: Option<Inbound>,
    outbound: Outbound,
    /// What we sealed with under other suites before: a suite that comes back goes on counting.
    rested: Vec<Outbound>,
}

/// Why a packet was not opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unprotected {
    /// It is no whole packet, or not from who has the key.
    #[error("packet is not authentic")]
    Forged,
    /// It passed before, or it is too late to be sure of that.
    #[error("packet is a replay")]
    Replayed,
}

#[derive(Debug)]
struct Inbound {
    peer: PeerKey,
    rtp: Transform,
    rtcp: Transform,
    rtp_sources: Sources,
    rtcp_sources: Sources,
}

#[derive(Debug)]
struct Outbound {
    suite: Suite,
    rtp: Transform,
    rtcp: Transform,
    sources: Sources,
    /// Counts RTCP packets; one count for all sources keeps it from ever repeating under one key.
    rtcp_index: u32,
}

/// The index word's bit that says "encrypted", and the highest index (RFC 3711 section 3.4).
const ENCRYPTED: u32 = 1 << 31;

impl Protection {
    /// Protection with our key and the phone's; None where they are for different suites.
    pub fn new(ours: &MasterKey, theirs: &PeerKey) -> Option<Self> {
        if ours.suite() != theirs.key.suite() {
            return None;
        }
        let (inbound, outbound) = (Inbound::new(theirs)?, Outbound::new(ours)?);
        Some(Self { inbound, before: None, outbound, rested: Vec::new() })
    }

    /// The suite.
    pub fn suite(&self) -> Suite {
        self.outbound.suite
    }

    /// Takes over a new description. The same key again changes nothing: counters go on. We have one key for each suite as
    /// long as the leg lasts, and its counters last as long, because a packet index may never come twice under one key.
    pub fn renew(&mut self, ours: &MasterKey, theirs: &PeerKey) -> Option<()> {
        if self.outbound.suite != ours.suite() {
            let inbound = Inbound::new(theirs)?;
            let outbound = match self.rested.iter().position(|rested| rested.suite == ours.suite()) {
                Some(at) => self.rested.swap_remove(at),
                None => Outbound::new(ours)?,
            };
            self.rested.push(std::mem::replace(&mut self.outbound, outbound));
            (self.inbound, self.before) = (inbound, None);
        } else if self.inbound.peer != *theirs {
            let inbound = Inbound::new(theirs)?;
            self.before = Some(std::mem::replace(&mut self.inbound, inbound));
        }
        Some(())
    }

    /// Opens an RTP packet where it lies, and gives back its length. `header` is that of the packet.
    pub fn open_rtp(&mut self, header: &Header, packet: &mut [u8]) -> Result<usize, Unprotected> {
        match self.inbound.open_rtp(header, packet) {
            Ok(length) => {
                self.before = None;
                Ok(length)
            }
            // A failed GCM leaves the packet in ruins, so only counter mode can try twice.
            Err(Unprotected::Forged) if !self.suite().is_gcm() => match &mut self.before {
                Some(before) => before.open_rtp(header, packet),
                None => Err(Unprotected::Forged),
            },
            Err(error) => Err(error),
        }
    }

    /// Opens an RTCP packet where it lies, and gives back its length.
    pub fn open_rtcp(&mut self, packet: &mut [u8]) -> Result<usize, Unprotected> {
        match (self.inbound.open_rtcp(packet), &mut self.before) {
            (Err(Unprotected::Forged), Some(before)) if !self.outbound.suite.is_gcm() => {
                before.open_rtcp(packet)
            }
            (result, _) => result,
        }
    }

    /// Writes the protected form of an RTP packet, and gives back its length. None where the packet has been sent
    /// before: with the same index and another content it would betray both; or where it does not fit.
    pub fn seal_rtp(&mut self, header: &Header, packet: &[u8], out: &mut [u8]) -> Option<usize> {
        self.outbound.seal_rtp(header, packet, out)
    }

    /// Writes the protected form of an RTCP packet, and gives back its length.
    pub fn seal_rtcp(&mut self, packet: &[u8], out: &mut [u8]) -> Option<usize> {
        self.outbound.seal_rtcp(packet, out)
    }
}

impl Inbound {
    fn new(peer: &PeerKey) -> Option<Self> {
        Some(Self {
            peer: peer.clone(),
            rtp: Transform::rtp(&peer.key)?,
            rtcp: Transform::rtcp(&peer.key)?,
            rtp_sources: Sources::default(),
            rtcp_sources: Sources::default(),
        })
    }

    fn mki_bytes(&self) -> usize {
        self.peer.mki.map_or(0, |(_, bytes)| usize::from(bytes))
    }

    fn is_ours(&self, mki: &[u8]) -> bool {
        let value = mki.iter().fold(0_u32, |value, byte| (value << 8) | u32::from(*byte));
        self.peer.mki.is_none_or(|(ours, _)| ours == value)
    }

    fn open_rtp(&mut self, header: &Header, packet: &mut [u8]) -> Result<usize, Unprotected> {
        let source = self.rtp_sources.find(header.ssrc, u64::from(header.sequence));
        let index = source.guess(header.sequence).ok_or(Unprotected::Forged)?;
        if !source.is_fresh(index) {
            return Err(Unprotected::Replayed);
        }
        let (tag_bytes, mki_bytes) = (self.rtp.tag_bytes(), self.mki_bytes());
        let length =
            packet.len().checked_sub(tag_bytes.saturating_add(mki_bytes)).ok_or(Unprotected::Forged)?;
        if length < header.payload_at {
            return Err(Unprotected::Forged);
        }
        let (packet, rest) = packet.split_at_mut_checked(length).ok_or(Unprotected::Forged)?;
        let (mki, tag) = if self.rtp.tag_is_last() {
            rest.split_at_checked(mki_bytes)
        } else {
            rest.split_at_checked(tag_bytes).map(|(tag, mki)| (mki, tag))
        }
        .ok_or(Unprotected::Forged)?;
        if !self.is_ours(mki) {
            return Err(Unprotected::Forged);
        }
        let frame = rtp_frame(header, index);
        self.rtp.open(frame, packet, tag).ok_or(Unprotected::Forged)?;
        let mut source = source;
        source.pass(index);
        self.rtp_sources.keep(source);
        Ok(length)
    }

    fn open_rtcp(&mut self, packet: &mut [u8]) -> Result<usize, Unprotected> {
        let parts = self.split_rtcp(packet).ok_or(Unprotected::Forged)?;
        let Parts { length, word, tag } = parts;
        // A packet that claims to be in the clear is not: both sides agreed on encryption.
        if word & ENCRYPTED == 0 {
            return Err(Unprotected::Forged);
        }
        let index = u64::from(word & !ENCRYPTED);
        let ssrc = packet.get(4..8).and_then(<[u8]>::first_chunk).ok_or(Unprotected::Forged)?;
        let ssrc = u32::from_be_bytes(*ssrc);
        let mut source = self.rtcp_sources.find(ssrc, index);
        if !source.is_fresh(index) {
            return Err(Unprotected::Replayed);
        }
        let frame = Frame { ssrc, index, clear: RTCP_CLEAR, trailer: word.to_be_bytes() };
        let tag = tag.get(..self.rtcp.tag_bytes()).ok_or(Unprotected::Forged)?;
        let packet = packet.get_mut(..length).ok_or(Unprotected::Forged)?;
        self.rtcp.open(frame, packet, tag).ok_or(Unprotected::Forged)?;
        source.pass(index);
        self.rtcp_sources.keep(source);
        Ok(length)
    }

    /// Counter mode: packet, index word, identifier, tag. GCM: packet, tag, index word, identifier.
    fn split_rtcp(&self, packet: &[u8]) -> Option<Parts> {
        let (tag_bytes, mki_bytes) = (self.rtcp.tag_bytes(), self.mki_bytes());
        let length = packet.len().checked_sub(tag_bytes.checked_add(mki_bytes)?.checked_add(4)?)?;
        if length < RTCP_CLEAR {
            return None;
        }
        let rest = packet.get(length..)?;
        let (word, mki, tag) = if self.rtcp.tag_is_last() {
            let (word, rest) = rest.split_first_chunk::<4>()?;
            let (mki, tag) = rest.split_at_checked(mki_bytes)?;
            (word, mki, tag)
        } else {
            let (tag, rest) = rest.split_at_checked(tag_bytes)?;
            let (word, mki) = rest.split_first_chunk::<4>()?;
            (word, mki, tag)
        };
        let mut kept = [0; 16];
        kept.get_mut(..tag.len())?.copy_from_slice(tag);
        self.is_ours(mki).then_some(Parts { length, word: u32::from_be_bytes(*word), tag: kept })
    }
}

/// The parts of an SRTCP packet.
struct Parts {
    length: usize,
    word: u32,
    tag: [u8; 16],
}

impl Outbound {
    fn new(key: &MasterKey) -> Option<Self> {
        let (rtp, rtcp) = (Transform::rtp(key)?, Transform::rtcp(key)?);
        Some(Self { suite: key.suite(), rtp, rtcp, sources: Sources::default(), rtcp_index: 0 })
    }

    fn seal_rtp(&mut self, header: &Header, packet: &[u8], out: &mut [u8]) -> Option<usize> {
        let mut source = self.sources.find(header.ssrc, u64::from(header.sequence));
        let index = source.guess(header.sequence)?;
        if !source.is_fresh(index) {
            return None;
        }
        let total = packet.len().checked_add(self.rtp.tag_bytes())?;
        let out = out.get_mut(..total)?;
        let (body, tag) = out.split_at_mut_checked(packet.len())?;
        body.copy_from_slice(packet);
        // Noted before it is used: whatever fails below, the index is never used again.
        source.pass(index);
        self.sources.keep(source);
        if self.rtp.seal(rtp_frame(header, index), body, tag).is_none() {
            out.zeroize();
            return None;
        }
        Some(total)
    }

    fn seal_rtcp(&mut self, packet: &[u8], out: &mut [u8]) -> Option<usize> {
        let ssrc = u32::from_be_bytes(*packet.get(4..8)?.first_chunk()?);
        // 2^31 packets are the end of a key (RFC 3711 section 9.2): silence is safer than an index that repeats.
        self.rtcp_index = self.rtcp_index.checked_add(1).filter(|index| *index < ENCRYPTED)?;
        let word = (self.rtcp_index | ENCRYPTED).to_be_bytes();
        let total = packet.len().checked_add(self.rtcp.tag_bytes())?.checked_add(4)?;
        let out = out.get_mut(..total)?;
        let (body, rest) = out.split_at_mut_checked(packet.len())?;
        body.copy_from_slice(packet);
        let frame = Frame { ssrc, index: u64::from(self.rtcp_index), clear: RTCP_CLEAR, trailer: word };
        let (index, tag) = if self.rtcp.tag_is_last() {
            rest.split_at_mut_checked(4)?
        } else {
            rest.split_at_mut_checked(self.rtcp.tag_bytes()).map(|(tag, index)| (index, tag))?
        };
        index.copy_from_slice(&word);
        self.rtcp.seal(frame, body, tag)?;
        Some(total)
    }
}

fn rtp_frame(header: &Header, index: u64) -> Frame {
    let [_, _, r0, r1, r2, r3, _, _] = index.to_be_bytes();
    Frame { ssrc: header.ssrc, index, clear: header.payload_at, trailer: [r0, r1, r2, r3] }
}

#[cfg(test)]
mod tests;
