//! Section 3.6, as far as a B2BUA takes part: the INVITE has no session description, the 200 holds the offer and the ACK the answer,
//! on both legs.

use kiestoon_testkit::{Story, phone, secs};

#[test]
fn session_with_sdp_in_ack() {
    let mut t = Story::office(1);
    let alice = t.add(phone("201"));
    let bob = t.add(phone("202"));
    t.register_all();
    t.call_with_late_offer(alice, "202");
    t.run(secs(5));
    t.expect(alice).talking_with("202").talks_both_ways_with(bob);
    t.hang_up(bob);
    t.settle();
    t.expect_flow(
        alice,
        "> INVITE
        < 407 INVITE
        > ACK
        > INVITE
        < 100 INVITE
        < 180 INVITE
        < 200 INVITE +sdp
        > ACK +sdp
        < BYE
        > 200 BYE",
    );
    t.expect_flow(
        bob,
        "< INVITE
        > 180 INVITE
        > 200 INVITE +sdp
        < ACK +sdp
        > BYE
        < 200 BYE",
    );
    t.expect_nothing_left();
}
