//! An offer of the PBX's own that comes at the wrong time is made again (RFC 3261 section 14.1): after 2.1 to 4 seconds where the
//! Call-ID is the PBX's, sooner where it is the phone's; not for ever, and not once something newer was agreed on.

use kiestoon_sip::Method;
use kiestoon_testkit::{Flowing, PhoneId, Profile, Story, millis, phone, secs};

/// 201 holds in the PRACK of early media, which 202 can be told of only once it has answered, after two seconds.
fn told_after_the_answer(seed: u64, callee: Profile) -> (Story, PhoneId, PhoneId) {
    let mut t = Story::office(seed);
    let a = t.add(phone("201").knows_100rel().takes_update().holds_in_prack());
    let b = t.add(callee.early_media_then_answers(secs(2)));
    t.register_all();
    t.call(a, "202");
    t.run(millis(2050));
    (t, a, b)
}

fn finish(mut t: Story, a: PhoneId) {
    t.expect_agreement();
    t.close(a);
    t.expect_cdr().answered();
}

#[test]
fn the_owner_of_the_call_id_waits_two_to_four_seconds() {
    for seed in 0..10 {
        let (mut t, a, b) = told_after_the_answer(seed, phone("202").puts_off_offers(491, 1));
        t.expect(b).was_asked(&Method::Invite, 2);
        t.run(secs(2));
        t.expect(b).was_asked(&Method::Invite, 2).flows(Flowing::SendRecv);
        t.run(secs(2));
        t.expect(b).was_asked(&Method::Invite, 3).flows(Flowing::RecvOnly);
        t.expect(a).is_heard_by(b);
        finish(t, a);
    }
}

#[test]
fn the_other_one_at_most_two() {
    let mut t = Story::office(1);
    let a = t.add(phone("201"));
    let b = t.add(phone("202"));
    let c = t.add(phone("203").puts_off_offers(491, 1));
    t.register_all();
    t.call(c, "202");
    t.run(secs(3));
    t.hold(b);
    t.run(secs(5));
    t.call(b, "201");
    t.run(secs(3));
    t.join(b, "201", "203");
    t.run(millis(200));
    t.expect(c).got(200, &Method::Invite);
    t.run(millis(2100));
    t.expect(c).talks_both_ways_with(a);
    t.expect_agreement();
    t.close(a);
}

#[test]
fn an_update_too() {
    let (mut t, a, b) = told_after_the_answer(2, phone("202").takes_update().puts_off_offers(491, 2));
    t.run(secs(9));
    t.expect(b).was_asked(&Method::Update, 3).flows(Flowing::RecvOnly);
    finish(t, a);
}

#[test]
fn after_a_500_it_waits_as_long_as_it_is_told() {
    let (mut t, a, b) = told_after_the_answer(3, phone("202").puts_off_offers(500, 1));
    t.run(millis(2800));
    t.expect(b).was_asked(&Method::Invite, 2);
    t.run(millis(400));
    t.expect(b).was_asked(&Method::Invite, 3).flows(Flowing::RecvOnly);
    finish(t, a);
}

#[test]
fn a_phone_that_never_takes_it_is_left_in_peace() {
    let (mut t, a, b) = told_after_the_answer(4, phone("202").refuses_reinvites(491));
    t.run(secs(120));
    t.expect(b).was_asked(&Method::Invite, 9).talking_with("201");
    t.close(a);
}

#[test]
fn what_was_agreed_meanwhile_takes_its_place() {
    let (mut t, a, b) = told_after_the_answer(5, phone("202").puts_off_offers(491, 1));
    t.reinvite(b);
    t.run(secs(1));
    t.expect(b).got(200, &Method::Invite);
    t.run(secs(5));
    t.expect(b).was_asked(&Method::Invite, 2);
    finish(t, a);
}

#[test]
fn a_call_that_ends_meanwhile_has_nothing_more_to_say() {
    let (mut t, a, b) = told_after_the_answer(6, phone("202").puts_off_offers(491, 1));
    t.run(secs(1));
    t.close(a);
    t.expect(b).was_asked(&Method::Invite, 2).is_free();
}
