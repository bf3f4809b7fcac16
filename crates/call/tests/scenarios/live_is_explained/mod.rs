//! What is explained is what happens: random plans and calls, each decided on paper and made on the virtual network; rule and trail of
//! the record are those that `simulate` told before.
//!
//! `KIESTOON_WALK` is the first seed, `KIESTOON_WALKS` how many follow.

mod dialplans;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::thread;

use kiestoon_call::Way;
use kiestoon_dialplan::{CallFacts, Given, GivenValue, Overrides, Plan, Simulated, Timestamp, Trail};
use kiestoon_testkit::{Chance, PhoneId, Story, phone, secs};

/// Random plans; each gets this many calls.
const PLANS: u64 = 2_500;
const CALLS: usize = 4;

#[test]
fn ten_thousand_calls_go_as_explained() {
    let asked = |name| std::env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
    let first = asked("KIESTOON_WALK").unwrap_or(0);
    // Handed over before each input, a call takes hundreds of times as long.
    let usual = if std::env::var_os("KIESTOON_HAND_OVER").is_some() { 250 } else { PLANS };
    let count = asked("KIESTOON_WALKS").unwrap_or(usual);
    let next = AtomicU64::new(first);
    let (calls, steps) = (AtomicUsize::new(0), AtomicUsize::new(0));
    thread::scope(|scope| {
        for _ in 0..thread::available_parallelism().map_or(2, usize::from) {
            scope.spawn(|| {
                while let seed = next.fetch_add(1, Ordering::Relaxed)
                    && seed < first + count
                {
                    let taken = tell(seed);
                    calls.fetch_add(CALLS, Ordering::Relaxed);
                    steps.fetch_add(taken, Ordering::Relaxed);
                }
            });
        }
    });
    let (calls, steps) = (calls.into_inner(), steps.into_inner());
    println!("{calls} calls took {steps} steps");
    assert!(steps > calls, "plans in which nothing happens show nothing: {steps} steps of {calls} calls");
}

/// The calls of one plan; how many steps they took.
fn tell(seed: u64) -> usize {
    let mut dice = Chance::new(seed ^ 0xd1a1);
    let rules = dialplans::rules(&mut dice);
    let mut t = Story::office(seed).rules(&rules).prompt("een").prompt("twee").without_ladder();
    let caller = office(&mut t);
    let plan = Arc::clone(t.the_pbx().switch.snapshot().plans().shared());
    let mut steps = 0;
    for _ in 0..CALLS {
        let number = *dice.pick(&dialplans::NUMBERS).expect("numbers");
        let before = t.the_pbx().ended().count();
        t.call(caller, number);
        t.run(secs(400));
        t.hang_up_all(caller);
        t.run(secs(5));
        let record =
            t.the_pbx().ended().nth(before).unwrap_or_else(|| panic!("seed {seed}: {number} has no record"));
        let told = explained(&plan, number, record.started_at);
        let lived = record.way.first().unwrap_or_else(|| panic!("seed {seed}: {number} has no way"));
        compare(seed, number, &told, lived, &rules);
        steps += lived.trail.steps().len();
    }
    steps
}

/// 201 calls; the others answer, are busy, do not answer or decline, and 206 is nobody's phone.
fn office(t: &mut Story) -> PhoneId {
    let caller = t.add(phone("201").is_busy());
    t.add(phone("202").answers_after(secs(1)).hangs_up_after(secs(2)));
    t.add(phone("203").is_busy());
    t.add(phone("204").never_answers());
    t.add(phone("205").declines_after(secs(1)));
    t.register_all();
    caller
}

fn explained(plan: &Plan, number: &str, at: i64) -> Simulated {
    let mut given = Given::default();
    let nobody = ["200", "206", "207", "208", "209", "100", "101", "110", "111", "061", "*43", "20"];
    let replies = [("203", "busy"), ("204", "no-answer"), ("205", "declined"), ("201", "busy")];
    for (number, reply) in replies.into_iter().chain(nobody.map(|number| (number, "unavailable"))) {
        given.set(&format!("ext:{number}"), GivenValue::Text(reply.into())).expect("a reply");
    }
    plan.simulate(
        &CallFacts {
            context: "intern",
            from: "201",
            from_name: "",
            dialled: number,
            at: Timestamp::from_microsecond(at).expect("a moment"),
            overrides: &Overrides::NONE,
        },
        &given,
    )
}

fn compare(seed: u64, number: &str, told: &Simulated, lived: &Way, rules: &str) {
    let words = |trail: &Trail| -> Vec<String> {
        let steps = trail.steps().iter();
        steps
            .map(|step| format!("{} = {}", step.text, step.result.map(|r| r.to_string()).unwrap_or_default()))
            .collect()
    };
    assert_eq!(told.rule, lived.rule, "seed {seed}: {number}\n{rules}");
    assert_eq!(words(&told.trail), words(&lived.trail), "seed {seed}: {number}\n{rules}");
}
