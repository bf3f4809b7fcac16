//! A request that has no hops left is refused, unless it is for the PBX itself.

use kiestoon_sip::Method;
use kiestoon_testkit::{Ended, Story, phone, secs};

#[test]
fn an_invite_without_hops_left() {
    let mut t = Story::office(1);
    let a = t.add(phone("201"));
    let b = t.add(phone("202"));
    t.register_all();
    t.call_with(a, "202", |invite| invite.max_forwards = Some(0));
    t.settle();
    t.expect(a).ended(Ended::Refused(483));
    t.expect(b).never_called();
    assert!(t.the_pbx().engine.commands.is_empty(), "a port was opened for it");
    t.expect_nothing_left();
}

#[test]
fn the_callee_is_asked_with_one_hop_less() {
    let mut t = Story::office(2);
    let a = t.add(phone("201"));
    let b = t.add(phone("202"));
    t.register_all();
    t.call_with(a, "202", |invite| invite.max_forwards = Some(12));
    t.run(secs(3));
    let hops =
        t.phone(b).requests().find(|request| request.method == Method::Invite).and_then(|i| i.max_forwards);
    assert_eq!(hops, Some(11));
    t.close(a);
}
