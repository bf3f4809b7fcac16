//! Find-me: one phone after the other until somebody answers.

use kiestoon_testkit::{Story, phone, secs};

const RULES: &str = r#"
[[context.intern]]
match = "200"
do = [{ dial = ["ext:202", "ext:203", "ext:204"], order = "sequence", timeout = "5s" }]
"#;

#[test]
fn bob_is_found_at_his_third_phone() {
    let mut t = Story::office(1).rules(RULES);
    let alice = t.add(phone("201"));
    t.add(phone("202").is_busy());
    t.add(phone("203").never_answers());
    let bob = t.add(phone("204"));
    t.register_all();
    t.call(alice, "200");
    t.run(secs(9));
    t.expect(alice).talks_both_ways_with(bob).is_shown("204");
    t.close(bob);
    t.expect_cdr().answered().reached("204");
}
