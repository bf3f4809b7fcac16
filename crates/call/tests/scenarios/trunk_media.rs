//! What is agreed on with a trunk alone: protection, codecs, how keys go over it, and how often its sessions are refreshed.

use std::sync::Arc;

use kiestoon_call::{DtmfMode, Input, Trunk};
use kiestoon_media::{DigitSource, MediaEvent, Policy, SrtpPolicy};
use kiestoon_sip::network::Network;
use kiestoon_sip::{HeaderName, Method, Request};
use kiestoon_testkit::{PhoneId, Profile, SessionTimer, Story, carrier, phone, secs};

const RULES: &str = r#"
    [[context.intern]]
    match = "_0."
    do = [{ dial = ["trunk:voys", "trunk:backup"] }]
    [[context.inkomend]]
    match = "+31201234567"
    do = [{ dial = "ext:201" }]
"#;

fn office(seed: u64, change: impl Fn(&mut Trunk)) -> (Story, [PhoneId; 3]) {
    with_phone(seed, phone("201"), change)
}

fn with_phone(seed: u64, caller: Profile, change: impl Fn(&mut Trunk)) -> (Story, [PhoneId; 3]) {
    let mut t = Story::office(seed)
        .rules(RULES)
        .settings(|settings| settings.codecs = Arc::new(Policy::usual()))
        .trunk("voys", |trunk| {
            trunk.addresses = vec![Network { address: [10, 0, 0, 21].into(), prefix: 32 }];
            trunk.numbers.insert("+31201234567".into(), None);
            change(trunk);
        })
        .trunk("backup", |_| {});
    let a = t.add(caller);
    let [voys, backup] = ["voys", "backup"].map(|name| t.add_carrier(carrier(name)));
    t.engine().protect();
    t.register_all();
    (t, [a, voys, backup])
}

fn invite(t: &Story, far: PhoneId) -> &Request {
    t.phone(far).requests().find(|request| request.method == Method::Invite).expect("an INVITE")
}

fn said(request: &Request) -> String {
    String::from_utf8_lossy(&request.body).into_owned()
}

fn end(mut t: Story, a: PhoneId) {
    t.hang_up(a);
    t.settle();
    t.expect_cdr().answered();
    t.expect_nothing_left();
}

#[test]
fn a_trunk_that_has_to_protect_speech_and_does_not_is_left() {
    let (mut t, [a, voys, backup]) = office(1, |trunk| trunk.srtp = SrtpPolicy::Required);
    t.call(a, "0201112222");
    t.run(secs(4));
    let offer = said(invite(&t, voys));
    assert!(
        offer.contains("RTP/SAVP") && offer.contains("a=crypto:") && !offer.contains("RTP/AVP"),
        "{offer}"
    );
    // Its 200 had no key in it.
    t.expect(voys).was_asked(&Method::Bye, 1);
    t.expect(a).talking_with("0201112222").talks_both_ways_with(backup);
    let statuses = t.the_pbx().cdrs.last().expect("a record").legs.iter().map(|leg| leg.status);
    assert_eq!(statuses.collect::<Vec<_>>(), [Some(200), Some(488), Some(200)]);
    end(t, a);
}

#[test]
fn a_trunk_that_refuses_protected_speech_is_left_too() {
    let mut t = Story::office(2).rules(RULES).trunk("voys", |trunk| trunk.srtp = SrtpPolicy::Required);
    t = t.trunk("backup", |_| {});
    let a = t.add(phone("201"));
    t.add_carrier(carrier("voys").refuses(488));
    let backup = t.add_carrier(carrier("backup"));
    t.engine().protect();
    t.register_all();
    t.call(a, "0201112222");
    t.run(secs(3));
    t.expect(a).talking_with("0201112222").talks_both_ways_with(backup);
    end(t, a);
}

#[test]
fn a_call_comes_in_as_the_trunk_may_speak() {
    let protected = "v=0\r\no=- 1 1 IN IP4 10.0.0.21\r\ns=-\r\nc=IN IP4 10.0.0.21\r\nt=0 0\r\n\
        m=audio 40000 RTP/SAVP 8 101\r\na=crypto:1 AES_CM_128_HMAC_SHA1_80 \
        inline:d0RmdmcmVCspeEc3QGZiNWpVLFJhQX1cfHAwJSoj\r\na=rtpmap:101 telephone-event/8000\r\n";
    for (policy, is_protected, status) in [
        (SrtpPolicy::Off, true, 488),
        (SrtpPolicy::Required, false, 488),
        (SrtpPolicy::Required, true, 200),
        (SrtpPolicy::Off, false, 200),
    ] {
        let (mut t, [_, voys, _]) = office(3, |trunk| trunk.srtp = policy);
        t.call_with(voys, "+31201234567", |invite| {
            if is_protected {
                invite.set_body("application/sdp", protected.to_owned());
            }
        });
        t.run(secs(3));
        t.expect(voys).got(status, &Method::Invite);
        if status == 200 {
            t.hang_up(voys);
        }
        t.settle();
        t.expect_nothing_left();
    }
}

#[test]
fn a_trunk_is_offered_its_codecs_in_their_order() {
    for (codecs, offered) in [
        (vec![], "RTP/AVP 0 8 101 111 9"),
        (vec!["PCMA"], "RTP/AVP 8 101\r\n"),
        (vec!["PCMA", "PCMU"], "RTP/AVP 8 0 101\r\n"),
        (vec!["g722", "PCMU"], "RTP/AVP 9 0 101\r\n"),
    ] {
        let (mut t, [a, voys, _]) =
            office(4, |trunk| trunk.codecs = codecs.iter().map(|name| (*name).into()).collect());
        t.call(a, "0201112222");
        t.run(secs(3));
        let offer = said(invite(&t, voys));
        assert!(offer.contains(offered), "{codecs:?}: {offer}");
        t.expect(a).talks_both_ways_with(voys);
        end(t, a);
    }
}

