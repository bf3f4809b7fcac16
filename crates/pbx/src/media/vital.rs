//! Threads that the process cannot do without. What one leg does to them is caught before; without one of them new calls would go to nobody, so a
//! panic that gets this far ends the process, and the supervisor starts it again.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::thread::{Builder, JoinHandle};

/// Starts such a thread.
pub(super) fn spawn(name: String, work: impl FnOnce() + Send + 'static) -> io::Result<JoinHandle<()>> {
    Builder::new().name(name).spawn(move || {
        if catch_unwind(AssertUnwindSafe(work)).is_err() {
            std::process::abort();
        }
    })
}
