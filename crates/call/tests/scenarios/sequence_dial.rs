//! `order = "sequence"`: one phone after the other, each for the whole ring time.

use kiestoon_sip::Method;
use kiestoon_testkit::{Ended, Story, phone, secs};

#[test]
fn each_is_rung_in_turn() {
    let mut t = Story::office(1).rules(
        r#"
[[context.intern]]
match = "100"
do = [{ dial = ["ext:202", "ext:203", "ext:204"], order = "sequence", timeout = "6s" }]
"#,
    );
    let a = t.add(phone("201"));
    let b = t.add(phone("202").never_answers());
    let c = t.add(phone("203").is_busy());
    let d = t.add(phone("204").answers_after(secs(5)));
    t.register_all();
    t.call(a, "100");
    t.run(secs(5));
    t.expect(b).ringing_with("201");
    t.expect(c).never_called();
    t.run(secs(3));
    t.expect(b).ended(Ended::Cancelled);
    t.expect(c).was_asked(&Method::Invite, 1);
    t.expect(d).ringing_with("201");
    t.run(secs(5));
    t.expect(a).talking_with("100").talks_both_ways_with(d);
    t.close(a);
    t.expect_cdr().answered().reached("204");
}
