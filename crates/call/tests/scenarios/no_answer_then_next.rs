//! Nobody picks up: the next step of the rule runs, and after the last one the call ends.

use kiestoon_sip::Method;
use kiestoon_testkit::{Ended, Story, phone, secs};

#[test]
fn the_next_step_is_dialled_after_the_ring_time() {
    let mut t = Story::office(1).rules(
        r#"
[[context.intern]]
match = "_2XX"
do = [{ dial = "ext:${number}", timeout = "5s" }, { dial = "ext:203" }]
"#,
    );
    let a = t.add(phone("201"));
    let b = t.add(phone("202").never_answers());
    let c = t.add(phone("203"));
    t.register_all();
    t.call(a, "202");
    t.run(secs(4));
    t.expect(c).never_called();
    t.run(secs(4));
    t.expect(b).ended(Ended::Cancelled);
    t.expect(a).talking_with("202").talks_both_ways_with(c);
    t.close(a);
    t.expect_cdr().answered().reached("203");
}

#[test]
fn after_the_last_step_the_caller_is_told() {
    let mut t = Story::office(2);
    let a = t.add(phone("201"));
    let b = t.add(phone("202").never_answers());
    t.register_all();
    t.call(a, "202");
    t.run(secs(19));
    t.expect(a).ringing_with("202");
    t.settle();
    t.expect(a).ended(Ended::Refused(480)).got(180, &Method::Invite);
    t.expect(b).ended(Ended::Cancelled);
    t.expect_cdr().disposition("no_answer").reason("no_answer").status(480);
    t.expect_nothing_left();
}

#[test]
fn a_phone_that_says_nothing_at_all_is_given_up_at_the_ring_time() {
    let mut t = Story::office(3);
    let a = t.add(phone("201"));
    let b = t.add(phone("202").hears_nothing());
    t.register_all();
    t.call(a, "202");
    t.run(secs(25));
    t.settle();
    t.expect(a).ended(Ended::Refused(480));
    t.expect(b).never_called();
    t.expect_cdr().disposition("no_answer");
    t.expect_nothing_left();
}
