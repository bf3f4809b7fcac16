//! Draining: live calls go on, new ones are refused with a time to come back.

use kiestoon_call::Input;
use kiestoon_sip::{HeaderName, Method};
use kiestoon_testkit::{Ended, Story, phone, secs};

#[test]
fn live_calls_go_on() {
    let (mut t, [a, b, c]) = Story::office(1).talking([phone("201"), phone("202"), phone("203")]);
    t.tell_pbx(Input::Drain);
    t.call(c, "201");
    t.run(secs(3));
    t.expect(c).ended(Ended::Refused(503)).got_header(503, &HeaderName::RetryAfter, "1");
    t.expect(a).talking_with("202").talks_both_ways_with(b);
    t.register(c);
    t.run(secs(1));
    t.expect(c).got(200, &Method::Register);
    t.close(a);
    t.expect_cdr().answered();
}

#[test]
fn hanging_up_all_ends_what_is_left() {
    let mut t = Story::office(2);
    let a = t.add(phone("201"));
    let b = t.add(phone("202"));
    let c = t.add(phone("203"));
    let d = t.add(phone("204").never_answers());
    t.register_all();
    t.call(a, "202");
    t.call(c, "204");
    t.run(secs(3));
    t.tell_pbx(Input::HangupAll);
    t.run(secs(2));
    t.expect(a).ended(Ended::ByThem);
    t.expect(b).ended(Ended::ByThem);
    t.expect(d).ended(Ended::Cancelled);
    t.settle();
    t.expect_nth_cdr(0).reason("shutdown");
    t.expect_nth_cdr(1).reason("shutdown");
    t.expect_nothing_left();
}
