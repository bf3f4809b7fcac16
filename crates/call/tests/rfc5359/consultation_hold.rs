//! Consultation hold, section 2.2: a call is held while another one is made, and taken back after that.

use kiestoon_testkit::{Story, phone, secs};

#[test]
fn bob_asks_carol_and_goes_back_to_alice() {
    let mut t = Story::office(1);
    let alice = t.add(phone("201"));
    let bob = t.add(phone("202"));
    let carol = t.add(phone("203"));
    t.register_all();
    t.call(alice, "202");
    t.run(secs(3));
    t.hold(bob);
    t.run(secs(1));
    t.call(bob, "203");
    t.run(secs(3));
    t.expect(bob).talks_both_ways_with(carol);
    t.hang_up_with(bob, "203");
    t.run(secs(1));
    t.expect(carol).is_free();
    t.resume(bob);
    t.run(secs(1));
    t.expect(alice).talks_both_ways_with(bob);
    t.hang_up(alice);
    t.settle();
    t.expect_nothing_left();
}
