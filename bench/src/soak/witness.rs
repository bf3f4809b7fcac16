//! Threads that do nothing but sleep, one bound to each processor and before everything else on it. Where even such a thread wakes
//! late, the machine itself stood still (a virtual one's host took the processor away), and no program could have met a deadline.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use anyhow::Context as _;
use nix::sched::{CpuSet, sched_setaffinity};
use nix::unistd::Pid;
use thread_priority::{
    RealtimeThreadSchedulePolicy, ThreadPriority, ThreadSchedulePolicy, set_thread_priority_and_policy,
    thread_native_id,
};

/// What the threads have seen; they end when it is dropped.
#[derive(Debug, Default)]
pub(crate) struct Witness {
    stalls: AtomicU64,
    frames: AtomicU64,
    longest_us: AtomicU64,
}

/// How long the machine stood still so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Stalls {
    pub(crate) count: u64,
    /// Frames of 20 ms that fell due meanwhile, of one media thread on each processor.
    pub(crate) frames: u64,
    pub(crate) longest_us: u64,
}

const NAP: Duration = Duration::from_millis(5);
const FRAME: Duration = Duration::from_millis(20);
/// A media thread that is held up for less is not a frame late, with what it does itself.
const SHORTEST: Duration = Duration::from_millis(15);

impl Witness {
    /// Starts the threads; fails where this user may not have them go before everything else.
    pub(crate) fn start() -> anyhow::Result<Arc<Self>> {
        let witness = Arc::new(Self::default());
        let processors = std::thread::available_parallelism()?.get();
        for processor in 0..processors {
            let (seen, (claimed, started)) = (Arc::downgrade(&witness), std::sync::mpsc::sync_channel(1));
            std::thread::spawn(move || {
                let claim = claim(processor);
                let goes = claim.is_ok();
                if claimed.send(claim).is_ok() && goes {
                    sleep(&seen);
                }
            });
            started.recv()??;
        }
        Ok(witness)
    }

    pub(crate) fn stalls(&self) -> Stalls {
        Stalls {
            count: self.stalls.load(Ordering::Relaxed),
            frames: self.frames.load(Ordering::Relaxed),
            longest_us: self.longest_us.load(Ordering::Relaxed),
        }
    }

    fn woke(&self, late: Duration) {
        if late < SHORTEST {
            return;
        }
        self.stalls.fetch_add(1, Ordering::Relaxed);
        let frames = late.as_micros().div_ceil(FRAME.as_micros());
        self.frames.fetch_add(u64::try_from(frames).unwrap_or(u64::MAX), Ordering::Relaxed);
        self.longest_us.fetch_max(u64::try_from(late.as_micros()).unwrap_or(u64::MAX), Ordering::Relaxed);
    }
}

fn claim(processor: usize) -> anyhow::Result<()> {
    let mut own = CpuSet::new();
    own.set(processor)?;
    sched_setaffinity(Pid::from_raw(0), &own)?;
    let policy = ThreadSchedulePolicy::Realtime(RealtimeThreadSchedulePolicy::Fifo);
    set_thread_priority_and_policy(thread_native_id(), ThreadPriority::Max, policy)
        .map_err(|error| anyhow::anyhow!("{error:?}"))
        .context("no real-time priority")
}

fn sleep(seen: &Weak<Witness>) {
    let mut fell_asleep = Instant::now();
    while let Some(witness) = seen.upgrade() {
        witness.woke(fell_asleep.elapsed().saturating_sub(NAP));
        drop(witness);
        fell_asleep = Instant::now();
        std::thread::sleep(NAP);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stall_is_counted_by_the_frames_that_fell_due() {
        let witness = Witness::default();
        for ms in [0, 14, 42, 91] {
            witness.woke(Duration::from_millis(ms));
        }
        assert_eq!(witness.stalls(), Stalls { count: 2, frames: 3 + 5, longest_us: 91_000 });
    }
}
