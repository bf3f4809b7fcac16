//! How a running PBX comes to its end: SIGTERM drains, a second one and SIGINT end at once, SIGHUP reloads, and an operator
//! drains with a limit of their own.
use std::time::Duration;

use tokio::{
    signal::unix::{SignalKind, signal},
    sync::{mpsc, oneshot, watch},
    time::{Instant, sleep_until},
};

use crate::{reload, signalling::Stop};

/// Waits until signalling has ended, because of signals and drains or by a failure of its own.
pub(crate) async fn wait(
    stop: &watch::Sender<Stop>,
    drains: &mut mpsc::Receiver<Duration>,
    reloads: &mpsc::Sender<reload::Request>,
    drain_limit: Duration,
) -> anyhow::Result<()> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut hangup = signal(SignalKind::hangup())?;
    let mut ending = Ending::default();
    loop {
        let step = tokio::select! {
            // The signalling thread is gone: all calls have ended after a drain, or it has failed.
            () = stop.closed() => return Ok(()),
            _ = interrupt.recv() => Step::HangUp,
            () = reached(ending.limit) => {
                tracing::warn!("drain limit reached: hanging up");
                Step::HangUp
            }
            _ = terminate.recv() => ending.terminate(Instant::now(), drain_limit),
            Some(limit) = drains.recv() => ending.drain(Instant::now() + limit),
            _ = hangup.recv() => {
                // Nobody waits for the answer: the log has it.
                reload::ask(reloads, oneshot::channel().0);
                continue;
            }
        };
        match step {
            Step::Drain(limit) => {
                let limit_secs = limit.saturating_duration_since(Instant::now()).as_secs_f64().round();
                tracing::info!(limit_secs, "draining: no new calls, waiting for the running ones to end");
                stop.send_replace(Stop::Drain(limit.into_std()));
            }
            Step::HangUp => {
                hang_up(stop).await;
                return Ok(());
            }
        }
    }
}

/// Ends signalling, where it has not ended yet: the calls that still run are hung up. Whatever else is asked for meanwhile
/// comes too late.
pub(crate) async fn hang_up(stop: &watch::Sender<Stop>) {
    stop.send_replace(Stop::Now);
    // BYEs may go unanswered; nobody waits longer than this for a stop.
    let _ = tokio::time::timeout(HANGUP_LIMIT, stop.closed()).await;
    stop.send_replace(Stop::Abandon);
    stop.closed().await;
}

/// How far the end has come.
#[derive(Default)]
struct Ending {
    /// When a drain gives up waiting.
    limit: Option<Instant>,
    terminated: bool,
}

#[derive(Debug, PartialEq, Eq)]
enum Step {
    /// No new calls; at this instant the rest is hung up.
    Drain(Instant),
    HangUp,
}

impl Ending {
    /// Whoever sends SIGTERM twice does not want to wait. After an operator's drain the first one only waits no longer than it would
    /// have by itself.
    fn terminate(&mut self, now: Instant, limit: Duration) -> Step {
        if std::mem::replace(&mut self.terminated, true) {
            return Step::HangUp;
        }
        let limit = now + limit;
        self.drain(self.limit.map_or(limit, |asked| asked.min(limit)))
    }

    /// An operator may draw the limit nearer or push it away.
    const fn drain(&mut self, limit: Instant) -> Step {
        self.limit = Some(limit);
        Step::Drain(limit)
    }
}

async fn reached(limit: Option<Instant>) {
    match limit {
        Some(limit) => sleep_until(limit).await,
        None => std::future::pending().await,
    }
}

const HANGUP_LIMIT: Duration = Duration::from_secs(3);

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_drain_that_is_asked_for_in_a_hangup_does_not_revive_it() {
        let (stop, mut told) = watch::channel(Stop::Run);
        let (drains, mut asked) = mpsc::channel(1);
        let (reloads, _requests) = mpsc::channel(1);
        drains.send(Duration::ZERO).await.unwrap();
        let phones_that_do_not_answer = async {
            told.wait_for(|stop| *stop == Stop::Now).await.unwrap();
            drains.send(Duration::from_secs(300)).await.unwrap();
            told.changed().await.unwrap();
            assert_eq!(*told.borrow(), Stop::Abandon);
            drop(told);
        };
        let limit = Duration::from_secs(300);
        let (ended, ()) = tokio::join!(wait(&stop, &mut asked, &reloads, limit), phones_that_do_not_answer);
        ended.unwrap();
        assert_eq!(*stop.borrow(), Stop::Abandon);
    }

    #[test]
    fn a_sigterm_after_an_operators_drain_is_the_first_one() {
        let now = Instant::now();
        for (asked, waits) in [(20, 20), (600, 300)] {
            let mut ending = Ending::default();
            ending.drain(now + Duration::from_secs(asked));
            let step = ending.terminate(now, Duration::from_secs(300));
            assert_eq!(step, Step::Drain(now + Duration::from_secs(waits)));
            assert_eq!(ending.terminate(now, Duration::from_secs(300)), Step::HangUp);
        }
    }
}
