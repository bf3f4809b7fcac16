//! While an offer of the PBX's own is unanswered it makes no second one to that phone, and refuses the phone's, whatever has become
//! of the reason for the first (RFC 3261 section 14.1, RFC 3311 section 5.1).

use kiestoon_sip::{Message, Method, StatusCode};
use kiestoon_testkit::{Reply, Story, What, millis, phone, secs};

#[test]
fn a_transfer_that_is_called_off_brings_the_phone_back() {
    let (mut t, [a, b, c]) = Story::office(1).consulting([phone("201"), phone("202"), phone("203")]);
    t.hold_back(1, What::response(200, "INVITE"), secs(2));
    t.join(b, "201", "203");
    t.run(millis(200));
    t.hang_up(c);
    t.run(secs(1));
    t.expect(b).was_told(&[100, 480]);
    t.resume(b);
    t.run(secs(8));
    t.expect(a).talking_with("202").talks_both_ways_with(b);
    t.expect_agreement();
    t.close(a);
}

#[test]
fn one_that_the_phone_refuses_then_changes_nothing() {
    let (mut t, [a, b, c]) = Story::office(2).talking([
        phone("201").refuses_reinvites(488).session_timer(90),
        phone("202"),
        phone("203"),
    ]);
    t.call(b, "203");
    t.run(secs(3));
    t.hold_back(1, What::response(488, "INVITE"), secs(2));
    t.join(b, "201", "203");
    t.run(millis(200));
    t.hang_up(c);
    t.run(secs(100));
    t.expect(b).was_told(&[100, 480]);
    t.expect(a).talking_with("202").talks_both_ways_with(b);
    t.close(a);
}

#[test]
fn a_search_that_takes_too_long_waits_for_the_one_who_is_transferred() {
    let (mut t, [a, b, _]) = Story::office(3).settings(|settings| settings.ring_limit = secs(5)).talking([
        phone("201"),
        phone("202"),
        phone("203").never_answers(),
    ]);
    t.hold(b);
    t.run(secs(1));
    let invite = |message: &Message| matches!(message, Message::Response(response) if response.status == StatusCode::OK && response.cseq.method == Method::Invite);
    t.hold_back(20, What::matching("200 of INVITE", invite).from(t.address(a)), secs(8));
    t.transfer(b, "201", "203");
    t.run(millis(10));
    let asked = t.phone(a).requests().filter(|request| request.method == Method::Invite).last().expect("one");
    let trying = asked.response(StatusCode::TRYING);
    t.send_bytes(a, &trying.to_bytes());
    t.run(secs(7));
    t.expect(a).was_asked(&Method::Invite, 2);
    t.run(secs(30));
    t.expect(b).was_told(&[100, 480]).talking_with("201");
    t.expect_agreement();
    t.close(a);
}

#[test]
fn an_early_one_that_is_unanswered_when_the_call_is_answered() {
    let mut t = Story::office(4);
    let a = t.add(phone("201").knows_100rel().takes_update().holds_in_prack());
    let b = t.add(phone("202").takes_update().follows(vec![
        (secs(0), Reply::Reliable { status: 183, described: true }),
        (millis(300), Reply::Answer),
    ]));
    t.register_all();
    t.drop_next(1, What::request("UPDATE"));
    t.call(a, "202");
    t.run(secs(6));
    t.expect(a).talking_with("202");
    t.expect_agreement();
    t.close(b);
}

#[test]
fn a_join_waits_for_what_is_being_negotiated() {
    let (mut t, [a, b, c]) = Story::office(5).talking([phone("201"), phone("202"), phone("203")]);
    t.call(b, "203");
    t.run(secs(3));
    t.hold_back(1, What::response(200, "INVITE").from(t.address(b)), millis(100));
    t.join(b, "201", "203");
    t.run(millis(8));
    t.reinvite(c);
    t.run(secs(10));
    t.expect(a).talking_with("202").talks_both_ways_with(c);
    t.expect_agreement();
    t.close(a);
}
