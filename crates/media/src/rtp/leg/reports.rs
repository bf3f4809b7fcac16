//! The RTCP of a leg: what the phone reports is read, and what we report ourselves is made where nobody else does.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use super::ears::Ears;
use super::{Drop, Heard, RtpLeg};
use crate::rtp::reporter::{Identity, Reporter, Sending, middle};
use crate::rtp::rtcp;
use crate::rtp::statistics::narrow;
use crate::srtp::Unprotected;

#[derive(Debug, Default)]
pub(super) struct RtcpState {
    pub(super) signalled: Option<SocketAddr>,
    pub(super) learnt: Option<SocketAddr>,
    /// The last two sender reports that went to the phone: the middle of their NTP time, and when.
    sent: [Option<(u32, Instant)>; 2],
    pub(super) rtt_ms: Option<f32>,
    /// RTCP shares the port of RTP (RFC 5761).
    pub(super) mux: bool,
    /// When the phone's own RTCP came last.
    heard: Option<Instant>,
    pub(super) ears: Ears,
    losses: Losses,
    reporter: Reporter,
}

/// What the phone loses of our stream, by its reports: believed at once when it grows, and slowly when it shrinks, since losses come in spells.
#[derive(Debug, Default)]
struct Losses {
    ssrc: u32,
    /// In 1/256 of the packets; None before the first report.
    lately: Option<u32>,
}

impl Losses {
    /// Takes the share of a report.
    fn report(&mut self, ssrc: u32, fraction: u8) {
        if self.ssrc != ssrc {
            *self = Self { ssrc, lately: None };
        }
        let fraction = u32::from(fraction);
        let before = self.lately.unwrap_or(CAUTION);
        // Rounded down, so that it comes to nothing in the end.
        self.lately = Some(fraction.max((before * 3 + fraction) / 4));
    }

    fn percent(&self) -> Option<u8> {
        self.lately.map(|share| u8::try_from(share * 100 / 256).unwrap_or(100))
    }
}

/// What is lost in the view of who has heard nothing yet, in 1/256: a tenth.
const CAUTION: u32 = 26;

/// A phone that sends RTCP sends it within this time: three of its intervals at most.
const ALIVE: Duration = Duration::from_secs(16);

/// A compound packet from the phone that may go to the other side.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RtcpPacket {
    /// The phone leaves the session with this packet.
    pub bye: bool,
    /// The length that is left of the datagram once it is no longer protected.
    pub length: usize,
}

impl RtpLeg {
    /// The leg with a name of its own in RTCP.
    #[must_use]
    pub fn with_identity(mut self, identity: Identity) -> Self {
        self.rtcp.reporter.identity = identity;
        self
    }

    /// Whether RTCP comes to and goes from the port of RTP.
    pub fn is_mux(&self) -> bool {
        self.rtcp.mux
    }

    /// Whether a datagram on the port of RTP is RTCP, where the two share it (RFC 5761 section 4).
    pub fn is_rtcp(&self, packet: &[u8]) -> bool {
        self.rtcp.mux && packet.get(1).is_some_and(|kind| (192..=223).contains(kind))
    }

    /// Whether the phone's RTCP may go to the leg that hears its stream: it does so untouched, in the clear, so that
    /// the reports are true there.
    pub fn relays_rtcp_to(&self, other: &Self, now: Instant) -> bool {
        let is_alive = self.rtcp.heard.is_some_and(|heard| now.saturating_duration_since(heard) < ALIVE);
        let is_untouched = other.spoken.ssrc.is_none() || other.spoken.ssrc == self.hearing.ssrc;
        is_alive && is_untouched && !self.is_protected() && !other.is_protected()
    }

    /// Our own compound packet for the phone, if one is due. `ntp` is the wall clock as 64 bits of NTP time.
    pub fn report(&mut self, now: Instant, ntp: u64) -> Option<Vec<u8>> {
        let is_alive = !self.is_fax() && (self.latch.locked().is_some() || self.spoken.ssrc.is_some());
        (is_alive && self.rtcp.reporter.is_due(now)).then(|| self.write_report(now, ntp, false))
    }

    /// The packet that ends our part, where we had one.
    pub fn farewell(&mut self, now: Instant, ntp: u64) -> Option<Vec<u8>> {
        self.rtcp.reporter.has_reported.then(|| self.write_report(now, ntp, true))
    }

    fn write_report(&mut self, now: Instant, ntp: u64, leaves: bool) -> Vec<u8> {
        let (packets, bytes) = self.outbound.totals();
        let (packets_before, bytes_before) = self.spoken.before;
        let sending = self.spoken.ssrc.map(|ssrc| Sending {
            ssrc,
            timestamp: self.spoken.timestamp,
            packets: packets.saturating_sub(packets_before),
            bytes: bytes.saturating_sub(bytes_before),
        });
        let reception = self.inbound.reception();
        self.rtcp.reporter.write(now, ntp, sending, reception, leaves)
    }

