//! A caller that takes the 200 and never acknowledges: the call is ended after 64*T1.

use kiestoon_sip::Method;
use kiestoon_testkit::{Ended, Story, What, phone, secs};

#[test]
fn the_call_is_ended() {
    let mut t = Story::office(1);
    let a = t.add(phone("201"));
    let b = t.add(phone("202"));
    t.register_all();
    t.call(a, "202");
    t.run(kiestoon_testkit::millis(500));
    let ack = What::request("ACK").from(t.address(a));
    t.drop_for_good(1, ack);
    t.run(secs(25));
    t.expect(b).talking_with("201");
    t.run(secs(20));
    t.expect(b).ended(Ended::ByThem).was_asked(&Method::Bye, 1);
    t.expect(a).ended(Ended::ByThem).was_asked(&Method::Bye, 1);
    t.settle();
    t.expect_cdr().answered().reason("ack_timeout");
    let faults = t.faults();
    assert!(faults.is_empty(), "{faults:?}");
}

#[test]
fn a_caller_that_dies_with_the_answer_is_given_up() {
    let mut t = Story::office(2);
    let a = t.add(phone("201"));
    let b = t.add(phone("202").answers_after(secs(2)));
    t.register_all();
    t.call(a, "202");
    t.run(secs(1));
    t.kill(a);
    t.run(secs(60));
    t.expect(b).ended(Ended::ByThem);
    t.settle();
    t.expect_cdr().answered();
    t.expect_nothing_left();
}
