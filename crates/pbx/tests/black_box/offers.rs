//! SIPp acknowledges reliable provisional responses, holds by UPDATE, and refreshes its session: a user agent that was not written
//! beside ours.

use crate::pbx::{PHONES_CALL, Pbx, free_port};
use crate::sipp::Sipp;

#[test]
fn prack_and_update_on_both_legs() {
    call("reliable-caller", "reliable-callee");
}

#[test]
fn a_session_is_refreshed() {
    call("session-timer", "callee");
}

fn call(caller: &str, callee: &str) {
    let pbx = Pbx::start(&["201", "202"], PHONES_CALL);
    let port = free_port();
    Sipp::register(&pbx, "202", port);
    let callee = Sipp::start(&pbx, callee, "202", port, port, &["-m", "1"]);
    Sipp::start(&pbx, caller, "201", free_port(), 0, &["-s", "202", "-m", "1"]).succeed();
    callee.succeed();
}
