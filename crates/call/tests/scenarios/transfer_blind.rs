//! Blind transfer: whoever talks sends the other on to a third, and is out of the call.

use kiestoon_sip::{HeaderName, Method};
use kiestoon_testkit::{Ended, Story, phone, secs};

#[test]
fn the_callee_sends_the_caller_on() {
    let (mut t, [a, b, c]) =
        Story::office(1).talking([phone("201"), phone("202"), phone("203").answers_after(secs(3))]);
    t.transfer(b, "201", "203");
    t.run(secs(2));
    t.expect(b).got(202, &Method::Refer).was_told(&[100, 180]);
    t.expect(a).hears_prompt("tone:ringback");
    t.expect(c).ringing_with("201");
    t.run(secs(3));
    t.expect(b).was_told(&[100, 180, 200]).ended(Ended::ByThem);
    t.expect(a).talks_both_ways_with(c).is_shown("203");
    t.expect(c).talking_with("201").is_shown("201");
    t.expect_agreement();
    t.close(a);
    t.expect_cdr().answered().from_to("201", "202").reached("203").reason("hangup_caller");
}

#[test]
fn the_caller_sends_the_callee_on() {
    let (mut t, [a, b, c]) = Story::office(2).talking([phone("201"), phone("202"), phone("203")]);
    t.transfer(a, "202", "203");
    t.run(secs(5));
    t.expect(a).was_told(&[100, 180, 200]).is_free();
    t.expect(b).talks_both_ways_with(c).is_shown("203");
    t.expect(c).talking_with("202");
    t.expect_agreement();
    t.hang_up(c);
    t.settle();
    let cdr = t.expect_cdr().answered().from_to("201", "202").reached("203").record();
    let ends: Vec<_> =
        cdr.legs.iter().map(|leg| (&*leg.number, leg.reason.map(|reason| reason.as_str()))).collect();
    assert_eq!(
        ends,
        [("201", Some("transferred")), ("202", Some("hangup_callee")), ("203", Some("hangup_callee"))]
    );
    assert_eq!(cdr.legs[2].charged_to.as_deref(), Some("201"));
    t.expect_nothing_left();
}

#[test]
fn who_was_on_hold_is_taken_back_first() {
    let (mut t, [a, b, c]) = Story::office(3).talking([phone("201"), phone("202"), phone("203")]);
    t.hold(b);
    t.run(secs(1));
    t.transfer(b, "201", "203");
    t.run(secs(5));
    t.expect(a).talks_both_ways_with(c);
    t.expect_agreement();
    t.close(a);
}

#[test]
fn who_transferred_may_hang_up_at_once() {
    let (mut t, [a, b, c]) =
        Story::office(4).talking([phone("201"), phone("202"), phone("203").answers_after(secs(4))]);
    t.transfer(b, "201", "203");
    t.run(secs(1));
    t.hang_up(b);
    t.run(secs(5));
    t.expect(a).talks_both_ways_with(c);
    t.expect(b).ended(Ended::ByUs);
    t.close(c);
    t.expect_cdr().reached("203").reason("hangup_callee");
}

#[test]
fn the_target_sees_who_comes_and_who_sent_them() {
    let (mut t, [a, b, c]) = Story::office(5).talking([phone("201"), phone("202"), phone("203")]);
    t.transfer_with(b, "201", "203", |refer| {
        refer.headers.set(HeaderName::ReferredBy, "<sip:112@elsewhere.example>");
    });
    t.run(secs(4));
    let invite = t.phone(c).requests().find(|request| request.method == Method::Invite).expect("an INVITE");
    assert_eq!(invite.from.uri.user(), Some("201"));
    let by = invite.headers.referred_by().expect("readable").expect("a Referred-By");
    assert_eq!(by.uri.to_string(), "sip:202@kantoor.example");
    t.close(a);
}

#[test]
fn a_phone_that_takes_no_reinvite_is_transferred_all_the_same() {
    let (mut t, [a, b, c]) =
        Story::office(6).talking([phone("201").refuses_reinvites(488), phone("202"), phone("203")]);
    t.transfer(b, "201", "203");
    t.run(secs(5));
    t.expect(a).talks_both_ways_with(c);
    t.close(a);
}

#[test]
fn early_media_of_the_target_is_heard() {
    let (mut t, [a, b, c]) = Story::office(7).talking([
        phone("201"),
        phone("202"),
        phone("203").early_media_then_answers(secs(4)),
    ]);
    t.transfer(b, "201", "203");
    t.run(secs(2));
    t.expect(c).is_heard_by(a);
    t.run(secs(4));
    t.expect(a).talks_both_ways_with(c);
    t.close(a);
}
