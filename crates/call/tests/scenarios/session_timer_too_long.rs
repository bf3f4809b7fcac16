//! A phone that wants to refresh its session once in a lifetime gets no timer: it is asked whether it is still there, as
//! phones without timers are, and its call ends when it is not.

use kiestoon_sip::HeaderName;
use kiestoon_testkit::{SessionTimer, Story, phone, secs};

#[test]
fn a_phone_that_dies_with_an_endless_timer_does_not_keep_its_call() {
    let mut t = Story::office(1);
    let endless = SessionTimer { secs: u32::MAX, min: u32::MAX, refresher: None, refreshes: true };
    let a = t.add(phone("201").with_timer(endless));
    let b = t.add(phone("202"));
    t.register_all();
    t.call_with(a, "202", |invite| invite.headers.set(HeaderName::MinSe, u32::MAX.to_string()));
    t.run(secs(4));
    t.expect(a).talking_with("202").talks_both_ways_with(b);
    let told =
        t.phone(a).responses().any(|response| response.headers.get(&HeaderName::SessionExpires).is_some());
    assert!(!told, "a timer without an end");
    t.kill(a);
    t.run(secs(300));
    t.expect_nothing_left();
    assert_eq!(t.the_pbx().ended().count(), 1);
}
