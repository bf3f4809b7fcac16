//! One RTP leg: judges, counts and describes the packets of one phone. The engine owns the sockets and asks here what
//! to do with a datagram and where to send one. RTCP is in `reports`.

mod another_call;
mod browser;
mod ears;
mod fax;
mod figures;
mod hearing;
mod reports;

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::latch::Verdict;
use super::statistics::{Received, Sent};
use super::{Format, Header, Latch, LatchSettings, OneStream};
use crate::codec::Encoding;
use crate::doctor::{Doctor, Facts, Finding};
use crate::sdp::{Codec, Direction, RemoteAudio, static_format};
use crate::srtp::{LocalKeys, Protection, Unprotected};
use crate::transcode::{Wanted, packet_time};
pub use fax::T38;
use hearing::Hearing;
pub use reports::RtcpPacket;
use reports::RtcpState;

/// The media of one phone.
#[derive(Debug)]
pub struct RtpLeg {
    latch: Latch,
    formats: Vec<Format>,
    /// The payload types of `formats`, one bit each.
    negotiated: u128,
    /// The parameters of its Opus.
    opus: Option<Box<str>>,
    packet_ms: PacketTimes,
    direction: Direction,
    inbound: Received,
    outbound: Sent,
    strangers: u64,
    malformed: u64,
    heard: Heard,
    spoken: Stream,
    /// The format heard last, so that a stream is looked up once.
    hearing: Hearing,
    rtcp: RtcpState,
    pace: Pace,
    /// Our keys, where the phone may be protected.
    keys: Option<Arc<LocalKeys>>,
    /// SRTP with the phone; None while it is plain.
    protection: Option<Box<Protection>>,
    /// That of before the phone went on without.
    rested: Option<Box<Protection>>,
    forged: u64,
    replayed: u64,
    /// Packets of the phone in a format that was not negotiated.
    unknown_format: u64,
    /// Errors that came back for packets to the phone.
    refused: u64,
    /// Whom signalling comes from.
    peer: IpAddr,
    /// A router on the way seems to have rewritten the phone's description.
    rewritten: bool,
    doctor: Doctor,
    /// The phone says that its sound is that of a modem.
    voiceband: bool,
    /// A fax machine has been heard, here or on the other side.
    has_fax_machine: bool,
    /// None for a phone that has sent no fax.
    fax: Option<Box<fax::Fax>>,
    /// Its address and its keys come from ICE and DTLS, and nothing is ever sent or taken in the clear.
    is_browser: bool,
    /// What it is sent, as one stream.
    one_stream: Option<Box<OneStream>>,
    opinions: figures::Opinions,
}

/// What the phone said of packets that it receives, in milliseconds.
#[derive(Debug, Clone, Copy, Default)]
struct PacketTimes {
    wished: Option<u32>,
    most: Option<u32>,
}

/// Since when the phone is silent.
#[derive(Debug)]
struct Heard {
    /// The last sign of life, or when one was first expected.
    at: Option<Instant>,
    /// When silence was said last.
    said: Option<Instant>,
    /// The last RTP packet, or when one was first expected both ways; None while silence is agreed.
    rtp: Option<Instant>,
}

/// What was sent last.
#[derive(Debug, Default)]
struct Stream {
    ssrc: Option<u32>,
    payload_type: Option<u8>,
    timestamp: u32,
    /// Packets and bytes that other sources had sent.
    before: (u64, u64),
}

/// How many packets came in this second.
#[derive(Debug)]
struct Pace {
    since: Option<Instant>,
    packets: u16,
}

/// More packets a second than any audio sends (2.5 ms frames make 400). Two calls whose descriptions point at each
/// other's ports would otherwise relay one packet in a circle, as fast as the machine can.
const MOST_A_SECOND: u16 = 1000;

impl Pace {
    fn allows(&mut self, now: Instant) -> bool {
        let running =
            self.since.is_some_and(|since| now.saturating_duration_since(since) < Duration::from_secs(1));
        if !running {
            *self = Self { since: Some(now), packets: 0 };
        }
        self.packets = self.packets.saturating_add(1);
        self.packets <= MOST_A_SECOND
    }
}

/// Why a datagram was dropped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Drop {
    /// It does not come from the phone.
    Stranger,
    /// It is no valid RTP or RTCP packet.
    Malformed,
    /// The phone sends more packets than any audio has; counted as malformed.
    Flood,
    /// It is not protected with the key that was agreed on.
    Forged,
    /// It came before.
    Replayed,
    /// It is a late packet of the audio that a fax has replaced.
    Outdated,
}

