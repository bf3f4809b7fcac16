//! An INVITE without an offer: the offer comes in the 200, the answer in the ACK (RFC 3261 section 13.2.1).

use kiestoon_sip::Method;
use kiestoon_testkit::{Ended, Story, phone, secs};

#[test]
fn the_answer_travels_in_the_ack() {
    let mut t = Story::office(1);
    let a = t.add(phone("201"));
    let b = t.add(phone("202"));
    t.register_all();
    t.call_with_late_offer(a, "202");
    t.run(secs(5));
    t.expect(a).talking_with("202").talks_both_ways_with(b);
    t.close(a);
    t.expect_cdr().answered().reason("hangup_caller");
}

#[test]
fn a_reinvite_without_an_offer_gets_one() {
    let mut t = Story::office(2);
    let a = t.add(phone("201"));
    let b = t.add(phone("202"));
    t.register_all();
    t.call(a, "202");
    t.run(secs(5));
    t.reinvite_without_offer(a);
    t.run(secs(2));
    t.expect(a).talking_with("202").talks_both_ways_with(b);
    t.close(b);
}

#[test]
fn an_ack_without_an_answer_ends_the_call_and_leaves_no_200_unacknowledged() {
    let mut t = Story::office(3);
    let a = t.add(phone("201").answers_no_offer());
    let b = t.add(phone("202"));
    t.register_all();
    t.call_with_late_offer(a, "202");
    t.settle();
    t.expect(a).ended(Ended::ByThem);
    t.expect(b).ended(Ended::ByThem).was_asked(&Method::Ack, 1).was_asked(&Method::Bye, 1);
    t.expect_cdr().reason("media_failed");
    t.expect_nothing_left();
}
