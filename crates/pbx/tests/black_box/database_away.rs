//! Call records survive a database that is locked or gone, and a PBX that is killed.
use std::{process::Command, process::Stdio, time::Duration};

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

#[test]
fn a_locked_database_loses_no_call() {
    let pbx = Pbx::start(&["201", "202"], DIALPLAN);
    let port = free_port();
    Sipp::register(&pbx, "202", port);
    let mut lock = Command::new("sqlite3")
        .arg(pbx.path("kiestoon.db"))
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .expect("sqlite3 is installed (make test installs it)");
    use std::io::Write as _;
    let stdin = lock.stdin.as_mut().unwrap();
    stdin.write_all(b"BEGIN EXCLUSIVE;\n").unwrap();
    stdin.flush().unwrap();
    calls(&pbx, port, "20");
    stdin.write_all(b"COMMIT;\n.quit\n").unwrap();
    lock.wait().unwrap();
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