/// An RTP packet from the phone that may go on, no longer protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RtpPacket {
    /// Its header.
    pub header: Header,
    /// The length that is left of the datagram.
    pub length: usize,
}

impl RtpLeg {
    /// A leg that accepts nothing until [`Self::set_remote`]. `peer` is the address that signalling comes from.
    pub fn new(peer: IpAddr, settings: LatchSettings) -> Self {
        Self {
            latch: Latch::new(peer, settings),
            formats: Vec::new(),
            negotiated: 0,
            opus: None,
            packet_ms: PacketTimes::default(),
            direction: Direction::Inactive,
            inbound: Received::default(),
            outbound: Sent::default(),
            strangers: 0,
            malformed: 0,
            heard: Heard { at: None, said: None, rtp: None },
            spoken: Stream::default(),
            hearing: Hearing::default(),
            rtcp: RtcpState::default(),
            pace: Pace { since: None, packets: 0 },
            keys: None,
            protection: None,
            rested: None,
            forged: 0,
            replayed: 0,
            unknown_format: 0,
            refused: 0,
            peer: peer.to_canonical(),
            rewritten: false,
            doctor: Doctor::default(),
            voiceband: false,
            has_fax_machine: false,
            fax: None,
            is_browser: false,
            one_stream: None,
            opinions: figures::Opinions::default(),
        }
    }

    /// The leg with keys of our own: SRTP follows where the phone has one too.
    #[must_use]
    pub fn with_keys(self, keys: Option<Arc<LocalKeys>>) -> Self {
        Self { keys, ..self }
    }

    /// Whether packets to and from the phone are protected.
    pub fn is_protected(&self) -> bool {
        self.protection.is_some()
    }

    /// Whether the phone has been described: its formats are known.
    pub fn is_described(&self) -> bool {
        !self.formats.is_empty()
    }

    /// Takes over what the phone signalled: its address, formats and direction.
    pub fn set_remote(&mut self, now: Instant, remote: &RemoteAudio) {
        self.leave_fax(now);
        if !self.is_browser {
            self.signalled(remote.rtp, remote.rtcp);
        }
        self.formats = remote.codecs.iter().map(Format::of).collect();
        let opus = remote.codecs.iter().find(|codec| Encoding::of(codec) == Some(Encoding::Opus));
        self.opus = opus.and_then(|codec| codec.fmtp.clone());
        self.packet_ms = PacketTimes { wished: remote.ptime, most: remote.maxptime };
        self.negotiated = self
            .formats
            .iter()
            .fold(0, |bits, format| bits | 1_u128.checked_shl(format.payload_type.into()).unwrap_or(0));
        self.hearing.payload_type = None;
        if remote.direction.sends() && (self.heard.at.is_none() || !self.direction.sends()) {
            self.heard = Heard { at: Some(now), said: None, ..self.heard };
        }
        self.heard.rtp = match (self.heard.rtp, remote.direction) {
            (_, Direction::SendOnly | Direction::RecvOnly | Direction::Inactive) => None,
            (before, Direction::SendRecv) => before.or(Some(now)),
        };
        self.direction = remote.direction;
        self.rtcp.mux = remote.mux;
        self.rewritten = remote.rewritten;
        self.voiceband = remote.voiceband;
        if !self.is_browser {
            self.protect(remote);
        }
    }

    /// Takes over where the phone says that it is.
    fn signalled(&mut self, rtp: SocketAddr, rtcp: SocketAddr) {
        if self.latch.signalled() != Some(rtp) && !rtp.ip().is_unspecified() {
            self.rtcp.learnt = None;
        }
        self.latch.signal(rtp);
        if !rtcp.ip().is_unspecified() {
            self.rtcp.signalled = Some(rtcp);
        }
    }

    /// Takes over the phone's key. Where it goes on without, our counters rest: it may come back to the same key of ours.
    fn protect(&mut self, remote: &RemoteAudio) {
        let agreed = remote.key.as_ref().and_then(|theirs| {
            let ours = self.keys.as_deref()?.of(theirs.key.suite())?;
            Some((ours, theirs))
        });
        let before = self.protection.take().or_else(|| self.rested.take());
        let Some((ours, theirs)) = agreed else {
            self.rested = before;
            return;
        };
        self.protection = match before {
            None => Protection::new(ours, theirs).map(Box::new),
            Some(mut protection) => {
                if protection.renew(ours, theirs).is_none() {
                    tracing::error!("keys of a leg cannot be renewed");
                }
                Some(protection)
            }
        };
    }

