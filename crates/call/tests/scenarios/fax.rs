//! A fax as T.38: one side offers `m=image` in place of the audio, and later audio again.

use kiestoon_call::Settings;
use kiestoon_sip::Method;
use kiestoon_testkit::{Ended, Fax, Faxes, PhoneId, Profile, Story, phone, secs};

const ATTRIBUTES: [&str; 4] = [
    "a=T38FaxVersion:0\r\n",
    "a=T38MaxBitRate:14400\r\n",
    "a=T38FaxRateManagement:transferredTCF\r\n",
    "a=T38FaxUdpEC:t38UDPRedundancy\r\n",
];

/// The offer of a call that begins as a fax.
const FAX: &str = "v=0\r\no=- 1 1 IN IP4 10.0.0.20\r\ns=-\r\nc=IN IP4 10.0.0.20\r\nt=0 0\r\nm=image 4000 udptl t38\r\na=T38FaxVersion:0\r\n";

fn machine(number: &str) -> Profile {
    phone(number).faxes(Faxes::Taken)
}

/// The session description of the last INVITE that came to a phone.
fn offered(t: &Story, to: PhoneId) -> String {
    let asked = t.phone(to).requests().filter(|request| request.method == Method::Invite).last();
    String::from_utf8_lossy(&asked.expect("an INVITE").body).into_owned()
}

fn faxing(t: &Story) -> usize {
    t.the_pbx().engine.legs().filter(|(_, leg)| leg.fax.is_some()).count()
}

#[test]
fn either_side_offers_it_in_every_shape_and_goes_back_to_audio() {
    let shapes = [Fax::Alone, Fax::AfterAudio, Fax::BeforeAudio];
    for (seed, (by_caller, shape)) in
        (1..).zip([true, false].into_iter().flat_map(|by| shapes.map(|shape| (by, shape))))
    {
        let (mut t, [a, b]) = Story::office(seed).talking([machine("201"), machine("202")]);
        let (offerer, other) = if by_caller { (a, b) } else { (b, a) };
        t.fax(offerer, Some(shape));
        t.run(secs(2));
        let offer = offered(&t, other);
        assert_eq!(offer.matches("m=").count(), 1, "the fax takes the place of the audio: {offer}");
        assert!(ATTRIBUTES.iter().all(|attribute| offer.contains(attribute)), "{offer}");
        assert!(offer.contains(&format!("IN IP4 {}\r\n", t.pbx_address())), "{offer}");
        t.expect(a).talking_with("202").talks_both_ways_with(b);
        assert_eq!(faxing(&t), 2);
        t.fax(offerer, None);
        t.run(secs(2));
        assert_eq!(faxing(&t), 0);
        assert!(offered(&t, other).contains("m=audio "), "{}", offered(&t, other));
        t.expect(b).talking_with("201").talks_both_ways_with(a);
        t.hang_up(a);
        t.settle();
        t.expect_cdr().answered().reason("hangup_caller");
        let codecs: Vec<_> =
            t.the_pbx().ended().flat_map(|record| &record.legs).map(|leg| leg.codec.as_deref()).collect();
        assert_eq!(codecs, [Some("t38"), Some("t38")]);
        t.expect_nothing_left();
    }
}

#[test]
fn the_other_side_may_bring_audio_back() {
    let (mut t, [a, b]) = Story::office(10).talking([machine("201"), machine("202")]);
    t.fax(b, Some(Fax::AfterAudio));
    t.run(secs(2));
    t.fax(a, None);
    t.run(secs(2));
    assert_eq!(faxing(&t), 0);
    let offer = offered(&t, b);
    assert!(offer.contains("m=audio ") && offer.contains("m=image 0 "), "each in its place: {offer}");
    t.expect(a).talks_both_ways_with(b);
    t.close(b);
}

#[test]
fn it_may_be_what_a_call_begins_with() {
    let mut t = Story::office(11);
    let a = t.add(machine("201"));
    let b = t.add(machine("202"));
    t.register_all();
    t.call_with(a, "202", |invite| invite.set_body("application/sdp", FAX));
    t.run(secs(3));
    t.expect(a).talking_with("202");
    t.expect(b).is_heard_at("10.0.0.20:4000");
    assert_eq!(faxing(&t), 2);
    t.close(a);
    t.expect_cdr().answered();
}

#[test]
fn a_phone_that_takes_none_refuses_the_call() {
    let mut t = Story::office(12);
    let a = t.add(machine("201"));
    let _ = t.add(phone("202"));
    t.register_all();
    t.call_with(a, "202", |invite| invite.set_body("application/sdp", FAX));
    t.settle();
    t.expect(a).ended(Ended::Refused(488));
    t.expect_nothing_left();
}

#[test]
fn both_offer_it_at_once() {
    for seed in 20..26 {
        let (mut t, [a, b]) = Story::office(seed).talking([machine("201"), machine("202")]);
        t.fax(a, Some(Fax::Alone));
        t.fax(b, Some(Fax::Alone));
        t.run(secs(15));
        let refused = |id| t.phone(id).responses().any(|response| response.status.code() == 491);
        assert!(refused(a) || refused(b), "nobody was told of the glare");
        assert_eq!(faxing(&t), 2);
        t.expect(a).talking_with("202").talks_both_ways_with(b);
        t.close(a);
    }
}

#[test]
fn a_transfer_out_of_it_that_fails_brings_both_back_to_audio() {
    for (seed, is_caller) in [(40, true), (41, false)] {
        let (mut t, [a, b, _]) =
            Story::office(seed).talking([machine("201"), machine("202"), phone("203").refuses(500)]);
        t.fax(b, Some(Fax::Alone));
        t.run(secs(2));
        let (by, peer) = if is_caller { (a, "202") } else { (b, "201") };
        t.transfer(by, peer, "203");
        t.run(secs(5));
        t.expect(by).was_told(&[100, 500]);
        assert_eq!(faxing(&t), 0);
        t.expect(a).talking_with("202").talks_both_ways_with(b);
        t.expect_agreement();
        t.close(a);
    }
}

#[test]
fn an_operator_may_forbid_it() {
    let (mut t, [a, b]) = Story::office(31)
        .settings(|settings: &mut Settings| settings.t38 = false)
        .talking([machine("201"), machine("202")]);
    t.fax(b, Some(Fax::Alone));
    t.run(secs(2));
    t.expect(b).got(488, &Method::Invite).talks_both_ways_with(a);
    t.expect(a).was_asked(&Method::Invite, 0);
    t.close(a);
}
