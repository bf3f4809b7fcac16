//! While there is no room, new requests are told to come back; calls that stand go on, and so does who is answered already.

use kiestoon_sip::{HeaderName, Method};
use kiestoon_testkit::{Ended, Story, phone, secs};

#[test]
fn calls_that_stand_go_on_and_end() {
    let (mut t, [a, b]) = Story::office(1).talking([phone("201"), phone("202")]);
    t.set_full(true);
    t.hold(a);
    t.run(secs(2));
    t.resume(a);
    t.run(secs(2));
    t.expect(a).talking_with("202").talks_both_ways_with(b);
    t.close(b);
    t.expect_cdr().answered().reason("hangup_callee");
}

#[test]
fn a_call_that_rings_is_answered_or_given_up() {
    let mut t = Story::office(2);
    let a = t.add(phone("201"));
    let b = t.add(phone("202").answers_after(secs(3)));
    let c = t.add(phone("203").never_answers());
    t.register_all();
    t.call(a, "202");
    t.run(secs(1));
    t.set_full(true);
    t.run(secs(4));
    t.expect(a).talking_with("202").talks_both_ways_with(b);
    t.set_full(false);
    t.call(b, "203");
    t.run(secs(1));
    t.set_full(true);
    t.cancel(b);
    t.run(secs(1));
    t.expect(c).ended(Ended::Cancelled);
    t.close(a);
}

#[test]
fn new_ones_get_503_with_retry_after_and_cost_nothing() {
    let mut t = Story::office(3);
    let a = t.add(phone("201"));
    t.register_all();
    let before = t.the_pbx().switch.status().transactions;
    t.set_full(true);
    t.register(a);
    t.call(a, "202");
    t.send(a, Method::Options, "", |_| {});
    t.run(secs(1));
    t.expect(a).register_refused(503).got(503, &Method::Options).ended(Ended::Refused(503));
    let waits: Vec<u64> = t
        .phone(a)
        .responses()
        .filter_map(|response| response.headers.get(&HeaderName::RetryAfter)?.parse().ok())
        .collect();
    assert_eq!(waits.len(), 3);
    assert!(waits.iter().all(|secs| (10..20).contains(secs)), "{waits:?}");
    assert_eq!(t.the_pbx().switch.status().transactions, before);
    t.set_full(false);
    t.register(a);
    t.run(secs(1));
    t.expect(a).registered(1);
    t.settle();
    t.expect_nothing_left();
}

#[test]
fn who_logs_in_is_trusted_from_then_on_and_after_a_restart() {
    let mut t = Story::office(4);
    let a = t.add(phone("201"));
    let thief = t.add(phone("202").with_password("welkom01"));
    t.register(thief);
    t.run(secs(1));
    assert!(t.the_pbx().trusted.is_empty());
    t.register(a);
    t.run(secs(1));
    assert_eq!(t.the_pbx().trusted, [t.address(a)]);
    t.restart_pbx();
    assert_eq!(t.the_pbx().trusted, [t.address(a)]);
}