    /// Judges and counts a datagram that came to the RTP port, and takes its protection off where it lies. What is
    /// given back may be relayed or echoed. A packet that does not authenticate teaches us no address.
    pub fn receive(
        &mut self,
        now: Instant,
        source: SocketAddr,
        packet: &mut [u8],
    ) -> Result<RtpPacket, Drop> {
        let length = self.open(source, packet)?;
        let packet = packet.get(..length).unwrap_or_default();
        let Ok(header) = Header::parse(packet) else { return Err(self.malformed()) };
        let fits = self.negotiated & (1_u128 << header.payload_type) != 0;
        if self.latch.judge(now, source, &header, fits) == Verdict::Stranger {
            return Err(self.stranger());
        }
        self.keep_pace(now)?;
        if self.hearing.payload_type != Some(header.payload_type) {
            let format = Format::find(&self.formats, header.payload_type);
            self.hearing.begin(header.payload_type, format.as_ref());
        }
        self.hearing.ssrc = Some(header.ssrc);
        self.hearing.bytes = header.payload_bytes();
        self.heard = Heard { at: Some(now), said: None, rtp: self.heard.rtp.map(|_| now) };
        self.unknown_format = self.unknown_format.saturating_add(u64::from(!fits));
        self.inbound.packet(now, &header, self.hearing.clock_rate);
        Ok(RtpPacket { header, length })
    }

    fn open(&mut self, source: SocketAddr, packet: &mut [u8]) -> Result<usize, Drop> {
        let Some(protection) = &mut self.protection else {
            let is_browser = self.is_browser;
            return if is_browser {
                Err(self.unprotected(source, Unprotected::Forged))
            } else {
                Ok(packet.len())
            };
        };
        let Ok(header) = Header::parse_protected(packet) else { return Err(self.malformed()) };
        let opened = protection.open_rtp(&header, packet);
        opened.map_err(|error| self.unprotected(source, error))
    }

    fn unprotected(&mut self, source: SocketAddr, error: Unprotected) -> Drop {
        let signalled = self.latch.signalled().map(|signalled| signalled.ip());
        match error {
            Unprotected::Forged if source.ip() != self.peer && Some(source.ip()) != signalled => {
                self.stranger()
            }
            Unprotected::Forged => {
                self.forged = self.forged.saturating_add(1);
                Drop::Forged
            }
            Unprotected::Replayed => {
                self.replayed = self.replayed.saturating_add(1);
                Drop::Replayed
            }
        }
    }

    /// The protected form of an RTP packet for the phone, written to `out`: its length. None where it may not be sent.
    /// Only for a leg that [`Self::is_protected`].
    pub fn seal(&mut self, header: &Header, packet: &[u8], out: &mut [u8]) -> Option<usize> {
        self.protection.as_mut()?.seal_rtp(header, packet, out)
    }

    /// The protected form of an RTCP packet for the phone.
    pub fn seal_rtcp(&mut self, packet: &[u8], out: &mut [u8]) -> Option<usize> {
        self.protection.as_mut()?.seal_rtcp(packet, out)
    }

    /// Where RTP for the phone goes; None while it does not receive or no address is known.
    pub fn destination(&self) -> Option<SocketAddr> {
        if self.direction.receives() && !self.is_fax() && !self.is_in_the_dark() {
            self.latch.destination()
        } else {
            None
        }
    }

    /// Counts a packet that was sent to the phone.
    pub fn sent(&mut self, header: &Header) {
        let before =
            if self.spoken.ssrc == Some(header.ssrc) { self.spoken.before } else { self.outbound.totals() };
        self.spoken = Stream {
            ssrc: Some(header.ssrc),
            payload_type: Some(header.payload_type),
            timestamp: header.timestamp,
            before,
        };
        self.outbound.packet(header.payload_bytes());
    }

    /// Counts ICMP errors that came back for what was sent to the phone.
    pub fn refused(&mut self, errors: u32) {
        self.refused = self.refused.saturating_add(errors.into());
    }

    /// How long the phone has been silent although it should send: said after `after`, and again after each further
    /// such time, because what the caller makes of it may change. RTCP is a sign of life too.
    pub fn silence(&mut self, now: Instant, after: Duration) -> Option<Duration> {
        let since = self.heard.at.filter(|_| self.direction.sends())?;
        let last = self.heard.said.unwrap_or(since);
        if now.saturating_duration_since(last) < after {
            return None;
        }
        self.heard.said = Some(now);
        Some(now.saturating_duration_since(since))
    }

