//! A phone that rings: the caller gets 180 without a body and makes the tone itself.

use kiestoon_sip::Method;
use kiestoon_testkit::{Story, phone, secs};

#[test]
fn ringing_reaches_the_caller_without_a_body() {
    let mut t = Story::office(1);
    let a = t.add(phone("201"));
    let b = t.add(phone("202").never_answers());
    t.register_all();
    t.call(a, "202");
    t.run(secs(3));
    t.expect(a).ringing_with("202").got(180, &Method::Invite).is_not_heard_by(b);
    let ringing = t.phone(a).responses().find(|response| response.status.code() == 180).expect("a 180");
    assert!(ringing.body.is_empty());
    assert!(ringing.to.tag().is_some());
    t.close(a);
}
