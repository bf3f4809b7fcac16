//! One phone in several calls: each has its own fate.

use kiestoon_testkit::{Story, phone, secs};

#[test]
fn a_second_call_does_not_touch_the_first() {
    let (mut t, [a, b, c]) = Story::office(1).talking([phone("201"), phone("202"), phone("203")]);
    t.hold(a);
    t.run(secs(1));
    t.call(a, "203");
    t.run(secs(3));
    t.expect(a).talking_with("203").talks_both_ways_with(c);
    t.expect(b).talking_with("201");
    t.expect_agreement();
    t.hang_up(a);
    t.run(secs(1));
    t.resume(a);
    t.run(secs(1));
    t.expect(b).talking_with("201").talks_both_ways_with(a);
    t.close(b);
    t.expect_nth_cdr(0).reached("203").reason("hangup_caller");
    t.expect_nth_cdr(1).reached("202").reason("hangup_callee");
}

#[test]
fn everybody_calls_everybody() {
    let mut t = Story::office(2);
    let phones = ["201", "202", "203", "204", "205"].map(|number| t.add(phone(number)));
    t.register_all();
    for (id, number) in phones.into_iter().zip(["202", "203", "204", "205", "201"]) {
        t.call(id, number);
    }
    t.run(secs(5));
    assert_eq!(t.the_pbx().switch.status().talking, 5);
    t.expect_agreement();
    for id in phones {
        t.hang_up_all(id);
        t.run(secs(1));
    }
    t.settle();
    assert_eq!(t.the_pbx().ended().count(), 5);
    t.expect_nothing_left();
}

#[test]
fn a_phone_may_call_itself() {
    let mut t = Story::office(3);
    let a = t.add(phone("201"));
    t.register_all();
    t.call(a, "201");
    t.run(secs(3));
    t.expect(a).had_calls(2);
    t.hang_up_all(a);
    t.settle();
    t.expect_cdr().answered();
    t.expect_nothing_left();
}
