//! Calls of browsers, to desk phones, from them, among themselves and to the PBX; hold and resume from either side; refreshes.

use kiestoon_sip::{HeaderName, Method};
use kiestoon_testkit::{Flowing, Profile, SessionTimer, Story, browser, phone, secs};

use super::{last_told, told};

/// Who calls whom: a browser a desk phone, the other way round, a browser another.
fn pairs() -> [[Profile; 2]; 3] {
    [[browser("201"), phone("202")], [phone("201"), browser("202")], [browser("201"), browser("202")]]
}

#[test]
fn each_calls_each_and_both_hear() {
    for (seed, pair) in (1..).zip(pairs()) {
        let (mut t, [a, b]) = Story::office(seed).talking(pair);
        t.expect(a).talks_both_ways_with(b);
        t.expect(b).talks_both_ways_with(a);
        t.expect_agreement();
        t.run(secs(10));
        t.close(if seed == 2 { b } else { a });
        t.expect_cdr().answered().from_to("201", "202").reached("202");
    }
}

#[test]
fn a_desk_phone_sees_nothing_of_a_browser() {
    let (t, [_, b]) = Story::office(4).talking([browser("201"), phone("202")]);
    assert_eq!(last_told(&t, b, "m=").len(), 1);
    assert!(last_told(&t, b, "m=audio")[0].ends_with("RTP/AVP 111 9 0 8 110 126"));
    for leak in ["ice", "fingerprint", "setup", "mid:", "group", "candidate"] {
        assert_eq!(last_told(&t, b, &format!("a={leak}")), Vec::<String>::new());
    }
}

#[test]
fn either_holds_and_takes_back() {
    for (seed, pair) in (5..).zip(pairs()) {
        let (mut t, both) = Story::office(seed).prompt("muziek").talking(pair);
        for [one, other] in [both, [both[1], both[0]]] {
            t.hold(one);
            t.run(secs(2));
            t.expect(one).flows(Flowing::SendOnly);
            t.expect(other).flows(Flowing::RecvOnly).is_not_heard_by(one).hears_music(Some("muziek"));
            t.resume(one);
            t.run(secs(2));
            t.expect(other).flows(Flowing::SendRecv).talks_both_ways_with(one).hears_music(None);
        }
        t.close(both[0]);
    }
}

#[test]
fn a_late_offer_from_either_and_to_either() {
    for (seed, pair) in (10..).zip(pairs()) {
        let mut t = Story::office(seed);
        let [a, b] = pair.map(|profile| t.add(profile));
        t.register_all();
        t.call_with_late_offer(a, "202");
        t.run(secs(3));
        t.expect(a).talking_with("202").talks_both_ways_with(b);
        t.expect(b).talks_both_ways_with(a);
        for who in [a, b] {
            t.reinvite_without_offer(who);
            t.run(secs(2));
            t.expect(a).talks_both_ways_with(b);
            t.expect(b).talks_both_ways_with(a);
        }
        t.close(a);
    }
}

#[test]
fn its_session_is_refreshed_by_us() {
    for takes_update in [false, true] {
        for caller in [true, false] {
            let timer =
                |refresher| SessionTimer { secs: 120, min: 90, refresher: Some(refresher), refreshes: true };
            let tab = |number: &str, refresher| {
                let base = browser(number).with_timer(timer(refresher));
                if takes_update { base.takes_update() } else { base }
            };
            let pair = match caller {
                true => [tab("201", "uas"), phone("202")],
                false => [phone("201"), tab("202", "uac")],
            };
            let (mut t, [a, b]) = Story::office(20).talking(pair);
            let tab = if caller { a } else { b };
            t.run(secs(400));
            t.expect(a).talking_with("202").talks_both_ways_with(b);
            t.expect(b).talks_both_ways_with(a);
            let method = if takes_update { Method::Update } else { Method::Invite };
            assert!(t.phone(tab).requests().filter(|request| request.method == method).count() >= 5);
            let offers: Vec<_> = told(&t, tab, &Method::Invite);
            let names = |name: &str| {
                let mut all: Vec<_> =
                    offers.iter().flat_map(|sdp| sdp.lines()).filter(|line| line.starts_with(name)).collect();
                all.sort_unstable();
                all.dedup();
                all.len()
            };
            assert_eq!(
                (names("a=ice-ufrag:"), names("a=fingerprint:")),
                (1, 1),
                "a refresh begins nothing anew"
            );
            t.close(a);
        }
    }
}

#[test]
fn it_hears_itself_and_a_prompt() {
    let rules = "[[context.intern]]\nmatch = \"600\"\ndo = [{ echo = true }]\n[[context.intern]]\nmatch = \"601\"\n\
                 do = [{ play = \"welkom\" }, { dial = \"ext:202\" }]\n";
    let mut t = Story::office(25).rules(rules);
    let a = t.add(browser("201"));
    let b = t.add(phone("202"));
    t.register_all();
    t.call(a, "600");
    t.run(secs(2));
    t.expect(a).talking_with("600").hears_itself();
    assert_eq!(last_told(&t, a, "a=rtpmap").len(), 2, "one codec, and events");
    t.hang_up(a);
    t.settle();
    t.call(a, "601");
    t.run(secs(1));
    t.expect(a).talking_with("601").hears_prompt("welkom");
    t.run(secs(5));
    t.expect(a).talks_both_ways_with(b);
    t.close(b);
}

#[test]
fn it_registers_as_jssip_does() {
    let mut t = Story::office(26);
    let a = t.add(browser("201"));
    t.register_all();
    t.expect(a)
        .registered(1)
        .got_header(200, &HeaderName::Contact, ".invalid;transport=ws")
        .got_header(200, &HeaderName::Contact, "reg-id=1")
        .got_header(200, &HeaderName::Require, "outbound");
    assert_eq!(t.phone(a).gruus().len(), 2);
}
