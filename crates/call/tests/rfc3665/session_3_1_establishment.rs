//! Section 3.1: a call from INVITE to BYE, each leg of it as between two phones.

use kiestoon_testkit::{Story, phone, secs};

#[test]
fn successful_session_establishment() {
    let mut t = Story::office(1);
    let alice = t.add(phone("201"));
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
    t.expect_flow(
        bob,
        "< INVITE +sdp
        > 180 INVITE
        > 200 INVITE +sdp
        < ACK
        > BYE
        < 200 BYE",
    );
    t.expect_nothing_left();
}
