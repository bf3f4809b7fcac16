//! Call records survive a database that is locked or gone, and a PBX that is killed.
use std::{
    io::{BufRead as _, BufReader, Write as _},
    process::{Child, Command, Stdio},
    time::Duration,
};

use nix::sys::signal::Signal;

use crate::pbx::{Pbx, free_port, wait_for};
use crate::sipp::Sipp;

pub(crate) const DIALPLAN: &str =
    "version = 1\n[[context.intern]]\nmatch = \"_2XX\"\ndo = [{ dial = \"ext:${number}\" }]\n";

/// Calls one after the other, each answered and hung up.
pub(crate) fn calls(pbx: &Pbx, callee_port: u16, count: &str) {
    let _callee = Sipp::start(pbx, "callee", "202", callee_port, callee_port, &[]);
    Sipp::start(pbx, "caller", "201", free_port(), 0, &["-s", "202", "-r", "20", "-m", count]).succeed();
}

/// Another program's lock on the database, until it goes out of scope.
pub(crate) struct Lock(Child);

impl Lock {
    /// The write lock of the database's file.
    pub(crate) fn of_file(pbx: &Pbx) -> Self {
        Self::take(Command::new("sqlite3").arg(pbx.path("kiestoon.db")), "BEGIN EXCLUSIVE")
    }

    /// What the database's own program takes with these statements.
    pub(crate) fn take(program: &mut Command, statements: &str) -> Self {
        let mut program = program.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        writeln!(program.stdin.as_mut().unwrap(), "{statements}; SELECT 'locked';").unwrap();
        let mut said = String::new();
        BufReader::new(program.stdout.as_mut().unwrap()).read_line(&mut said).unwrap();
        assert_eq!(said.trim_end(), "locked");
        Self(program)
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        // The end of its input ends it.
        drop(self.0.stdin.take());
        let _ = self.0.wait();
    }
}

#[test]
fn a_locked_database_loses_no_call() {
    let pbx = Pbx::start(&["201", "202"], DIALPLAN);
    let port = free_port();
    Sipp::register(&pbx, "202", port);
    let lock = Lock::of_file(&pbx);
    calls(&pbx, port, "20");
    drop(lock);
    wait_for("the calls in the history", Duration::from_secs(20), || {
        pbx.json(&["history", "--limit", "100"]).as_array().unwrap().len() == 20
    });
}

#[test]
fn a_database_that_goes_away_and_comes_back_loses_no_call() {
    let pbx = Pbx::start(&["201", "202"], DIALPLAN);
    let port = free_port();
    Sipp::register(&pbx, "202", port);
    std::fs::rename(pbx.path("kiestoon.db"), pbx.path("elsewhere.db")).unwrap();
    calls(&pbx, port, "10");
    std::fs::rename(pbx.path("elsewhere.db"), pbx.path("kiestoon.db")).unwrap();
    wait_for("the calls in the history", Duration::from_secs(20), || {
        pbx.json(&["history", "--limit", "100"]).as_array().unwrap().len() == 10
    });
}

#[test]
fn a_call_cut_by_a_kill_stands_in_the_history_as_interrupted() {
    let mut pbx = Pbx::start(&["201", "202"], DIALPLAN);
    let port = free_port();
    Sipp::register(&pbx, "202", port);
    calls(&pbx, port, "3");
    let _callee = Sipp::start(&pbx, "callee", "202", port, port, &[]);
    let _caller =
        Sipp::start(&pbx, "caller", "201", free_port(), 0, &["-s", "202", "-m", "1", "-d", "60000"]);
    wait_for("a call", Duration::from_secs(10), || {
        !pbx.json(&["ctl", "calls"]).as_array().unwrap().is_empty()
    });
    pbx.kill();
    pbx.run();
    let history = pbx.history(4);
    assert_eq!(history[0]["disposition"], "interrupted");
    assert_eq!(history[0]["end_reason"], "interrupted");
    assert!(history[1..].iter().all(|call| call["disposition"] == "answered"));
    // Phones stay reachable: nobody registers again.
    assert_eq!(pbx.json(&["ctl", "registrations"])[0]["number"], "202");
    calls(&pbx, port, "1");
    pbx.signal(Signal::SIGTERM);
    assert_eq!(pbx.wait(Duration::from_secs(10)), Some(0));
}