#[test]
fn a_codec_that_the_trunk_is_not_to_speak_is_none_of_a_call_that_comes_in() {
    let (mut t, [a, voys, _]) = office(5, |trunk| trunk.codecs = vec!["PCMA".into()]);
    t.call(voys, "+31201234567");
    t.run(secs(3));
    t.expect(a).talks_both_ways_with(voys);
    let answer = t.phone(voys).responses().find(|response| response.status.is_success()).expect("an answer");
    let answer = String::from_utf8_lossy(&answer.body).into_owned();
    assert!(answer.contains("RTP/AVP 8 101\r\n"), "{answer}");
    end(t, voys);
}

/// A key of the caller's phone, as telephone event.
fn press(t: &mut Story, digit: char) {
    let leg = t.engine().legs().map(|(id, _)| id).next().expect("a leg");
    let source = DigitSource::Event4733;
    t.tell_pbx(Input::Media(MediaEvent::Digit { leg, digit, duration_ms: 100, source, passed: false }));
    t.run(secs(1));
}

#[test]
fn keys_go_over_a_trunk_as_it_wants_them() {
    for mode in [DtmfMode::Auto, DtmfMode::Rfc4733, DtmfMode::Info, DtmfMode::Inband] {
        let (mut t, [a, voys, _]) = office(6, |trunk| trunk.dtmf = mode);
        t.call(a, "0201112222");
        t.run(secs(3));
        t.expect(a).talks_both_ways_with(voys);
        let has_events = matches!(mode, DtmfMode::Auto | DtmfMode::Rfc4733);
        assert_eq!(said(invite(&t, voys)).contains("telephone-event"), has_events, "{mode:?}");
        press(&mut t, '5');
        let [infos, keys] = if mode == DtmfMode::Info { [1, 0] } else { [0, 1] };
        t.expect(voys).was_asked(&Method::Info, infos).was_sent_keys(if keys == 1 { "5" } else { "" });
        if infos == 1 {
            t.expect(voys).read(&Method::Info, "Signal=5\r\nDuration=100\r\n");
        }
        end(t, a);
    }
}

/// It sends INFO itself, and is told in none.
#[test]
fn a_trunk_with_events_alone_gets_no_info() {
    for (mode, infos) in [(DtmfMode::Rfc4733, 0), (DtmfMode::Auto, 1)] {
        let mut t = Story::office(7)
            .rules(RULES)
            .settings(|settings| settings.codecs = Arc::new(Policy::usual()))
            .trunk("voys", |trunk| trunk.dtmf = mode);
        let a = t.add(phone("201"));
        let voys = t.add_carrier(carrier("voys").without_events());
        t.register_all();
        t.call(a, "0201112222");
        t.run(secs(3));
        t.send_in_call(voys, Method::Info, "application/dtmf-relay", "Signal=9\r\nDuration=160\r\n");
        t.run(secs(1));
        press(&mut t, '5');
        t.expect(voys).was_asked(&Method::Info, infos);
        end(t, a);
    }
}

#[test]
fn a_session_is_refreshed_as_the_trunk_wants_it() {
    for (interval, asked) in [(Some(secs(300)), Some("300")), (None, None)] {
        let (mut t, [a, voys, _]) = office(8, |trunk| trunk.session_timer = interval);
        t.call(a, "0201112222");
        t.run(secs(3));
        let invite = invite(&t, voys);
        assert_eq!(invite.headers.get(&HeaderName::SessionExpires), asked);
        let supported = invite.headers.get(&HeaderName::Supported).expect("options");
        assert_eq!(supported.split(", ").any(|tag| tag == "timer"), asked.is_some(), "{supported}");
        end(t, a);
    }
}

#[test]
fn a_trunk_without_session_timers_has_none_where_it_asks_for_them() {
    for (refresher, granted) in [(Some("uas"), None), (None, None), (Some("uac"), Some("120;refresher=uac"))]
    {
        let mut t = Story::office(9).rules(RULES).trunk("voys", |trunk| {
            trunk.addresses = vec![Network { address: [10, 0, 0, 21].into(), prefix: 32 }];
            trunk.session_timer = None;
        });
        let a = t.add(phone("201"));
        let timer = SessionTimer { secs: 120, min: 90, refresher, refreshes: true };
        let voys = t.add_carrier(carrier("voys").with_timer(timer).takes_update());
        t.register_all();
        t.call(voys, "+31201234567");
        t.run(secs(200));
        t.expect(voys).talks_both_ways_with(a);
        let own =
            t.phone(voys).responses().find(|of| of.status.code() == 200 && of.cseq.method == Method::Invite);
        let own = &own.expect("an answer").headers;
        assert_eq!(own.get(&HeaderName::SessionExpires), granted);
        let knows =
            own.get(&HeaderName::Supported).is_some_and(|of| of.split(", ").any(|tag| tag == "timer"));
        assert_eq!(knows, granted.is_some());
        t.expect(voys).was_asked(&Method::Update, 0).was_asked(&Method::Invite, 0);
        t.hang_up(voys);
        t.settle();
        t.expect_nothing_left();
    }
}
