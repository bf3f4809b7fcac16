//! INVITE with Replaces (RFC 3891): a second phone of an extension takes over the call of the first.

use kiestoon_sip::Method;
use kiestoon_testkit::{Ended, Story, phone, secs};

#[test]
fn the_call_moves_to_the_other_phone() {
    let mut t = Story::office(1);
    let a = t.add(phone("201"));
    let b = t.add(phone("202"));
    let desk = t.add(phone("202").never_answers());
    t.register_all();
    t.call(a, "202");
    t.run(secs(3));
    t.take_over(desk, b, "201", "");
    t.run(secs(2));
    t.expect(b).ended(Ended::ByThem);
    t.expect(desk).talking_with("201").talks_both_ways_with(a);
    t.expect_agreement();
    t.hang_up(a);
    t.settle();
    let cdr = t.expect_cdr().answered().reached("202").reason("hangup_caller").record();
    assert_eq!(cdr.legs.len(), 4, "{:?}", cdr.legs);
    t.expect_nothing_left();
}

#[test]
fn what_rings_at_the_first_is_picked_up_at_the_second() {
    let mut t = Story::office(2);
    let a = t.add(phone("201"));
    let b = t.add(phone("202").never_answers());
    t.register_all();
    let desk = t.add(phone("202"));
    t.call(a, "202");
    t.run(secs(2));
    t.take_over(desk, b, "201", ";early-only");
    t.run(secs(2));
    t.expect(b).ended(Ended::Cancelled);
    t.expect(a).talking_with("202").talks_both_ways_with(desk);
    t.close(desk);
    t.expect_cdr().answered().reason("hangup_callee");
}

#[test]
fn early_only_spares_what_is_answered() {
    let mut t = Story::office(3);
    let a = t.add(phone("201"));
    let b = t.add(phone("202"));
    t.register_all();
    let desk = t.add(phone("202"));
    t.call(a, "202");
    t.run(secs(3));
    t.take_over(desk, b, "201", ";early-only");
    t.run(secs(2));
    t.expect(desk).ended(Ended::Refused(486));
    t.expect(a).talks_both_ways_with(b);
    t.close(a);
}

#[test]
fn nobody_takes_the_call_of_another_extension() {
    let (mut t, [a, b, thief]) = Story::office(4).talking([phone("201"), phone("202"), phone("203")]);
    t.take_over(thief, b, "201", "");
    t.run(secs(2));
    t.expect(thief).got(403, &Method::Invite).is_free();
    t.expect(a).talks_both_ways_with(b);
    t.close(a);
}

#[test]
fn a_dialog_that_does_not_exist_is_481() {
    let mut t = Story::office(5);
    let a = t.add(phone("201"));
    t.register_all();
    t.call_with(a, "202", |invite| {
        invite.headers.push(kiestoon_sip::HeaderName::Replaces, "a@b;to-tag=1;from-tag=2");
    });
    t.run(secs(2));
    t.expect(a).ended(Ended::Refused(481));
    t.call_with(a, "202", |invite| {
        invite.headers.push(kiestoon_sip::HeaderName::Replaces, "a@b;to-tag=1");
    });
    t.run(secs(2));
    t.expect(a).ended(Ended::Refused(400));
    t.settle();
    t.expect_nothing_left();
}
