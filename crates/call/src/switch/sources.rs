//! Sources that fail to authenticate too often are refused without a check: guessing passwords costs them time, and us none.

use std::collections::HashMap;
use std::net::IpAddr;
use std::time::{Duration, Instant};

use kiestoon_sip::flow::source_of;

use crate::settings::Network;

/// Failed authentications of each source in the current minute.
#[derive(Debug)]
pub(super) struct Sources {
    failures: HashMap<IpAddr, u32>,
    minute_ends: Option<Instant>,
    most_failures: u32,
    most_sources: usize,
    exempt: Vec<Network>,
}

impl Sources {
    pub(super) fn new(most_failures: u32, most_sources: usize, exempt: Vec<Network>) -> Self {
        Self { failures: HashMap::new(), minute_ends: None, most_failures, most_sources, exempt }
    }

    /// Whether a source has failed too often in this minute.
    pub(super) fn is_blocked(&mut self, now: Instant, source: IpAddr) -> bool {
        if self.minute_ends.is_some_and(|ends| ends <= now) {
            self.failures.clear();
            self.minute_ends = None;
        }
        let failures = self.failures.get(&source_of(source)).copied().unwrap_or(0);
        failures >= self.most_failures && !self.exempt.iter().any(|network| network.contains(source))
    }

    /// Counts a failure. Where more sources fail than are remembered, new ones are not counted until the minute ends.
    pub(super) fn failed(&mut self, now: Instant, source: IpAddr) {
        self.minute_ends.get_or_insert(now + MINUTE);
        let is_full = self.failures.len() >= self.most_sources;
        let source = source_of(source);
        if let Some(failures) = self.failures.get_mut(&source) {
            *failures = failures.saturating_add(1);
        } else if !is_full {
            self.failures.insert(source, 1);
        }
    }
}

const MINUTE: Duration = Duration::from_secs(60);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[expect(clippy::disallowed_methods, reason = "the origin of the test's clock")]
    fn a_source_is_blocked_for_the_rest_of_the_minute() {
        let now = Instant::now();
        let exempt = vec![Network { address: "10.0.0.0".parse().unwrap(), prefix: 8 }];
        let mut sources = Sources::new(3, 2, exempt);
        let (bad, good) = ("192.0.2.1".parse().unwrap(), "192.0.2.2".parse().unwrap());
        let office = "10.1.2.3".parse().unwrap();
        for _ in 0..3 {
            assert!(!sources.is_blocked(now, bad));
            sources.failed(now, bad);
            sources.failed(now, office);
        }
        assert!(sources.is_blocked(now, bad));
        assert!(!sources.is_blocked(now, good));
        assert!(!sources.is_blocked(now, office));
        assert!(!sources.is_blocked(now + MINUTE, bad));
    }

    #[test]
    #[expect(clippy::disallowed_methods, reason = "the origin of the test's clock")]
    fn the_addresses_of_one_ipv6_network_are_one_source() {
        let now = Instant::now();
        let mut sources = Sources::new(3, 10, Vec::new());
        for last in 1..=3_u16 {
            sources.failed(now, IpAddr::from([0x2001, 0xdb8, 0, 1, 0, 0, 0, last]));
        }
        assert!(sources.is_blocked(now, "2001:db8:0:1:ffff::9".parse().unwrap()));
        assert!(!sources.is_blocked(now, "2001:db8:0:2::1".parse().unwrap()));
    }
}
