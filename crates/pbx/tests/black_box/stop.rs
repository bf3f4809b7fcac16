//! Stopping: a drain waits for calls, and whoever asks twice does not want to wait.
use std::time::Duration;

use nix::sys::signal::Signal;

use crate::baresip::{Baresip, Phone};
use crate::database_away::DIALPLAN;
use crate::pbx::{Pbx, wait_for};

#[test]
fn a_sigterm_in_an_operators_drain_leaves_the_call_alone() {
    let mut pbx = Pbx::start(&["201", "202"], DIALPLAN);
    let (mut caller, mut callee) = two_who_talk(&pbx);
    pbx.json(&["ctl", "drain"]);
    pbx.signal(Signal::SIGTERM);
    let drains = |pbx: &Pbx| pbx.log().matches("draining: no new calls").count();
    wait_for("the signal to be seen", Duration::from_secs(10), || drains(&pbx) == 2);
    assert_eq!(pbx.json(&["ctl", "calls"]).as_array().unwrap().len(), 1, "the call goes on");
    caller.command("hangup", "");
    callee.expect("CALL_CLOSED");
    assert_eq!(pbx.wait(Duration::from_secs(20)), Some(0));
    assert_eq!(pbx.history(1)[0]["end_reason"], "hangup_caller");
}

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
    let (mut caller, mut callee) = two_who_talk(&pbx);
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

fn two_who_talk(pbx: &Pbx) -> (Baresip, Baresip) {
    let phone = |number, tone, answers| Phone { number, transport: "udp", tone, answers, parameters: "" };
    let mut caller = Baresip::start(pbx, &phone("201", 440, false));
    let mut callee = Baresip::start(pbx, &phone("202", 1_000, true));
    caller.command("dial", &format!("sip:202@{}", pbx.address()));
    callee.expect("CALL_ESTABLISHED");
    (caller, callee)
}
