//! A call between two phones, heard on both sides.
use crate::pbx::{Pbx, wait_for};
use crate::phone::Phone;
use crate::tone;
use crate::world::Place;

/// One calls the other, both hear the other's tone and only that, one hangs up.
#[track_caller]
pub(crate) fn talk(pbx: &Pbx, caller: &mut Phone, callee: &mut Phone) {
    talk_over(pbx, caller, callee, Place::Pbx.address());
}

/// The same, where the caller knows the PBX by this address.
#[track_caller]
pub(crate) fn talk_over(pbx: &Pbx, caller: &mut Phone, callee: &mut Phone, address: &str) {
    caller.dial(&callee.number, address);
    caller.expect("CALL_ESTABLISHED");
    callee.expect("CALL_ESTABLISHED");
    wait_for("packets on both legs", || {
        let calls = pbx.json(&["ctl", "calls"]);
        let packets = |leg: usize| calls[0]["legs"][leg]["inbound"]["packets"].as_u64().unwrap_or_default();
        packets(0) > ENOUGH && packets(1) > ENOUGH
    });
    caller.hang_up();
    caller.expect("CALL_CLOSED");
    callee.expect("CALL_CLOSED");
    tone::assert_heard(&caller.heard(), f64::from(callee.tone));
    tone::assert_heard(&callee.heard(), f64::from(caller.tone));
    wait_for("end of the call", || pbx.json(&["ctl", "calls"]).as_array().unwrap().is_empty());
}

/// More than two seconds of speech, so that a whole one of a recording holds nothing else.
const ENOUGH: u64 = 110;
