//! The police at the doors: one judge for all listeners and connections, who knows who has logged in and how far signalling
//! is behind.
use std::{
    net::IpAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use kiestoon_call::{Gauge, PoliceSettings, Verdict};

use super::seldom::Seldom;

/// A handle on the judge.
///
/// A lock and no message: its users are tasks of one thread, so that it is never waited for, and asking by message would cost
/// each datagram of a flood more than dropping it.
#[derive(Clone, Debug)]
pub(crate) struct Police(Arc<Mutex<Post>>);

#[derive(Debug)]
struct Post {
    judge: kiestoon_call::Police,
    said: Seldom,
}

impl Police {
    pub(crate) fn new(settings: PoliceSettings) -> Self {
        let judge = kiestoon_call::Police::new(Instant::now(), settings);
        Self(Arc::new(Mutex::new(Post { judge, said: Seldom::default() })))
    }

    /// Judges one message.
    pub(super) fn judge(&self, now: Instant, source: IpAddr) -> Verdict {
        let mut post = self.post();
        let verdict = post.judge.judge(now, source);
        if verdict != Verdict::Pass
            && let Some(count) = post.said.happened(now, 1)
        {
            tracing::warn!(count, %source, "messages shed: a source sends too much, or signalling is behind");
        }
        verdict
    }

    /// A source has logged in.
    pub(crate) fn trust(&self, now: Instant, source: IpAddr) {
        self.post().judge.trust(now, source);
    }

    /// Whether somebody has logged in from a source.
    pub(super) fn is_known(&self, now: Instant, source: IpAddr) -> bool {
        self.post().judge.is_known(now, source)
    }

    /// A source is banned.
    pub(crate) fn ban(&self, now: Instant, source: IpAddr, lasts: Duration) {
        self.post().judge.ban(now, source, lasts);
    }

    /// A source is banned no more.
    pub(crate) fn lift(&self, source: IpAddr) {
        self.post().judge.lift(source);
    }

    /// Whether a source is banned: who is gets a refusal of what it asks in SIP, and nothing else.
    pub(super) fn is_banned(&self, now: Instant, source: IpAddr) -> bool {
        self.post().judge.is_banned(now, source)
    }

    /// Waits until a source may send once more over its connection, or gives it up: not reading holds the peer back.
    pub(super) async fn admit(&self, source: IpAddr) -> Option<Verdict> {
        for _ in 0..PATIENCE {
            match self.judge(Instant::now(), source) {
                Verdict::Drop => tokio::time::sleep(PAUSE).await,
                passed => return Some(passed),
            }
        }
        None
    }

    /// Messages that did not pass.
    pub(crate) fn shed(&self) -> u64 {
        self.post().judge.shed()
    }

    fn post(&self) -> MutexGuard<'_, Post> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Watches one queue: for how long it has not been found empty.
#[derive(Debug)]
pub(crate) struct Standing {
    police: Police,
    gauge: Gauge,
    since: Option<Instant>,
}

impl Standing {
    pub(crate) fn new(police: &Police) -> Self {
        let gauge = police.post().judge.gauge();
        Self { police: police.clone(), gauge, since: None }
    }

    /// The queue was looked at.
    pub(crate) fn found(&mut self, now: Instant, is_empty: bool) {
        if is_empty && self.since.is_none() {
            return;
        }
        self.since = if is_empty { None } else { Some(self.since.unwrap_or(now)) };
        let delay = self.since.map_or(Duration::ZERO, |since| now.saturating_duration_since(since));
        self.police.post().judge.standing(self.gauge, delay);
    }
}

/// A connection over which a source sends more than its share is read so much later, and after so many times not at all.
const PAUSE: Duration = Duration::from_millis(250);
const PATIENCE: u32 = 40;
