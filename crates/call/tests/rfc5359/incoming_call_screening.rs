//! Incoming call screening: whom the rules let in is rung, others are refused.

use kiestoon_testkit::{Ended, Story, phone, secs};

const RULES: &str = r#"
[[context.intern]]
match = "202"
do = [{ reject = 403 }]
"#;

#[test]
fn alice_is_not_let_in() {
    let mut t = Story::office(1).rules(RULES);
    let alice = t.add(phone("201"));
    let bob = t.add(phone("202"));
    t.register_all();
    t.call(alice, "202");
    t.run(secs(2));
    t.expect(alice).ended(Ended::Refused(403));
    t.expect(bob).never_called();
    t.settle();
    t.expect_cdr();
    t.expect_nothing_left();
}
