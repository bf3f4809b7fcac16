//! When each transaction wants to be woken: a heap whose outdated entries are skipped, not searched for.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::Instant;

/// Whom an entry wakes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Wake {
    /// A client transaction.
    Client(u64),
    /// The CANCEL of the client transaction with this number.
    Cancel(u64),
    /// A server transaction.
    Server(u64),
}

/// The time of the one heap entry that counts for a transaction; its other entries are outdated.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Armed(Option<Instant>);

impl Armed {
    /// Whether an entry for this time is the one that counts.
    pub(super) fn is_at(self, at: Instant) -> bool {
        self.0 == Some(at)
    }
}

/// The heap itself.
#[derive(Debug, Default)]
pub(super) struct Agenda {
    heap: BinaryHeap<Reverse<(Instant, Wake)>>,
}

impl Agenda {
    /// Sees to it that `wake` is woken by `at`. A wake-up that is already due sooner stays, and is moved when it comes.
    pub(super) fn arm(&mut self, armed: &mut Armed, at: Instant, wake: Wake) {
        if armed.0.is_none_or(|current| at < current) {
            armed.0 = Some(at);
            self.heap.push(Reverse((at, wake)));
        }
    }

    /// The earliest entry.
    pub(super) fn first(&self) -> Option<(Instant, Wake)> {
        self.heap.peek().map(|Reverse(entry)| *entry)
    }

    /// Takes the earliest entry off.
    pub(super) fn pop(&mut self) {
        self.heap.pop();
    }

    pub(super) fn len(&self) -> usize {
        self.heap.len()
    }

    /// Keeps only the entries that still count, and gives memory back.
    pub(super) fn compact(&mut self, counts: impl Fn(Instant, Wake) -> bool) {
        self.heap.retain(|Reverse((at, wake))| counts(*at, *wake));
        self.heap.shrink_to(self.heap.len().saturating_mul(2));
    }
}
