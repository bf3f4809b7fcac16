//! INFO within a call reaches the other phone (RFC 6086), unless it is a key: that is in `digits_as_wanted`.

use kiestoon_sip::Method;
use kiestoon_testkit::{Story, phone, secs};

#[test]
fn from_either_side() {
    let (mut t, [a, b]) = Story::office(1).talking([phone("201"), phone("202")]);
    t.send_in_call(a, Method::Info, "application/vnd.example", "one=1\r\n");
    t.run(secs(1));
    t.expect(b).read(&Method::Info, "one=1\r\n");
    t.expect(a).got(200, &Method::Info);
    t.send_in_call(b, Method::Info, "application/dtmf-relay", "Signal=hook\r\n");
    t.run(secs(1));
    t.expect(a).read(&Method::Info, "Signal=hook\r\n").talking_with("202");
    t.close(a);
}

#[test]
fn outside_any_call_it_is_refused() {
    let mut t = Story::office(2);
    let a = t.add(phone("201"));
    t.register_all();
    t.send(a, Method::Info, "", |info| info.to = info.to.clone().with_tag("nosuchdialog"));
    t.run(secs(1));
    t.expect(a).got(481, &Method::Info);
    t.settle();
    t.expect_nothing_left();
}
