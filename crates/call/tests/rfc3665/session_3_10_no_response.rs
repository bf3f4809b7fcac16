//! Section 3.10: the callee's phone says nothing at all; without a provisional response there is nothing to cancel.

use kiestoon_testkit::{Ended, Story, phone, secs};

#[test]
fn unsuccessful_no_response_from_user_agent() {
    let mut t = Story::office(1);
    let alice = t.add(phone("201"));
    let bob = t.add(phone("202").hears_nothing());
    t.register_all();
    t.call(alice, "202");
    t.run(secs(40));
    t.settle();
    t.expect(alice).ended(Ended::Refused(480));
    t.expect_flow(
        alice,
        "> INVITE +sdp
        < 407 INVITE
        > ACK
        > INVITE +sdp
        < 100 INVITE
        < 480 INVITE
        > ACK",
    );
    t.expect_flow(bob, "< INVITE +sdp");
    t.expect_nothing_left();
}
