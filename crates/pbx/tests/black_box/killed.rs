//! A PBX that is killed again and again, with phones registering and calls ending all the time: whoever was told 200 finds
//! the registration, and the call in the history, after the restart.
use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::{self, ScopedJoinHandle};
use std::time::Duration;

use crate::database_away::DIALPLAN;
use crate::pbx::{Pbx, wait_for};
use crate::user_agent::{Callee, UserAgent};

#[test]
fn what_was_answered_was_kept() {
    let numbers: Vec<String> = (200..280).map(|number| number.to_string()).collect();
    let extensions: Vec<&str> = numbers.iter().map(String::as_str).collect();
    let mut pbx = Pbx::new(&extensions, DIALPLAN);
    pbx.run();
    let mut caller = UserAgent::new(&pbx, "200", HERE.parse().unwrap());
    let _callee = Callee::start(&pbx, "201", HERE.parse().unwrap());
    let mut unused: Vec<UserAgent> =
        extensions[2..].iter().map(|number| UserAgent::new(&pbx, number, HERE.parse().unwrap())).collect();
    let (mut registered, ended) = (Vec::new(), AtomicUsize::new(0));
    for round in 1..=ROUNDS {
        let stop = AtomicBool::new(false);
        thread::scope(|scope| {
            let phones: Vec<_> =
                (0..PHONES).map(|_| unused.split_off(unused.len() - unused.len().min(SHARE))).collect();
            let flows: Vec<ScopedJoinHandle<'_, _>> =
                phones.into_iter().map(|phones| scope.spawn(|| register(phones, &stop))).collect();
            scope.spawn(|| call(&mut caller, &ended, &stop));
            let enough = ended.load(Ordering::Relaxed) + round;
            wait_for("calls", Duration::from_secs(20), || ended.load(Ordering::Relaxed) >= enough);
            pbx.kill();
            stop.store(true, Ordering::Relaxed);
            pbx.run();
            registered.extend(flows.into_iter().flat_map(|flow| flow.join().unwrap()));
        });
        assert_kept(&pbx, &registered, ended.load(Ordering::Relaxed), round);
    }
    assert!(registered.len() > ROUNDS, "only {} phones have registered", registered.len());
    for phone in registered.into_iter().rev().take(3) {
        let number = phone.number.clone();
        let _callee = Callee::of(phone);
        caller.call(&number).expect("who has registered is called");
    }
}

/// Calls until the PBX is killed, and counts the calls whose BYE it told 200 before.
fn call(caller: &mut UserAgent, ended: &AtomicUsize, stop: &AtomicBool) {
    while caller.call("201").is_ok() && !stop.load(Ordering::Relaxed) {
        ended.fetch_add(1, Ordering::Relaxed);
    }
}

/// Registers one phone after the other until the PBX is killed; those that were told 200.
fn register(phones: Vec<UserAgent>, stop: &AtomicBool) -> Vec<UserAgent> {
    let mut registered = Vec::new();
    for mut phone in phones {
        if stop.load(Ordering::Relaxed) {
            break;
        }
        if phone.register().is_ok() {
            registered.push(phone);
        }
    }
    registered
}

#[track_caller]
fn assert_kept(pbx: &Pbx, registered: &[UserAgent], ended: usize, kills: usize) {
    let kept = pbx.json(&["ctl", "registrations"]);
    let kept: BTreeSet<&str> =
        kept.as_array().unwrap().iter().filter_map(|registration| registration["number"].as_str()).collect();
    let lost: Vec<&str> =
        registered.iter().map(|phone| &*phone.number).filter(|number| !kept.contains(number)).collect();
    assert!(lost.is_empty(), "{lost:?} were told 200 and are not registered");
    let history = pbx.json(&["history", "--limit", "1000"]).as_array().unwrap().clone();
    let is_whole = |call: &&serde_json::Value| {
        call["end_reason"] == "hangup_caller"
            && call["disposition"] == "answered"
            && call["talk_ms"].is_number()
    };
    let whole = history.iter().filter(is_whole).count();
    // Each kill may have come between a call's record and the 200 to its BYE, or before a call that the next process took.
    assert!(
        (ended..=ended + kills).contains(&whole),
        "{ended} calls were told 200, {whole} are kept: {history:#?}"
    );
}

const HERE: &str = "127.0.0.1:0";
/// Each is killed when so many more calls have ended as its number says, whatever is under way then.
const ROUNDS: usize = 6;
/// So many register at the same time, each at most so many in a round.
const PHONES: usize = 2;
const SHARE: usize = 6;