    /// Whether the phone has sent no RTP for so long although both sides agreed to talk: a phone on hold, or that holds,
    /// may be silent.
    pub fn has_lost_rtp(&self, now: Instant, after: Duration) -> bool {
        self.heard.rtp.is_some_and(|heard| now.saturating_duration_since(heard) >= after)
    }

    /// Lets the doctor look at the leg. `connected`: somebody is there to hear the phone.
    pub fn examine(&mut self, now: Instant, connected: bool) -> Option<Finding> {
        let facts = Facts {
            // A fax is silent for seconds while a page is fed, and both ends tell each other of their failures.
            expected: connected && self.direction.sends() && !self.is_fax(),
            held: self.direction != Direction::SendRecv,
            heard: self.inbound.quality().packets.saturating_sub(self.unknown_format),
            unknown_format: self.unknown_format,
            forged: self.forged,
            strangers: self.strangers,
            paused: self.hearing.pauses(),
            signalled: self.latch.signalled().map(|signalled| signalled.ip()),
            peer: self.peer,
            rewritten: self.rewritten,
            deaf: self.rtcp.ears.are_deaf(),
            refused: self.refused,
        };
        self.doctor.look(now, facts)
    }

    /// Whether the phone's sound is that of a modem: nothing may be left out of it, nor added.
    pub fn is_voiceband(&self) -> bool {
        self.voiceband || self.has_fax_machine
    }

    /// Notes that a fax machine was heard, on this side or the other.
    pub fn heard_fax_machine(&mut self) {
        self.has_fax_machine = true;
    }

    /// The negotiated formats, in the phone's order.
    pub fn formats(&self) -> &[Format] {
        &self.formats
    }

    /// The longest packet that the phone takes, in milliseconds.
    pub fn longest_packet(&self) -> Option<u32> {
        self.packet_ms.most
    }

    /// A negotiated format as its codec is made: with its parameters.
    pub fn codec(&self, payload_type: u8) -> Option<Codec> {
        let format = Format::find(&self.formats, payload_type)?;
        let opus = format.encoding() == Some(Encoding::Opus);
        Some(format.codec(self.opus.as_deref().filter(|_| opus)))
    }

    /// What the phone wants to hear of us: the format that it speaks itself, else the first that we speak; G.711 we always
    /// do. None where there is none.
    pub fn wanted(&self, speaks: &[Encoding]) -> Option<Wanted> {
        let spoken = |format: &&Format| {
            format.encoding().is_some_and(|encoding| {
                matches!(encoding, Encoding::Pcma | Encoding::Pcmu) || speaks.contains(&encoding)
            })
        };
        let same = self.formats.iter().filter(|format| Some(format.payload_type) == self.hearing.speech);
        let format = same.chain(&self.formats).find(spoken)?;
        let opus = format.encoding() == Some(Encoding::Opus);
        let events = || self.formats.iter().filter(|format| format.is_telephone_event());
        let alike = events().find(|event| event.clock_rate == format.clock_rate);
        let noise = self.formats.iter().find(|format| format.is_comfort_noise() && format.clock_rate == 8000);
        Some(Wanted {
            codec: format.codec(self.opus.as_deref().filter(|_| opus)),
            ptime_ms: packet_time(self.packet_ms.wished, self.packet_ms.most),
            noise: noise.filter(|_| !self.is_voiceband()).map(|format| format.payload_type),
            events: alike.or_else(|| events().next()).map(|event| (event.payload_type, event.clock_rate)),
        })
    }

    fn clock_rate(&self, payload_type: u8) -> u32 {
        let negotiated = self.formats.iter().find(|format| format.payload_type == payload_type);
        match negotiated {
            Some(format) => format.clock_rate,
            None => static_format(payload_type).map_or(0, |(_, clock_rate, _)| clock_rate),
        }
    }

    fn name(&self, payload_type: u8) -> Option<Box<str>> {
        let negotiated = self.formats.iter().find(|format| format.payload_type == payload_type);
        match negotiated {
            Some(format) => Some(format.name.clone()),
            None => static_format(payload_type).map(|(name, _, _)| name.into()),
        }
    }

    fn keep_pace(&mut self, now: Instant) -> Result<(), Drop> {
        if self.pace.allows(now) {
            return Ok(());
        }
        self.malformed = self.malformed.saturating_add(1);
        Err(Drop::Flood)
    }

    fn stranger(&mut self) -> Drop {
        self.strangers = self.strangers.saturating_add(1);
        Drop::Stranger
    }

    fn malformed(&mut self) -> Drop {
        self.malformed = self.malformed.saturating_add(1);
        Drop::Malformed
    }
}
