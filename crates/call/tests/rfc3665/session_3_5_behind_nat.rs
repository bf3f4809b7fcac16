//! Section 3.5: the caller is behind an address translator; the PBX reaches it all the same, and relays its media.

use kiestoon_testkit::{Story, phone, secs};

#[test]
fn session_through_an_address_translator() {
    let mut t = Story::office(1);
    let alice = t.add(phone("201").behind_nat());
    let bob = t.add(phone("202"));
    t.register_all();
    t.call(alice, "202");
    t.run(secs(5));
    t.expect(alice).talking_with("202").talks_both_ways_with(bob);
    t.hang_up(bob);
    t.settle();
    t.expect_flow(
        alice,
        "> INVITE +sdp
        < 407 INVITE
        > ACK
        > INVITE +sdp
        < 100 INVITE
        < 180 INVITE
        < 200 INVITE +sdp
        > ACK
        < BYE
        > 200 BYE",
    );
    t.expect_nothing_left();
}
