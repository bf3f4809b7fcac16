//! A dialplan that is swapped while calls are under way: each call keeps, to its end, the one that it began with.

use kiestoon_testkit::{Story, millis, phone, secs};

const CALLS: usize = 500;

/// A plan in which everything tells which one it is: who is rung, where the call goes on, and how it ends.
fn rules(name: &str, rung: &str, status: u16) -> String {
    format!(
        r#"
[[context.intern]]
name = "{name}"
match = "100"
do = [{{ dial = "ext:{rung}", timeout = "2s" }}, {{ goto = "context:deel" }}]
[[context.deel]]
name = "{name}"
match = "_!"
do = [{{ reject = {status} }}]
"#
    )
}

#[test]
fn a_call_that_another_process_takes_up_keeps_its_plan() {
    let mut t = Story::office(2).rules(&rules("een", "203", 486)).without_ladder();
    let caller = t.add(phone("201"));
    for number in ["203", "204"] {
        t.add(phone(number).never_answers());
    }
    t.register_all();
    t.pbx().hands_over = true;
    t.call(caller, "100");
    t.run(millis(500));
    t.reload(&rules("twee", "204", 480));
    t.settle();
    let record = t.the_pbx().ended().next().expect("a record");
    let trail: Vec<&str> = record.way[0].trail.steps().iter().map(|step| &*step.text).collect();
    assert_eq!(trail, ["dial:ext:203", "rule:deel/een", "reject:486"]);
}

#[test]
fn fifty_calls_a_second_under_reloads_are_all_of_one_plan_each() {
    let plans = [rules("een", "203", 486), rules("twee", "204", 480)];
    let mut t = Story::office(1).rules(&plans[0]).without_ladder();
    t = t.settings(|settings| settings.limits.calls_per_extension = CALLS);
    let caller = t.add(phone("201"));
    for number in ["203", "204"] {
        t.add(phone(number).never_answers());
    }
    t.register_all();
    for call in 0..CALLS {
        if call % 7 == 0 {
            t.reload(&plans[call / 7 % 2]);
        }
        t.call(caller, "100");
        t.run(millis(20));
    }
    t.run(secs(10));
    let mut counts = [0; 2];
    for record in t.the_pbx().ended() {
        let way = &record.way[0];
        let rule = way.rule.as_ref().expect("a rule");
        let (at, rung, status) = if &*rule.name == "een" { (0, "203", 486) } else { (1, "204", 480) };
        counts[at] += 1;
        let trail: Vec<&str> = way.trail.steps().iter().map(|step| &*step.text).collect();
        let (dial, then, end) =
            (format!("dial:ext:{rung}"), format!("rule:deel/{}", rule.name), format!("reject:{status}"));
        assert_eq!(trail, [&*dial, &*then, &*end]);
        assert_eq!(record.end.expect("an end").sip_code, status);
    }
    assert_eq!(counts.iter().sum::<usize>(), CALLS, "a record for each call");
    assert!(counts.iter().all(|count| *count > CALLS / 3), "{counts:?}");
}
