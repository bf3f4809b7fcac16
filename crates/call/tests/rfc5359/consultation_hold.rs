//! Consultation hold, section 2.2: a call is held while another one is made, and taken back after that.

use kiestoon_testkit::{Story, phone, secs};

#[test]
fn bob_asks_carol_and_goes_back_to_alice() {
    let (mut t, [alice, bob, carol]) =
        Story::office(1).consulting([phone("201"), phone("202"), phone("203")]);
    t.expect(bob).talks_both_ways_with(carol);
    t.hang_up_with(bob, "203");
    t.run(secs(1));
    t.expect(carol).is_free();
    t.resume(bob);
    t.run(secs(1));
    t.expect(alice).talks_both_ways_with(bob);
    t.close(alice);
}
