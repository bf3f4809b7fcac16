//! Early media: the caller hears the callee before the answer.

use kiestoon_sip::Method;
use kiestoon_testkit::{Story, phone, secs};

#[test]
fn the_caller_hears_before_the_answer() {
    let mut t = Story::office(1);
    let a = t.add(phone("201"));
    let b = t.add(phone("202").early_media_then_answers(secs(4)));
    t.register_all();
    t.call(a, "202");
    t.run(secs(2));
    t.expect(a).ringing_with("202").got(183, &Method::Invite).never_got(200, &Method::Invite);
    t.expect(b).is_heard_by(a);
    t.run(secs(4));
    t.expect(a).talking_with("202").talks_both_ways_with(b);
    t.close(a);
    t.expect_cdr().answered();
}

#[test]
fn early_media_of_a_call_that_is_then_refused_leaves_nothing() {
    let mut t = Story::office(2);
    let a = t.add(phone("201"));
    t.add(phone("202").follows(vec![
        (secs(0), kiestoon_testkit::Reply::EarlyMedia),
        (secs(3), kiestoon_testkit::Reply::Refuse(486)),
    ]));
    t.register_all();
    t.call(a, "202");
    t.settle();
    t.expect(a).got(183, &Method::Invite).got(486, &Method::Invite);
    t.expect_cdr().disposition("busy");
    t.expect_nothing_left();
}
