//! The figures of a leg, and how its two directions have sounded.

use std::time::{Duration, Instant};

use super::RtpLeg;
use crate::quality::mos::{Counted, Measured, Mos, Opinion};
use crate::quality::{DirectionQuality, LegQuality};
use crate::rtp::T38;

/// How the phone is heard, and how it hears.
#[derive(Debug, Default)]
pub(super) struct Opinions {
    /// When the window began that runs.
    since: Option<Instant>,
    inbound: Opinion,
    outbound: Opinion,
}

impl RtpLeg {
    /// The figures so far.
    pub fn quality(&self) -> LegQuality {
        let (mut inbound, mut outbound) = (self.inbound.quality(), self.outbound.quality());
        self.count_fax(&mut inbound, &mut outbound);
        let codec = self.codec_name();
        let name = codec.as_deref();
        inbound.mos = self.mos(&self.opinions.inbound, counted(&inbound), name, &inbound);
        outbound.mos = self.mos(&self.opinions.outbound, self.outbound.counted(), name, &outbound);
        LegQuality {
            codec,
            remote: self.latch.destination(),
            inbound,
            outbound,
            rtt_ms: self.rtcp.rtt_ms,
            strangers: self.strangers,
            malformed: self.malformed,
            // A fax is in the clear, whatever protects speech.
            srtp: self.protection.as_deref().filter(|_| !self.is_fax()).map(|keys| keys.suite().name()),
            forged: self.forged,
            replayed: self.replayed,
            diagnosis: self.doctor.said(),
        }
    }

    /// Says how the leg sounds, every ten seconds; to be asked once a second or so.
    pub fn appraise(&mut self, now: Instant) {
        let since = *self.opinions.since.get_or_insert(now);
        if now.saturating_duration_since(since) < WINDOW {
            return;
        }
        self.opinions.since = Some(now);
        let name = self.codec_name();
        let (inbound, outbound) = (self.inbound.quality(), self.outbound.quality());
        let of = |direction: &DirectionQuality| self.measured(name.as_deref(), direction);
        let (heard, hears) = (of(&inbound), of(&outbound));
        self.opinions.inbound.end_window(counted(&inbound), heard);
        self.opinions.outbound.end_window(self.outbound.counted(), hears);
    }

    /// None for a fax, which nobody hears.
    fn mos(
        &self,
        opinion: &Opinion,
        counted: Counted,
        codec: Option<&str>,
        direction: &DirectionQuality,
    ) -> Option<Mos> {
        if self.is_fax() {
            return None;
        }
        opinion.mos(counted, self.measured(codec, direction))
    }

    fn measured<'a>(&self, codec: Option<&'a str>, direction: &DirectionQuality) -> Measured<'a> {
        Measured { codec, rtt_ms: self.rtcp.rtt_ms, jitter_ms: direction.jitter_ms }
    }

    /// What was last heard from the phone, else what was last sent to it.
    fn codec_name(&self) -> Option<Box<str>> {
        if self.is_fax() {
            return Some(T38.into());
        }
        let speech = self.hearing.speech.or(self.spoken.payload_type);
        speech.and_then(|payload_type| self.name(payload_type))
    }
}

fn counted(inbound: &DirectionQuality) -> Counted {
    let packets = i64::try_from(inbound.packets).unwrap_or(i64::MAX);
    Counted { expected: packets.saturating_add(inbound.lost), lost: inbound.lost }
}

const WINDOW: Duration = Duration::from_secs(10);
