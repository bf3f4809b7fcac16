//! Media threads go before everything else on the machine, where that is allowed: a frame that comes late is heard as a click,
//! and a busy signalling thread, database or neighbour would make it late. They take a few percent of a processor.

use std::sync::Once;

use thread_priority::{
    RealtimeThreadSchedulePolicy, ThreadPriority, ThreadSchedulePolicy, set_thread_priority_and_policy,
    thread_native_id,
};

/// Has the kernel run the calling thread by `SCHED_RR`, before all that is not real-time; says so once where it may not.
pub(super) fn claim() {
    static TOLD: Once = Once::new();
    let policy = ThreadSchedulePolicy::Realtime(RealtimeThreadSchedulePolicy::RoundRobin);
    // The lowest of the real-time priorities: what an operator has put above it stays there.
    let claimed = set_thread_priority_and_policy(thread_native_id(), ThreadPriority::Min, policy);
    if let Err(error) = claimed {
        TOLD.call_once(|| {
            tracing::info!(
                ?error,
                "media threads have no real-time priority: sound may stutter while the machine is busy; allow it with LimitRTPRIO=1 (systemd), --ulimit rtprio=1 or CAP_SYS_NICE"
            );
        });
    }
}
