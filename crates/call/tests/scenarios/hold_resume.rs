//! Hold and resume, from either side (RFC 3264 section 8.4).

use kiestoon_sip::Method;
use kiestoon_testkit::{Flowing, Story, phone, secs};

#[test]
fn the_caller_holds_and_takes_back() {
    let mut t = Story::office(1);
    let a = t.add(phone("201"));
    let b = t.add(phone("202"));
    t.register_all();
    t.call(a, "202");
    t.run(secs(3));
    t.hold(a);
    t.run(secs(2));
    t.expect(a).talking_with("202").flows(Flowing::SendOnly);
    t.expect(b).talking_with("201").flows(Flowing::RecvOnly).is_not_heard_by(a);
    t.resume(a);
    t.run(secs(2));
    t.expect(b).flows(Flowing::SendRecv).talks_both_ways_with(a);
    t.hang_up(a);
    t.settle();
    t.expect(b).was_asked(&Method::Invite, 3);
    t.expect_cdr().answered();
    t.expect_nothing_left();
}

#[test]
fn the_callee_holds_and_the_caller_hangs_up() {
    let mut t = Story::office(2);
    let a = t.add(phone("201"));
    let b = t.add(phone("202"));
    t.register_all();
    t.call(a, "202");
    t.run(secs(3));
    t.hold(b);
    t.run(secs(2));
    t.expect(a).flows(Flowing::RecvOnly).is_not_heard_by(b);
    t.hang_up(a);
    t.settle();
    t.expect_cdr().answered().reason("hangup_caller");
    t.expect_nothing_left();
}

#[test]
fn both_hold_and_both_take_back() {
    let mut t = Story::office(3);
    let a = t.add(phone("201"));
    let b = t.add(phone("202"));
    t.register_all();
    t.call(a, "202");
    t.run(secs(3));
    t.hold(a);
    t.run(secs(1));
    t.hold(b);
    t.run(secs(1));
    t.expect(a).is_not_heard_by(b);
    t.expect(b).is_not_heard_by(a);
    t.resume(b);
    t.run(secs(1));
    t.resume(a);
    t.run(secs(1));
    t.expect(a).talks_both_ways_with(b);
    t.hang_up(b);
    t.settle();
    t.expect_nothing_left();
}
