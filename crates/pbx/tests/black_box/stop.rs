//! Stopping: a drain waits for calls, and whoever asks twice does not want to wait.
use std::time::Duration;

use nix::sys::signal::Signal;

use crate::baresip::{Baresip, Phone};
use crate::database_away::DIALPLAN;
use crate::pbx::{Pbx, wait_for};

#[test]
fn a_second_sigterm_hangs_up_both_sides_at_once() {
    twice(Signal::SIGTERM);
}

#[test]
fn sigint_in_a_drain_does_too() {
    twice(Signal::SIGINT);
}

fn twice(second: Signal) {
    let mut pbx = Pbx::start(&["201", "202"], DIALPLAN);
    let phone = |number, tone, answers| Phone { number, transport: "udp", tone, answers, parameters: "" };
    let mut caller = Baresip::start(&pbx, &phone("201", 440, false));
    let mut callee = Baresip::start(&pbx, &phone("202", 1_000, true));
    caller.command("dial", &format!("sip:202@{}", pbx.address()));
    callee.expect("CALL_ESTABLISHED");
    pbx.signal(Signal::SIGTERM);
    wait_for("the drain", Duration::from_secs(10), || pbx.json(&["ctl", "status"])["state"] == "draining");
    assert_eq!(pbx.json(&["ctl", "calls"]).as_array().unwrap().len(), 1, "the call goes on");
    pbx.signal(second);
    caller.expect("CALL_CLOSED");
    callee.expect("CALL_CLOSED");
    assert_eq!(pbx.wait(Duration::from_secs(20)), Some(0));
    let history = pbx.history(1);
    assert_eq!(
        (&history[0]["end_reason"], &history[0]["disposition"]),
        (&"shutdown".into(), &"answered".into())
    );
}
