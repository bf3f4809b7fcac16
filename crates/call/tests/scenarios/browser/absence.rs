//! A browser that loses its connection or its media in mid-call is waited for a minute, and no longer.

use kiestoon_call::Input;
use kiestoon_media::MediaEvent;
use kiestoon_media::webrtc::{Ended, Failure};
use kiestoon_testkit::{PhoneId, Story, browser, phone, secs};

fn talking(seed: u64, browser_calls: bool) -> (Story, PhoneId, PhoneId) {
    let pair = if browser_calls { [browser("201"), phone("202")] } else { [phone("201"), browser("202")] };
    let (t, [a, b]) = Story::office(seed).talking(pair);
    if browser_calls { (t, a, b) } else { (t, b, a) }
}

/// The transport of the browser's leg has ended.
fn transport_ends(t: &mut Story, why: &Ended) {
    let leg = t.engine().legs().find(|(_, leg)| leg.is_browser).map(|(id, _)| id).expect("a browser's leg");
    t.engine().report(MediaEvent::TransportEnded { leg, reason: why.clone() });
    t.tell_pbx(Input::Tick);
}

#[test]
fn who_does_not_come_back_is_given_up_after_a_minute() {
    for (seed, browser_calls) in [(1, true), (2, false)] {
        let (mut t, tab, desk) = talking(seed, browser_calls);
        t.crash(tab);
        t.run(secs(58));
        t.expect(desk).talking_with(if browser_calls { "201" } else { "202" });
        t.run(secs(4));
        t.expect(desk).is_free();
        t.expect_cdr().answered().reason(if browser_calls { "caller_gone" } else { "callee_gone" });
        t.settle();
        t.expect_nothing_left();
    }
}

#[test]
fn who_comes_back_over_another_connection_talks_on() {
    for (seed, browser_calls) in [(3, true), (4, false)] {
        let (mut t, tab, desk) = talking(seed, browser_calls);
        t.reconnect(tab);
        t.run(secs(30));
        t.restart_ice(tab);
        t.run(secs(300));
        t.expect(tab).talks_both_ways_with(desk);
        t.expect(desk).talks_both_ways_with(tab);
        t.close(desk);
    }
}

#[test]
fn media_that_ends_may_begin_anew_within_the_minute_and_else_the_call_ends() {
    for (seed, comes_back) in [(5, true), (6, false)] {
        let (mut t, tab, desk) = talking(seed, true);
        transport_ends(&mut t, &Ended::Unreachable);
        t.run(secs(50));
        t.expect(desk).talking_with("201");
        if comes_back {
            t.restart_ice(tab);
            t.run(secs(60));
            t.expect(desk).talks_both_ways_with(tab);
            t.close(desk);
        } else {
            t.run(secs(12));
            t.expect(desk).is_free();
            t.expect(tab).is_free();
            t.expect_cdr().answered().reason("caller_gone");
            t.settle();
            t.expect_nothing_left();
        }
    }
}

#[test]
fn media_that_never_began_ends_the_call_at_once() {
    for (seed, why) in [(7, Ended::Unreached), (8, Ended::Slow), (9, Ended::Failed(Failure::Fingerprint))] {
        let (mut t, tab, desk) = talking(seed, true);
        transport_ends(&mut t, &why);
        t.run(secs(1));
        t.expect(desk).is_free();
        t.expect(tab).is_free();
        t.expect_cdr().answered().reason("media_failed");
        t.settle();
        t.expect_nothing_left();
    }
}

#[test]
fn the_other_side_may_hang_up_meanwhile() {
    let (mut t, tab, desk) = talking(10, true);
    t.crash(tab);
    t.run(secs(10));
    t.close(desk);
    t.expect_cdr().answered().reason("hangup_callee");
}
