//! Sources that guess passwords are banned: refused without a check, each time for longer. Only a wrong password over a nonce
//! that the source has received counts, so nobody can have a phone banned by writing its address into a datagram.

use std::collections::{BTreeSet, HashMap};
use std::net::IpAddr;
use std::time::{Duration, Instant};

use kiestoon_sip::flow::source_of;
use serde::{Deserialize, Serialize};

use crate::settings::{BanSettings, Network};

/// The wrong passwords of each source, and the bans that followed.
#[derive(Debug)]
pub(super) struct Bans {
    settings: BanSettings,
    exempt: Vec<Network>,
    sources: HashMap<IpAddr, Record>,
    /// The same sources by when they are forgotten: a full table forgets first who would be forgotten first.
    forgotten_at: BTreeSet<(Instant, IpAddr)>,
}

/// What is known of each source, as plain data.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct FrozenBans(Vec<(IpAddr, Record)>);

/// A ban that is in force.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Ban {
    pub(super) source: IpAddr,
    pub(super) since: Instant,
    pub(super) until: Instant,
    /// Wrong passwords of this source, as long as it has been remembered.
    pub(super) failures: u32,
    /// The how manieth ban of this source it is.
    pub(super) nth: u32,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Record {
    /// Wrong passwords that count towards the next ban.
    recent: u32,
    /// When the last of them was forgiven, or the first came.
    #[serde(with = "kiestoon_sip::plain")]
    forgiven_at: Instant,
    failures: u32,
    bans: u32,
    /// The last ban: from when until when.
    #[serde(with = "kiestoon_sip::plain")]
    ban: Option<(Instant, Instant)>,
    #[serde(with = "kiestoon_sip::plain")]
    forgotten_at: Instant,
}

impl Bans {
    pub(super) fn new(settings: BanSettings, exempt: Vec<Network>) -> Self {
        Self { settings, exempt, sources: HashMap::new(), forgotten_at: BTreeSet::new() }
    }

    pub(super) fn freeze(&self) -> FrozenBans {
        FrozenBans(self.sources.iter().map(|(source, record)| (*source, record.clone())).collect())
    }

    pub(super) fn thaw(frozen: FrozenBans, settings: BanSettings, exempt: Vec<Network>) -> Self {
        let sources: HashMap<IpAddr, Record> = frozen.0.into_iter().collect();
        let forgotten_at = sources.iter().map(|(source, record)| (record.forgotten_at, *source)).collect();
        Self { sources, forgotten_at, ..Self::new(settings, exempt) }
    }

    /// Whether a source is banned now.
    pub(super) fn is_banned(&self, now: Instant, source: IpAddr) -> bool {
        let banned = |record: &Record| record.ban.is_some_and(|(_, until)| until > now);
        !self.sources.is_empty() && self.sources.get(&source_of(source)).is_some_and(banned)
    }

    /// Counts a wrong password. Some where the source is banned for it.
    pub(super) fn failed(&mut self, now: Instant, source: IpAddr) -> Option<Ban> {
        if self.exempt.iter().any(|network| network.contains(source)) {
            return None;
        }
        let source = source_of(source);
        self.make_room(now, source);
        let settings = self.settings;
        let record = self.sources.entry(source).or_insert_with(|| Record::new(now));
        self.forgotten_at.remove(&(record.forgotten_at, source));
        let banned = record.failed(now, &settings);
        self.forgotten_at.insert((record.forgotten_at, source));
        banned.then(|| record.ban(source)).flatten()
    }

    /// The bans in force, the latest first.
    pub(super) fn list(&self, now: Instant) -> Vec<Ban> {
        let bans = self.sources.iter().filter_map(|(source, record)| record.ban(*source));
        let mut bans: Vec<Ban> = bans.filter(|ban| ban.until > now).collect();
        bans.sort_by_key(|ban| (std::cmp::Reverse(ban.since), ban.source));
        bans
    }

    /// Forgets a source, or all: what it did before does not count any more. The sources whose ban that has lifted.
    pub(super) fn lift(&mut self, now: Instant, source: Option<IpAddr>) -> Vec<IpAddr> {
        let source = source.map(source_of);
        let wanted = |of: IpAddr| source.is_none_or(|source| source == of);
        let mut lifted = Vec::new();
        self.sources.retain(|of, record| {
            if wanted(*of) && record.ban.is_some_and(|(_, until)| until > now) {
                lifted.push(*of);
            }
            !wanted(*of)
        });
        self.forgotten_at.retain(|(_, of)| !wanted(*of));
        lifted.sort_unstable();
        lifted
    }

    /// Forgets whose time has come and, where a new source finds no room, who is next.
    fn make_room(&mut self, now: Instant, source: IpAddr) {
        let most = self.settings.sources.max(1);
        while let Some((at, oldest)) = self.forgotten_at.first().copied() {
            let is_full = self.sources.len() >= most && !self.sources.contains_key(&source);
            if at > now && !is_full {
                return;
            }
            self.forgotten_at.pop_first();
            self.sources.remove(&oldest);
        }
    }
}

impl Record {
    fn new(now: Instant) -> Self {
        Self { recent: 0, forgiven_at: now, failures: 0, bans: 0, ban: None, forgotten_at: now }
    }

