//! A caller who holds while a prompt plays is still holding when a phone answers afterwards.

use kiestoon_testkit::{Flowing, PROMPT_THEN_PHONE, Story, phone, secs};

#[test]
fn the_phone_that_is_rung_then_is_told() {
    let mut t = Story::office(1).rules(PROMPT_THEN_PHONE);
    let a = t.add(phone("201"));
    let b = t.add(phone("202"));
    t.register_all();
    t.call(a, "602");
    t.run(secs(1));
    t.hold(a);
    t.run(secs(5));
    t.expect(a).talking_with("602").flows(Flowing::SendOnly);
    t.expect(b).talking_with("201").flows(Flowing::RecvOnly).is_not_heard_by(a);
    t.expect_agreement();
    t.resume(a);
    t.run(secs(1));
    t.expect(a).talks_both_ways_with(b);
    t.close(a);
}

#[test]
fn a_change_while_the_phone_rings_is_told_when_it_answers() {
    let mut t = Story::office(2).rules(PROMPT_THEN_PHONE);
    let a = t.add(phone("201"));
    let b = t.add(phone("202").answers_after(secs(5)));
    t.register_all();
    t.call(a, "602");
    t.run(secs(1));
    t.hold(a);
    t.run(secs(3));
    t.expect(b).ringing_with("201");
    t.resume(a);
    t.run(secs(6));
    t.expect(a).talking_with("602").talks_both_ways_with(b);
    t.expect(b).flows(Flowing::SendRecv);
    t.expect_agreement();
    t.close(b);
    t.expect_cdr().answered().reason("hangup_callee");
}
