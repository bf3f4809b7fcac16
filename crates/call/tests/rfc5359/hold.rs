//! Call hold, section 2.1.

use kiestoon_testkit::{Flowing, Story, phone, secs};

#[test]
fn bob_holds_alice_and_takes_her_back() {
    let mut t = Story::office(1);
    let alice = t.add(phone("201"));
    let bob = t.add(phone("202"));
    t.register_all();
    t.call(alice, "202");
    t.run(secs(3));
    t.hold(bob);
    t.run(secs(1));
    t.expect(alice).flows(Flowing::RecvOnly).is_not_heard_by(bob);
    t.resume(bob);
    t.run(secs(1));
    t.expect(alice).talks_both_ways_with(bob);
    t.hang_up(bob);
    t.settle();
    t.expect_cdr().answered().reason("hangup_callee");
    t.expect_nothing_left();
}
