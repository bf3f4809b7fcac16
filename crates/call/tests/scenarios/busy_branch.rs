//! `on_busy`: what the dialplan does when the callee is busy.

use kiestoon_sip::Method;
use kiestoon_testkit::{Story, phone, secs};

const RULES: &str = r#"
[[context.intern]]
match = "_2XX"
do = [{ dial = "ext:${number}", timeout = "5s", on_busy = [{ dial = "ext:203" }], on_no_answer = [{ dial = "ext:204" }] }]
"#;

#[test]
fn the_busy_branch_is_taken() {
    let (mut t, [a, _, c, d]) = Story::office(1).rules(RULES).talking([
        phone("201"),
        phone("202").is_busy(),
        phone("203"),
        phone("204"),
    ]);
    t.expect(a).talking_with("202").talks_both_ways_with(c).never_got(486, &Method::Invite);
    t.expect(d).never_called();
    t.close(a);
    t.expect_cdr().answered().reached("203");
}

#[test]
fn the_no_answer_branch_is_taken() {
    let mut t = Story::office(2).rules(RULES);
    let a = t.add(phone("201"));
    let b = t.add(phone("202").never_answers());
    let c = t.add(phone("203"));
    let d = t.add(phone("204"));
    t.register_all();
    t.call(a, "202");
    t.run(secs(8));
    t.expect(a).talking_with("202").talks_both_ways_with(d);
    t.expect(b).was_asked(&Method::Cancel, 1);
    t.expect(c).never_called();
    t.close(d);
    t.expect_cdr().answered().reached("204").reason("hangup_callee");
}
