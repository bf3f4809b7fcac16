//! CANCEL and the answer meet on the way.

use kiestoon_sip::Method;
use kiestoon_testkit::{Ended, Story, phone, secs};

#[test]
fn an_answer_that_comes_after_the_cancel_is_hung_up() {
    let mut t = Story::office(1);
    let a = t.add(phone("201"));
    let b = t.add(phone("202").never_answers().answers_when_cancelled());
    t.register_all();
    t.call(a, "202");
    t.run(secs(2));
    t.cancel(a);
    t.settle();
    t.expect(a).ended(Ended::Cancelled).got(487, &Method::Invite).never_got(200, &Method::Invite);
    t.expect(b)
        .answered_invite_with(200)
        .was_asked(&Method::Ack, 1)
        .was_asked(&Method::Bye, 1)
        .ended(Ended::ByThem);
    t.expect_cdr().disposition("cancelled").reason("cancelled").status(487);
    t.expect_nothing_left();
}

#[test]
fn a_cancel_that_meets_the_answer_on_the_callers_link_becomes_a_bye() {
    let mut t = Story::office(2);
    let a = t.add(phone("201"));
    let b = t.add(phone("202").answers_after(secs(2)));
    t.register_all();
    t.call(a, "202");
    t.run_until(secs(5), |t| t.phone(b).answers().contains(&(Method::Invite, 200)));
    t.run(kiestoon_testkit::millis(5));
    t.cancel(a);
    t.settle();
    t.expect(a).got(200, &Method::Invite).got(200, &Method::Bye).ended(Ended::ByUs);
    t.expect(b).ended(Ended::ByThem).was_asked(&Method::Bye, 1);
    t.expect_cdr().answered().reason("hangup_caller");
    t.expect_nothing_left();
}

#[test]
fn the_crossing_is_survived_at_every_moment() {
    for after in 0..30 {
        let mut t = Story::office(100 + after);
        let a = t.add(phone("201"));
        t.add(phone("202").answers_after(secs(2)));
        t.register_all();
        t.call(a, "202");
        t.run(kiestoon_testkit::millis(2000 + after * 2));
        t.close(a);
        t.expect_cdr();
    }
}
