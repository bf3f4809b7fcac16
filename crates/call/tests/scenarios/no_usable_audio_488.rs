//! Offers that cannot become a call.

use kiestoon_sip::Method;
use kiestoon_testkit::{Ended, Story, phone, secs};

const VIDEO: &str = "v=0\r\no=- 1 1 IN IP4 10.0.0.20\r\ns=-\r\nc=IN IP4 10.0.0.20\r\nt=0 0\r\nm=video 4000 RTP/AVP 96\r\na=rtpmap:96 VP8/90000\r\n";

#[test]
fn video_alone_is_refused() {
    let mut t = Story::office(1);
    let a = t.add(phone("201"));
    let b = t.add(phone("202"));
    t.register_all();
    t.call_with(a, "202", |invite| invite.set_body("application/sdp", VIDEO));
    t.settle();
    t.expect(a).ended(Ended::Refused(488));
    t.expect(b).never_called();
    t.expect_nothing_left();
}

#[test]
fn rubbish_is_refused() {
    let mut t = Story::office(2);
    let a = t.add(phone("201"));
    let b = t.add(phone("202"));
    t.register_all();
    t.call_with(a, "202", |invite| invite.set_body("application/sdp", "dit is geen sdp"));
    t.settle();
    assert!(matches!(
        t.phone(a).last_call(),
        Some((_, kiestoon_testkit::LineState::Ended(Ended::Refused(400 | 488))))
    ));
    t.expect(b).never_called();
    t.expect_nothing_left();
}

#[test]
fn in_mid_call_it_is_refused_and_the_call_goes_on() {
    let (mut t, [a, b]) = Story::office(3).talking([phone("201"), phone("202")]);
    t.send_in_call(a, Method::Invite, "application/sdp", VIDEO);
    t.run(secs(2));
    t.expect(a).talking_with("202").got(488, &Method::Invite).talks_both_ways_with(b);
    t.expect(b).was_asked(&Method::Invite, 1);
    t.close(a);
    t.expect_cdr().answered().reason("hangup_caller");
}
