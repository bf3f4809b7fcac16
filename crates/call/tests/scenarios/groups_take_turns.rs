//! Strategies of a group: who is rung first changes from call to call.

use kiestoon_testkit::{PhoneId, Story, phone, secs};

/// Three members, who answer at once, and a caller.
fn office(strategy: &str, members: &str) -> (Story, PhoneId) {
    let mut t = Story::office(1).rules(&format!(
        r#"
[group.balie]
members = [{members}]
strategy = "{strategy}"
timeout = "6s"
[[context.intern]]
match = "100"
do = [{{ dial = "group:balie" }}]
[[context.intern]]
match = "_2XX"
do = [{{ dial = "ext:${{number}}" }}]
"#
    ));
    let caller = t.add(phone("201"));
    for number in ["202", "203", "204"] {
        t.add(phone(number).answers_after(secs(1)));
    }
    t.register_all();
    (t, caller)
}

/// One call after the other: who answers each.
fn answered(t: &mut Story, caller: PhoneId, calls: usize) -> Vec<String> {
    let before = t.the_pbx().ended().count();
    for _ in 0..calls {
        t.call(caller, "100");
        t.run(secs(4));
        t.hang_up(caller);
        t.run(secs(2));
    }
    let records = t.the_pbx().ended().skip(before);
    records.map(|record| record.to_number.as_deref().unwrap_or("-").to_string()).collect()
}

#[test]
fn round_robin_begins_with_the_next_one() {
    let (mut t, caller) = office("round-robin", r#""202", "203", "204""#);
    assert_eq!(answered(&mut t, caller, 5), ["202", "203", "204", "202", "203"]);
}

#[test]
fn the_longest_idle_is_rung_first() {
    let (mut t, caller) = office("longest-idle", r#""202", "203", "204""#);
    t.call(caller, "203");
    t.run(secs(4));
    t.hang_up(caller);
    t.run(secs(2));
    // Two had no call yet, then it goes by who ended theirs first.
    assert_eq!(answered(&mut t, caller, 5), ["202", "204", "203", "202", "204"]);
}

#[test]
fn weights_are_kept_over_many_calls() {
    let (mut t, caller) = office("weighted", r#"{ member = "202", weight = 8 }, "203", "204""#);
    let answered = answered(&mut t, caller, 100);
    let count = |number: &str| answered.iter().filter(|answered| *answered == number).count();
    // 80 in the mean, with a deviation of 4.
    assert!((64..=96).contains(&count("202")), "{answered:?}");
    assert!(count("203") > 0 && count("204") > 0, "{answered:?}");
}

#[test]
fn whoever_is_next_follows_one_who_does_not_answer() {
    let mut t = Story::office(1).rules(
        r#"
[group.balie]
members = ["202", "203"]
strategy = "round-robin"
timeout = "6s"
[[context.intern]]
match = "100"
do = [{ dial = "group:balie" }]
"#,
    );
    let a = t.add(phone("201"));
    let b = t.add(phone("202").never_answers());
    let c = t.add(phone("203").answers_after(secs(1)));
    t.register_all();
    t.call(a, "100");
    t.run(secs(5));
    t.expect(b).ringing_with("201");
    t.run(secs(4));
    t.expect(a).talking_with("100").talks_both_ways_with(c);
    t.close(a);
}

#[test]
fn who_is_not_there_has_no_turn() {
    let (mut t, caller) = office("round-robin", r#""205", "202", "203", "204""#);
    assert_eq!(answered(&mut t, caller, 4), ["202", "203", "204", "202"], "and never 202 twice as often");
}
