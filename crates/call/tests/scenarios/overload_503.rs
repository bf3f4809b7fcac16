//! While there is no room, new requests are told to come back; calls that stand go on, and so does who is answered already.

use kiestoon_sip::{HeaderName, Method};
use kiestoon_testkit::{Ended, Flowing, PhoneId, Profile, Story, millis, phone, secs};

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

/// An office with room for so many transactions, four phones in it.
fn narrow(seed: u64, room: usize, profiles: [Profile; 4]) -> (Story, [PhoneId; 4]) {
    let mut t = Story::office(seed).settings(|settings| settings.transactions.transactions = room);
    let phones = profiles.map(|profile| t.add(profile));
    t.register_all();
    t.settle();
    (t, phones)
}

/// Each text to a phone that is dead takes the room of two, for 32 seconds.
fn send_in_vain(t: &mut Story, by: PhoneId, dead: PhoneId, texts: usize) {
    t.kill(dead);
    for _ in 0..texts {
        t.send_text(by, "204", "hallo");
    }
    t.run(millis(30));
}

#[test]
fn what_a_phone_is_to_be_told_then_it_is_told_later() {
    let caller = phone("201").knows_100rel().takes_update().holds_in_prack();
    let callee = phone("202").early_media_then_answers(secs(2));
    let (mut t, [a, b, c, dead]) = narrow(5, 10, [caller, callee, phone("203"), phone("204")]);
    t.call(a, "202");
    t.run(secs(1));
    send_in_vain(&mut t, c, dead, 6);
    t.run(secs(20));
    t.expect(c).got(503, &Method::Message);
    t.expect(b).was_asked(&Method::Invite, 1).talking_with("201").flows(Flowing::SendRecv);
    t.run(secs(20));
    t.expect(b).was_asked(&Method::Invite, 2).talking_with("201").flows(Flowing::RecvOnly);
    t.expect_agreement();
    t.hang_up(a);
    t.settle();
    t.expect_cdr().answered();
    t.expect_nothing_left();
}

#[test]
fn a_phone_that_cannot_be_offered_its_new_place_stays_where_it_is() {
    let (mut t, [a, b, c, dead]) = narrow(6, 11, ["201", "202", "203", "204"].map(phone));
    t.call(a, "202");
    t.run(secs(3));
    t.call(b, "203");
    t.run(secs(40));
    send_in_vain(&mut t, c, dead, 5);
    t.join(b, "201", "203");
    t.run(secs(3));
    t.expect(b).got(202, &Method::Refer).talking_with("203").talks_both_ways_with(c);
    t.expect(a).talking_with("202").was_asked(&Method::Invite, 0);
    t.run(secs(40));
    t.expect_agreement();
    t.hang_up_all(b);
    t.settle();
    t.expect_nothing_left();
}
