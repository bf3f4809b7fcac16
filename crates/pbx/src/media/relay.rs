//! The way of one packet: socket, leg, bridge, leg, socket. Everything here runs for every packet.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use kiestoon_media::rtp::{Header, RtcpPacket, RtpPacket};
use kiestoon_media::srtp::OVERHEAD;
use kiestoon_media::transcode::Lacks;
use kiestoon_media::webrtc::Kind;

use super::leg::{Activity, Leg, Legs, Token};
use super::unreachable;
use super::voice::Noted;

/// What the thread counts beside the legs' own figures.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Counters {
    /// RTP packets that a phone of ours sent.
    pub(crate) received: u64,
    /// RTP packets sent, relayed, echoed or played.
    pub(crate) sent: u64,
    /// Frames of 20 ms.
    pub(crate) ticks: u64,
    /// Frames that began more than a frame late, or were left out.
    pub(crate) ticks_late: u64,
    /// Packets of transcoded legs that came after their turn.
    pub(crate) packets_late: u64,
    /// Frames of transcoded legs in which something was made up.
    pub(crate) concealed: u64,
}

impl Counters {
    /// Adds what a listener lacked.
    pub(super) fn lack(&mut self, lacks: Lacks) {
        self.packets_late += lacks.late;
        self.concealed += lacks.concealed;
    }
}

/// The counts of one thread as others may read them: written by the thread once a batch, so that a packet costs no
/// shared memory.
#[derive(Debug, Default)]
pub(super) struct Traffic {
    received: AtomicU64,
    sent: AtomicU64,
    ticks: AtomicU64,
    ticks_late: AtomicU64,
    packets_late: AtomicU64,
    concealed: AtomicU64,
}

impl Traffic {
    pub(super) fn publish(&self, counters: &Counters) {
        self.received.store(counters.received, Ordering::Relaxed);
        self.sent.store(counters.sent, Ordering::Relaxed);
        self.ticks.store(counters.ticks, Ordering::Relaxed);
        self.ticks_late.store(counters.ticks_late, Ordering::Relaxed);
        self.packets_late.store(counters.packets_late, Ordering::Relaxed);
        self.concealed.store(counters.concealed, Ordering::Relaxed);
    }

    /// Adds what the thread has counted since it began.
    pub(super) fn add_to(&self, counters: &mut Counters) {
        let add = |sum: &mut u64, count: &AtomicU64| *sum = sum.wrapping_add(count.load(Ordering::Relaxed));
        add(&mut counters.received, &self.received);
        add(&mut counters.sent, &self.sent);
        add(&mut counters.ticks, &self.ticks);
        add(&mut counters.ticks_late, &self.ticks_late);
        add(&mut counters.packets_late, &self.packets_late);
        add(&mut counters.concealed, &self.concealed);
    }
}

/// A datagram of at most this size is relayed; an Ethernet frame holds 1,500 bytes.
pub(super) const DATAGRAM: usize = 2048;

impl Legs {
    /// Takes one datagram from a socket that epoll says is readable. One, because epoll says so again while more is
    /// there: looking for the end would cost a call to the kernel for each packet.
    pub(super) fn readable(
        &mut self,
        token: Token,
        now: Instant,
        buffer: &mut [u8; DATAGRAM],
        counters: &mut Counters,
    ) -> Noted {
        if token.rtcp {
            self.rtcp(token.index, now, buffer);
            Noted::default()
        } else {
            self.rtp(token.index, now, buffer, counters)
        }
    }

    fn rtp(
        &mut self,
        index: usize,
        now: Instant,
        buffer: &mut [u8; DATAGRAM],
        counters: &mut Counters,
    ) -> Noted {
        let nothing = Noted::default();
        let Some(leg) = self.leg(index) else { return nothing };
        let received = leg.sockets.rtp.as_ref().map(|socket| socket.recv_from(buffer));
        let Some(Ok((length, source))) = received else { return nothing };
        let Some(packet) = buffer.get_mut(..length) else { return nothing };
        self.came(index, now, source, packet, counters)
    }

    /// A datagram that has come to a leg's RTP socket.
    pub(super) fn came(
        &mut self,
        index: usize,
        now: Instant,
        source: SocketAddr,
        packet: &mut [u8],
        counters: &mut Counters,
    ) -> Noted {
        let nothing = Noted::default();
        let Some(leg) = self.leg_mut(index) else { return nothing };
        #[cfg(test)]
        assert!(!leg.poisoned, "a test asked for it");
        if leg.media.is_browser() && matches!(Kind::of(packet), Some(Kind::Stun | Kind::Dtls)) {
            let leg = leg.id;
            if let Some(door) = &self.door {
                door.came(leg, source, packet);
            }
            return nothing;
        }
        if leg.media.is_fax() {
            self.udptl(index, now, source, packet, counters);
            return nothing;
        }
        if leg.media.is_rtcp(packet) {
            self.report_came(index, now, source, packet);
            return nothing;
        }
        let Ok(received) = leg.media.receive(now, source, packet) else { return nothing };
        let RtpPacket { mut header, length } = received;
        let Some(packet) = packet.get_mut(..length) else { return nothing };
        counters.received = counters.received.wrapping_add(1);
        match leg.activity {
            Activity::Bridged(peer) => {
                let (relayed, noted) = self.bridged(index, peer, now, &mut header, packet);
                if let Some(peer) = self.leg_mut(peer).filter(|_| relayed) {
                    peer.send(&header, packet, counters);
                }
                return noted;
            }
            Activity::Echo { ssrc } => {
                let header = Header { ssrc, ..header };
                if let Some(field) = packet.get_mut(8..12) {
                    field.copy_from_slice(&ssrc.to_be_bytes());
                }
                leg.send(&header, packet, counters);
            }
            Activity::Idle | Activity::Playing(_) => {}
        }
        self.heard_alone(index, now, &header, packet)
    }

