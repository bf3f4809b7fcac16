//! Hold and resume, from either side (RFC 3264 section 8.4).

use kiestoon_sip::Method;
use kiestoon_testkit::{Flowing, Story, phone, secs};

#[test]
fn the_caller_holds_and_takes_back() {
    let (mut t, [a, b]) = Story::office(1).talking([phone("201"), phone("202")]);
    t.hold(a);
    t.run(secs(2));
    t.expect(a).talking_with("202").flows(Flowing::SendOnly);
    t.expect(b).talking_with("201").flows(Flowing::RecvOnly).is_not_heard_by(a);
    t.resume(a);
    t.run(secs(2));
    t.expect(b).flows(Flowing::SendRecv).talks_both_ways_with(a);
    t.close(a);
    t.expect(b).was_asked(&Method::Invite, 3);
    t.expect_cdr().answered();
}

#[test]
fn the_callee_holds_and_the_caller_hangs_up() {
    let (mut t, [a, b]) = Story::office(2).talking([phone("201"), phone("202")]);
    t.hold(b);
    t.run(secs(2));
    t.expect(a).flows(Flowing::RecvOnly).is_not_heard_by(b);
    t.close(a);
    t.expect_cdr().answered().reason("hangup_caller");
}

#[test]
fn both_hold_and_both_take_back() {
    let (mut t, [a, b]) = Story::office(3).talking([phone("201"), phone("202")]);
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
    t.close(b);
}