    /// True where this failure is one too many.
    fn failed(&mut self, now: Instant, settings: &BanSettings) -> bool {
        let forgiven = now.saturating_duration_since(self.forgiven_at).as_secs() / FORGIVES_EVERY.as_secs();
        if forgiven > 0 {
            self.recent = self.recent.saturating_sub(u32::try_from(forgiven).unwrap_or(u32::MAX));
            self.forgiven_at = now;
        }
        self.failures = self.failures.saturating_add(1);
        self.recent = self.recent.saturating_add(1);
        let banned = self.recent >= settings.failures.max(1);
        if banned {
            let factor = GROWS_BY.saturating_pow(self.bans);
            let lasts = settings.first.saturating_mul(factor).min(settings.longest);
            self.bans = self.bans.saturating_add(1);
            self.ban = Some((now, now + lasts));
            self.recent = 0;
        }
        let ends = self.ban.map_or(now, |(_, until)| until.max(now));
        self.forgotten_at = ends + REMEMBERED;
        banned
    }

    fn ban(&self, source: IpAddr) -> Option<Ban> {
        let (since, until) = self.ban?;
        Some(Ban { source, since, until, failures: self.failures, nth: self.bans })
    }
}

/// One wrong password is forgiven so often: a person who mistypes now and then is never banned.
const FORGIVES_EVERY: Duration = Duration::from_secs(30 * 60);
/// Each ban is so many times as long as the one before.
const GROWS_BY: u32 = 4;
/// A source without a wrong password for so long after its last ban begins anew.
const REMEMBERED: Duration = Duration::from_secs(24 * 3600);

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "the origin of the test's clock")]
mod tests {
    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);

    fn bans(sources: usize) -> Bans {
        let settings = BanSettings { failures: 3, first: MINUTE, longest: 10 * MINUTE, sources };
        let exempt = vec![Network { address: "10.0.0.0".parse().unwrap(), prefix: 8 }];
        Bans::new(settings, exempt)
    }

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    fn fail(bans: &mut Bans, now: Instant, source: &str, times: u32) -> Option<Ban> {
        (0..times).filter_map(|_| bans.failed(now, ip(source))).next_back()
    }

    #[test]
    fn each_ban_lasts_longer_up_to_the_longest() {
        let mut now = Instant::now();
        let mut bans = bans(10);
        let mut lasted = Vec::new();
        for nth in 1..=4 {
            assert_eq!(fail(&mut bans, now, "192.0.2.1", 2), None);
            assert!(!bans.is_banned(now, ip("192.0.2.1")));
            let ban = fail(&mut bans, now, "192.0.2.1", 1).expect("the third one bans");
            assert_eq!((ban.nth, ban.failures), (nth, nth * 3));
            assert!(bans.is_banned(now, ip("192.0.2.1")) && !bans.is_banned(now, ip("192.0.2.2")));
            lasted.push((ban.until - now).as_secs() / 60);
            now = ban.until;
            assert!(!bans.is_banned(now, ip("192.0.2.1")));
        }
        assert_eq!(lasted, [1, 4, 10, 10]);
        now += REMEMBERED;
        assert_eq!(fail(&mut bans, now, "192.0.2.1", 3).map(|ban| ban.nth), Some(1), "begins anew");
    }

    #[test]
    fn who_mistypes_seldom_is_never_banned() {
        let mut now = Instant::now();
        let mut bans = bans(10);
        for _ in 0..100 {
            assert_eq!(fail(&mut bans, now, "192.0.2.1", 1), None);
            now += FORGIVES_EVERY;
        }
    }

    #[test]
    fn exempt_sources_are_not_counted_and_an_ipv6_network_is_one_source() {
        let now = Instant::now();
        let mut bans = bans(10);
        assert_eq!(fail(&mut bans, now, "10.1.2.3", 50), None);
        for last in 1..=3 {
            fail(&mut bans, now, &format!("2001:db8:0:1::{last}"), 1);
        }
        assert!(bans.is_banned(now, ip("2001:db8:0:1:ffff::9")));
        assert!(!bans.is_banned(now, ip("2001:db8:0:2::1")));
    }

    #[test]
    fn a_full_table_keeps_the_bans_that_end_last() {
        let now = Instant::now();
        let mut bans = bans(4);
        fail(&mut bans, now, "192.0.2.1", 3);
        for last in 2..100 {
            fail(&mut bans, now, &format!("192.0.2.{last}"), 1);
            assert!(bans.sources.len() <= 4 && bans.forgotten_at.len() == bans.sources.len());
        }
        assert!(bans.is_banned(now, ip("192.0.2.1")));
        for last in 0..100 {
            fail(&mut bans, now + MINUTE, &format!("198.51.100.{last}"), 3);
            assert!(bans.sources.len() <= 4, "bans alone fill it as well");
        }
    }

    #[test]
    fn an_operator_lifts_one_or_all() {
        let now = Instant::now();
        let mut bans = bans(10);
        for source in ["192.0.2.1", "192.0.2.2", "192.0.2.3"] {
            fail(&mut bans, now, source, 3);
        }
        fail(&mut bans, now, "192.0.2.9", 1);
        assert_eq!(bans.list(now).len(), 3);
        assert_eq!(bans.lift(now, Some(ip("192.0.2.2"))), [ip("192.0.2.2")]);
        assert!(bans.lift(now, Some(ip("192.0.2.9"))).is_empty(), "it was not banned, and begins anew");
        assert_eq!(bans.lift(now, None), [ip("192.0.2.1"), ip("192.0.2.3")]);
        assert!(bans.list(now).is_empty() && bans.sources.is_empty() && bans.forgotten_at.is_empty());
    }
}
