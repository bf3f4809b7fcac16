//! What the generator must do later, by time.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::slab::Key;

/// What is due. Each names an entry that may be gone by then, which cancels it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Due {
    /// A request without its answer: send it again or give up. The number is the attempt that armed it.
    Retransmit(Key, u32),
    /// An established call has been held for long enough.
    HangUp(Key),
    /// A caller holds its call, or takes it back.
    Change(Key, bool),
    /// A callee transfers its call.
    Refer(Key),
    /// An answered INVITE without its ACK: send the 200 again (RFC 3261 section 13.3.1.4).
    Answer(Key),
}

/// A queue of due times in nanoseconds.
#[derive(Default)]
pub(crate) struct Timers(BinaryHeap<Reverse<(u64, Due)>>);

impl Timers {
    pub(crate) fn arm(&mut self, at: u64, due: Due) {
        self.0.push(Reverse((at, due)));
    }

    /// The next that is due by `now`, if any.
    pub(crate) fn pop(&mut self, now: u64) -> Option<Due> {
        if self.0.peek()?.0.0 > now {
            return None;
        }
        self.0.pop().map(|entry| entry.0.1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn earliest_first_and_only_when_due() {
        let key = Key { index: 0, generation: 1 };
        let mut timers = Timers::default();
        timers.arm(20, Due::HangUp(key));
        timers.arm(10, Due::Retransmit(key, 0));
        assert_eq!(timers.pop(9), None);
        assert_eq!(timers.pop(30), Some(Due::Retransmit(key, 0)));
        assert_eq!(timers.pop(30), Some(Due::HangUp(key)));
        assert_eq!(timers.pop(30), None);
    }
}
