//! Certificates that were fetched, for the next call of the same signer: as long as they are valid, but no longer than a day, so
//! that a new one is noticed. A URL that led to nothing is left alone for a while.
use std::{
    collections::HashMap,
    sync::Arc,
    time::{Duration, Instant},
};

use kiestoon_sip::stir::{Chain, Fault};

/// What URLs have led to.
#[derive(Debug, Default)]
pub(super) struct Cache(HashMap<Box<str>, Kept>);

#[derive(Debug)]
struct Kept {
    chain: Result<Arc<Chain>, Fault>,
    until: Instant,
}

impl Cache {
    pub(super) fn get(&self, url: &str, now: Instant) -> Option<Result<Arc<Chain>, Fault>> {
        self.0.get(url).filter(|kept| kept.until > now).map(|kept| kept.chain.clone())
    }

    /// Keeps what came. Where there is no room, what ends first goes.
    pub(super) fn keep(
        &mut self,
        url: Box<str>,
        chain: Result<Arc<Chain>, Fault>,
        now: Instant,
        unix_secs: u64,
    ) {
        let lasts = match &chain {
            Ok(chain) => Duration::from_secs(chain.not_after().saturating_sub(unix_secs)).min(A_DAY),
            Err(_) => FAULT_LASTS,
        };
        self.0.retain(|_, kept| kept.until > now);
        if self.0.len() >= MOST
            && let Some(first) = self.0.iter().min_by_key(|(_, kept)| kept.until).map(|(url, _)| url.clone())
        {
            self.0.remove(&first);
        }
        self.0.insert(url, Kept { chain, until: now + lasts });
    }
}

/// A chain is 32 kB at most, and mostly 2.
const MOST: usize = 512;
const A_DAY: Duration = Duration::from_secs(24 * 3_600);
const FAULT_LASTS: Duration = Duration::from_secs(30);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_is_kept_for_a_while_and_the_bound_holds() {
        let mut cache = Cache::default();
        let now = Instant::now();
        for n in 0..u64::try_from(MOST).unwrap() + 10 {
            let at = now + Duration::from_millis(n);
            cache.keep(format!("https://{n}.example/").into(), Err(Fault::NotFetched), at, 0);
            assert!(cache.0.len() <= MOST);
        }
        assert!(cache.get("https://9.example/", now).is_none(), "the oldest go");
        let last = format!("https://{}.example/", MOST + 9);
        assert_eq!(cache.get(&last, now).unwrap().unwrap_err(), Fault::NotFetched);
        assert!(cache.get(&last, now + FAULT_LASTS + Duration::from_secs(2)).is_none());
        cache.keep("https://x.example/".into(), Err(Fault::NotFetched), now + A_DAY, 0);
        assert_eq!(cache.0.len(), 1, "what has ended is dropped");
    }
}
