//! Section 3.9: the callee is busy.

use kiestoon_testkit::{Ended, Story, phone};

#[test]
fn unsuccessful_busy() {
    let mut t = Story::office(1);
    let alice = t.add(phone("201"));
    let bob = t.add(phone("202").is_busy());
    t.register_all();
    t.call(alice, "202");
    t.settle();
    t.expect(alice).ended(Ended::Refused(486));
    t.expect_flow(
        alice,
        "> INVITE +sdp
        < 407 INVITE
        > ACK
        > INVITE +sdp
        < 100 INVITE
        < 486 INVITE
        > ACK",
    );
    t.expect_flow(
        bob,
        "< INVITE +sdp
        > 486 INVITE
        < ACK",
    );
    t.expect_nothing_left();
}
