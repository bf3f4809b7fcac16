//! A re-INVITE that the other side refuses changes nothing.

use kiestoon_sip::Method;
use kiestoon_testkit::{Story, phone, secs};

#[test]
fn the_call_goes_on_as_it_was() {
    let (mut t, [a, b]) = Story::office(1).talking([phone("201"), phone("202").refuses_reinvites(488)]);
    t.reinvite(a);
    t.run(secs(2));
    t.expect(a).talking_with("202").got(488, &Method::Invite);
    t.expect(b).talking_with("201").is_heard_by(a);
    t.close(a);
    t.expect_cdr().answered().reason("hangup_caller");
}
