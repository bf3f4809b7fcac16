//! A 200 waits for the PRACK of the response that held the answer (RFC 3262 section 3).

use kiestoon_sip::Method;
use kiestoon_testkit::{Ended, Story, What, millis, phone, secs};

#[test]
fn and_follows_it() {
    let mut t = Story::office(1);
    let a = t.add(phone("201").knows_100rel());
    let b = t.add(phone("202").early_media_then_answers(millis(100)));
    t.register_all();
    t.drop_next(1, What::request("PRACK"));
    t.call(a, "202");
    t.run(millis(400));
    t.expect(b).talking_with("201");
    t.expect(a).ringing_with("202").never_got(200, &Method::Invite);
    t.run(secs(2));
    t.expect(a).talking_with("202").talks_both_ways_with(b).got_exactly(&[200], &Method::Prack);
    t.close(a);
    t.expect_cdr().answered();
}

#[test]
fn a_caller_who_cancels_meanwhile_has_not_been_answered() {
    let mut t = Story::office(2);
    let a = t.add(phone("201").knows_100rel().sends_no_prack());
    let b = t.add(phone("202").early_media_then_answers(millis(100)));
    t.register_all();
    t.call(a, "202");
    t.run(secs(2));
    t.cancel(a);
    t.settle();
    t.expect(a).ended(Ended::Cancelled);
    t.expect(b).ended(Ended::ByThem);
    t.expect_cdr().disposition("cancelled");
    t.expect_nothing_left();
}
