//! Attended transfer: a phone that has two calls joins the two it talks to, and is out.

use kiestoon_sip::{HeaderName, Method};
use kiestoon_testkit::{Flowing, Story, What, millis, phone, secs};

#[test]
fn the_two_who_remain_talk() {
    let (mut t, [a, b, c]) = Story::office(1).consulting([phone("201"), phone("202"), phone("203")]);
    t.join(b, "201", "203");
    t.run(secs(3));
    t.expect(b).was_told(&[100, 200]).is_free();
    t.expect(a).talks_both_ways_with(c).is_shown("203");
    t.expect(c).is_shown("201");
    t.expect_agreement();
    t.hang_up(c);
    t.settle();
    let first = t.expect_nth_cdr(0).answered().from_to("201", "202").reason("transferred").record();
    let second = t.expect_nth_cdr(1).answered().from_to("202", "203").reason("hangup_callee").record();
    assert_eq!(first.linked, Some(second.id));
    assert_eq!(t.the_pbx().ended().count(), 2);
    t.expect_nothing_left();
}

#[test]
fn who_called_both_joins_them() {
    let (mut t, [a, b, c]) = Story::office(2).talking([phone("201"), phone("202"), phone("203")]);
    t.hold(a);
    t.run(secs(1));
    t.call(a, "203");
    t.run(secs(3));
    t.join(a, "202", "203");
    t.run(secs(3));
    t.expect(b).talks_both_ways_with(c).is_shown("203");
    t.expect(c).is_shown("202");
    t.expect(a).is_free();
    t.expect_agreement();
    t.close(b);
    t.expect_nth_cdr(1).reason("hangup_caller");
}

#[test]
fn who_was_called_by_both_joins_them() {
    let (mut t, [a, b, c]) = Story::office(3).talking([phone("201"), phone("202"), phone("203")]);
    t.hold(b);
    t.run(secs(1));
    t.call(c, "202");
    t.run(secs(3));
    t.join(b, "201", "203");
    t.run(secs(3));
    t.expect(a).talks_both_ways_with(c);
    t.expect_agreement();
    t.close(a);
}

#[test]
fn a_phone_that_takes_no_reinvite_stays_where_it_is() {
    let (mut t, [_, b, _]) =
        Story::office(4).talking([phone("201").refuses_reinvites(488), phone("202"), phone("203")]);
    t.call(b, "203");
    t.run(secs(3));
    t.join(b, "201", "203");
    t.run(secs(3));
    t.expect(b).was_told(&[100, 488]).talking_with("203");
    t.hang_up_all(b);
    t.settle();
    t.expect_nothing_left();
}

#[test]
fn only_a_party_may_join_and_only_what_exists() {
    let (mut t, [a, b, c]) = Story::office(5).consulting([phone("201"), phone("202"), phone("203")]);
    t.join_with(b, "201", "203", |refer| {
        refer
            .headers
            .set(HeaderName::ReferTo, "<sip:203@kantoor.example?Replaces=x%3Bto-tag%3D1%3Bfrom-tag%3D2>");
    });
    t.run(secs(1));
    t.expect(b).got(603, &Method::Refer);
    // 203 names the call of 202 and 201, in which it is no party.
    let dialog = t.phone(b).dialog_with("201").expect("a call").to_string();
    let escaped = dialog.replace(';', "%3B").replace('=', "%3D");
    t.transfer_with(c, "202", "201", |refer| {
        refer.headers.set(HeaderName::ReferTo, format!("<sip:201@kantoor.example?Replaces={escaped}>"));
    });
    t.run(secs(1));
    t.expect(c).got(403, &Method::Refer);
    t.expect(b).talks_both_ways_with(c);
    t.hang_up(a);
    t.close(c);
}

#[test]
fn one_of_them_hangs_up_while_they_are_joined() {
    let (mut t, [a, b, c]) = Story::office(6).consulting([phone("201"), phone("202"), phone("203")]);
    t.join(b, "201", "203");
    t.hang_up(a);
    t.run(secs(2));
    t.expect(a).is_free();
    t.hang_up_all(b);
    t.hang_up_all(c);
    t.settle();
    t.expect_nothing_left();
}

#[test]
fn an_offer_of_the_one_who_is_joined_comes_between() {
    for seed in 7..12 {
        let (mut t, [a, b, c]) = Story::office(seed).talking([phone("201"), phone("202"), phone("203")]);
        t.call(b, "203");
        t.run(secs(3));
        t.hold_back(1, What::request("INVITE").from(t.address(a)), millis(20));
        t.hold(a);
        t.run(millis(10));
        t.join(b, "201", "203");
        t.run(secs(15));
        t.expect(a).got(491, &Method::Invite).answered_invite_with(491).flows(Flowing::SendOnly);
        t.expect(b).was_told(&[100, 200]).is_free();
        t.expect(a).is_shown("203").is_heard_by(c);
        t.resume(a);
        t.run(secs(3));
        t.expect(a).talks_both_ways_with(c);
        t.expect_agreement();
        t.hang_up(c);
        t.settle();
        t.expect_nothing_left();
    }
}

#[test]
fn a_phone_that_is_busy_is_offered_its_new_place_later() {
    let (mut t, [a, b, c]) =
        Story::office(12).talking([phone("201").puts_off_offers(500, 1), phone("202"), phone("203")]);
    t.call(b, "203");
    t.run(secs(3));
    t.join(b, "201", "203");
    t.run(millis(2500));
    t.expect(b).was_told(&[100]);
    t.run(secs(1));
    t.expect(b).was_told(&[100, 200]).is_free();
    t.expect(a).talks_both_ways_with(c);
    t.expect_agreement();
    t.hang_up(a);
    t.settle();
    t.expect_nothing_left();
}

#[test]
fn one_that_always_puts_it_off_stays_where_it_is() {
    let (mut t, [_, b, _]) =
        Story::office(13).talking([phone("201").refuses_reinvites(491), phone("202"), phone("203")]);
    t.call(b, "203");
    t.run(secs(3));
    t.join(b, "201", "203");
    t.run(secs(40));
    t.expect(b).was_told(&[100, 491]).talking_with("203");
    t.hang_up_all(b);
    t.settle();
    t.expect_nothing_left();
}