    /// Passes a datagram of a fax on as it came.
    fn udptl(
        &mut self,
        index: usize,
        now: Instant,
        source: SocketAddr,
        datagram: &[u8],
        counters: &mut Counters,
    ) {
        let Some(leg) = self.leg_mut(index) else { return };
        if leg.media.receive_udptl(now, source, datagram, DATAGRAM).is_err() {
            return;
        }
        counters.received = counters.received.wrapping_add(1);
        let Activity::Bridged(peer) = leg.activity else { return };
        if let Some(peer) = self.leg_mut(peer) {
            peer.send_udptl(datagram, counters);
        }
    }

    fn rtcp(&mut self, index: usize, now: Instant, buffer: &mut [u8; DATAGRAM]) {
        let Some(leg) = self.leg_mut(index) else { return };
        let received = leg.sockets.rtcp.as_ref().map(|socket| socket.recv_from(buffer));
        let Some(Ok((length, source))) = received else { return };
        let Some(packet) = buffer.get_mut(..length) else { return };
        self.report_came(index, now, source, packet);
    }

    /// Takes the phone's RTCP, and passes it on where it is true on the other side: elsewhere we report ourselves.
    fn report_came(&mut self, index: usize, now: Instant, source: SocketAddr, packet: &mut [u8]) {
        let Some(leg) = self.leg_mut(index) else { return };
        let Ok(RtcpPacket { length, .. }) = leg.media.receive_rtcp(now, source, packet) else { return };
        let Some(packet) = packet.get(..length) else { return };
        let Activity::Bridged(peer) = leg.activity else { return };
        let (Some(leg), Some(other)) = (self.leg(index), self.leg(peer)) else { return };
        // What is said of the one stream means nothing beside another of ours.
        if other.voice.is_none()
            && leg.media.relays_rtcp_to(&other.media, now)
            && let Some(other) = self.leg_mut(peer)
        {
            other.send_rtcp(now, packet);
        }
    }
}

impl Leg {
    /// Sends a packet to the phone, unless it does not receive now; to a browser as part of its one stream.
    pub(super) fn send(&mut self, header: &Header, packet: &[u8], counters: &mut Counters) {
        if !self.media.is_browser() {
            return self.send_as_it_is(header, packet, counters);
        }
        let (mut header, mut copy) = (*header, [0; DATAGRAM]);
        let Some(copy) = copy.get_mut(..packet.len()) else { return };
        copy.copy_from_slice(packet);
        self.media.number(Instant::now(), &mut header, copy);
        self.send_as_it_is(&header, copy, counters);
    }

    fn send_as_it_is(&mut self, header: &Header, packet: &[u8], counters: &mut Counters) {
        let (Some(destination), Some(socket)) = (self.media.destination(), &self.sockets.rtp) else { return };
        let sent = if self.media.is_protected() {
            let mut sealed = [0; DATAGRAM + OVERHEAD];
            let Some(length) = self.media.seal(header, packet, &mut sealed) else { return };
            unreachable::send(socket, sealed.get(..length).unwrap_or_default(), destination)
        } else {
            unreachable::send(socket, packet, destination)
        };
        // A full queue or an unreachable phone costs packets, never the call.
        if sent.is_ok() {
            self.media.sent(header);
            counters.sent = counters.sent.wrapping_add(1);
        }
    }

    /// Sends a datagram of a fax to the phone, in the clear, where the phone has a fax too.
    fn send_udptl(&mut self, datagram: &[u8], counters: &mut Counters) {
        let (Some(destination), Some(socket)) = (self.media.fax_destination(), &self.sockets.rtp) else {
            return;
        };
        if unreachable::send(socket, datagram, destination).is_ok() {
            self.media.sent_udptl(datagram.len());
            counters.sent = counters.sent.wrapping_add(1);
        }
    }

    /// Sends an RTCP packet to the phone, where its address is known.
    pub(super) fn send_rtcp(&mut self, now: Instant, packet: &[u8]) {
        let Some(destination) = self.media.rtcp_destination() else { return };
        let is_protected = self.media.is_protected();
        let mut sealed = [0; DATAGRAM + OVERHEAD];
        let protected = if is_protected { self.media.seal_rtcp(packet, &mut sealed) } else { None };
        let datagram = match protected {
            Some(length) => sealed.get(..length).unwrap_or_default(),
            None if is_protected => return,
            None => packet,
        };
        let socket = if self.media.is_mux() { &self.sockets.rtp } else { &self.sockets.rtcp };
        if socket.as_ref().is_some_and(|socket| socket.send_to(datagram, destination).is_ok()) {
            self.media.sent_rtcp(now, packet);
        }
    }
}
