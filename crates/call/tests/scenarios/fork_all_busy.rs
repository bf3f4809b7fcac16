//! A group in which everybody is busy: the caller hears so, once.

use kiestoon_sip::Method;
use kiestoon_testkit::{Ended, Story, phone};

#[test]
fn the_caller_gets_one_486() {
    let mut t = Story::office(1).rules(
        r#"
[[context.intern]]
match = "100"
do = [{ dial = ["ext:202", "ext:203"] }]
"#,
    );
    let a = t.add(phone("201"));
    t.add(phone("202").is_busy());
    t.add(phone("203").is_busy());
    t.register_all();
    t.call(a, "100");
    t.settle();
    t.expect(a).ended(Ended::Refused(486)).got_exactly(&[407, 100, 486], &Method::Invite);
    t.expect_cdr().disposition("busy").reason("busy").status(486);
    t.expect_nothing_left();
}
