//! Transfer to a phone that still rings: who transferred does not wait for the answer.

use kiestoon_sip::Method;
use kiestoon_testkit::{PhoneId, Profile, Story, phone, secs};

fn joined_while_ringing(seed: u64, third: Profile) -> (Story, PhoneId, PhoneId, PhoneId) {
    let (mut t, [a, b, c]) = Story::office(seed).talking([phone("201"), phone("202"), third]);
    t.hold(b);
    t.run(secs(1));
    t.call(b, "203");
    t.run(secs(1));
    t.join(b, "201", "203");
    t.run(secs(1));
    (t, a, b, c)
}

#[test]
fn the_phone_answers_who_was_transferred() {
    let (mut t, a, b, c) = joined_while_ringing(1, phone("203").answers_after(secs(5)));
    t.expect(b).was_told(&[100, 200]).got(487, &Method::Invite).is_free();
    t.expect(a).hears_prompt("tone:ringback").is_shown("203");
    t.run(secs(6));
    t.expect(a).talks_both_ways_with(c);
    t.expect(c).is_shown("201");
    t.expect_agreement();
    t.close(c);
    t.expect_nth_cdr(0).from_to("201", "202").reason("transferred");
    t.expect_nth_cdr(1).from_to("202", "203").answered();
}

#[test]
fn nobody_answers_and_who_transferred_is_rung_back() {
    let (mut t, a, b, _) = joined_while_ringing(2, phone("203").never_answers());
    t.run(secs(20));
    t.expect(b).talking_with("201").talks_both_ways_with(a);
    t.close(b);
}

#[test]
fn who_was_transferred_gives_up() {
    let (mut t, a, _, c) = joined_while_ringing(3, phone("203").never_answers());
    t.close(a);
    t.expect(c).is_free();
    t.expect_nth_cdr(1).reason("cancelled");
}
