//! Transfer to the PBX itself: who is transferred has arrived as soon as it is heard, and who transferred is free.

use kiestoon_testkit::{Story, phone, secs};

const RULES: &str = r#"
[[context.intern]]
match = "600"
do = [{ echo = true }]

[[context.intern]]
match = "_2XX"
do = [{ dial = "ext:${number}", timeout = "20s" }]
"#;

#[test]
fn who_transferred_is_released() {
    let (mut t, [a, b]) = Story::office(1).rules(RULES).talking([phone("201"), phone("202")]);
    t.transfer(b, "201", "600");
    t.run(secs(2));
    t.expect(b).was_told(&[100, 200]).is_free();
    t.expect(a).hears_itself();
    t.close(a);
    t.expect_cdr().answered().reason("hangup_caller");
}
