//! A source that guesses passwords is refused without a check after a while; others are not.

use kiestoon_sip::Method;
use kiestoon_testkit::{Story, millis, phone, secs};

#[test]
fn only_the_guesser_is_shut_out() {
    let mut t = Story::office(1).settings(|settings| settings.auth_failures_per_minute = 5);
    let thief = t.add(phone("202").with_password("welkom01"));
    let honest = t.add(phone("201"));
    for _ in 0..12 {
        t.forget_challenges(thief);
        t.register(thief);
        t.run(millis(500));
    }
    let checked = t
        .the_pbx()
        .events
        .iter()
        .filter(|event| matches!(event, kiestoon_call::Event::AuthenticationFailed { .. }))
        .count();
    assert_eq!(checked, 5);
    t.register(honest);
    t.run(secs(1));
    t.expect(honest).registered(1).got(200, &Method::Register);
    t.settle();
    t.expect_nothing_left();
}
