//! The callee's phone goes in mid-call: by power, by a crash, or with its connection.

use kiestoon_sip::Method;
use kiestoon_testkit::{Ended, Story, phone, secs};

#[test]
fn by_power() {
    let mut t = Story::office(1);
    let a = t.add(phone("201"));
    let b = t.add(phone("202"));
    t.register_all();
    t.call(a, "202");
    t.run(secs(5));
    t.kill(b);
    t.run(secs(150));
    t.expect(a).ended(Ended::ByThem).was_asked(&Method::Bye, 1);
    t.settle();
    t.expect_cdr().answered().reason("callee_gone");
    t.expect_nothing_left();
}

#[test]
fn by_a_crash_that_the_network_reports() {
    let mut t = Story::office(2);
    let a = t.add(phone("201"));
    let b = t.add(phone("202"));
    t.register_all();
    t.call(a, "202");
    t.run(secs(5));
    t.crash(b);
    t.run(secs(150));
    t.expect(a).ended(Ended::ByThem);
    t.settle();
    t.expect_cdr().answered().reason("callee_gone");
    t.expect_nothing_left();
}

#[test]
fn before_it_is_called() {
    let mut t = Story::office(3);
    let a = t.add(phone("201"));
    let b = t.add(phone("202"));
    t.register_all();
    t.crash(b);
    t.call(a, "202");
    t.run(secs(60));
    t.expect(a).ended(Ended::Refused(480));
    t.settle();
    t.expect_cdr().status(480);
    t.expect_nothing_left();
}

#[test]
fn a_living_call_is_not_ended_by_the_asking() {
    let mut t = Story::office(4);
    let a = t.add(phone("201"));
    let b = t.add(phone("202").over_tcp());
    t.register_all();
    t.call(a, "202");
    t.run(secs(3600));
    t.expect(a).talking_with("202").talks_both_ways_with(b);
    t.close(a);
    t.expect_cdr().answered().reason("hangup_caller");
}
