//! Section 3.2: through two proxies, over UDP on one leg and TCP on the other; 100 on the caller's leg.

use kiestoon_testkit::{Story, phone, secs};

#[test]
fn session_establishment_through_two_proxies() {
    let mut t = Story::office(1);
    let alice = t.add(phone("201").over_tcp());
    let bob = t.add(phone("202"));
    t.register_all();
    t.call(alice, "202");
    t.run(secs(5));
    t.expect(alice).talking_with("202").talks_both_ways_with(bob);
    t.hang_up(alice);
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
        > BYE
        < 200 BYE",
    );
    t.expect_flow(
        bob,
        "< INVITE +sdp
        > 180 INVITE
        > 200 INVITE +sdp
        < ACK
        < BYE
        > 200 BYE",
    );
    t.expect_nothing_left();
}
