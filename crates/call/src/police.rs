//! Which message may pass at all, judged by its source and by how far signalling is behind, before anything parses it:
//! who has logged in comes before strangers, and each stranger has a share of its own. Its memory does not grow with the
//! number of strangers.

use std::collections::HashMap;
use std::hash::BuildHasher as _;
use std::net::IpAddr;
use std::time::{Duration, Instant};

use kiestoon_sip::flow::source_of;

use crate::settings::Network;

/// How much of whom is let through. Rates are messages a second; [`BURST_SECS`] seconds' worth may come at once.
#[derive(Debug, Clone)]
pub struct PoliceSettings {
    /// Of one source that has not logged in.
    pub stranger: u32,
    /// Of all sources together that have not logged in.
    pub strangers: u32,
    /// For how long a source is known after it has logged in.
    pub known_for: Duration,
    /// Sources that are known at most.
    pub known: usize,
    /// Sources that everything of passes.
    pub exempt: Vec<Network>,
}

impl Default for PoliceSettings {
    fn default() -> Self {
        Self {
            stranger: 20,
            strangers: 1_000,
            known_for: Duration::from_secs(3 * 3600),
            known: 200_000,
            exempt: Vec::new(),
        }
    }
}

/// What becomes of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It goes on.
    Pass,
    /// It goes on where it belongs to a call or is a response; a new request is answered 503 with `Retry-After`.
    Refuse,
    /// It is forgotten.
    Drop,
}

/// The judge.
#[derive(Debug)]
pub struct Police {
    settings: PoliceSettings,
    started: Instant,
    known: HashMap<IpAddr, Known>,
    /// Sources that are banned, and until when.
    banned: HashMap<IpAddr, u32>,
    shares: Vec<Bucket>,
    strangers: Bucket,
    answers: Bucket,
    /// How long the queue behind each gauge has had something in it.
    delays: Vec<Duration>,
    shed: u64,
}

/// Names one of the queues that messages wait in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Gauge(usize);

/// A source that has logged in.
#[derive(Debug, Clone, Copy)]
struct Known {
    /// In milliseconds since the start.
    until: u32,
    share: Bucket,
}

/// Tokens, and when they were counted, in milliseconds since the start.
#[derive(Debug, Clone, Copy)]
struct Bucket {
    tokens: f32,
    at: u32,
}

impl Police {
    /// A judge who knows nobody.
    pub fn new(now: Instant, settings: PoliceSettings) -> Self {
        let full = |rate: u32| Bucket { tokens: burst(rate), at: 0 };
        Self {
            started: now,
            known: HashMap::new(),
            banned: HashMap::new(),
            shares: vec![full(settings.stranger); SHARES],
            strangers: full(settings.strangers),
            answers: full(ANSWERS),
            delays: Vec::new(),
            shed: 0,
            settings,
        }
    }

    /// Judges one message by where it comes from.
    pub fn judge(&mut self, now: Instant, source: IpAddr) -> Verdict {
        let verdict = self.verdict(now, source_of(source));
        if verdict != Verdict::Pass {
            self.shed = self.shed.saturating_add(1);
        }
        verdict
    }

    /// A source has logged in.
    pub fn trust(&mut self, now: Instant, source: IpAddr) {
        let source = source_of(source);
        let now = self.millis(now);
        let until = now.saturating_add(millis(self.settings.known_for));
        if let Some(known) = self.known.get_mut(&source) {
            known.until = until;
            return;
        }
        if self.known.len() >= self.settings.known {
            self.known.retain(|_, known| known.until > now);
        }
        if self.known.len() < self.settings.known {
            let share = Bucket { tokens: burst(KNOWN_SHARE), at: now };
            self.known.insert(source, Known { until, share });
        }
    }

    /// A source is banned for so long: a stranger again, and one that nothing is begun with that costs more than a refusal.
    pub fn ban(&mut self, now: Instant, source: IpAddr, lasts: Duration) {
        let source = source_of(source);
        self.known.remove(&source);
        let now = self.millis(now);
        if self.banned.len() >= BANNED {
            self.banned.retain(|_, until| *until > now);
        }
        if self.banned.len() < BANNED {
            self.banned.insert(source, now.saturating_add(millis(lasts)));
        }
    }

    /// The ban of a source is lifted.
    pub fn lift(&mut self, source: IpAddr) {
        self.banned.remove(&source_of(source));
    }

    /// Whether a source is banned.
    pub fn is_banned(&self, now: Instant, source: IpAddr) -> bool {
        !self.banned.is_empty()
            && self.banned.get(&source_of(source)).is_some_and(|until| *until > self.millis(now))
    }

    /// Whether somebody has logged in from a source, not too long ago.
    pub fn is_known(&self, now: Instant, source: IpAddr) -> bool {
        self.known.get(&source_of(source)).is_some_and(|known| known.until > self.millis(now))
    }

