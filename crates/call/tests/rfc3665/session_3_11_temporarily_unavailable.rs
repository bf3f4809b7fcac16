//! Section 3.11: the callee rings and then says 480.

use kiestoon_testkit::{Ended, Reply, Story, phone, secs};

#[test]
fn unsuccessful_temporarily_unavailable() {
    let mut t = Story::office(1);
    let alice = t.add(phone("201"));
    let bob = t.add(phone("202").follows(vec![(secs(0), Reply::Ringing), (secs(2), Reply::Refuse(480))]));
    t.register_all();
    t.call(alice, "202");
    t.settle();
    t.expect(alice).ended(Ended::Refused(480));
    t.expect_flow(
        alice,
        "> INVITE +sdp
        < 407 INVITE
        > ACK
        > INVITE +sdp
        < 100 INVITE
        < 180 INVITE
        < 480 INVITE
        > ACK",
    );
    t.expect_flow(
        bob,
        "< INVITE +sdp
        > 180 INVITE
        > 480 INVITE
        < ACK",
    );
    t.expect_nothing_left();
}
