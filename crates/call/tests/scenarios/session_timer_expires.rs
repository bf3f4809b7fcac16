//! A session that nobody refreshes ends shortly before its time (RFC 4028 section 10), and a phone that died is found by the refresh.

use kiestoon_sip::Method;
use kiestoon_testkit::{Ended, SessionTimer, Story, phone, secs};

#[test]
fn where_the_phone_had_to_refresh() {
    let mut t = Story::office(1);
    let lazy = SessionTimer { secs: 120, min: 90, refresher: Some("uac"), refreshes: false };
    let a = t.add(phone("201").with_timer(lazy));
    let b = t.add(phone("202"));
    t.register_all();
    t.call(a, "202");
    t.run(secs(85));
    t.expect(a).talking_with("202");
    t.run(secs(8));
    t.expect(a).ended(Ended::ByThem).was_asked(&Method::Bye, 1);
    t.expect(b).ended(Ended::ByThem);
    t.settle();
    t.expect_cdr().answered().reason("session_expired");
    t.expect_nothing_left();
}

#[test]
fn where_we_had_to_and_nobody_is_there() {
    let mut t = Story::office(2);
    let a = t.add(phone("201"));
    let b = t.add(phone("202").session_timer(100).takes_update());
    t.register_all();
    t.call(a, "202");
    t.run(secs(5));
    t.kill(b);
    t.run(secs(90));
    t.expect(a).ended(Ended::ByThem);
    t.settle();
    t.expect_cdr().answered().reason("callee_gone");
    t.expect_nothing_left();
}
