//! `play`: a prompt is heard to its end, then the walk goes on.

use kiestoon_testkit::{Ended, PROMPT_THEN_PHONE, Story, phone, secs};

#[test]
fn and_the_pbx_hangs_up() {
    let mut t = Story::office(1).rules(
        r#"
[[context.intern]]
match = "601"
do = [{ play = "welkom" }, { hangup = true }]
"#,
    );
    let a = t.add(phone("201"));
    t.register_all();
    t.call(a, "601");
    t.run(secs(1));
    t.expect(a).talking_with("601").hears_prompt("welkom");
    t.run(secs(3));
    t.expect(a).ended(Ended::ByThem);
    t.settle();
    t.expect_cdr().answered().reason("dialplan").talked_for(secs(2));
    t.expect_nothing_left();
}

#[test]
fn then_a_phone_is_dialled() {
    let mut t = Story::office(2).rules(PROMPT_THEN_PHONE);
    let a = t.add(phone("201"));
    let b = t.add(phone("202"));
    t.register_all();
    t.call(a, "602");
    t.run(secs(1));
    t.expect(b).never_called();
    t.run(secs(5));
    t.expect(a).talking_with("602").talks_both_ways_with(b);
    t.close(b);
    t.expect(a).ended(Ended::ByThem);
    t.expect_cdr().answered().reason("hangup_callee");
}

#[test]
fn the_caller_may_hang_up_in_the_middle() {
    let mut t = Story::office(3).rules(
        r#"
[[context.intern]]
match = "601"
do = [{ play = "welkom" }, { dial = "ext:202" }]
"#,
    );
    let a = t.add(phone("201"));
    let b = t.add(phone("202"));
    t.register_all();
    t.call(a, "601");
    t.run(secs(1));
    t.close(a);
    t.expect(b).never_called();
    t.expect_cdr().answered().reason("hangup_caller");
}
