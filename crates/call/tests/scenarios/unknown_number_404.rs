//! Numbers that lead nowhere.

use kiestoon_testkit::{Ended, Story, phone};

#[test]
fn no_rule_matches() {
    let mut t = Story::office(1);
    let a = t.add(phone("201"));
    t.register_all();
    t.call(a, "999");
    t.settle();
    t.expect(a).ended(Ended::Refused(404));
    t.expect_cdr().from_to("201", "999").reason("no_route").status(404).disposition("failed");
    t.expect_nothing_left();
}

#[test]
fn a_rule_matches_but_there_is_no_such_extension() {
    let mut t = Story::office(2);
    let a = t.add(phone("201"));
    t.register_all();
    t.call(a, "299");
    t.settle();
    t.expect(a).ended(Ended::Refused(404));
    t.expect_cdr().reason("not_found").status(404);
    t.expect_nothing_left();
}
