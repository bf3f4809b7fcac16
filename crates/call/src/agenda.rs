//! Who is to be looked at when: each at one time, and the earliest is known at once however many there are.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;

/// The times of all that wait.
#[derive(Debug)]
pub(crate) struct Agenda<K> {
    times: BTreeMap<K, Instant>,
    order: BTreeSet<(Instant, K)>,
}

impl<K> Default for Agenda<K> {
    fn default() -> Self {
        Self { times: BTreeMap::new(), order: BTreeSet::new() }
    }
}

impl<K: Copy + Ord> Agenda<K> {
    /// From now on `key` is looked at then, and not at the time before; None: not at all.
    pub(crate) fn set(&mut self, key: K, at: Option<Instant>) {
        let before = match at {
            Some(at) => self.times.insert(key, at),
            None => self.times.remove(&key),
        };
        if before == at {
            return;
        }
        if let Some(before) = before {
            self.order.remove(&(before, key));
        }
        self.order.extend(at.map(|at| (at, key)));
    }

    /// When the next one is to be looked at.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        self.order.first().map(|(at, _)| *at)
    }

    /// Takes one off whose time has come.
    pub(crate) fn pop_due(&mut self, now: Instant) -> Option<K> {
        let (_, key) = self.order.first().copied().filter(|(at, _)| *at <= now)?;
        self.set(key, None);
        Some(key)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    #[expect(clippy::disallowed_methods, reason = "any instant serves")]
    fn each_is_looked_at_once_and_at_its_latest_time() {
        let start = Instant::now();
        let at = |secs| start + Duration::from_secs(secs);
        let mut agenda = Agenda::default();
        agenda.set('a', Some(at(5)));
        agenda.set('b', Some(at(3)));
        agenda.set('a', Some(at(1)));
        agenda.set('c', Some(at(2)));
        agenda.set('c', None);
        assert_eq!(agenda.deadline(), Some(at(1)));
        assert_eq!(agenda.pop_due(at(0)), None);
        assert_eq!(
            [agenda.pop_due(at(9)), agenda.pop_due(at(9)), agenda.pop_due(at(9))],
            [Some('a'), Some('b'), None]
        );
        assert_eq!(agenda.deadline(), None);
    }
}
