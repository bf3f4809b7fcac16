//! Browsers that show more than speech: every section is answered in its place, and stays there.

use kiestoon_sip::Method;
use kiestoon_testkit::{Story, browser, phone, secs};

use super::last_told;

#[test]
fn video_and_what_nobody_knows_are_refused_in_their_places() {
    for (seed, other) in [(1, phone("202")), (2, browser("202")), (3, browser("202").shows())] {
        let (mut t, [a, b]) = Story::office(seed).talking([browser("201").shows(), other]);
        let sections = last_told(&t, a, "m=");
        assert!(
            sections[0].starts_with("m=audio 2") && sections[1] == "m=video 0 UDP/TLS/RTP/SAVPF 0",
            "{sections:?}"
        );
        assert_eq!(sections[2..], ["m=application 0 UDP/DTLS/SCTP webrtc-datachannel"]);
        assert_eq!(last_told(&t, a, "a=mid:"), ["a=mid:0", "a=mid:1", "a=mid:2"]);
        assert_eq!(last_told(&t, a, "a=group:"), ["a=group:BUNDLE 0"]);
        t.expect(a).talks_both_ways_with(b);
        // Ours come with the places that they have.
        t.hold(b);
        t.run(secs(1));
        t.resume(b);
        t.run(secs(1));
        assert_eq!(last_told(&t, a, "a=mid:"), ["a=mid:0", "a=mid:1", "a=mid:2"]);
        t.expect(a).talks_both_ways_with(b);
        t.close(a);
    }
}

#[test]
fn speech_may_come_after_what_is_refused() {
    let mut t = Story::office(4);
    let a = t.add(browser("201"));
    let b = t.add(phone("202"));
    t.register_all();
    t.call_with(a, "202", |invite| {
        let text = String::from_utf8_lossy(&invite.body).replace("BUNDLE 0", "BUNDLE v 0").replace(
            "m=audio",
            "m=video 9 UDP/TLS/RTP/SAVPF 96\r\nc=IN IP4 0.0.0.0\r\na=mid:v\r\na=rtpmap:96 VP8/90000\r\nm=audio",
        );
        invite.set_body("application/sdp", text);
    });
    t.run(secs(3));
    t.expect(b).talking_with("201").was_asked(&Method::Invite, 1);
    assert_eq!(last_told(&t, a, "m=")[0], "m=video 0 UDP/TLS/RTP/SAVPF 0");
    assert_eq!(last_told(&t, a, "a=mid:"), ["a=mid:v", "a=mid:0"]);
    assert_eq!(last_told(&t, a, "a=group:"), ["a=group:BUNDLE 0"]);
}
