//! Call hold, section 2.1.

use kiestoon_testkit::{Flowing, Story, phone, secs};

#[test]
fn bob_holds_alice_and_takes_her_back() {
    let (mut t, [alice, bob]) = Story::office(1).talking([phone("201"), phone("202")]);
    t.hold(bob);
    t.run(secs(1));
    t.expect(alice).flows(Flowing::RecvOnly).is_not_heard_by(bob);
    t.resume(bob);
    t.run(secs(1));
    t.expect(alice).talks_both_ways_with(bob);
    t.close(bob);
    t.expect_cdr().answered().reason("hangup_callee");
}
