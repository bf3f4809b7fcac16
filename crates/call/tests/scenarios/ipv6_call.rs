//! A phone with an IPv6 address only talks with one that has IPv4 only.

use kiestoon_testkit::{Story, phone, secs};

#[test]
fn each_is_given_an_address_of_its_family() {
    let mut t = Story::office(1);
    let a = t.add(phone("201").over_ipv6());
    let b = t.add(phone("202"));
    t.register_all();
    t.call(a, "202");
    t.run(secs(3));
    t.expect(a).talking_with("202").talks_both_ways_with(b);
    let family =
        |id| t.phone(id).sessions().and_then(|(_, theirs)| theirs).map(|theirs| theirs.rtp.is_ipv6());
    assert_eq!((family(a), family(b)), (Some(true), Some(false)));
    t.hang_up(b);
    t.settle();
    t.expect_nothing_left();
}
