//! Both sides send a re-INVITE at the same moment (RFC 3261 section 14).

use kiestoon_sip::Method;
use kiestoon_testkit::{Story, phone, secs};

#[test]
fn both_get_through_in_the_end() {
    for seed in 0..10 {
        let (mut t, [a, b]) = Story::office(seed).talking([phone("201"), phone("202")]);
        t.reinvite(a);
        t.reinvite(b);
        t.run(secs(15));
        let refused = |id| t.phone(id).responses().any(|response| response.status.code() == 491);
        assert!(refused(a) || refused(b), "nobody was told of the glare");
        t.expect(a).talking_with("202").talks_both_ways_with(b);
        t.expect(b).talking_with("201").got(200, &Method::Invite);
        t.close(a);
        t.expect_cdr().answered();
    }
}
