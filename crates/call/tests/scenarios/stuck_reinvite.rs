//! A phone dies after it has answered a re-INVITE with 100: the other side is not kept waiting for as long as Timer C. One that
//! answers late all the same changes nothing for who was told that it takes too long.

use kiestoon_sip::{Message, Method, StatusCode};
use kiestoon_testkit::{Ended, Flowing, LineState, PhoneId, Profile, Story, What, phone, secs};

fn stuck(t: &mut Story, b: PhoneId, act: impl Fn(&mut Story)) {
    let is_trying = |message: &Message| matches!(message, Message::Response(response) if response.status == StatusCode::TRYING);
    t.drop_next(1000, What::matching("all but 100", move |message| !is_trying(message)).from(t.address(b)));
    act(t);
    t.run(secs(1));
    try_on(t, b);
}

/// The phone says 100 to the last INVITE that it got.
fn try_on(t: &mut Story, b: PhoneId) {
    let asked =
        t.net.ladder.rungs().filter(|rung| rung.to == t.address(b)).filter_map(|rung| match &rung.message {
            Some(Message::Request(request)) if request.method == Method::Invite => Some(request.clone()),
            _ => None,
        });
    let trying = asked.last().expect("a re-INVITE").response(StatusCode::TRYING);
    t.send_bytes(b, &trying.to_bytes());
}

#[test]
fn the_call_ends_within_a_minute() {
    let (mut t, [a, b]) = Story::office(1).talking([phone("201"), phone("202")]);
    stuck(&mut t, b, |t| t.hold(a));
    t.run(secs(62));
    assert!(matches!(t.phone(a).last_call(), Some((_, LineState::Ended(_)))));
    t.settle();
    t.expect_cdr().answered().reason("callee_gone");
    left_behind(&t, a);
}

#[test]
fn an_update_is_answered_before_its_transaction_ends() {
    let (mut t, [a, b]) = Story::office(2).talking([phone("201").takes_update(), phone("202")]);
    stuck(&mut t, b, |t| t.update_to(a, Flowing::SendOnly));
    t.run(secs(30));
    t.expect(a).got_exactly(&[504], &Method::Update);
    t.run(secs(32));
    t.expect(a).ended(Ended::ByThem);
    t.settle();
    t.expect_cdr().reason("callee_gone");
    left_behind(&t, a);
}

/// Nothing is, but in the phone that is stuck.
fn left_behind(t: &Story, a: PhoneId) {
    t.expect(a).is_free();
    let left = t.the_pbx().leftovers(t.now());
    assert!(left.is_empty(), "{left:?}");
}

/// 201 holds 202 by UPDATE, which 202 gets as re-INVITE and answers with this status after 26 seconds.
fn held_too_late(seed: u64, b: Profile, status: u16) -> (Story, PhoneId, PhoneId) {
    let (mut t, [a, b]) = Story::office(seed).talking([phone("201").takes_update(), b]);
    // As often as it is repeated until then.
    t.hold_back(10, What::response(status, "INVITE").from(t.address(b)), secs(26));
    t.update_to(a, Flowing::SendOnly);
    t.run(secs(1));
    try_on(&mut t, b);
    t.run(secs(60));
    t.expect(a).got_exactly(&[504], &Method::Update);
    t.expect(b).was_asked(&Method::Cancel, 1);
    (t, a, b)
}

fn they_talk(mut t: Story, a: PhoneId, b: PhoneId) {
    t.expect(a).talking_with("202").talks_both_ways_with(b);
    t.expect_agreement();
    t.close(a);
    t.expect_cdr().answered().reason("hangup_caller");
}

#[test]
fn an_update_that_is_accepted_too_late_is_taken_back() {
    let (t, a, b) = held_too_late(3, phone("202"), 200);
    t.expect(b).was_asked(&Method::Invite, 3).flows(Flowing::SendRecv);
    they_talk(t, a, b);
}

#[test]
fn an_update_that_is_put_off_too_late_is_not_made_again() {
    for (seed, status) in [(4, 491), (5, 500)] {
        let (t, a, b) = held_too_late(seed, phone("202").puts_off_offers(status, 1), status);
        t.expect(b).was_asked(&Method::Invite, 2).flows(Flowing::SendRecv);
        they_talk(t, a, b);
    }
}
