//! The only place that spawns tokio tasks: each has a name for the log and someone who joins it.
use std::future::Future;

use tokio::{
    runtime::Handle,
    task::{JoinError, JoinHandle},
};
use tracing::Instrument as _;

/// A running task. Dropping it ends the task: a task never outlives its owner.
#[derive(Debug)]
#[must_use = "a task ends when its handle is dropped"]
pub(crate) struct Task<T> {
    name: &'static str,
    handle: JoinHandle<T>,
}

impl<T> Task<T> {
    /// Waits for the task's own end. A panic inside it is reported by name.
    pub(crate) async fn join(mut self) -> Option<T> {
        let joined = (&mut self.handle).await;
        self.report(joined)
    }

    /// Whether the task has ended.
    pub(crate) fn is_finished(&self) -> bool {
        self.handle.is_finished()
    }

    fn report(&self, joined: Result<T, JoinError>) -> Option<T> {
        match joined {
            Ok(value) => Some(value),
            Err(error) => {
                if error.is_panic() {
                    tracing::error!(task = self.name, "task panicked");
                }
                None
            }
        }
    }
}

impl<T> Drop for Task<T> {
    fn drop(&mut self) {
        self.handle.abort();
    }
}

/// The same on another runtime than the current one.
pub(crate) fn spawn_on<F>(runtime: &Handle, name: &'static str, work: F) -> Task<F::Output>
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
{
    let _there = runtime.enter();
    spawn(name, work)
}

/// Spawns `work` on the current runtime, in a span of that name.
pub(crate) fn spawn<F>(name: &'static str, work: F) -> Task<F::Output>
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
{
    #[expect(clippy::disallowed_methods, reason = "this is the one place that may")]
    let handle = tokio::spawn(work.instrument(tracing::debug_span!("task", name)));
    Task { name, handle }
}
