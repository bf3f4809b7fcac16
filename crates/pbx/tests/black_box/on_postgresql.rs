//! The whole PBX on a PostgreSQL server: bindings and call records arrive there, wait while it is away, and are found
//! after a restart.
use std::time::Duration;

use nix::sys::signal::Signal;

use crate::database_away::{DIALPLAN, Lock, calls};
use crate::pbx::{Pbx, free_port, text, wait_for};
use crate::postgresql::Server;
use crate::sipp::Sipp;

#[test]
fn calls_are_kept_while_the_server_is_away() {
    let server = Server::new();
    server.start();
    let database = server.create_database();
    let mut pbx = Pbx::new_on(&server.url(&database), &["201", "202"], DIALPLAN);
    pbx.run();
    let port = free_port();
    Sipp::register(&pbx, "202", port);
    calls(&pbx, port, "5");
    assert_eq!(pbx.history(5)[0]["disposition"], "answered");

    server.stop();
    calls(&pbx, port, "5");
    let refused = pbx.kiestoon(&["history"]);
    assert!(!refused.status.success() && text(&refused).contains("cannot be reached"), "{}", text(&refused));
    server.start();
    wait_for("the calls in the history", Duration::from_secs(30), || {
        pbx.json(&["history", "--limit", "100"]).as_array().unwrap().len() == 10
    });

    pbx.signal(Signal::SIGTERM);
    assert_eq!(pbx.wait(Duration::from_secs(10)), Some(0));
    pbx.run();
    assert_eq!(pbx.json(&["ctl", "registrations"])[0]["number"], "202");
    calls(&pbx, port, "1");
}

#[test]
fn a_reload_that_the_database_holds_up_may_be_tried_again() {
    let server = Server::new();
    server.start();
    let database = server.create_database();
    let mut pbx = Pbx::new_on(&server.url(&database), &["201"], DIALPLAN);
    pbx.run();
    let reload = || {
        let output = pbx.kiestoon(&["ctl", "reload"]);
        (output.status.code(), text(&output))
    };
    let lock = Lock::take(server.client("psql").args(["-q", "-t", "-A", "-d", &database]), LOCK);
    let (code, said) = reload();
    assert!(code == Some(1) && said.contains("still locked by another program"), "{code:?} {said}");
    drop(lock);
    let (code, said) = reload();
    assert!(code == Some(0), "{code:?} {said}");
    server.stop();
    let (code, said) = reload();
    assert!(code == Some(1) && said.contains("cannot be reached"), "{code:?} {said}");
}

const LOCK: &str = "BEGIN; LOCK TABLE extensions IN ACCESS EXCLUSIVE MODE";
