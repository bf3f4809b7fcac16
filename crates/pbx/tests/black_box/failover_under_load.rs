//! A trunk dies while 30 calls begin each second: all calls that it had not answered yet go out over the other one.
use std::{thread, time::Duration};

use serde_json::Value;

use crate::pbx::{Pbx, free_port, wait_for};
use crate::provider::Does::{Answers, IsHungUp};
use crate::provider::{Provider, trunk};
use crate::sipp::Sipp;

const DIALPLAN: &str = r#"
version = 1
[[context.intern]]
match = "_0."
do = [{ dial = ["trunk:eerste", "trunk:tweede"] }]
"#;

const CALLS: usize = 300;
const PATIENCE: &str = "patience = \"1s\"\n";

/// The calls of ten seconds, of which a third has begun when the first trunk dies.
fn calls_while(dies: impl FnOnce(&mut Option<Provider>)) -> Vec<Value> {
    let mut pbx = Pbx::new(&["201"], DIALPLAN);
    let [first, second] =
        ["eerste", "tweede"].map(|name| Provider::start(&pbx, name, 0, &[Answers, IsHungUp]));
    pbx.import(&(trunk("eerste", first.port, PATIENCE) + &trunk("tweede", second.port, PATIENCE)));
    pbx.run();
    let calls = CALLS.to_string();
    let arguments = ["-s", "0612345678", "-r", "30", "-m", &calls, "-d", "300"];
    let load = Sipp::start(&pbx, "caller", "201", free_port(), 0, &arguments);
    let finished = |pbx: &Pbx| pbx.json(&["history", "--limit", "2000"]).as_array().unwrap().clone();
    wait_for("a third of the calls", Duration::from_secs(60), || {
        thread::sleep(Duration::from_millis(200));
        finished(&pbx).len() >= CALLS / 3
    });
    let mut first = Some(first);
    dies(&mut first);
    load.succeed();
    wait_for("all call records", Duration::from_secs(10), || finished(&pbx).len() == CALLS);
    assert_eq!(pbx.json(&["ctl", "calls"]).as_array().unwrap().len(), 0);
    pbx.assert_alive();
    finished(&pbx)
}

fn expect_none_lost(calls: &[Value]) {
    for call in calls {
        let end = (&call["disposition"], &call["end_reason"]);
        assert_eq!(end, (&"answered".into(), &"hangup_caller".into()), "{call:#}");
        // A second of patience and nothing else; the rest is for a machine that is busy with other tests.
        assert!(call["setup_ms"].as_u64().unwrap() < 5_000, "it was not retried in time: {call:#}");
    }
    let over = |name: &str| calls.iter().filter(|call| call["trunk_out"] == name).count();
    assert!(over("eerste") >= CALLS / 3, "{} over the first", over("eerste"));
    assert_eq!(over("eerste") + over("tweede"), CALLS);
    let tried_twice = calls.iter().filter(|call| call["legs"].as_array().unwrap().len() > 2);
    let mut waits: Vec<u64> = tried_twice.map(|call| call["setup_ms"].as_u64().unwrap()).collect();
    waits.sort_unstable();
    let retried = waits.len();
    // The middle one says what a busy machine has not to do with.
    assert!(waits.get(retried / 2).is_none_or(|wait| *wait < 2_000), "retried after {waits:?} ms");
    assert!(retried > 0, "no call was on its way when the trunk died");
    // Three failures in a row, and nobody asks it any more: not every call of the second half has waited for it.
    assert!(retried < over("tweede"), "{retried} of {} were tried over the dead one first", over("tweede"));
}

#[test]
fn a_program_that_ends_loses_no_call() {
    expect_none_lost(&calls_while(|first| drop(first.take())));
}

#[test]
fn a_host_that_falls_silent_loses_no_call() {
    expect_none_lost(&calls_while(|first| first.as_ref().unwrap().falls_silent()));
}
