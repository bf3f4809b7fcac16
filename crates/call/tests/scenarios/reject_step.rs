//! `reject` and a `hangup` before the answer: the caller is refused as the dialplan says.

use kiestoon_testkit::{Ended, Story, phone};

#[test]
fn with_a_status_or_a_word() {
    let mut t = Story::office(1).rules(
        r#"
[[context.intern]]
match = "900"
do = [{ reject = 486 }]

[[context.intern]]
match = "901"
do = [{ reject = "not_found" }]
"#,
    );
    let a = t.add(phone("201"));
    t.register_all();
    t.call(a, "900");
    t.settle();
    t.expect(a).ended(Ended::Refused(486));
    t.call(a, "901");
    t.settle();
    t.expect(a).ended(Ended::Refused(404));
    t.expect_nth_cdr(0).status(486).reason("dialplan");
    t.expect_nth_cdr(1).status(404).reason("dialplan");
    t.expect_nothing_left();
}