    /// Judges a datagram that came to the RTCP port, and reads the phone's view of what it hears.
    pub fn receive_rtcp(
        &mut self,
        now: Instant,
        source: SocketAddr,
        packet: &mut [u8],
    ) -> Result<RtcpPacket, Drop> {
        let opened = match &mut self.protection {
            Some(protection) => protection.open_rtcp(packet),
            None if self.is_browser => Err(Unprotected::Forged),
            None => Ok(packet.len()),
        };
        let length = opened.map_err(|error| self.unprotected(source, error))?;
        let packet = packet.get(..length).unwrap_or_default();
        let Ok(packets) = rtcp::parse(packet) else { return Err(self.malformed()) };
        let akin = match self.latch.locked() {
            Some(address) => address.ip() == source.ip(),
            None => self.rtcp.signalled.is_some_and(|signalled| signalled.ip() == source.ip()),
        };
        let known = self.rtcp.learnt.or(self.rtcp.signalled) == Some(source);
        if !akin && !known {
            return Err(self.stranger());
        }
        self.keep_pace(now)?;
        let (mut bye, mut reported, mut highest) = (false, false, None);
        for packet in packets {
            let (reports, sender) = match packet {
                rtcp::Rtcp::SenderReport { ssrc, reports, ntp, .. } => {
                    self.rtcp.reporter.hear(now, ntp);
                    (reports, ssrc)
                }
                rtcp::Rtcp::ReceiverReport { ssrc, reports } => (reports, ssrc),
                rtcp::Rtcp::Bye { .. } => {
                    bye = true;
                    continue;
                }
                rtcp::Rtcp::Other { .. } => continue,
            };
            // Behind a NAT the port is another than signalled: learnt only from the source that is heard.
            if self.rtcp.learnt.is_none()
                && self.latch.locked().is_some()
                && self.hearing.ssrc == Some(sender)
            {
                self.rtcp.learnt = Some(source);
            }
            reported = true;
            for report in reports {
                if self.spoken.ssrc == Some(report.ssrc) {
                    highest = Some(report.highest_sequence);
                }
                self.take_report(now, &report);
            }
        }
        if let Some(ssrc) = self.spoken.ssrc.filter(|_| reported && !bye) {
            let sent = self.outbound.totals().0.saturating_sub(self.spoken.before.0);
            self.rtcp.ears.report(ssrc, sent, highest);
        }
        self.heard = Heard { at: Some(now), said: None, ..self.heard };
        self.rtcp.heard = Some(now);
        Ok(RtcpPacket { bye, length })
    }

    /// How many packets in a hundred of what it hears now the phone is likely to lose, by its reports; None before the first.
    pub fn expected_loss(&self) -> Option<u8> {
        self.rtcp.losses.percent().filter(|_| self.spoken.ssrc == Some(self.rtcp.losses.ssrc))
    }

    /// Where RTCP for the phone goes. None while no address is known that can be reached: behind a NAT the signalled
    /// one is of no use.
    pub fn rtcp_destination(&self) -> Option<SocketAddr> {
        if self.is_fax() || self.is_in_the_dark() {
            return None;
        }
        if self.rtcp.mux {
            return self.latch.destination();
        }
        if let Some(learnt) = self.rtcp.learnt {
            return Some(learnt);
        }
        let signalled = self.rtcp.signalled?;
        match (self.latch.locked(), self.latch.signalled()) {
            (Some(locked), Some(rtp)) if locked.ip() != rtp.ip() => None,
            _ => Some(signalled),
        }
    }

    /// Remembers when sender reports went to the phone: its answer gives the round-trip time.
    pub fn sent_rtcp(&mut self, now: Instant, packet: &[u8]) {
        let Ok(packets) = rtcp::parse(packet) else { return };
        for packet in packets {
            if let rtcp::Rtcp::SenderReport { ntp, .. } = packet {
                let [last, _] = self.rtcp.sent;
                self.rtcp.sent = [Some((middle(ntp), now)), last];
            }
        }
    }

    fn take_report(&mut self, now: Instant, report: &rtcp::Report) {
        if self.spoken.ssrc != Some(report.ssrc) {
            return;
        }
        self.rtcp.losses.report(report.ssrc, report.fraction_lost);
        let clock_rate = self.spoken.payload_type.map_or(0, |payload_type| self.clock_rate(payload_type));
        if clock_rate > 0 {
            let jitter_ms = f64::from(report.jitter) * 1000.0 / f64::from(clock_rate);
            self.outbound.reported(report.lost, narrow(jitter_ms));
        }
        let Some((_, at)) = self.rtcp.sent.iter().flatten().find(|(ntp, _)| *ntp == report.last_sr) else {
            return;
        };
        let held = Duration::from_secs_f64(f64::from(report.delay_since_last_sr) / 65536.0);
        if let Some(rtt) = now.saturating_duration_since(*at).checked_sub(held) {
            self.rtcp.rtt_ms = Some(narrow(rtt.as_secs_f64() * 1000.0));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loss_is_believed_at_once_and_forgotten_slowly() {
        let mut losses = Losses::default();
        assert_eq!(losses.percent(), None);
        losses.report(7, 0);
        assert!(losses.percent() > Some(5), "one report says little");
        for _ in 0..10 {
            losses.report(7, 0);
        }
        assert_eq!(losses.percent(), Some(0));
        losses.report(7, 51);
        assert_eq!(losses.percent(), Some(19));
        losses.report(7, 0);
        assert_eq!(losses.percent(), Some(14));
        losses.report(7, 255);
        assert_eq!(losses.percent(), Some(99));
        losses.report(8, 0);
        assert!(losses.percent() < Some(10), "another stream");
    }
}
