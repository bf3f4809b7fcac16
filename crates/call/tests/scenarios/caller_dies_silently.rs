//! The caller's phone loses power in mid-call: the call ends all the same.

use kiestoon_sip::Method;
use kiestoon_testkit::{Ended, Story, phone, secs};

#[test]
fn the_callee_is_released_and_the_record_says_why() {
    let mut t = Story::office(1);
    let a = t.add(phone("201"));
    let b = t.add(phone("202"));
    t.register_all();
    t.call(a, "202");
    t.run(secs(5));
    t.expect(b).talking_with("201");
    t.kill(a);
    t.run(secs(150));
    t.expect(b).ended(Ended::ByThem).was_asked(&Method::Bye, 1);
    t.settle();
    t.expect_cdr().answered().reason("caller_gone");
    t.expect_nothing_left();
}

#[test]
fn while_it_still_rings_the_ring_time_ends_it() {
    let mut t = Story::office(2);
    let a = t.add(phone("201"));
    let b = t.add(phone("202").never_answers());
    t.register_all();
    t.call(a, "202");
    t.run(secs(2));
    t.kill(a);
    t.run(secs(60));
    t.expect(b).ended(Ended::Cancelled);
    t.settle();
    t.expect_cdr();
    t.expect_nothing_left();
}