    /// Watches one more queue.
    pub fn gauge(&mut self) -> Gauge {
        self.delays.push(Duration::ZERO);
        Gauge(self.delays.len().saturating_sub(1))
    }

    /// For how long a queue has not been found empty. One that signalling keeps up with is found empty again and again,
    /// however much passes through it.
    pub fn standing(&mut self, gauge: Gauge, delay: Duration) {
        if let Some(known) = self.delays.get_mut(gauge.0) {
            *known = delay;
        }
    }

    /// Messages that did not pass, so far.
    pub fn shed(&self) -> u64 {
        self.shed
    }

    fn verdict(&mut self, now: Instant, source: IpAddr) -> Verdict {
        if self.settings.exempt.iter().any(|network| network.contains(source)) {
            return Verdict::Pass;
        }
        let now = self.millis(now);
        let delay = self.delays.iter().max().copied().unwrap_or_default();
        if let Some(known) = self.known.get_mut(&source).filter(|known| known.until > now) {
            let within = known.share.take(now, KNOWN_SHARE);
            let is_late = delay >= LATE || (delay >= BUSY && !within);
            return if is_late { Verdict::Refuse } else { Verdict::Pass };
        }
        if !self.within_share(now, source) {
            return Verdict::Drop;
        }
        if delay < BUSY && self.strangers.take(now, self.settings.strangers) {
            return Verdict::Pass;
        }
        // Who asks politely is told to come back, as long as the telling costs little.
        if delay < LATE && self.answers.take(now, ANSWERS) { Verdict::Refuse } else { Verdict::Drop }
    }

    /// A stranger's share is one of two in a table of fixed size, so that who shares one with a flood still has the other.
    fn within_share(&mut self, now: u32, source: IpAddr) -> bool {
        let hash = self.known.hasher().hash_one(source);
        let rate = self.settings.stranger;
        let places = [hash & PLACE, (hash >> 32) & PLACE].map(|place| usize::try_from(place).unwrap_or(0));
        let shares = places.map(|place| {
            let share = self.shares.get_mut(place);
            share.is_some_and(|share| share.take(now, rate))
        });
        shares.contains(&true)
    }

    fn millis(&self, now: Instant) -> u32 {
        millis(now.saturating_duration_since(self.started))
    }
}

impl Bucket {
    fn take(&mut self, now: u32, rate: u32) -> bool {
        let elapsed = Duration::from_millis(now.saturating_sub(self.at).into());
        self.tokens = (self.tokens + elapsed.as_secs_f32() * as_f32(rate)).min(burst(rate));
        self.at = now;
        let is_there = self.tokens >= 1.0;
        if is_there {
            self.tokens -= 1.0;
        }
        is_there
    }
}

fn burst(rate: u32) -> f32 {
    as_f32(rate) * BURST_SECS
}

fn as_f32(rate: u32) -> f32 {
    f32::from(u16::try_from(rate).unwrap_or(u16::MAX))
}

fn millis(duration: Duration) -> u32 {
    u32::try_from(duration.as_millis()).unwrap_or(u32::MAX)
}

/// Seconds' worth of messages that may come at once: an office whose phones all start together.
pub const BURST_SECS: f32 = 10.0;
/// A delay that callers begin to notice: strangers wait.
const BUSY: Duration = Duration::from_millis(50);
/// A delay at which phones begin to send everything twice (timer T1): only what belongs to a call goes on.
const LATE: Duration = Duration::from_millis(400);
/// The share of a source that has logged in, while signalling is behind. A router may stand for a hundred phones.
const KNOWN_SHARE: u32 = 200;
/// Strangers that are told to come back, a second.
const ANSWERS: u32 = 20;
/// Banned sources that are remembered: as many as signalling remembers of those that guess.
const BANNED: usize = 10_000;
/// Shares of strangers: a power of two, as [`PLACE`] needs.
const SHARES: usize = 8_192;
const PLACE: u64 = 8_191;

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "the origin of the test's clock")]
mod tests {
    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    fn police(now: Instant) -> Police {
        let exempt = vec![Network { address: ip("10.0.0.0"), prefix: 8 }];
        Police::new(now, PoliceSettings { exempt, ..PoliceSettings::default() })
    }

    fn passed(police: &mut Police, now: Instant, source: &str, messages: usize) -> usize {
        (0..messages).filter(|_| police.judge(now, ip(source)) == Verdict::Pass).count()
    }

