//! Two phones that send early media at once: the caller ends up with whoever answers.

use kiestoon_testkit::{Ended, Story, phone, secs};

#[test]
fn the_answer_decides() {
    let mut t = Story::office(1).rules(
        r#"
[[context.intern]]
match = "100"
do = [{ dial = ["ext:202", "ext:203"] }]
"#,
    );
    let a = t.add(phone("201"));
    let b = t.add(phone("202").early_media_then_answers(secs(30)));
    let c = t.add(phone("203").early_media_then_answers(secs(4)));
    t.register_all();
    t.call(a, "100");
    t.run(secs(2));
    t.expect(a).ringing_with("100");
    t.run(secs(4));
    t.expect(a).talking_with("100").talks_both_ways_with(c).is_not_heard_by(b);
    t.expect(b).ended(Ended::Cancelled);
    t.expect_agreement();
    t.close(a);
    t.expect_cdr().answered().reached("203");
}
