//! 1,000 calls at 50 a second, by SIPp on both sides: all complete, all are recorded, nothing is left.
use std::time::Duration;

use crate::pbx::{Pbx, free_port, wait_for};
use crate::sipp::Sipp;

const DIALPLAN: &str =
    "version = 1\n[[context.intern]]\nmatch = \"_2XX\"\ndo = [{ dial = \"ext:${number}\" }]\n";

#[test]
fn all_complete() {
    let mut pbx = Pbx::start(&["201", "202"], DIALPLAN);
    let callee_port = free_port();
    Sipp::register(&pbx, "202", callee_port);
    let _callee = Sipp::start(&pbx, "callee", "202", callee_port, callee_port, &[]);
    let arguments = ["-s", "202", "-r", "50", "-m", "1000", "-l", "500", "-d", "500"];
    Sipp::start(&pbx, "caller", "201", free_port(), 0, &arguments).succeed();

    pbx.assert_alive();
    // A call record may take a second to become readable.
    wait_for("all call records", Duration::from_secs(5), || {
        let history = pbx.json(&["history", "--limit", "2000"]);
        let calls = history.as_array().unwrap();
        calls.iter().filter(|call| call["end_reason"] == "hangup_caller").count() == 1_000
    });
    assert_eq!(pbx.json(&["ctl", "calls"]).as_array().unwrap().len(), 0);
}
