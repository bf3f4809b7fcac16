//! Attended transfer: a phone that has two calls joins the two it talks to, and is out.

use kiestoon_sip::{HeaderName, Method};
use kiestoon_testkit::{PhoneId, Story, phone, secs};

/// 201 has called 202, who holds it and has called 203.
fn consulted(seed: u64) -> (Story, PhoneId, PhoneId, PhoneId) {
    let mut t = Story::office(seed);
    let a = t.add(phone("201"));
    let b = t.add(phone("202"));
    let c = t.add(phone("203"));
    t.register_all();
    t.call(a, "202");
    t.run(secs(3));
    t.hold(b);
    t.run(secs(1));
    t.call(b, "203");
    t.run(secs(3));
    t.expect(b).talking_with("203").talks_both_ways_with(c);
    (t, a, b, c)
}

#[test]
fn the_two_who_remain_talk() {
    let (mut t, a, b, c) = consulted(1);
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
    let mut t = Story::office(2);
    let a = t.add(phone("201"));
    let b = t.add(phone("202"));
    let c = t.add(phone("203"));
    t.register_all();
    t.call(a, "202");
    t.run(secs(3));
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
    t.hang_up(b);
    t.settle();
    t.expect_nth_cdr(1).reason("hangup_caller");
    t.expect_nothing_left();
}

#[test]
fn who_was_called_by_both_joins_them() {
    let mut t = Story::office(3);
    let a = t.add(phone("201"));
    let b = t.add(phone("202"));
    let c = t.add(phone("203"));
    t.register_all();
    t.call(a, "202");
    t.run(secs(3));
    t.hold(b);
    t.run(secs(1));
    t.call(c, "202");
    t.run(secs(3));
    t.join(b, "201", "203");
    t.run(secs(3));
    t.expect(a).talks_both_ways_with(c);
    t.expect_agreement();
    t.hang_up(a);
    t.settle();
    t.expect_nothing_left();
}

#[test]
fn a_phone_that_takes_no_reinvite_stays_where_it_is() {
    let mut t = Story::office(4);
    let a = t.add(phone("201").refuses_reinvites(488));
    let b = t.add(phone("202"));
    t.add(phone("203"));
    t.register_all();
    t.call(a, "202");
    t.run(secs(3));
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
    let (mut t, a, b, c) = consulted(5);
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
    t.hang_up(c);
    t.settle();
    t.expect_nothing_left();
}

#[test]
fn one_of_them_hangs_up_while_they_are_joined() {
    let (mut t, a, b, c) = consulted(6);
    t.join(b, "201", "203");
    t.hang_up(a);
    t.run(secs(2));
    t.expect(a).is_free();
    t.hang_up_all(b);
    t.hang_up_all(c);
    t.settle();
    t.expect_nothing_left();
}
