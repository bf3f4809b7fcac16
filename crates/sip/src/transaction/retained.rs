//! Server transactions that only wait for Timer J. The timer is the same for all, so a queue in order of
//! arrival is enough to end them, and to forget the oldest when they take too much memory.

use std::collections::VecDeque;
use std::time::Instant;

/// The queue, with the bytes that its transactions hold.
#[derive(Debug, Default)]
pub(super) struct Retained {
    queue: VecDeque<Entry>,
    bytes: usize,
}

#[derive(Debug)]
struct Entry {
    until: Instant,
    server: u64,
    bytes: usize,
}

impl Retained {
    pub(super) fn push(&mut self, until: Instant, server: u64, response_bytes: usize) {
        let bytes = response_bytes.saturating_add(BOOKKEEPING);
        self.bytes = self.bytes.saturating_add(bytes);
        self.queue.push_back(Entry { until, server, bytes });
    }

    /// When the next one ends.
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.queue.front().map(|entry| entry.until)
    }

    /// Takes the next one that has ended, or that has to make room.
    pub(super) fn pop(&mut self, now: Instant, limit_bytes: usize) -> Option<u64> {
        let entry = self.queue.front()?;
        if entry.until > now && self.bytes <= limit_bytes {
            return None;
        }
        let entry = self.queue.pop_front()?;
        self.bytes = self.bytes.saturating_sub(entry.bytes);
        if self.queue.capacity() > 1024 && self.queue.len().saturating_mul(8) < self.queue.capacity() {
            self.queue.shrink_to(self.queue.len().saturating_mul(2));
        }
        Some(entry.server)
    }

    pub(super) fn len(&self) -> usize {
        self.queue.len()
    }
}

/// What one of them costs besides its bytes: the entries in the queue and the tables.
const BOOKKEEPING: usize = 320;
