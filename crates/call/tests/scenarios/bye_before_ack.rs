//! A callee that hangs up before its answer was acknowledged, which it may not (RFC 3261 section 15): it is
//! acknowledged all the same, and the call ends.

use kiestoon_sip::Method;
use kiestoon_testkit::{Ended, Story, phone, secs};

#[test]
fn while_the_pbx_waits_for_the_callers_answer_to_the_offer() {
    let mut t = Story::office(1);
    let a = t.add(phone("201"));
    let b = t.add(phone("202").answers_at_once().hangs_up_after(secs(0)).does_not_wait_for_ack());
    t.register_all();
    t.call_with_late_offer(a, "202");
    t.run(secs(3));
    t.expect(b).ended(Ended::ByUs).was_asked(&Method::Ack, 1).got(200, &Method::Bye);
    t.expect(a).ended(Ended::ByThem);
    t.settle();
    t.expect_cdr().answered().reason("hangup_callee");
    t.expect_nothing_left();
}
