//! A fax offered to who does not do T.38: the offerer stays in the audio, as sound in G.711.

use kiestoon_sip::Method;
use kiestoon_testkit::{Fax, Faxes, Story, phone, secs};

#[test]
fn in_whatever_words() {
    for (seed, status) in (1..).zip([488, 415, 606, 501, 403]) {
        let (mut t, [a, b]) = Story::office(seed)
            .talking([phone("201").faxes(Faxes::Refused(status)), phone("202").faxes(Faxes::Taken)]);
        t.fax(b, Some(Fax::Alone));
        t.run(secs(2));
        t.expect(b).got(488, &Method::Invite).talking_with("201").talks_both_ways_with(a);
        t.close(a);
        t.expect_cdr().answered().reason("hangup_caller");
    }
}

#[test]
fn by_its_line_and_the_audio_is_taken_up_again() {
    let (mut t, [a, b]) =
        Story::office(10).talking([phone("201").faxes(Faxes::Taken), phone("202").faxes(Faxes::LineRefused)]);
    t.fax(a, Some(Fax::Alone));
    t.run(secs(3));
    t.expect(a).got(488, &Method::Invite).talking_with("202");
    t.expect(b).was_asked(&Method::Invite, 3).talking_with("201").talks_both_ways_with(a);
    t.close(a);
    t.expect_cdr().answered().reason("hangup_caller");
}

#[test]
fn one_over_dtls_goes_to_nobody() {
    let mut t = Story::office(11);
    let a = t.add(phone("201").faxes(Faxes::Taken));
    let b = t.add(phone("202").faxes(Faxes::Taken));
    t.register_all();
    t.call_with(a, "202", |invite| {
        let body = "v=0\r\no=- 1 1 IN IP4 10.0.0.20\r\ns=-\r\nc=IN IP4 10.0.0.20\r\nt=0 0\r\nm=image 4000 UDP/TLS/UDPTL t38\r\n";
        invite.set_body("application/sdp", body);
    });
    t.settle();
    t.expect(a).got(488, &Method::Invite);
    t.expect(b).never_called();
    t.expect_nothing_left();
}
