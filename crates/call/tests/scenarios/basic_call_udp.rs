//! Two desk phones over UDP: register, ring, answer, talk, hang up.

use kiestoon_sip::Method;
use kiestoon_testkit::{Ended, Story, phone, secs};

#[test]
fn the_caller_hangs_up() {
    let mut t = Story::office(1);
    let a = t.add(phone("201"));
    let b = t.add(phone("202").answers_after(secs(2)));
    t.register_all();
    t.expect(a).got_exactly(&[401, 200], &Method::Register).registered(1);

    t.call(a, "202");
    t.run(secs(1));
    t.expect(a).ringing_with("202");
    t.run(secs(4));
    t.expect(a).talking_with("202").talks_both_ways_with(b);
    t.expect(a).got_exactly(&[407, 100, 180, 200], &Method::Invite);
    t.expect(b).talking_with("201").was_asked(&Method::Ack, 1);

    t.hang_up(a);
    t.settle();
    t.expect(a).ended(Ended::ByUs);
    t.expect(b).ended(Ended::ByThem).was_asked(&Method::Bye, 1);
    t.expect_cdr().from_to("201", "202").reached("202").answered().reason("hangup_caller").status(200);
    t.expect_cdr().talked_for(secs(3));
    t.expect_nothing_left();
}

#[test]
fn the_callee_hangs_up() {
    let mut t = Story::office(2);
    let a = t.add(phone("201"));
    let b = t.add(phone("202").hangs_up_after(secs(10)));
    t.register_all();
    t.call(a, "202");
    t.run(secs(5));
    t.expect(a).talking_with("202");
    t.run(secs(10));
    t.expect(a).ended(Ended::ByThem).was_asked(&Method::Bye, 1);
    t.expect(b).ended(Ended::ByUs);
    t.settle();
    t.expect_cdr().answered().reason("hangup_callee").talked_for(secs(10));
    t.expect_nothing_left();
}

#[test]
fn a_phone_that_answers_without_ringing_is_heard_at_once() {
    let mut t = Story::office(3);
    let a = t.add(phone("201"));
    let b = t.add(phone("202").answers_at_once());
    t.register_all();
    t.call(a, "202");
    t.run(secs(1));
    t.expect(a).talking_with("202").talks_both_ways_with(b).never_got(180, &Method::Invite);
    t.hang_up(a);
    t.settle();
    t.expect_cdr().answered();
    t.expect_nothing_left();
}
