//! Which counts of which nonces have been used. Only nonces that came with a right password are entered, so
//! strangers cannot fill it; what it forgets is refused as stale, so forgetting never allows a replay.

use std::collections::{HashMap, VecDeque};

use serde::{Deserialize, Serialize};

use super::nonce::Nonce;

/// The uses of nonces, by the second in which they were issued, oldest first.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Replay {
    seconds: VecDeque<Second>,
    #[serde(skip)]
    entries: usize,
    #[serde(skip)]
    limit: usize,
    /// Nonces issued before this second have been forgotten and count as stale.
    floor: u32,
}

#[derive(Debug, Serialize, Deserialize)]
struct Second {
    issued: u32,
    uses: HashMap<u32, Window>,
}

/// The highest count seen and which of the 32 counts below it.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
struct Window {
    highest: u32,
    below: u32,
}

impl Replay {
    /// At most `limit` nonces are remembered.
    pub(super) fn new(limit: usize) -> Self {
        Self { seconds: VecDeque::new(), entries: 0, limit: limit.max(1), floor: 0 }
    }

    /// Takes its place after a thaw.
    pub(super) fn thawed(mut self, limit: usize) -> Self {
        self.seconds.make_contiguous().sort_by_key(|second| second.issued);
        self.entries = self.seconds.iter().map(|second| second.uses.len()).sum();
        self.limit = limit.max(1);
        self.make_room();
        self
    }

    /// Forgets the nonces issued before `oldest`.
    pub(super) fn forget_before(&mut self, oldest: u32) {
        while self.seconds.front().is_some_and(|second| second.issued < oldest) {
            self.drop_oldest();
        }
    }

    /// The first second whose nonces can still be checked.
    pub(super) fn floor(&self) -> u32 {
        self.floor
    }

    /// Enters one use. False where the count was used before (or is too far below the highest to know).
    /// `None` as count uses the nonce up, for clients whose digest covers no count.
    pub(super) fn enter(&mut self, nonce: Nonce, count: Option<u32>) -> bool {
        if nonce.issued < self.floor {
            return false;
        }
        let place = match self.seconds.binary_search_by_key(&nonce.issued, |second| second.issued) {
            Ok(place) => place,
            Err(place) => {
                self.seconds.insert(place, Second { issued: nonce.issued, uses: HashMap::new() });
                place
            }
        };
        let Some(second) = self.seconds.get_mut(place) else { return false };
        if let Some(window) = second.uses.get_mut(&nonce.sequence) {
            return count.is_some_and(|count| window.advance(count));
        }
        let first = count.map_or(Window { highest: u32::MAX, below: u32::MAX }, Window::starting);
        second.uses.insert(nonce.sequence, first);
        self.entries += 1;
        self.make_room();
        true
    }

    /// Over the limit, whole seconds are forgotten, oldest first: their clients are told `stale=true` and
    /// come back with a fresh nonce.
    fn make_room(&mut self) {
        while self.entries > self.limit {
            self.drop_oldest();
        }
    }

    fn drop_oldest(&mut self) {
        if let Some(second) = self.seconds.pop_front() {
            self.entries = self.entries.saturating_sub(second.uses.len());
            self.floor = self.floor.max(second.issued.saturating_add(1));
        } else {
            self.entries = 0;
        }
    }
}

impl Window {
    fn starting(count: u32) -> Self {
        Self { highest: count, below: 0 }
    }

    /// Counts may arrive out of order (UDP), but each only once.
    fn advance(&mut self, count: u32) -> bool {
        if count > self.highest {
            let ahead = count - self.highest;
            let shifted = self.below.checked_shl(ahead).unwrap_or(0);
            self.below = shifted | 1u32.checked_shl(ahead - 1).unwrap_or(0);
            self.highest = count;
            return true;
        }
        let behind = self.highest - count;
        let bit = behind.checked_sub(1).and_then(|place| 1u32.checked_shl(place)).unwrap_or(0);
        let fresh = bit != 0 && self.below & bit == 0;
        self.below |= bit;
        fresh
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nonce(issued: u32, sequence: u32) -> Nonce {
        Nonce { issued, sequence }
    }

    #[test]
    fn each_count_is_accepted_once_in_any_near_order() {
        let mut replay = Replay::new(10);
        for count in [1, 2, 5, 4, 3, 40, 39] {
            assert!(replay.enter(nonce(1, 1), Some(count)), "{count} first");
            assert!(!replay.enter(nonce(1, 1), Some(count)), "{count} again");
        }
        assert!(!replay.enter(nonce(1, 1), Some(7)), "too far below the highest");
        assert!(replay.enter(nonce(1, 1), Some(8)), "32 below the highest");
        assert!(replay.enter(nonce(1, 2), Some(1)), "another nonce");
    }

    #[test]
    fn a_use_without_a_count_uses_the_nonce_up() {
        let mut replay = Replay::new(10);
        assert!(replay.enter(nonce(1, 1), None));
        assert!(!replay.enter(nonce(1, 1), None));
        assert!(!replay.enter(nonce(1, 1), Some(9)));
        assert!(replay.enter(nonce(1, 2), Some(1)));
        assert!(!replay.enter(nonce(1, 2), None));
    }

    #[test]
    fn a_full_table_forgets_the_oldest_second_and_refuses_it_afterwards() {
        let mut replay = Replay::new(3);
        assert!(replay.enter(nonce(1, 1), Some(1)));
        assert!(replay.enter(nonce(1, 2), Some(1)));
        assert!(replay.enter(nonce(2, 3), Some(1)));
        assert!(replay.enter(nonce(2, 4), Some(1)));
        assert_eq!((replay.floor(), replay.entries), (2, 2));
        assert!(!replay.enter(nonce(1, 1), Some(2)));
        assert!(replay.enter(nonce(2, 3), Some(2)));
    }

    #[test]
    fn old_nonces_leave_nothing_behind() {
        let mut replay = Replay::new(1000);
        for second in 1..=100 {
            assert!(replay.enter(nonce(second, second), Some(1)));
        }
        replay.forget_before(101);
        assert_eq!((replay.entries, replay.seconds.len(), replay.floor()), (0, 0, 101));
    }
}
