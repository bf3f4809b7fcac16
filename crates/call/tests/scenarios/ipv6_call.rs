//! A phone with an IPv6 address only talks with one that has IPv4 only.

use kiestoon_testkit::{Story, phone};

#[test]
fn each_is_given_an_address_of_its_family() {
    let (mut t, [a, b]) = Story::office(1).talking([phone("201").over_ipv6(), phone("202")]);
    t.expect(a).talking_with("202").talks_both_ways_with(b);
    let family =
        |id| t.phone(id).sessions().and_then(|(_, theirs)| theirs).map(|theirs| theirs.rtp.is_ipv6());
    assert_eq!((family(a), family(b)), (Some(true), Some(false)));
    t.close(b);
}
