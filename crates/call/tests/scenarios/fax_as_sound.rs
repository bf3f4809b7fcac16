//! A fax machine is heard in a call that is transcoded: who speaks another codec is offered G.711.

use std::sync::Arc;

use kiestoon_call::{Input, Settings};
use kiestoon_media::tone::FaxTone;
use kiestoon_media::{LegId, MediaEvent, Policy};
use kiestoon_sip::Method;
use kiestoon_testkit::{PhoneId, Profile, Story, phone, secs};

const G722: &str = "v=0\r\no=- 7 1 IN IP4 10.0.0.20\r\ns=-\r\nc=IN IP4 10.0.0.20\r\nt=0 0\r\nm=audio 4000 RTP/AVP 9\r\na=sendrecv\r\n";

/// A caller who speaks G.722 only at first, and a callee who speaks G.711.
fn transcoded(seed: u64, caller: Profile) -> (Story, PhoneId, PhoneId, LegId) {
    let mut t =
        Story::office(seed).settings(|settings: &mut Settings| settings.codecs = Arc::new(Policy::usual()));
    let a = t.add(caller);
    let b = t.add(phone("202"));
    t.register_all();
    t.call_with(a, "202", |invite| invite.set_body("application/sdp", G722));
    t.run(secs(3));
    let leg = t.engine().legs().map(|(id, _)| id).nth(1).expect("the callee's leg");
    (t, a, b, leg)
}

#[test]
fn the_other_is_offered_what_the_machine_speaks() {
    let (mut t, a, b, leg) = transcoded(1, phone("201"));
    t.tell_pbx(Input::Media(MediaEvent::FaxTone { leg, tone: FaxTone::Answering }));
    t.run(secs(2));
    let asked = t.phone(a).requests().find(|request| request.method == Method::Invite).expect("a re-INVITE");
    let offer = String::from_utf8_lossy(&asked.body).into_owned();
    assert!(offer.contains("m=audio ") && offer.contains("RTP/AVP 8 0\r\n"), "{offer}");
    assert!(offer.contains("a=silenceSupp:off - - - -\r\n"), "{offer}");
    t.expect(b).was_asked(&Method::Invite, 1);
    t.expect(a).was_asked(&Method::Invite, 1).talking_with("202");
    t.close(b);
    t.expect_cdr().answered();
}

#[test]
fn one_who_refuses_keeps_what_it_has() {
    let (mut t, a, b, leg) = transcoded(2, phone("201").refuses_reinvites(488));
    t.tell_pbx(Input::Media(MediaEvent::FaxTone { leg, tone: FaxTone::Calling }));
    t.run(secs(2));
    t.expect(a).was_asked(&Method::Invite, 1).talking_with("202");
    t.close(b);
    t.expect_cdr().answered().reason("hangup_callee");
}

#[test]
fn who_speaks_g711_already_is_left_alone() {
    let (mut t, [a, b]) = Story::office(3).talking([phone("201"), phone("202")]);
    let leg = t.engine().legs().map(|(id, _)| id).nth(1).expect("the callee's leg");
    t.tell_pbx(Input::Media(MediaEvent::FaxTone { leg, tone: FaxTone::Answering }));
    t.run(secs(2));
    t.expect(a).was_asked(&Method::Invite, 0).talks_both_ways_with(b);
    t.close(a);
}
