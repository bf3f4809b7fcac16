//! Section 3.4: nothing comes back from the proxy, so the caller gives up after 64*T1 and calls again another way.

use kiestoon_testkit::{Ended, Story, What, phone, secs};

#[test]
fn session_after_proxy_failure() {
    let mut t = Story::office(1);
    let alice = t.add(phone("201"));
    let bob = t.add(phone("202"));
    t.register_all();
    t.drop_for_good(1, What::request("INVITE"));
    t.call(alice, "202");
    t.run(secs(33));
    t.expect(alice).ended(Ended::Silence);
    t.expect(bob).never_called();
    t.call(alice, "202");
    t.run(secs(5));
    t.expect(alice).talking_with("202").talks_both_ways_with(bob);
    t.hang_up(alice);
    t.settle();
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
