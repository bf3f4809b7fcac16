//! Call pickup, by INVITE with Replaces of what rings at another phone of the same extension.

use kiestoon_testkit::{Ended, Story, phone, secs};

#[test]
fn bill_picks_up_what_rings_at_bob() {
    let mut t = Story::office(1);
    let alice = t.add(phone("201"));
    let bob = t.add(phone("202").never_answers());
    t.register_all();
    let bill = t.add(phone("202"));
    t.call(alice, "202");
    t.run(secs(2));
    t.take_over(bill, bob, "201", ";early-only");
    t.run(secs(2));
    t.expect(bob).ended(Ended::Cancelled);
    t.expect(alice).talks_both_ways_with(bill);
    t.close(alice);
    t.expect_cdr().answered();
}
