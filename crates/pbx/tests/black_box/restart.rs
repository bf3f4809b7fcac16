//! A phone over TCP after the PBX was killed: its connection is gone, its binding is not.
use std::time::{Duration, Instant};

use crate::baresip::{Baresip, Phone};
use crate::pbx::Pbx;

const DIALPLAN: &str =
    "version = 1\n[[context.intern]]\nmatch = \"_2XX\"\ndo = [{ dial = \"ext:${number}\" }]\n";

fn phones(pbx: &Pbx) -> (Baresip, Baresip) {
    let phone = |number, transport, tone, answers| Phone { number, transport, tone, answers, parameters: "" };
    let caller = Baresip::start(pbx, &phone("201", "udp", 440, false));
    (caller, Baresip::start(pbx, &phone("202", "tcp", 1_000, true)))
}

#[test]
fn it_is_called_at_its_contact() {
    let mut pbx = Pbx::start(&["201", "202"], DIALPLAN);
    let (mut caller, mut callee) = phones(&pbx);
    pbx.kill();
    pbx.run();
    caller.command("dial", &format!("sip:202@{}", pbx.address()));
    callee.expect("CALL_ESTABLISHED");
    caller.command("hangup", "");
    callee.expect("CALL_CLOSED");
}

#[test]
fn one_that_is_gone_is_known_to_be_gone_at_once() {
    let mut pbx = Pbx::start(&["201", "202"], DIALPLAN);
    let (mut caller, callee) = phones(&pbx);
    pbx.kill();
    drop(callee);
    pbx.run();
    let dialled = Instant::now();
    caller.command("dial", &format!("sip:202@{}", pbx.address()));
    caller.expect("CALL_CLOSED");
    assert!(
        dialled.elapsed() < Duration::from_secs(10),
        "a refused connection was waited for like a lost datagram"
    );
    assert_eq!(pbx.history(1)[0]["end_reason"], "unavailable");
}
