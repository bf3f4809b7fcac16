//! A number that exists and has no phone.

use kiestoon_sip::Method;
use kiestoon_testkit::{Ended, Story, phone, secs};

#[test]
fn the_caller_is_told_at_once() {
    let mut t = Story::office(1);
    let a = t.add(phone("201"));
    t.register_all();
    t.call(a, "202");
    t.run(secs(1));
    t.expect(a).ended(Ended::Refused(480)).never_got(180, &Method::Invite);
    t.settle();
    t.expect_cdr().reason("unavailable").status(480).disposition("no_answer");
    t.expect_nothing_left();
}

#[test]
fn a_phone_that_has_unregistered_is_not_rung() {
    let mut t = Story::office(2);
    let a = t.add(phone("201"));
    let b = t.add(phone("202"));
    t.register_all();
    t.unregister(b);
    t.run(secs(1));
    t.expect(b).registered(0);
    t.call(a, "202");
    t.settle();
    t.expect(a).ended(Ended::Refused(480));
    t.expect(b).never_called();
    t.expect_nothing_left();
}

#[test]
fn the_unavailable_branch_is_taken() {
    let mut t = Story::office(3).rules(
        r#"
[[context.intern]]
match = "_2XX"
do = [{ dial = "ext:${number}", on_unavailable = [{ dial = "ext:203" }] }]
"#,
    );
    let a = t.add(phone("201"));
    let c = t.add(phone("203"));
    t.register_all();
    t.call(a, "202");
    t.run(secs(3));
    t.expect(a).talking_with("202").talks_both_ways_with(c);
    t.close(a);
    t.expect_cdr().reached("203");
}
