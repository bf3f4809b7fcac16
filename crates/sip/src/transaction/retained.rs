//! Server transactions that only wait for Timer J. The timer is the same for all, so a queue in order of
//! arrival is enough to end them, and to forget the oldest when they take too much memory.

use std::collections::VecDeque;
use std::time::Instant;

use bytes::{Bytes, BytesMut};
use serde::{Deserialize, Serialize};

/// The queue, with the bytes that its transactions hold.
#[derive(Debug, Default, Serialize)]
pub(super) struct Retained {
    queue: VecDeque<Entry>,
    #[serde(skip)]
    bytes: usize,
    /// Room for the next responses. They end in the order in which they came, so a chunk that many share is given back
    /// whole; an allocation each would lie between the bindings made at the same time, and leave holes for their lifetime.
    #[serde(skip)]
    chunk: BytesMut,
}

/// A transaction that waits for Timer J.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Entry {
    #[serde(with = "crate::plain")]
    pub(super) until: Instant,
    pub(super) server: u64,
    #[serde(skip)]
    bytes: usize,
}

/// What [`Retained`] serialises to: in their order, to be pushed again with the responses that their transactions hold.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FrozenRetained {
    pub(super) queue: Vec<Entry>,
}

impl Retained {
    /// Keeps the end of a transaction, and returns its response as it is to be held until then.
    pub(super) fn push(&mut self, until: Instant, server: u64, response: &Bytes) -> Bytes {
        let bytes = response.len().saturating_add(BOOKKEEPING);
        self.bytes = self.bytes.saturating_add(bytes);
        self.queue.push_back(Entry { until, server, bytes });
        if response.len() > self.chunk.capacity() {
            // Not `reserve`, which would wait for the old chunk's responses to use it again.
            self.chunk = BytesMut::with_capacity(CHUNK_BYTES.max(response.len()));
        }
        self.chunk.extend_from_slice(response);
        self.chunk.split().freeze()
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
        if self.queue.is_empty() {
            self.chunk = BytesMut::new();
        }
        if self.queue.capacity() > 256 && self.queue.len().saturating_mul(8) < self.queue.capacity() {
            self.queue.shrink_to(self.queue.len().saturating_mul(2));
        }
        Some(entry.server)
    }

    pub(super) fn len(&self) -> usize {
        self.queue.len()
    }
}

/// Some hundred responses to REGISTER.
const CHUNK_BYTES: usize = 64 * 1024;
/// What one of them costs besides its bytes: the entries in the queue and the tables.
const BOOKKEEPING: usize = 320;
