//! The callee refuses the call.

use kiestoon_sip::Method;
use kiestoon_testkit::{Ended, Story, phone, secs};

#[test]
fn the_caller_gets_the_603() {
    let mut t = Story::office(1);
    let a = t.add(phone("201"));
    t.add(phone("202").declines_after(secs(2)));
    t.register_all();
    t.call(a, "202");
    t.settle();
    t.expect(a).ended(Ended::Refused(603)).got(180, &Method::Invite);
    t.expect_cdr().reason("declined").status(603);
    t.expect_nothing_left();
}

#[test]
fn another_refusal_is_passed_on() {
    let mut t = Story::office(2);
    let a = t.add(phone("201"));
    t.add(phone("202").refuses(488));
    t.register_all();
    t.call(a, "202");
    t.settle();
    t.expect(a).ended(Ended::Refused(488));
    t.expect_cdr().disposition("failed").status(488);
    t.expect_nothing_left();
}
