//! The caller gives up while it rings, or before anything has happened.

use kiestoon_sip::Method;
use kiestoon_testkit::{Ended, Story, phone, secs};

#[test]
fn while_it_rings() {
    let mut t = Story::office(1);
    let a = t.add(phone("201"));
    let b = t.add(phone("202").never_answers());
    t.register_all();
    t.call(a, "202");
    t.run(secs(3));
    t.cancel(a);
    t.settle();
    t.expect(a).ended(Ended::Cancelled).got(200, &Method::Cancel).got(487, &Method::Invite);
    t.expect(b).ended(Ended::Cancelled).was_asked(&Method::Cancel, 1);
    t.expect_cdr().disposition("cancelled").reason("cancelled").status(487);
    t.expect_nothing_left();
}

#[test]
fn at_once_before_the_callee_has_said_anything() {
    let mut t = Story::office(2);
    let a = t.add(phone("201"));
    let b = t.add(phone("202").follows(vec![(secs(2), kiestoon_testkit::Reply::Ringing)]));
    t.register_all();
    t.call(a, "202");
    t.cancel(a);
    t.settle();
    t.expect(a).ended(Ended::Cancelled);
    t.expect(b).ended(Ended::Cancelled);
    t.expect_cdr().disposition("cancelled");
    t.expect_nothing_left();
}

#[test]
fn a_group_is_cancelled_whole() {
    let mut t = Story::office(3).rules(
        r#"
[[context.intern]]
match = "100"
do = [{ dial = ["ext:202", "ext:203"] }]
"#,
    );
    let a = t.add(phone("201"));
    let b = t.add(phone("202").never_answers());
    let c = t.add(phone("203").never_answers());
    t.register_all();
    t.call(a, "100");
    t.run(secs(2));
    t.cancel(a);
    t.settle();
    for callee in [b, c] {
        t.expect(callee).ended(Ended::Cancelled);
    }
    t.expect_cdr().disposition("cancelled");
    t.expect_nothing_left();
}
