//! What is done for every leg once a second: our own RTCP, what its phone's says of loss, the doctor's look, and silence.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use kiestoon_media::MediaEvent;
use kiestoon_media::doctor::Finding;

use super::leg::{Activity, Legs};
use super::outbox::Outbox;

/// When silence is said.
#[derive(Debug, Clone, Copy)]
pub(super) struct Watch {
    /// No RTP and no RTCP for so long.
    pub(super) silent_after: Option<Duration>,
    /// No RTP for so long: the call should end.
    pub(super) lost_after: Option<Duration>,
}

impl Legs {
    /// Looks at one leg.
    pub(super) fn look(&mut self, index: usize, now: Instant, watch: &Watch, outbox: &mut Outbox) {
        self.report(index, now);
        self.expect_loss(index);
        let Some(leg) = self.leg_mut(index) else { return };
        let id = leg.id;
        leg.media.appraise(now);
        let connected = !matches!(leg.activity, Activity::Idle);
        if let Some(finding) = leg.media.examine(now, connected) {
            let cause = match finding {
                Finding::Ill(cause) => Some(cause),
                Finding::Well => None,
            };
            outbox.say(MediaEvent::Diagnosis { leg: id, cause });
        }
        if let Some(for_) = watch.silent_after.and_then(|after| leg.media.silence(now, after)) {
            outbox.say(MediaEvent::Silent { leg: id, for_ });
        }
        if let Some(after) = watch.lost_after.filter(|after| connected && leg.media.has_lost_rtp(now, *after))
        {
            outbox.say(MediaEvent::Lost { leg: id, after });
        }
    }

    /// Reports to the phone, unless the other phone's own reports reach it.
    fn report(&mut self, index: usize, now: Instant) {
        let Some(leg) = self.leg(index) else { return };
        if let Activity::Bridged(peer) = leg.activity
            && leg.voice.is_none()
            && self.leg(peer).is_some_and(|peer| peer.media.relays_rtcp_to(&leg.media, now))
        {
            return;
        }
        let Some(leg) = self.leg_mut(index) else { return };
        if let Some(packet) = leg.media.report(now, ntp()) {
            leg.send_rtcp(now, &packet);
        }
    }

    /// Says goodbye to the phone where we have reported to it.
    pub(super) fn take_leave(&mut self, index: usize, now: Instant) {
        let Some(leg) = self.leg_mut(index) else { return };
        if let Some(packet) = leg.media.farewell(now, ntp()) {
            leg.send_rtcp(now, &packet);
        }
    }
}

/// The wall clock as NTP time: seconds since 1900 and their fraction, 32 bits each (RFC 3550 section 4).
fn ntp() -> u64 {
    let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let seconds = since_1970.as_secs().wrapping_add(SECONDS_TO_1970);
    let fraction = (u64::from(since_1970.subsec_nanos()) << 32) / 1_000_000_000;
    (seconds << 32) | fraction
}

const SECONDS_TO_1970: u64 = 2_208_988_800;
