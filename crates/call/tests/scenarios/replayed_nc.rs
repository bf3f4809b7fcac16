//! Credentials that an eavesdropper sends once more are refused: a nonce count serves once (RFC 7616 section 3.4).

use kiestoon_sip::Method;
use kiestoon_testkit::{Story, phone, secs};

#[test]
fn a_replayed_register_is_challenged() {
    let mut t = Story::office(1);
    let a = t.add(phone("201"));
    t.register_all();
    let bindings = t.the_pbx().bindings.len();
    t.replay(a, &Method::Register);
    t.run(secs(1));
    t.expect(a).got_exactly(&[401, 200, 401], &Method::Register);
    assert_eq!(t.the_pbx().bindings.len(), bindings, "the replay changed a binding");
    t.settle();
    t.expect_nothing_left();
}
