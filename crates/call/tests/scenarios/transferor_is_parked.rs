//! Who has transferred a call keeps its dialog while the target is sought: it may refresh its session and hold, and its session is
//! refreshed for it (RFC 3311, RFC 4028).

use kiestoon_sip::Method;
use kiestoon_testkit::{Ended, Flowing, PhoneId, Profile, SessionTimer, Story, phone, secs};

const LONG: &str = r#"
[[context.intern]]
match = "_2XX"
do = [{ dial = "ext:${number}", timeout = "100s" }]
"#;

/// 202 has transferred 201 to 203.
fn parked(seed: u64, transferor: Profile, target: Profile) -> (Story, PhoneId, PhoneId, PhoneId) {
    let mut t = Story::office(seed).rules(LONG);
    let a = t.add(phone("201"));
    let b = t.add(transferor);
    let c = t.add(target);
    t.register_all();
    t.call(a, "202");
    t.run(secs(3));
    t.transfer(b, "201", "203");
    t.run(secs(1));
    (t, a, b, c)
}

fn timer(refresher: &'static str, refreshes: bool) -> SessionTimer {
    SessionTimer { secs: 90, min: 90, refresher: Some(refresher), refreshes }
}

#[test]
fn it_may_update_with_an_offer_or_without() {
    let (mut t, a, b, _) = parked(1, phone("202").takes_update(), phone("203").declines_after(secs(10)));
    t.update(b);
    t.run(secs(1));
    t.expect(b).got_exactly(&[200], &Method::Update);
    t.update_to(b, Flowing::SendOnly);
    t.run(secs(1));
    t.expect(b).got_exactly(&[200, 200], &Method::Update);
    t.run(secs(10));
    t.expect(b).was_told(&[100, 180, 603]).talking_with("201");
    t.expect(a).flows(Flowing::RecvOnly);
    t.expect_agreement();
    t.resume(b);
    t.run(secs(1));
    t.expect(a).talks_both_ways_with(b);
    t.close(a);
}

#[test]
fn its_session_is_refreshed_by_us() {
    for update in [true, false] {
        let base = phone("202").with_timer(timer("uac", true));
        let base = if update { base.takes_update() } else { base };
        let (mut t, a, b, _) = parked(2, base, phone("203").never_answers());
        t.run(secs(130));
        let asked = if update { Method::Update } else { Method::Invite };
        let before = if update { 0 } else { 1 };
        assert!(t.phone(b).requests().filter(|request| request.method == asked).count() >= before + 2);
        t.expect(b).was_told(&[100, 180, 480]).talks_both_ways_with(a);
        t.run(secs(200));
        t.expect(b).talks_both_ways_with(a);
        t.close(a);
    }
}

#[test]
fn its_own_refresh_is_taken() {
    let base = phone("202").with_timer(timer("uas", true)).takes_update();
    let (mut t, a, b, _) = parked(3, base, phone("203").never_answers());
    t.run(secs(130));
    t.expect(b).got(200, &Method::Update).never_got(405, &Method::Update).talks_both_ways_with(a);
    t.close(a);
}

#[test]
fn one_that_stays_silent_is_hung_up_and_the_target_still_rings() {
    let base = phone("202").with_timer(timer("uas", false));
    let (mut t, a, b, c) = parked(4, base, phone("203").answers_after(secs(80)));
    t.run(secs(70));
    t.expect(b).ended(Ended::ByThem);
    t.expect(c).ringing_with("201");
    t.run(secs(20));
    t.expect(a).talks_both_ways_with(c);
    t.close(a);
    t.expect_cdr().answered().reached("203");
}

#[test]
fn who_waits_may_hold_and_the_transferor_is_told() {
    let (mut t, a, b, _) = parked(5, phone("202"), phone("203").declines_after(secs(5)));
    t.hold(a);
    t.run(secs(8));
    t.expect(b).talking_with("201").flows(Flowing::RecvOnly);
    t.expect_agreement();
    t.resume(a);
    t.run(secs(1));
    t.expect(a).talks_both_ways_with(b);
    t.close(a);
}
