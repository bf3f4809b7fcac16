//! ICE that a browser begins anew, and codecs that change in mid-call: what the phone on the other side sees of it.

use kiestoon_sip::Method;
use kiestoon_testkit::{Story, browser, phone, secs};

use super::{last_told, told};

#[test]
fn its_restart_gets_new_credentials_each_time() {
    for caller in [true, false] {
        let pair = if caller { [browser("201"), phone("202")] } else { [phone("201"), browser("202")] };
        let (mut t, both) = Story::office(1).talking(pair);
        let [tab, desk] = if caller { both } else { [both[1], both[0]] };
        let before = last_told(&t, desk, "");
        let invites = told(&t, desk, &Method::Invite).len();
        let mut known = vec![last_told(&t, tab, "a=ice-ufrag:")];
        for _ in 0..2 {
            t.restart_ice(tab);
            t.run(secs(2));
            t.expect(tab).talks_both_ways_with(desk);
            t.expect(desk).talks_both_ways_with(tab);
            let name = last_told(&t, tab, "a=ice-ufrag:");
            assert!(!known.contains(&name), "{name:?} again");
            known.push(name);
        }
        // That is between the browser and us.
        assert_eq!((last_told(&t, desk, ""), told(&t, desk, &Method::Invite).len()), (before, invites));
        t.hold(desk);
        t.run(secs(1));
        t.resume(desk);
        t.run(secs(1));
        assert_eq!(last_told(&t, tab, "a=ice-ufrag:"), *known.last().expect("some"), "and then they stay");
        t.expect(tab).talks_both_ways_with(desk);
        t.close(tab);
    }
}

#[test]
fn between_two_browsers_one_begins_anew_and_the_other_does_not() {
    let (mut t, [a, b]) = Story::office(2).talking([browser("201"), browser("202")]);
    let before = last_told(&t, b, "a=ice-ufrag:");
    t.restart_ice(a);
    t.run(secs(2));
    assert_eq!(last_told(&t, b, "a=ice-ufrag:"), before);
    t.expect(a).talks_both_ways_with(b);
    t.expect(b).talks_both_ways_with(a);
    t.close(b);
}

#[test]
fn the_other_need_not_agree_to_a_restart_nor_have_time_for_it() {
    let (mut t, [a, b]) = Story::office(3).talking([browser("201"), browser("202").refuses_reinvites(488)]);
    t.restart_ice(a);
    t.run(secs(2));
    t.expect(a).talks_both_ways_with(b);
    t.close(b);
    let (mut t, [a, b]) = Story::office(8).talking([browser("201"), browser("202")]);
    t.restart_ice(a);
    t.restart_ice(b);
    t.run(secs(4));
    t.expect(a).talks_both_ways_with(b);
    t.expect(b).talks_both_ways_with(a);
    t.close(b);
}

#[test]
fn it_restarts_while_it_hears_itself_or_holds() {
    let rules = "[[context.intern]]\nmatch = \"600\"\ndo = [{ echo = true }]\n";
    let mut t = Story::office(4).rules(rules);
    let a = t.add(browser("201"));
    t.register_all();
    t.call(a, "600");
    t.run(secs(2));
    t.restart_ice(a);
    t.run(secs(2));
    t.expect(a).hears_itself();
    t.close(a);
    let (mut t, [a, b]) = Story::office(5).talking([browser("201"), phone("202")]);
    t.hold(a);
    t.run(secs(1));
    t.restart_ice(a);
    t.run(secs(1));
    t.resume(a);
    t.run(secs(1));
    t.expect(a).talks_both_ways_with(b);
    t.close(a);
}

#[test]
fn the_codec_changes_in_mid_call_from_either_side() {
    for (seed, payloads) in [(6, &[8, 126][..]), (7, &[0, 8, 126])] {
        let (mut t, [a, b]) = Story::office(seed).talking([browser("201"), phone("202")]);
        t.speak(a, payloads);
        t.run(secs(2));
        let words = payloads.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ");
        assert!(last_told(&t, b, "m=audio")[0].ends_with(&format!("RTP/AVP {words}")));
        assert!(last_told(&t, a, "m=audio")[0].ends_with(&format!("SAVPF {words}")));
        t.expect(a).talks_both_ways_with(b);
        t.speak(b, &[0]);
        t.run(secs(2));
        let told_a = last_told(&t, a, "m=audio");
        assert!(told_a[0].contains("SAVPF 0"), "{told_a:?}");
        t.expect(b).talks_both_ways_with(a);
        assert!(told(&t, b, &Method::Invite).len() >= 2);
        t.close(a);
    }
}
