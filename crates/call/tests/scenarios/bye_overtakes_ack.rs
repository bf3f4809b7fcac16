//! A BYE that arrives before the ACK of the answer: the call ends, and the late ACK does no harm.

use kiestoon_sip::Method;
use kiestoon_testkit::{Ended, Story, What, millis, phone, secs};

#[test]
fn the_call_ends_once() {
    let mut t = Story::office(1);
    let a = t.add(phone("201"));
    let b = t.add(phone("202").answers_after(secs(1)));
    t.register_all();
    t.call(a, "202");
    t.run(millis(500));
    let ack = What::request("ACK").from(t.address(a));
    t.hold_back(1, ack, millis(200));
    t.run_until(secs(2), |t| {
        t.phone(a)
            .responses()
            .any(|response| response.status.code() == 200 && response.cseq.method == Method::Invite)
    });
    t.close(a);
    t.expect(a).ended(Ended::ByUs).got(200, &Method::Bye);
    t.expect(b).ended(Ended::ByThem).was_asked(&Method::Bye, 1);
    t.expect_cdr().answered().reason("hangup_caller");
}
