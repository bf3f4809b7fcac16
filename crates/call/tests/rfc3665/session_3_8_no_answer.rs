//! Section 3.8: nobody answers, and the caller gives up.

use kiestoon_testkit::{Ended, Story, phone, secs};

#[test]
fn unsuccessful_no_answer() {
    let mut t = Story::office(1);
    let alice = t.add(phone("201"));
    let bob = t.add(phone("202").never_answers());
    t.register_all();
    t.call(alice, "202");
    t.run(secs(5));
    t.cancel(alice);
    t.settle();
    t.expect(alice).ended(Ended::Cancelled);
    t.expect_flow(
        alice,
        "> INVITE +sdp
        < 407 INVITE
        > ACK
        > INVITE +sdp
        < 100 INVITE
        < 180 INVITE
        > CANCEL
        < 200 CANCEL
        < 487 INVITE
        > ACK",
    );
    t.expect_flow(
        bob,
        "< INVITE +sdp
        > 180 INVITE
        < CANCEL
        > 200 CANCEL
        > 487 INVITE
        < ACK",
    );
    t.expect_nothing_left();
}
