//! Media that cannot be had or breaks: the call ends, nothing is left open.

use kiestoon_testkit::{Ended, Story, phone, secs};

#[test]
fn no_port_for_the_caller() {
    let mut t = Story::office(1);
    let a = t.add(phone("201"));
    let b = t.add(phone("202"));
    t.register_all();
    t.engine().refuse_next(1);
    t.call(a, "202");
    t.settle();
    t.expect(a).ended(Ended::Refused(503));
    t.expect(b).never_called();
    t.expect_cdr().reason("media_failed").status(503).disposition("failed");
    t.expect_nothing_left();
}

#[test]
fn the_media_of_a_leg_fails_in_mid_call() {
    let (mut t, [a, b]) = Story::office(2).talking([phone("201"), phone("202")]);
    let leg = t.engine().legs().next().map(|(id, _)| id).expect("an open leg");
    t.engine().fail_leg(leg);
    t.tell_pbx(kiestoon_call::Input::Tick);
    t.run(secs(1));
    t.expect(a).ended(Ended::ByThem);
    t.expect(b).ended(Ended::ByThem);
    t.settle();
    t.expect_cdr().answered().reason("media_failed");
    t.expect_nothing_left();
}
