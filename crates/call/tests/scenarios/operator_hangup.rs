//! An operator ends a call.

use kiestoon_call::Input;
use kiestoon_testkit::{Ended, Story, phone, secs};

#[test]
fn both_sides_are_released() {
    let (mut t, [a, b]) = Story::office(1).talking([phone("201"), phone("202")]);
    let calls = t.the_pbx().switch.calls(t.now());
    let call = calls.first().expect("a live call").id;
    t.tell_pbx(Input::Hangup { call });
    t.run(secs(1));
    t.expect(a).ended(Ended::ByThem);
    t.expect(b).ended(Ended::ByThem);
    t.settle();
    t.expect_cdr().answered().reason("operator");
    t.expect_nothing_left();
}

#[test]
fn a_ringing_call_is_ended_too() {
    let mut t = Story::office(2);
    let a = t.add(phone("201"));
    let b = t.add(phone("202").never_answers());
    t.register_all();
    t.call(a, "202");
    t.run(secs(3));
    let calls = t.the_pbx().switch.calls(t.now());
    let call = calls.first().expect("a live call").id;
    t.tell_pbx(Input::Hangup { call });
    t.run(secs(1));
    t.expect(a).ended(Ended::Refused(480));
    t.expect(b).ended(Ended::Cancelled);
    t.settle();
    t.expect_cdr().reason("operator");
    t.expect_nothing_left();
}