    #[test]
    fn each_stranger_has_a_burst_and_a_rate() {
        let start = Instant::now();
        let mut police = police(start);
        // Two shares each, one after the other: a message takes from both.
        assert_eq!(passed(&mut police, start, "192.0.2.1", 1_000), 200);
        assert_eq!(passed(&mut police, start, "192.0.2.2", 100), 100, "another source");
        let later = start + Duration::from_secs(1);
        assert_eq!(passed(&mut police, later, "192.0.2.1", 1_000), 20);
        assert_eq!(passed(&mut police, later, "10.1.2.3", 5_000), 5_000, "exempt");
        assert_eq!(police.shed(), 800 + 980);
    }

    #[test]
    fn an_ipv6_network_is_one_stranger() {
        let now = Instant::now();
        let mut police = police(now);
        let passed: usize =
            (0..1_000).map(|last| passed(&mut police, now, &format!("2001:db8::{last:x}"), 1)).sum();
        assert_eq!(passed, 200);
    }

    #[test]
    fn strangers_of_all_addresses_have_one_bound_and_nobody_known_feels_it() {
        let now = Instant::now();
        let mut police = police(now);
        police.trust(now, ip("192.0.2.9"));
        let mut verdicts = [0_usize; 3];
        for number in 0..50_000_u32 {
            let source = IpAddr::from((0xc633_0000 + number).to_be_bytes());
            match police.judge(now, source) {
                Verdict::Pass => verdicts[0] += 1,
                Verdict::Refuse => verdicts[1] += 1,
                Verdict::Drop => verdicts[2] += 1,
            }
        }
        assert_eq!(verdicts, [10_000, 200, 39_800]);
        assert_eq!(passed(&mut police, now, "192.0.2.9", 5_000), 5_000);
        assert_eq!(police.known.len(), 1, "strangers are not remembered one by one");
    }

    #[test]
    fn a_delay_costs_strangers_first_then_who_sends_much_then_all() {
        let now = Instant::now();
        let mut police = police(now);
        police.trust(now, ip("192.0.2.9"));
        police.trust(now, ip("192.0.2.10"));
        let (gauge, _idle) = (police.gauge(), police.gauge());
        let mut judge = |source: &str| police.judge(now, ip(source));
        assert_eq!((judge("192.0.2.1"), judge("192.0.2.9")), (Verdict::Pass, Verdict::Pass));
        police.standing(gauge, BUSY);
        let mut judge = |source: &str| police.judge(now, ip(source));
        assert_eq!((judge("192.0.2.1"), judge("192.0.2.9")), (Verdict::Refuse, Verdict::Pass));
        let refused = (0..3_000).filter(|_| judge("192.0.2.10") == Verdict::Refuse).count();
        assert_eq!(refused, 1_000, "more than its share");
        assert_eq!(judge("192.0.2.9"), Verdict::Pass);
        police.standing(gauge, LATE);
        let mut judge = |source: &str| police.judge(now, ip(source));
        assert_eq!((judge("192.0.2.1"), judge("192.0.2.9")), (Verdict::Drop, Verdict::Refuse));
        police.standing(gauge, Duration::ZERO);
        assert_eq!(police.judge(now, ip("192.0.2.1")), Verdict::Pass);
    }

    #[test]
    fn who_logged_in_is_known_for_a_while_and_the_table_is_bounded() {
        let start = Instant::now();
        let settings =
            PoliceSettings { known: 3, known_for: Duration::from_secs(60), ..PoliceSettings::default() };
        let mut police = Police::new(start, settings);
        for last in 1..=9 {
            police.trust(start, ip(&format!("192.0.2.{last}")));
        }
        assert_eq!(police.known.len(), 3);
        assert_eq!(passed(&mut police, start, "192.0.2.1", 1_000), 1_000);
        assert_eq!(passed(&mut police, start, "192.0.2.9", 1_000), 200, "no room: a stranger");
        let later = start + Duration::from_secs(61);
        assert_eq!(passed(&mut police, later, "192.0.2.1", 1_000), 200);
        police.trust(later, ip("192.0.2.9"));
        assert_eq!(police.known.len(), 1, "who is over makes room");
        police.ban(later, ip("192.0.2.9"), Duration::from_secs(60));
        assert_eq!(police.known.len(), 0);
    }

    #[test]
    fn a_ban_ends_in_time_or_is_lifted() {
        let start = Instant::now();
        let mut police = police(start);
        let minute = Duration::from_secs(60);
        police.ban(start, ip("192.0.2.9"), minute);
        police.ban(start, ip("2001:db8:1:2::9"), minute);
        assert!(police.is_banned(start, ip("192.0.2.9")) && police.is_banned(start, ip("2001:db8:1:2::7")));
        assert!(
            !police.is_banned(start, ip("192.0.2.8")) && !police.is_banned(start + minute, ip("192.0.2.9"))
        );
        police.lift(ip("192.0.2.9"));
        assert!(!police.is_banned(start, ip("192.0.2.9")));
    }
}
