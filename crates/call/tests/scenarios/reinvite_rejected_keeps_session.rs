//! A re-INVITE that the other side refuses changes nothing.

use kiestoon_sip::Method;
use kiestoon_testkit::{Story, phone, secs};

#[test]
fn the_call_goes_on_as_it_was() {
    let mut t = Story::office(1);
    let a = t.add(phone("201"));
    let b = t.add(phone("202").refuses_reinvites(488));
    t.register_all();
    t.call(a, "202");
    t.run(secs(3));
    t.reinvite(a);
    t.run(secs(2));
    t.expect(a).talking_with("202").got(488, &Method::Invite);
    t.expect(b).talking_with("201").is_heard_by(a);
    t.hang_up(a);
    t.settle();
    t.expect_cdr().answered().reason("hangup_caller");
    t.expect_nothing_left();
}
